package engine_test

import (
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

func TestTheTableOfShutdownsCanBeRestedOn(t *testing.T) {
	table, err := engine.Shutdowns()
	if err != nil || len(table) == 0 {
		t.Fatalf("%d, %v", len(table), err)
	}
	seen := map[[2]string]bool{}
	for _, s := range table {
		_, err := time.Parse(time.DateOnly, s.Date)
		_, read := time.Parse(time.DateOnly, s.Read)
		if err != nil || read != nil || s.Source == "" || s.Engine == "" || s.Model == "" || seen[[2]string{s.Engine, s.Model}] {
			t.Errorf("%+v: %v %v", s, err, read)
		}
		seen[[2]string{s.Engine, s.Model}] = true
	}
	m := engine.Model{Capabilities: art.Capabilities{Model: art.ModelRef{Name: "gpt-image-1"}}}
	if got := engine.ShutdownOf("openai", m, table); got != "2026-10-23" {
		t.Errorf("got %q", got)
	}
	if got := engine.ShutdownOf("local", m, table); got != "" {
		t.Errorf("another engine's: %q", got)
	}
	if m.Shutdown = "2027-01-01"; engine.ShutdownOf("openai", m, table) != "2027-01-01" {
		t.Error("the engine's own word does not count")
	}
}
