package midjourney

import (
	"errors"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

func fox() art.Recipe {
	return art.Recipe{Mode: art.ModeTextToImage, Engine: Name, Model: art.ModelRef{Name: "midjourney", Version: "7"}, Prompt: "a fox, ink", Width: 1536, Height: 1024}
}

// Flags and their ranges are those of package infotext's table; all that a recipe or its options say goes out.
func TestPromptSaysAllInMidjourneysWords(t *testing.T) {
	full := fox()
	full.NegativePrompt, full.Seed, full.Tiling = "text, frame", 7, true
	full.Options = map[string]any{
		"s": 250, "c": 10.0, "sref": "https://x/a.png", "sw": 300, "oref": "https://x/b.png", "ow": 400, "p": true, "raw": true, "iw": 1.5, "draft": false,
	}
	niji := fox()
	niji.Model = art.ModelRef{Name: "niji", Version: "6"}
	niji.Options = map[string]any{"cref": "https://x/c.png", "cw": 50}
	for want, r := range map[string]art.Recipe{
		"a fox, ink --ar 3:2 --v 7": fox(),
		"a fox, ink --ar 3:2 --c 10 --iw 1.5 --oref https://x/b.png --ow 400 --p --raw --s 250 --sref https://x/a.png --sw 300 --no text, frame --tile --seed 7 --v 7": full,
		"a fox, ink --ar 3:2 --cref https://x/c.png --cw 50 --niji 6": niji,
	} {
		if got, err := Prompt(r); err != nil || got != want {
			t.Errorf("got  %s\nwant %s\n%v", got, want, err)
		}
	}
	for name, value := range map[string]any{"s": 2000, "raw": "very", "iw": 3.5, "q": 3, "c": []any{1}} {
		r := fox()
		r.Options = map[string]any{name: value}
		if _, err := New(Options{ByHand: true}).Start(t.Context(), "n", r); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("--%s %v: %v", name, value, err)
		}
	}
}

// Nothing is sent; a job stays open until a person has brought its picture, and nobody waits for it.
func TestAPersonMakesThePicture(t *testing.T) {
	e := New(Options{ByHand: true, KeyFrom: "X"})
	ticket, err := e.Start(t.Context(), "name", fox())
	if err != nil || ticket.Name != "name" || ticket.Picture != nil {
		t.Fatalf("%+v, %v", ticket, err)
	}
	if _, err := e.Wait(t.Context(), ticket, nil); !errors.Is(err, art.ErrUnavailable) || !errors.Is(err, art.ErrRefused) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("%v", err)
	}
	if _, err := e.Find(t.Context(), "name"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if q := art.Prices(nil).Quote(e.Info().Models[0].Capabilities, fox()); !q.Free() {
		t.Errorf("a subscription has no price for a picture: %+v", q)
	}
	unknown := fox()
	unknown.Options = map[string]any{"speed": 1}
	if _, err := e.Start(t.Context(), "n", unknown); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	idle := New(Options{KeyFrom: "X"})
	if _, err := idle.Start(t.Context(), "n", fox()); !errors.Is(err, engine.ErrNotSetUp) || idle.Info().Ready || idle.Info().Reason == "" {
		t.Errorf("%v, %+v", err, idle.Info())
	}
}
