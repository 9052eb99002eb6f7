package sdapi

import (
	"context"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

// connected makes an engine of a server's address and asks what is there.
func connected(t *testing.T, url string) *Engine {
	t.Helper()
	e := unconnected(t, url)
	if err := e.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func unconnected(t *testing.T, url string) *Engine {
	t.Helper()
	e, err := New(Options{URL: url, Open: stored, Pauses: wire.Pauses{First: time.Millisecond, Most: 10 * time.Millisecond, Sleep: wire.Sleep}, Limit: 1 << 22})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// stored gives the pictures that tests name.
func stored(_ context.Context, sum string) ([]byte, error) {
	for _, data := range [][]byte{drawn(64, 64, 7), drawn(64, 64, 8), drawn(64, 64, 200), half()} {
		if art.Digest(data) == sum {
			return data, nil
		}
	}
	return nil, art.ErrNotFound
}

func kept(seed int) string { return "sha256:" + art.Digest(drawn(64, 64, seed)) }

func simple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Name: "apple"}, Prompt: "an apple", Width: 64, Height: 64,
		Steps: 4, GuidanceScale: 7, Sampler: "euler", Scheduler: "karras", Seed: 42, Syntax: "a1111",
	}
}

func TestWebUIsConform(t *testing.T) {
	for name, change := range map[string]func(*fake){
		automatic: func(*fake) {},
		forge:     func(f *fake) { f.version = "f2.0.1v1.10.1-previous-1-g1" },
		sdnext: func(f *fake) {
			f.without = []string{"/internal/sysinfo", "/sdapi/v1/script-info", "/controlnet/control_types"}
			f.more = map[string]any{"/sdapi/v1/motd": "", "/sdapi/v1/version": map[string]any{"app": "sd.next", "commit": "abc1234", "updated": "2026-11-01"}}
		},
		"old": func(f *fake) {
			f.version, f.without = "v1.5.0", []string{"scheduler", "/sdapi/v1/schedulers", "refiner_checkpoint"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(t *testing.T) *fake {
				f := newFake(t)
				f.user = "ada:hush-hush"
				change(f)
				return f
			}
			start := func(t *testing.T, f *fake) engine.Engine {
				return connected(t, strings.Replace(f.serve().URL, "://", "://"+f.user+"@", 1))
			}
			r := simple()
			r.Scheduler = "normal"
			testkit.Conform(t, testkit.Conformance{
				New: func(t *testing.T) engine.Engine { return start(t, open(t)) }, Recipe: r, Secret: "hush-hush",
				Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
					f := open(t)
					f.step = 50 * time.Millisecond
					slow := r
					slow.Steps = 100
					return start(t, f), slow
				},
			})
		})
	}
}
