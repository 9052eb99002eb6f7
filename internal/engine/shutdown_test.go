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
	const name = "gpt-image-1"
	if got := engine.ShutdownOf("openai", name, engine.Endings(nil, nil, table)); got != "2026-10-23" {
		t.Errorf("got %q", got)
	}
	if got := engine.ShutdownOf("local", name, engine.Endings(nil, nil, table)); got != "" {
		t.Errorf("another engine's: %q", got)
	}
	said := []engine.Info{{Name: "openai", Models: []engine.Model{{
		Capabilities: art.Capabilities{Model: art.ModelRef{Name: name}}, Shutdown: "2027-01-01", Instead: "gpt-image-2",
	}}}}
	if got := engine.ShutdownOf("openai", name, engine.Endings(nil, said, table)); got != "2027-01-01" {
		t.Errorf("the engine's own word does not count: %q", got)
	}
	own := []art.Shutdown{{Engine: "openai", Model: name, Date: "2027-02-02"}}
	all := engine.Endings(own, said, table)
	if all[0].Date != "2027-02-02" || all[0].Instead != "gpt-image-2" || len(all) != len(table) {
		t.Errorf("%d of %d, %+v", len(all), len(table), all[0])
	}
}
