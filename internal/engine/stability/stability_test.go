package stability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

func TestConforms(t *testing.T) {
	for name, r := range map[string]art.Recipe{"at once": apple(), "job": enlarged()} {
		t.Run(name, func(t *testing.T) {
			testkit.Conform(t, testkit.Conformance{
				New: func(t *testing.T) engine.Engine { return serve(t, &service{running: 2}).engine() }, Recipe: r, Secret: key, Size: true, Silent: true,
				Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
					if r.Mode == art.ModeUpscale {
						return serve(t, &service{running: 1}).engine(func(o *wire.Service) { o.Pauses.Sleep = testkit.Forever }), r
					}
					return serve(t, &service{trouble: silent}).engine(), r
				},
			})
		})
	}
}

func silent(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestOutcomes(t *testing.T) {
	for name, r := range map[string]art.Recipe{"at once": apple(), "job": enlarged()} {
		t.Run(name, func(t *testing.T) {
			testkit.Outcomes(t, key, func(t *testing.T, address string) error {
				_, err := serve(t, &service{}).engine(func(o *wire.Service) { o.Base = address }).Start(context.Background(), "x", r)
				return err
			})
		})
	}
}

func TestResume(t *testing.T) {
	s := serve(t, &service{running: 3})
	testkit.Resume(t, func() engine.Engine { return s.engine() }, enlarged())
	if s.paid != 1 {
		t.Errorf("%d pictures were paid for", s.paid)
	}
}

// Each service is told what the recipe says in its own words; the description knows them all.
func TestServices(t *testing.T) {
	s := serve(t, &service{})
	e := s.engine()
	for _, test := range []struct {
		model  string
		change func(*art.Recipe)
		wants  string
	}{
		{"sd3.5-large", func(r *art.Recipe) { r.GuidanceScale = 4 }, "aspect_ratio:16:9 cfg_scale:4 mode:text-to-image model:sd3.5-large negative_prompt:green prompt:a red apple seed:7 style_preset:photographic"},
		{"sd3.5-flash", func(r *art.Recipe) { edit(r); r.Options = nil }, "image:file mode:image-to-image model:sd3.5-flash negative_prompt:green prompt:a red apple seed:7 strength:0.5"},
		{"stable-image-ultra", func(r *art.Recipe) { edit(r); plain(r) }, "image:file output_format:webp prompt:a red apple strength:0.5"},
		{"stable-image-core", func(r *art.Recipe) { plain(r); r.Width, r.Height = 1024, 1024 }, "aspect_ratio:1:1 output_format:webp prompt:a red apple"},
		{"inpaint", func(r *art.Recipe) { paint(r); r.Options = map[string]any{"grow_mask": 9} }, "grow_mask:9 image:file mask:file negative_prompt:green prompt:a red apple seed:7"},
		{"erase", func(r *art.Recipe) { paint(r); plain(r); r.Prompt = "" }, "image:file mask:file output_format:webp"},
		{"outpaint", func(r *art.Recipe) {
			plain(r)
			r.Mode, r.InitImage, r.Width, r.Height, r.Prompt = art.ModeOutpaint, sum, 101, 64, ""
		}, "down:0 image:file left:18 output_format:webp right:19 up:0"},
		{"sketch", func(r *art.Recipe) { control(r, kindSketch); r.Controls[0].Weight = 0.7 }, "control_strength:0.7 image:file negative_prompt:green prompt:a red apple seed:7"},
		{"structure", func(r *art.Recipe) { control(r, kindStructure) }, "image:file negative_prompt:green prompt:a red apple seed:7"},
		{"style", func(r *art.Recipe) {
			r.References, r.Options = []art.Control{{Kind: kindStyle, Image: sum, Weight: 0.25}}, nil
		}, "aspect_ratio:16:9 fidelity:0.25 image:file negative_prompt:green prompt:a red apple seed:7"},
		{"upscale-fast", func(r *art.Recipe) { plain(r); r.Mode, r.InitImage, r.Prompt = art.ModeUpscale, sum, "" }, "image:file output_format:webp"},
		{"upscale-conservative", func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Options = art.ModeUpscale, sum, map[string]any{"creativity": 0.3}
		}, "creativity:0.3 image:file negative_prompt:green prompt:a red apple seed:7"},
		{"upscale-creative", func(r *art.Recipe) { plain(r); r.Mode, r.InitImage = art.ModeUpscale, sum }, "image:file output_format:webp prompt:a red apple"},
	} {
		r := apple()
		r.Model.Name = test.model
		test.change(&r)
		if _, err := e.Render(context.Background(), r, nil); err != nil {
			t.Errorf("%s: %v", test.model, err)
			continue
		}
		if got := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(s.last), "map["), "]"); got != test.wants {
			t.Errorf("%s was sent %s", test.model, got)
		}
	}
}

func plain(r *art.Recipe) {
	r.NegativePrompt, r.Seed, r.Options = "", 0, map[string]any{"output_format": "webp"}
}

func edit(r *art.Recipe) {
	half := 0.5
	r.Mode, r.InitImage, r.Strength = art.ModeImageToImage, sum, &half
}

func paint(r *art.Recipe) {
	r.Mode, r.InitImage, r.MaskImage, r.Width, r.Height = art.ModeInpaint, sum, sum, 64, 64
}

func control(r *art.Recipe, kind string) {
	r.Controls, r.Width, r.Height, r.Options = []art.Control{{Kind: kind, Image: sum}}, 64, 64, nil
}

