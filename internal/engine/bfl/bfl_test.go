package bfl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

const sum = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New: func(t *testing.T) engine.Engine { return serve(t, &service{}).engine() }, Recipe: apple(), Secret: key,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			return serve(t, &service{states: []string{"Pending"}}).engine(func(o *wire.Service) { o.Pauses.Sleep = testkit.Forever }), apple()
		},
	})
}

func TestOutcomes(t *testing.T) {
	testkit.Outcomes(t, key, func(t *testing.T, address string) error {
		_, err := serve(t, &service{}).engine(func(o *wire.Service) { o.Base = address }).Start(context.Background(), "x", apple())
		return err
	})
}

func TestResume(t *testing.T) {
	s := serve(t, &service{})
	testkit.Resume(t, func() engine.Engine { return s.engine() }, apple())
}

// Each model is told what the recipe says in its own words; the description knows them all.
func TestModels(t *testing.T) {
	s := serve(t, &service{})
	e := s.engine()
	for _, test := range []struct {
		model  string
		change func(*art.Recipe)
		wants  string // fields beside pictures
		count  int    // pictures sent
	}{
		{"flux-2-max", func(*art.Recipe) {}, "height:128 output_format:png prompt:a red apple seed:7 width:256", 0},
		{"flux-2-flex", func(r *art.Recipe) { r.Steps, r.GuidanceScale = 20, 4 }, "guidance:4 height:128 output_format:png prompt:a red apple seed:7 steps:20 width:256", 0},
		{"flux-2-klein-4b", func(r *art.Recipe) { edit(r); r.References = refs(3) }, "height:128 output_format:png prompt:a red apple seed:7 width:256", 4},
		{"flux-2-pro", func(r *art.Recipe) { r.References = refs(8) }, "height:128 output_format:png prompt:a red apple seed:7 width:256", 8},
		{"flux-kontext-pro", edit, "aspect_ratio:2:1 output_format:png prompt:a red apple seed:7", 1},
		{"flux-pro-1.1", func(r *art.Recipe) { r.Height, r.References = 256, refs(1) }, "height:256 output_format:png prompt:a red apple seed:7 width:256", 1},
		{"flux-pro-1.1-ultra", func(r *art.Recipe) {
			r.References, r.Options = []art.Control{{Image: sum, Weight: 0.25}}, map[string]any{"raw": true}
		}, "aspect_ratio:2:1 image_prompt_strength:0.25 prompt:a red apple raw:true seed:7", 1},
		{"flux-dev", func(r *art.Recipe) { r.Height, r.Steps = 256, 28 }, "height:256 output_format:png prompt:a red apple seed:7 steps:28 width:256", 0},
		{"flux-pro-1.0-fill", func(r *art.Recipe) { paint(r); r.Steps = 50 }, "output_format:png prompt:a red apple seed:7 steps:50", 2},
		{"flux-tools/erase-v1", func(r *art.Recipe) { paint(r); r.Prompt, r.Options = "", map[string]any{"dilate_pixels": 3} }, "dilate_pixels:3 seed:7", 2},
		{"flux-pro-1.0-expand", func(r *art.Recipe) { widen(r); r.Width = 101 }, "bottom:32 left:18 output_format:png prompt:a red apple right:19 seed:7 top:32", 1},
		{"flux-tools/outpainting-v1", func(r *art.Recipe) { widen(r); r.Seed, r.Prompt = 0, "" }, "height:128 output_format:png width:256", 1},
		{"flux-3-image", func(r *art.Recipe) {
			edit(r)
			r.Width, r.Height, r.Seed, r.References, r.Options = 2100, 900, 0, refs(9), map[string]any{"grounding": false}
		}, "aspect_ratio:21:9 grounding:false prompt:a red apple resolution:1.5k", 10},
	} {
		r := apple()
		r.Model.Name = test.model
		test.change(&r)
		if _, err := e.Start(context.Background(), "x", r); err != nil {
			t.Errorf("%s: %v", test.model, err)
			continue
		}
		count := 0
		for _, name := range []string{"image", "mask", "image_prompt", "input_image", "input_image_2", "input_image_3", "input_image_4", "input_image_8"} {
			if _, ok := s.last[name]; ok {
				count++
			}
		}
		if all, ok := s.last["images"].([]any); ok {
			count = len(all)
		}
		sent := s.sent()
		delete(sent, "images")
		if _, ok := s.last["input_image_8"]; ok {
			count += 3 // 5, 6, 7
		}
		if got := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(sent), "map["), "]"); got != test.wants || count != test.count {
			t.Errorf("%s was sent %s with %d pictures", test.model, got, count)
		}
	}
}

