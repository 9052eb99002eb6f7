package firefly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New: func(t *testing.T) engine.Engine { return serve(t, &service{}).engine() }, Recipe: apple(), Secret: secret, Size: true,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			return serve(t, &service{states: []string{"running"}}).engine(func(o *Options) { o.Pauses.Sleep = testkit.Forever }), apple()
		},
	})
}

func TestOutcomes(t *testing.T) {
	testkit.Outcomes(t, secret, func(t *testing.T, address string) error {
		_, err := serve(t, &service{}).engine(func(o *Options) { o.Base = address }).Start(context.Background(), "x", apple())
		return err
	})
}

// Whatever the identity service says, nothing was asked for yet.
func TestNothingIsOpenWithoutAToken(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>"+secret) },
		"nothing": func(w http.ResponseWriter, _ *http.Request) { testkit.Answer(w, http.StatusOK, map[string]any{}) },
		"busy":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"cut":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		identity := httptest.NewServer(answer)
		s := serve(t, &service{})
		_, err := s.engine(func(o *Options) { o.Tokens = identity.URL }).Start(context.Background(), "x", apple())
		if !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) || strings.Contains(err.Error(), secret) || len(s.jobs) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		identity.Close()
	}
}

func TestResume(t *testing.T) {
	s := serve(t, &service{})
	testkit.Resume(t, func() engine.Engine { return s.engine() }, apple())
	if len(s.jobs) != 1 {
		t.Errorf("%d jobs were begun", len(s.jobs))
	}
}

// Each model is told what the recipe says in its own words; the description knows them all.
func TestModels(t *testing.T) {
	s := serve(t, &service{})
	e := s.engine()
	const size, source = `"size":{"height":2048,"width":2048}`, `{"source":{"uploadId":"upload-1"}}`
	for _, test := range []struct {
		model  string
		change func(*art.Recipe)
		wants  string
	}{
		{"image4_ultra", func(r *art.Recipe) {
			r.NegativePrompt, r.Options = "green", map[string]any{"contentClass": "photo", "presets": []string{"golden_hour"}}
		}, `generate-async image4_ultra {"contentClass":"photo","negativePrompt":"green","numVariations":1,"prompt":"a red apple","seeds":[7],` + size + `,"style":{"presets":["golden_hour"]}}`},
		{"image3", func(r *art.Recipe) {
			r.References, r.Controls = []art.Control{{Kind: kindStyle, Image: sum, Weight: 0.6}}, []art.Control{{Kind: kindStructure, Image: sum, Weight: 1}}
		}, `generate-async image3 {"numVariations":1,"prompt":"a red apple","seeds":[7],` + size + `,"structure":{"imageReference":{"source":{"uploadId":"upload-2"}},"strength":100},"style":{"imageReference":` + source + `,"strength":60}}`},
		{"image4_custom/urn:1", func(r *art.Recipe) { r.Seed, r.Options = 0, map[string]any{"upsamplerType": "low_creativity"} }, `generate-async image4_custom {"customModelId":"urn:1","numVariations":1,"prompt":"a red apple",` + size + `,"upsamplerType":"low_creativity"}`},
		{"image3_custom/urn:2", func(*art.Recipe) {}, `generate-async image3_custom {"customModelId":"urn:2","numVariations":1,"prompt":"a red apple","seeds":[7],` + size + `}`},
		{"image4_standard/similar", func(r *art.Recipe) { r.Mode, r.InitImage, r.Prompt = art.ModeImageToImage, sum, "" }, `generate-similar-async image4_standard {"image":` + source + `,"numVariations":1,"seeds":[7],` + size + `}`},
		{"fill", func(r *art.Recipe) { r.Mode, r.InitImage, r.MaskImage = art.ModeInpaint, sum, sum }, `fill-async  {"image":` + source + `,"mask":{"source":{"uploadId":"upload-2"}},"numVariations":1,"prompt":"a red apple","seeds":[7],` + size + `}`},
		{"expand", func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Prompt, r.Width, r.Height = art.ModeOutpaint, sum, "", 101, 64
		}, `expand-async  {"image":` + source + `,"numVariations":1,"placement":{"inset":{"bottom":0,"left":18,"right":19,"top":0}},"seeds":[7],"size":{"height":64,"width":101}}`},
		{"object-composite", func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Seed = art.ModeOutpaint, sum, 0
		}, `generate-object-composite-async  {"image":` + source + `,"numVariations":1,"placement":{"inset":{"bottom":992,"left":992,"right":992,"top":992}},"prompt":"a red apple",` + size + `}`},
		{"object-composite", func(r *art.Recipe) {
			r.Mode, r.InitImage, r.MaskImage, r.Seed = art.ModeInpaint, sum, sum, 0
		}, `generate-object-composite-async  {"image":` + source + `,"mask":{"source":{"uploadId":"upload-2"}},"numVariations":1,"prompt":"a red apple",` + size + `}`},
		{"precise_upsampler_v1", func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Prompt, r.Options = art.ModeUpscale, sum, "", map[string]any{"upscaleFactor": 4}
		}, `upscale precise_upsampler_v1 {"image":` + source + `,"seeds":[7],"upscaleFactor":4}`},
	} {
		r := apple()
		r.Model.Name = test.model
		test.change(&r)
		s.uploads = 0
		if _, err := e.Render(context.Background(), r, nil); err != nil {
			t.Errorf("%s: %v", test.model, err)
		} else if s.last != test.wants {
			t.Errorf("%s was sent %s", test.model, s.last)
		}
	}
}

