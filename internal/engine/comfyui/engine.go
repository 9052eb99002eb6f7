package comfyui

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Name is what the engine is called when nobody names it.
const Name = "comfyui"

// rest is how long a server that failed is left alone.
const rest = 30 * time.Second

// Options say which servers there are.
type Options struct {
	Name      string                                                   // of the engine; "" is Name
	Servers   []string                                                 // addresses such as http://127.0.0.1:8188, with user:password@ where a server wants them
	Templates fs.FS                                                    // workflows in API format, NAME.json each; nil has none
	Snapshots string                                                   // folder in which is kept what the servers' nodes took when they were pinned; "" pins nothing
	Open      func(ctx context.Context, sha256 string) ([]byte, error) // finds pictures that recipes name; nil finds none
	Pauses    wire.Pauses                                              // between looks at a job; the zero value looks after a quarter of a second, then up to every two
	Rest      time.Duration                                            // how long a server that failed is left alone; 0 is half a minute
	Now       func() time.Time                                         // the clock; nil is the real one
	HTTP      *http.Client                                             // nil is an ordinary one
	Limit     int64                                                    // bytes of an answer; 0 is wire's
}

// Engine is a pool of servers. It is safe for concurrent use.
type Engine struct {
	o         Options
	servers   []*server
	templates []template
	wrong     []string // templates that can't be used, and why
}

// New makes an engine without asking a server anything; until Connect it isn't ready. A template that can't be used is left
// out, and Info says why.
func New(o Options) (*Engine, error) {
	if o.Name == "" {
		o.Name = Name
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rest == 0 {
		o.Rest = rest
	}
	if o.Pauses.Sleep == nil {
		o.Pauses = wire.Pauses{First: 250 * time.Millisecond, Most: 2 * time.Second, Sleep: wire.Sleep}
	}
	e := &Engine{o: o}
	for _, address := range o.Servers {
		s, err := newServer(o, address)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(e.servers, func(other *server) bool { return other.base() == s.base() }) {
			return nil, art.Invalid(o.Name, s.base()+" is named twice", "name each server once")
		}
		e.servers = append(e.servers, s)
	}
	if o.Templates != nil {
		var err error
		if e.templates, e.wrong, err = readTemplates(o.Templates); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Info implements engine.Engine. Reason also says what is wrong while the engine is ready: servers that don't answer,
// templates that can't be used, and what has changed since the servers were pinned.
func (e *Engine) Info() engine.Info {
	info := engine.Info{Name: e.o.Name, Version: "unknown"}
	var versions, reasons []string
	all := e.known()
	for _, k := range all {
		if k.err != nil {
			reasons = append(reasons, k.err.Error()+"; start ComfyUI there, or correct its address")
			continue
		}
		info.Ready = true
		if !slices.Contains(versions, k.version) {
			versions = append(versions, k.version)
		}
		reasons = append(reasons, k.reasons...)
	}
	if len(all) == 0 {
		reasons = append(reasons, "no server is named")
	}
	if len(versions) > 0 {
		slices.Sort(versions)
		info.Version = strings.Join(versions, "+")
	}
	info.Reason = strings.Join(slices.Concat(reasons, e.wrong), "; ")
	info.Models = e.models(all, info)
	return info
}

// models are those that any server can make, each once.
func (e *Engine) models(all []known, info engine.Info) []engine.Model {
	var models []engine.Model
	for _, k := range all {
		for _, m := range k.offered {
			if slices.ContainsFunc(models, func(o engine.Model) bool { return o.Capabilities.Model == m.Capabilities.Model }) {
				continue
			}
			m.Engine, m.EngineVersion = info.Name, info.Version
			m.Deterministic = len(e.servers) == 1 && k.cpu
			models = append(models, m)
		}
	}
	return models
}

// Close implements engine.Engine. There is nothing to close: sockets belong to calls.
func (e *Engine) Close() error { return nil }

// Render implements engine.Engine.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return e.RenderSeen(ctx, r, progress, nil)
}

// RenderSeen implements engine.Previewer where a server was started with --preview-method; else see is never called.
func (e *Engine) RenderSeen(ctx context.Context, r art.Recipe, progress engine.Progress, see func(image.Image)) (engine.Picture, error) {
	return engine.Run(ctx, seen{e, see}, e.o.Name+"-"+rand.Text(), r, progress)
}

// seen is an engine somebody looks at while it works.
type seen struct {
	*Engine
	see func(image.Image)
}

func (s seen) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	return s.WaitSeen(ctx, t, progress, s.see)
}

// Connect asks every server what it is, anew each time. It fails when none can be used; what fails is also Info's reason.
func (e *Engine) Connect(ctx context.Context) error {
	return e.connect(ctx, e.servers)
}

// Ping implements engine.Pinger: it finds out anew what the servers are. One that can be used is enough.
func (e *Engine) Ping(ctx context.Context) error { return e.Connect(ctx) }

// Reconnect asks those servers again that couldn't be used and have been left alone long enough.
func (e *Engine) Reconnect(ctx context.Context) {
	var again []*server
	for _, s := range e.servers {
		if s.due(e.o.Now()) {
			again = append(again, s)
		}
	}
	if len(again) > 0 {
		_ = e.connect(ctx, again) // each keeps its error
	}
}

// connect asks some servers, all at once.
func (e *Engine) connect(ctx context.Context, servers []*server) error {
	failed := make([]error, len(servers))
	done := make(chan struct{}, len(servers))
	for i, s := range servers {
		go func() {
			defer func() { done <- struct{}{} }()
			failed[i] = s.connect(ctx, e.o, e.templates)
		}()
	}
	for range servers {
		<-done
	}
	if slices.Contains(failed, nil) {
		return nil
	}
	if len(servers) == 0 {
		return fmt.Errorf("%s: no server is named: %w", e.o.Name, art.ErrUnavailable)
	}
	return errors.Join(failed...)
}
