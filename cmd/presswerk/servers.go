package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/sdapi"
	"presswerk/internal/engine/wire"
)

// askLimit is how long a server may take to say what it is. One that doesn't is listed as not ready.
const askLimit = 10 * time.Second

// serverSetting is a server of PRESSWERK_SDAPI.
type serverSetting struct{ Name, URL string }

// readServers reads addresses with commas between them, each with a name and "=" before it or without. The first without
// a name is called sdapi, the next ones sdapi-2, sdapi-3 …
func readServers(list string) []serverSetting {
	var all []serverSetting
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		s := serverSetting{sdapi.Name, one}
		if name, address, ok := strings.Cut(one, "="); ok && !strings.Contains(name, ":") {
			s = serverSetting{strings.TrimSpace(name), strings.TrimSpace(address)}
		} else if len(all) > 0 {
			s.Name = fmt.Sprintf("%s-%d", sdapi.Name, len(all)+1)
		}
		all = append(all, s)
	}
	return all
}

// servers are the engines of the servers that the environment names. All are asked at once what they are; one that
// doesn't answer isn't ready, says why, and is asked again every minute until tools are closed.
func (t *tools) servers(ctx context.Context) ([]engine.Engine, error) {
	var all []engine.Engine
	var asked []*sdapi.Engine
	for _, s := range t.g.settings.Servers {
		if !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(s.Name) {
			return nil, art.Invalid("PRESSWERK_SDAPI", fmt.Sprintf("%q is no name of an engine", s.Name), "use a–z, 0–9 and hyphens before the =")
		}
		e, err := sdapi.New(sdapi.Options{Name: s.Name, URL: s.URL, Open: t.open, Now: time.Now})
		if err != nil {
			return nil, fmt.Errorf("PRESSWERK_SDAPI: %w", err)
		}
		all, asked = append(all, e), append(asked, e)
	}
	if !t.unasked {
		connect(ctx, asked)
	}
	if len(asked) > 0 {
		watch, stop := context.WithCancel(context.WithoutCancel(ctx))
		t.later(func() error { stop(); return nil })
		go reconnect(watch, asked, time.Minute)
	}
	return all, nil
}

// connect asks those that aren't ready what they are.
func connect(ctx context.Context, all []*sdapi.Engine) {
	ctx, stop := context.WithTimeout(ctx, askLimit)
	defer stop()
	var asked sync.WaitGroup
	for _, e := range all {
		if !e.Info().Ready {
			asked.Go(func() { _ = e.Connect(ctx) }) // Info tells the reason
		}
	}
	asked.Wait()
}

// reconnect goes on asking, so that a server may be started after this program.
func reconnect(ctx context.Context, all []*sdapi.Engine, every time.Duration) {
	for wire.Sleep(ctx, every) == nil {
		connect(ctx, all)
	}
}