// A token is kept, replaced before it ends, and replaced once when it isn't taken any more.
func TestTokens(t *testing.T) {
	s := serve(t, &service{})
	e := s.engine()
	render := func() {
		t.Helper()
		if _, err := e.Render(context.Background(), apple(), nil); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(render)
	}
	all.Wait()
	if s.asked != 1 {
		t.Errorf("%d tokens for four pictures at once", s.asked)
	}
	_ = s.clock.Sleep(context.Background(), 24*time.Hour-2*time.Minute)
	render()
	if s.asked != 2 {
		t.Errorf("%d tokens two minutes before the first one ends", s.asked)
	}
	clear(s.tokens) // revoked
	render()
	if s.asked != 3 {
		t.Errorf("%d tokens after the second one was revoked", s.asked)
	}
	_, err := s.engine(func(o *Options) { o.ClientID = client + "-other" }).Start(context.Background(), "x", apple())
	if !errors.Is(err, art.ErrRefused) || errors.Is(err, engine.ErrUnknown) || strings.Contains(err.Error(), secret) {
		t.Errorf("a client that isn't known: %v", err)
	}
}

// A token is replaced once and not for ever, and none shows.
func TestATokenThatIsNeverTaken(t *testing.T) {
	s := serve(t, &service{deaf: true})
	_, err := s.engine().Start(context.Background(), "x", apple())
	if !errors.Is(err, art.ErrRefused) || errors.Is(err, engine.ErrUnknown) || strings.Contains(err.Error(), "very-secret") || s.asked != 2 {
		t.Errorf("%d tokens, %v", s.asked, err)
	}
}

