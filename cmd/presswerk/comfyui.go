package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/comfyui"
	"presswerk/internal/engine/wire"
)

// comfySettings say where ComfyUI is.
type comfySettings struct {
	Servers   []string // PRESSWERK_COMFYUI: addresses by comma; none leaves the engine out
	Workflows string   // PRESSWERK_COMFYUI_WORKFLOWS: folder of workflows in API format; "" has none
	Snapshots string   // where is kept what the servers' nodes took when they were pinned
}

func readComfy(getenv func(string) string) comfySettings {
	c := comfySettings{Workflows: getenv("PRESSWERK_COMFYUI_WORKFLOWS"), Snapshots: filepath.Join(dataDir(getenv), "presswerk", "comfyui")}
	for one := range strings.SplitSeq(getenv("PRESSWERK_COMFYUI"), ",") {
		if one = strings.TrimSpace(one); one != "" {
			c.Servers = append(c.Servers, one)
		}
	}
	return c
}

// comfyLimits: servers that take longer to say what they are count as not there, and are asked again so often.
const (
	comfyPatience = 20 * time.Second // a server with many nodes takes seconds
	comfyAgain    = time.Minute
)

// comfyui is the engine of the ComfyUI servers, none where none is named. Those that don't answer are asked again until
// tools are closed.
func (t *tools) comfyui(ctx context.Context) ([]engine.Engine, error) {
	s := t.g.settings.Comfy
	if len(s.Servers) == 0 {
		return nil, nil
	}
	o := comfyui.Options{Servers: s.Servers, Snapshots: s.Snapshots, Open: t.open, Now: time.Now}
	if s.Workflows != "" {
		if info, err := os.Stat(s.Workflows); err != nil || !info.IsDir() {
			return nil, art.Invalid("PRESSWERK_COMFYUI_WORKFLOWS", s.Workflows+" is no folder", "name the folder with your workflows in API format")
		}
		o.Templates = os.DirFS(s.Workflows)
	}
	e, err := comfyui.New(o)
	if err != nil {
		return nil, fmt.Errorf("PRESSWERK_COMFYUI: %w", err)
	}
	if !t.unasked {
		asking, stop := context.WithTimeout(ctx, comfyPatience)
		defer stop()
		_ = e.Connect(asking) // Info tells the reason
	}
	watching, end := context.WithCancel(context.WithoutCancel(ctx))
	t.later(func() error { end(); return nil })
	go func() {
		for wire.Sleep(watching, comfyAgain) == nil {
			e.Reconnect(watching)
		}
	}()
	return []engine.Engine{e}, nil
}

// pinner is an engine that compares its servers with what they were when somebody last said that they are right.
type pinner interface {
	Pin(ctx context.Context) error
}

// pin takes an engine's servers as they are now for what is right.
func pin(ctx context.Context, r engine.Registry, name string) error {
	e, err := r.Get(name)
	if err != nil {
		return err
	}
	p, ok := engine.As[pinner](e)
	if !ok {
		return art.Unsupported("--pin", name+" has no servers whose nodes are pinned", "use it with comfyui")
	}
	return p.Pin(ctx)
}