func TestSeedAndSizeAreNoted(t *testing.T) {
	r := apple()
	r.Model.Name, r.Options = "stable-image-core", nil
	p, err := serve(t, &service{}).engine().Render(context.Background(), r, nil)
	if notes := strings.Join(p.Notes, "\n"); err != nil || !strings.Contains(notes, "got 168×96") || !strings.Contains(notes, "seed was 343940597") {
		t.Errorf("notes %q, %v", p.Notes, err)
	}
}

// A blurred picture was charged, so its ticket is kept, and who waits for it is told, before and after a crash.
func TestABlurredPictureIsRefused(t *testing.T) {
	for name, r := range map[string]art.Recipe{"at once": apple(), "job": enlarged()} {
		e := serve(t, &service{finish: "CONTENT_FILTERED"}).engine()
		ticket, err := e.Start(context.Background(), "x", r)
		if err != nil || ticket.Picture != nil {
			t.Fatalf("%s: %+v, %v", name, ticket, err)
		}
		kept, _ := json.Marshal(ticket)
		var found engine.Ticket
		_ = json.Unmarshal(kept, &found)
		if _, err := e.Wait(context.Background(), found, nil); !errors.Is(err, art.ErrRefused) || errors.Is(err, engine.ErrUnknown) || !strings.Contains(err.Error(), "charged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAJobIsWatchedAndKeptForADay(t *testing.T) {
	s := serve(t, &service{running: 2, busy: 1})
	e, begun := s.engine(), s.clock.Now()
	ticket, err := e.Start(context.Background(), "x", enlarged())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Wait(context.Background(), ticket, nil); err != nil || s.clock.Now().Sub(begun) < 80*time.Second {
		t.Errorf("after %s: %v; it was asked to wait a minute, and ten seconds between looks", s.clock.Now().Sub(begun), err)
	}
	_ = s.clock.Sleep(context.Background(), 25*time.Hour)
	if _, err := e.Wait(context.Background(), ticket, nil); !errors.Is(err, art.ErrNotFound) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("after a day: %v", err)
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
		"gone":         {func(r *art.Recipe) { r.Model.Name = "sd3-medium" }, art.ErrUnsupported, "sd3.5-medium"},
		"odd size":     {func(r *art.Recipe) { r.Width = 1024 }, art.ErrUnsupported, "1344×768"},
		"seed":         {func(r *art.Recipe) { r.Seed = 1 << 32 }, art.ErrUnsupported, "4294967294"},
		"no strength":  {func(r *art.Recipe) { edit(r); r.Strength = nil }, art.ErrInvalid, "strength"},
		"strength":     {func(r *art.Recipe) { r.Strength = new(float64) }, art.ErrUnsupported, "strength"},
		"no picture":   {func(r *art.Recipe) { edit(r); r.InitImage = "" }, art.ErrInvalid, "init_image"},
		"no control":   {func(r *art.Recipe) { control(r, kindSketch); r.Model.Name, r.Controls = "sketch", nil }, art.ErrInvalid, "controls"},
		"other kind":   {func(r *art.Recipe) { control(r, kindSketch); r.Model.Name = "structure" }, art.ErrUnsupported, "controls[0].kind"},
		"no style":     {func(r *art.Recipe) { r.Model.Name, r.Options = "style", nil }, art.ErrInvalid, "references"},
		"another size": {func(r *art.Recipe) { paint(r); r.Model.Name, r.Options, r.Width = "inpaint", nil, 128 }, art.ErrUnsupported, "64×64"},
		"too large":    {func(r *art.Recipe) { paint(r); r.Model.Name, r.Options, r.Width, r.Height = "inpaint", nil, 4096, 4096 }, art.ErrUnsupported, "9437184"},
		"words":        {func(r *art.Recipe) { paint(r); plain(r); r.Model.Name = "erase" }, art.ErrUnsupported, "prompt"},
		"long":         {func(r *art.Recipe) { r.Prompt = strings.Repeat("ä", 10001) }, art.ErrUnsupported, "10001 characters"},
		"guidance":     {func(r *art.Recipe) { r.Model.Name, r.GuidanceScale = "stable-image-core", 4 }, art.ErrUnsupported, "guidance_scale"},
		"steps":        {func(r *art.Recipe) { r.Steps = 20 }, art.ErrUnsupported, "steps"},
		"option":       {func(r *art.Recipe) { r.Options["samples"] = 4 }, art.ErrUnsupported, "options.samples"},
		"moderated":    {func(r *art.Recipe) { r.Prompt = "forbidden" }, art.ErrRefused, "content_moderation"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) || strings.Contains(fmt.Sprint(err), "key is there") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.paid != 0 {
		t.Errorf("%d pictures were paid for", s.paid)
	}
}

func TestKeys(t *testing.T) {
	s := serve(t, &service{})
	for name, wrong := range map[string]string{"missing": "", "wrong": "sk-other-secret"} {
		e := s.engine(func(o *wire.Service) { o.Key = wrong })
		_, err := e.Render(context.Background(), apple(), nil)
		if err == nil || wrong != "" && strings.Contains(err.Error(), wrong) || errors.Is(err, engine.ErrUnknown) || e.Info().Ready != (wrong != "") {
			t.Errorf("a key that is %s: ready %t, %v", name, e.Info().Ready, err)
		}
	}
}