func edit(r *art.Recipe) { r.Mode, r.InitImage = art.ModeImageToImage, sum }
func paint(r *art.Recipe) {
	r.Mode, r.InitImage, r.MaskImage, r.Width, r.Height = art.ModeInpaint, sum, sum, 64, 64
}
func widen(r *art.Recipe)      { r.Mode, r.InitImage = art.ModeOutpaint, sum }
func refs(n int) []art.Control { return slices.Repeat([]art.Control{{Image: sum}}, n) }

func TestThePriceIsTheServices(t *testing.T) {
	ticket, err := serve(t, &service{}).engine().Start(context.Background(), "x", apple())
	if err != nil || ticket.Price != 0.03 || ticket.Currency != "USD" {
		t.Errorf("%v %s, %v", ticket.Price, ticket.Currency, err)
	}
}

func TestAnotherSizeIsNoted(t *testing.T) {
	p, err := serve(t, &service{width: 240}).engine().Render(context.Background(), apple(), nil)
	if notes := strings.Join(p.Notes, "\n"); err != nil || !strings.Contains(notes, "got 240×128") || !strings.Contains(notes, "seed was 42") {
		t.Errorf("notes %q, %v", p.Notes, err)
	}
}

func TestStatesThatEndAJob(t *testing.T) {
	for state, want := range map[string]error{
		"Request Moderated": art.ErrRefused, "Content Moderated": art.ErrRefused, "Error": art.ErrUnavailable, "Task not found": art.ErrNotFound,
	} {
		_, err := serve(t, &service{states: []string{"Pending", state}}).engine().Render(context.Background(), apple(), nil)
		if !errors.Is(err, want) || errors.Is(err, engine.ErrUnknown) || !strings.Contains(err.Error(), state) {
			t.Errorf("%s: %v", state, err)
		}
	}
}

// A service that is busy is left alone as long as it asks for; the job goes on.
func TestABusyServiceIsWaitedFor(t *testing.T) {
	s := serve(t, &service{busy: 3})
	begun := s.clock.Now()
	if _, err := s.engine().Render(context.Background(), apple(), nil); err != nil {
		t.Fatal(err)
	}
	if waited := s.clock.Now().Sub(begun); waited < 3*time.Minute {
		t.Errorf("it waited %s where a minute was asked for three times", waited)
	}
}

