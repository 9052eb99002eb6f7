package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Every service with a key is asked something that is free, with the key where there is such a thing.
func TestServicesAreAskedHowTheyAre(t *testing.T) {
	for _, s := range keyedServices() {
		t.Run(s.name, func(t *testing.T) {
			var status atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				keyed := false
				for _, values := range r.Header {
					keyed = keyed || strings.HasSuffix(values[0], "open-sesame")
				}
				if r.Method != http.MethodGet || !keyed {
					t.Errorf("%s %s, with the key %t", r.Method, r.URL, keyed)
				}
				w.WriteHeader(int(status.Load()))
				_, _ = w.Write([]byte("{}"))
			}))
			defer server.Close()
			e, err := s.make(wire.Service{Name: s.name, Base: server.URL, Key: "open-sesame", Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			for code, want := range map[int32]engine.State{200: engine.StateReady, 401: engine.StateRefused, 429: engine.StateBusy, 503: engine.StateUnreachable} {
				status.Store(code)
				got := engine.Look(t.Context(), []engine.Engine{e}, 10*time.Second, time.Now)[0]
				if s.name == "fal" && code < 500 {
					want = engine.StateReachable // its queue knows nothing that is free
				}
				if got.State != want || strings.Contains(got.Detail, "sesame") {
					t.Errorf("status %d: %+v, want %s", code, got, want)
				}
			}
		})
	}
}

// What is about to break stands first, in either language, and is no failure.
func TestEnginesWarnsOfBriefsWhoseModelGoesAway(t *testing.T) {
	k := newKeeper(t)
	if err := os.MkdirAll(filepath.Join(k.dir, "models"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.write("models/shutdowns.yaml", "shutdowns:\n  - {engine: far, model: cloud, date: \""+time.Now().UTC().AddDate(0, 0, 12).Format(time.DateOnly)+"\", source: a letter, instead: sky}\n")
	k.write("briefs/torn.yaml", "title: [\n")
	ask := func(lang string, args ...string) (string, string) {
		t.Helper()
		var out, messages bytes.Buffer
		c := k.command(append([]string{"engines"}, args...)...)
		c.Env = append(c.Env, "LC_ALL="+lang, "OPENAI_API_KEY=")
		c.Stdout, c.Stderr = &out, &messages
		if err := c.Run(); err != nil {
			t.Fatalf("%v\n%s%s", err, out.String(), messages.String())
		}
		return out.String(), messages.String()
	}
	for lang, want := range map[string][]string{
		"en": {"WARNING  far/cloud goes away on", "in 12 days (a letter)", "brief cloud", "prompt set of the brand morgenrot", "its provider names instead: sky", "briefs/torn.yaml can't be read", "dall-e-3"},
		"de": {"WARNUNG  far/cloud fällt am", "in 12 Tagen (a letter)", "Briefing cloud", "Prompt-Satz der Marke morgenrot", "der Anbieter nennt als Ersatz: sky", "Namen, die es nicht mehr gibt"},
	} {
		out, _ := ask(lang)
		if !strings.HasPrefix(out, want[0]) {
			t.Errorf("%s: the warning doesn't come first:\n%s", lang, out)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", lang, w, out)
			}
		}
	}
	if out, _ := ask("en", "--days", "11"); strings.Contains(out, "far/cloud goes away") {
		t.Errorf("12 days are more than 11:\n%s", out)
	}
	out, messages := ask("en", "--json")
	if !strings.Contains(messages, "WARNING  far/cloud") {
		t.Errorf("machines' users aren't warned: %q", messages)
	}
	var a struct {
		Engines []struct {
			Name, Reason string
			Ready        bool
			Health       engine.Health
			Capabilities []map[string]any
			Models       []struct{ Name, Shutdown, Instead string }
		}
		Endings []struct {
			Engine, Model string
			Days          int
			Hits          []struct{ Kind, Name string }
		}
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range a.Engines {
		switch e.Name {
		case "far":
			if seen++; e.Health.State != engine.StateReady || e.Models[0].Instead != "sky" || len(e.Capabilities) != 1 {
				t.Errorf("%+v", e)
			}
		case "openai":
			if seen++; e.Health.State != engine.StateNotSetUp || e.Ready || !strings.Contains(e.Reason, "OPENAI_API_KEY") {
				t.Errorf("%+v", e)
			}
		}
	}
	for _, e := range a.Endings {
		if e.Model == "cloud" && (e.Days != 12 || len(e.Hits) != 2) {
			t.Errorf("%+v", e)
		}
	}
	if seen != 2 || len(a.Endings) < 20 {
		t.Errorf("%d engines, %d endings", seen, len(a.Endings))
	}
}

// What the command line puts together is what a run asks: a service that is down is left alone after five failures.
func TestEnginesBehindANetworkAreGuarded(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	tools := newTools(&globals{settings: readSettings(func(name string) string {
		return map[string]string{"BFL_API_KEY": "k", "BFL_BASE_URL": server.URL, "HOME": t.TempDir(), "XDG_DATA_HOME": t.TempDir(), "XDG_CACHE_HOME": t.TempDir()}[name]
	})})
	registry, err := tools.engines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bfl, err := registry.Get("bfl")
	if err != nil {
		t.Fatal(err)
	}
	jobber, ok := engine.As[engine.Jobber](bfl)
	if !ok {
		t.Fatal("its jobs are lost")
	}
	for range breakAfter + 3 {
		_, err = jobber.Start(t.Context(), "n", art.Recipe{Mode: art.ModeTextToImage, Engine: "bfl", Model: art.ModelRef{Name: "flux-2-pro"}, Prompt: "a fox", Width: 1024, Height: 1024})
	}
	if asked.Load() != breakAfter || err == nil || !strings.Contains(err.Error(), "is asked again at") {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
	if f := tools.tally.Of("bfl"); f.Requests != breakAfter+3 || f.Failed != f.Requests {
		t.Errorf("%+v", f)
	}
}