func TestJobsEnd(t *testing.T) {
	for name, test := range map[string]struct {
		state, code string
		want        error
	}{
		"unsafe":    {"failed", "prompt_unsafe", art.ErrRefused},
		"wrong":     {"failed", "validation_error", art.ErrInvalid},
		"broken":    {"failed", "runtime_error", art.ErrUnavailable},
		"too late":  {"timeout", "timeout_error", art.ErrUnavailable},
		"cancelled": {"cancelled", "cancelled_by_user", art.ErrConflict},
	} {
		_, err := serve(t, &service{states: []string{"running", test.state}, code: test.code}).engine().Render(context.Background(), apple(), nil)
		if !errors.Is(err, test.want) || errors.Is(err, engine.ErrUnknown) || !strings.Contains(err.Error(), test.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who stops waiting stops the job; one that has ended stays as it is.
func TestCancel(t *testing.T) {
	s := serve(t, &service{states: []string{"running", "running"}})
	ctx, stop := context.WithCancel(context.Background())
	e := s.engine(func(o *Options) {
		o.Pauses.Sleep = func(ctx context.Context, _ time.Duration) error { stop(); return ctx.Err() }
	})
	if _, err := e.Render(ctx, apple(), nil); !errors.Is(err, context.Canceled) || !s.jobs["urn:ff:jobs:eso:1"].cancelled {
		t.Errorf("cancelled %t, %v", s.jobs["urn:ff:jobs:eso:1"].cancelled, err)
	}
	if err := e.Cancel(context.Background(), engine.Ticket{Links: map[string]string{"cancel": s.url + "/v3/cancel/urn:nobody"}}); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a job that isn't there: %v", err)
	}
}

func TestTroubleOnTheWay(t *testing.T) {
	s := serve(t, &service{busy: 2, spoilt: []string{"cut", "busy"}, denied: true})
	begun := s.clock.Now()
	p, err := s.engine().Render(context.Background(), apple(), nil)
	if err != nil || s.clock.Now().Sub(begun) < 2*time.Minute {
		t.Fatalf("after %s: %v", s.clock.Now().Sub(begun), err)
	}
	for _, want := range []string{"denies", "seed was 42", "got 128×128"} {
		if !strings.Contains(strings.Join(p.Notes, "\n"), want) {
			t.Errorf("notes %q don't say %q", p.Notes, want)
		}
	}
	_, err = serve(t, &service{spoilt: []string{"gone", "gone"}}).engine().Render(context.Background(), apple(), nil)
	if !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a link that has ended: %v", err)
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
		"gone":     {func(r *art.Recipe) { r.Model.Name = "image2" }, art.ErrUnsupported, "image4_standard"},
		"odd size": {func(r *art.Recipe) { r.Width = 1024 }, art.ErrUnsupported, "1440×2560"},
		"long":     {func(r *art.Recipe) { r.Prompt = strings.Repeat("ä", 1025) }, art.ErrUnsupported, "1025 characters"},
		"negative": {func(r *art.Recipe) { r.Model.Name, r.NegativePrompt = "image4_custom/urn:1", "green" }, art.ErrUnsupported, "negative_prompt"},
		"words":    {func(r *art.Recipe) { r.Model.Name, r.Mode, r.InitImage = "image3/similar", art.ModeImageToImage, sum }, art.ErrUnsupported, "prompt"},
		"no mask":  {func(r *art.Recipe) { r.Model.Name, r.Mode, r.InitImage = "fill", art.ModeInpaint, sum }, art.ErrInvalid, "mask_image"},
		"no room":  {func(r *art.Recipe) { r.Model.Name, r.Mode, r.InitImage, r.Width = "expand", art.ModeOutpaint, sum, 60 }, art.ErrInvalid, "no room"},
		"too large": {func(r *art.Recipe) {
			r.Model.Name, r.Mode, r.InitImage, r.Width = "expand", art.ModeOutpaint, sum, 4000
		}, art.ErrUnsupported, "3999"},
		"two controls": {func(r *art.Recipe) {
			r.Controls = []art.Control{{Kind: kindStructure, Image: sum}, {Kind: kindStructure, Image: sum}}
		}, art.ErrUnsupported, "controls"},
		"whole":     {func(r *art.Recipe) { r.References = []art.Control{{Image: sum}} }, art.ErrUnsupported, "references[0].kind"},
		"not there": {func(r *art.Recipe) { r.References = []art.Control{{Kind: kindStyle, Image: "sha256:b"}} }, art.ErrNotFound, "opening"},
		"option":    {func(r *art.Recipe) { r.Options = map[string]any{"tileable": true} }, art.ErrUnsupported, "options.tileable"},
		"moderated": {func(r *art.Recipe) { r.Prompt = "forbidden" }, art.ErrRefused, "prompt_unsafe"},
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
	for name, change := range map[string]func(*Options){"secret": func(o *Options) { o.Key = "" }, "client": func(o *Options) { o.ClientID = "" }} {
		e := s.engine(change)
		if _, err := e.Render(context.Background(), apple(), nil); !errors.Is(err, art.ErrUnavailable) || e.Info().Ready || !strings.Contains(e.Info().Reason, "FIREFLY_CLIENT_ID") {
			t.Errorf("without a %s: %q, %v", name, e.Info().Reason, err)
		}
	}
	_, err := s.engine(func(o *Options) { o.Key = "other-secret" }).Render(context.Background(), apple(), nil)
	if !errors.Is(err, art.ErrRefused) || strings.Contains(err.Error(), "other-secret") {
		t.Errorf("a wrong secret: %v", err)
	}
	if s.asked != 0 {
		t.Errorf("%d tokens were given", s.asked)
	}
}

func TestTokensGoToAdobesHostsOnly(t *testing.T) {
	c, err := serve(t, &service{}).engine().door.Pass(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{"firefly-epo855230.adobe.io": true, "pre-signed.s3.amazonaws.com": false, "adobe.io.example": false, "notadobe.io": false} {
		if c.Own(host) != want {
			t.Errorf("%s: %t", host, !want)
		}
	}
}