func TestALinkThatHasEnded(t *testing.T) {
	s := serve(t, &service{states: []string{"Ready"}})
	e := s.engine()
	ticket, err := e.Start(context.Background(), "x", apple())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Wait(context.Background(), ticket, nil); err != nil {
		t.Fatal(err)
	}
	_ = s.clock.Sleep(context.Background(), 11*time.Minute)
	if _, err := e.Wait(context.Background(), ticket, nil); !errors.Is(err, art.ErrNotFound) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("after eleven minutes: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t, &service{})
	e := s.engine()
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		want   error
		says   string
	}{
		"gone":         {func(r *art.Recipe) { r.Model.Name = "flux-pro-1.0-canny" }, art.ErrUnsupported, "flux-2-pro"},
		"too large":    {func(r *art.Recipe) { r.Width, r.Height = 2048, 2048 }, art.ErrUnsupported, "4000000"},
		"odd":          {func(r *art.Recipe) { r.Width = 250 }, art.ErrUnsupported, "240 or 256"},
		"too wide":     {func(r *art.Recipe) { r.Model.Name, r.Width = "flux-kontext-max", 2048 }, art.ErrUnsupported, "21:9"},
		"ratio":        {func(r *art.Recipe) { r.Model.Name, r.Width, r.Seed = "flux-3-image", 250, 0; r.Options = nil }, art.ErrUnsupported, "125:64"},
		"seed":         {func(r *art.Recipe) { r.Model.Name, r.Options = "flux-3-image", nil }, art.ErrUnsupported, "seed"},
		"no picture":   {func(r *art.Recipe) { r.Mode = art.ModeImageToImage }, art.ErrInvalid, "init_image"},
		"many":         {func(r *art.Recipe) { edit(r); r.References = refs(8) }, art.ErrUnsupported, "9 pictures"},
		"not found":    {func(r *art.Recipe) { edit(r); r.InitImage = "sha256:b" }, art.ErrNotFound, "opening"},
		"another size": {func(r *art.Recipe) { paint(r); r.Model.Name, r.Width = "flux-pro-1.0-fill", 128 }, art.ErrUnsupported, "64×64"},
		"no room":      {func(r *art.Recipe) { widen(r); r.Model.Name, r.Height = "flux-pro-1.0-expand", 60 }, art.ErrInvalid, "no room"},
		"few steps":    {func(r *art.Recipe) { paint(r); r.Model.Name, r.Steps = "flux-pro-1.0-fill", 10 }, art.ErrUnsupported, "at least 15"},
		"guidance":     {func(r *art.Recipe) { r.Model.Name, r.GuidanceScale = "flux-2-flex", 1 }, art.ErrUnsupported, "1.5 to 10"},
		"no guidance":  {func(r *art.Recipe) { r.GuidanceScale = 4 }, art.ErrUnsupported, "guidance_scale"},
		"strength":     {func(r *art.Recipe) { edit(r); r.Strength = new(float64) }, art.ErrUnsupported, "strength"},
		"style":        {func(r *art.Recipe) { r.References = []art.Control{{Image: sum, Kind: "style"}} }, art.ErrUnsupported, "references[0].kind"},
		"weight":       {func(r *art.Recipe) { r.References = []art.Control{{Image: sum, Weight: 0.5}} }, art.ErrUnsupported, "references[0].weight"},
		"words":        {func(r *art.Recipe) { paint(r); r.Model.Name = "flux-tools/erase-v1" }, art.ErrUnsupported, "prompt"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.jobs) != 0 {
		t.Errorf("%d jobs were begun", len(s.jobs))
	}
}

func TestKeys(t *testing.T) {
	s := serve(t, &service{})
	for name, wrong := range map[string]string{"missing": "", "wrong": "bfl_other-secret"} {
		e := s.engine(func(o *wire.Service) { o.Key = wrong })
		_, err := e.Render(context.Background(), apple(), nil)
		if err == nil || wrong != "" && strings.Contains(err.Error(), wrong) || errors.Is(err, engine.ErrUnknown) || e.Info().Ready != (wrong != "") {
			t.Errorf("a key that is %s: ready %t, %v", name, e.Info().Ready, err)
		}
	}
}

func TestKeysGoToTheServicesMachinesOnly(t *testing.T) {
	e := serve(t, &service{}).engine()
	for host, want := range map[string]bool{"api.us1.bfl.ai": true, "delivery-eu1.bfl.ai": false, "api.bfl.ai.example": false, "api.example": false} {
		if e.client.Own(host) != want {
			t.Errorf("%s: %t", host, !want)
		}
	}
	for base, want := range map[string]string{Base: "unknown", "https://api.eu.bfl.ai": "EU", "https://api.us.bfl.ai": "US"} {
		if got := serve(t, &service{}).engine(func(o *wire.Service) { o.Base = base }).Info().Models[0].Service.Region; got != want {
			t.Errorf("%s: region %s", base, got)
		}
	}
}
