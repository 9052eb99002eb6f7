package testkit

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/gif" // what engines may give
	_ "image/jpeg"
	_ "image/png"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "golang.org/x/image/webp" // of the image package's formats the one that it lacks

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Conformance is what the suite needs to know of an engine, whose other end may be a fake that speaks its protocol.
type Conformance struct {
	// New makes the engine anew, with an other end that works.
	New func(t *testing.T) engine.Engine
	// Recipe is one that the engine makes. It should be quick.
	Recipe art.Recipe
	// Slow makes an engine and a recipe that takes it longer than a tenth of a second, so that a test can end it.
	Slow func(t *testing.T) (engine.Engine, art.Recipe)
	// Secret is the key that the engine was given; it must never show.
	Secret string
	// Silent: the service's answers are pictures and nothing else, so that there is none to keep.
	Silent bool
	// Size says that pictures may be of another size than asked, with a note.
	Size bool
}

// Conform checks what every engine promises, see engine.Engine, engine.Jobber and engine.Check.
func Conform(t *testing.T, c Conformance) {
	t.Run("info", c.info)
	t.Run("picture", c.picture)
	t.Run("again", c.again)
	t.Run("side by side", c.sideBySide)
	t.Run("refusals", c.refusals)
	t.Run("ended before", c.endedBefore)
	t.Run("ended meanwhile", c.endedMeanwhile)
	t.Run("jobs", c.jobs)
	t.Run("closed", c.closed)
}

func (c Conformance) open(t *testing.T) engine.Engine {
	t.Helper()
	e := c.New(t)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return e
}

// model is the one that the recipe names.
func (c Conformance) model(t *testing.T, e engine.Engine) engine.Model {
	t.Helper()
	m, err := e.Info().Model(c.Recipe.Model)
	if err != nil {
		t.Fatalf("the recipe's model: %v", err)
	}
	return m
}

func (c Conformance) info(t *testing.T) {
	e := c.open(t)
	info := e.Info()
	if !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(info.Name) || info.Version == "" {
		t.Errorf("name %q, version %q", info.Name, info.Version)
	}
	if c.Recipe.Engine != info.Name {
		t.Errorf("the recipe names engine %q, not %q", c.Recipe.Engine, info.Name)
	}
	if !info.Ready {
		t.Errorf("not ready: %s", info.Reason)
	}
	if !reflect.DeepEqual(info, e.Info()) {
		t.Error("a second Info says something else")
	}
	known := []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint, art.ModeOutpaint, art.ModeUpscale}
	for _, m := range info.Models {
		if m.Engine != info.Name || m.Capabilities.Model.Name == "" || len(m.Modes) == 0 {
			t.Errorf("model %+v of engine %q with modes %q", m.Capabilities.Model, m.Engine, m.Modes)
		}
		if draws := slices.Contains(m.Modes, art.ModeTextToImage); draws && (m.NativeWidth < m.MinSize || max(m.NativeWidth, m.NativeHeight) > m.MaxSize) {
			t.Errorf("%s: its own size %d×%d is none that it makes, %d to %d", m.Capabilities.Model.Name, m.NativeWidth, m.NativeHeight, m.MinSize, m.MaxSize)
		}
		for _, mode := range m.Modes {
			if !slices.Contains(known, mode) {
				t.Errorf("%s: nobody knows the mode %q", m.Capabilities.Model.Name, mode)
			}
		}
		if m.PricePerPicture < 0 || m.PricePerPicture > 0 && len(m.Currency) != 3 {
			t.Errorf("%s: costs %v %q", m.Capabilities.Model.Name, m.PricePerPicture, m.Currency)
		}
		for _, day := range []string{m.Shutdown, dated(m.Service)} {
			if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
				t.Errorf("%s: %q is no day", m.Capabilities.Model.Name, day)
			}
		}
	}
}

func dated(s *art.Service) string {
	if s == nil {
		return ""
	}
	return s.Dated
}

func (c Conformance) picture(t *testing.T) {
	e := c.open(t)
	var inside, last int
	p, err := e.Render(context.Background(), c.Recipe, func(step, steps int) {
		inside++
		defer func() { inside-- }()
		if inside != 1 || step < 1 || step > steps || step < last {
			t.Errorf("step %d of %d after %d, %d calls at once", step, steps, last, inside)
		}
		last = step
	})
	if err != nil {
		t.Fatal(err)
	}
	m, kind, err := image.Decode(bytes.NewReader(p.Bytes))
	if err != nil {
		t.Fatalf("no picture: %v", err)
	}
	if "image/"+kind != p.MIME || m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height || len(p.PixelsSHA256) != 64 {
		t.Errorf("a %s of %v is called %s of %d×%d, pixels %q", kind, m.Bounds(), p.MIME, p.Width, p.Height, p.PixelsSHA256)
	}
	if c.model(t, e).Service != nil && ((len(p.Answer) == 0) != c.Silent || bytes.Contains(p.Answer, []byte(c.Secret)) || bytes.Contains(p.Answer, p.Bytes)) {
		t.Errorf("the answer that is kept is missing, or has the key or the picture in it: %s", p.Answer)
	}
	if other := p.Width != c.Recipe.Width || p.Height != c.Recipe.Height; other && (!c.Size || len(p.Notes) == 0) {
		t.Errorf("%d×%d instead of %d×%d, notes %q", p.Width, p.Height, c.Recipe.Width, c.Recipe.Height, p.Notes)
	}
}

func (c Conformance) again(t *testing.T) {
	e := c.open(t)
	if !c.model(t, e).Deterministic {
		t.Skip("it doesn't say that equal recipes give equal pictures")
	}
	var made []string
	for range 2 {
		p, err := e.Render(context.Background(), c.Recipe, nil)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, p.PixelsSHA256)
	}
	if made[0] != made[1] {
		t.Error("equal recipes gave different pictures")
	}
}

func (c Conformance) sideBySide(t *testing.T) {
	e := c.open(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := e.Render(context.Background(), c.Recipe, func(int, int) {}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// refusals: what the capabilities don't offer is refused with the field, and never left out silently.
func (c Conformance) refusals(t *testing.T) {
	e := c.open(t)
	can := c.model(t, e).Capabilities
	for name, test := range map[string]struct {
		offered bool
		field   string
		change  func(*art.Recipe)
	}{
		"mode":       {false, "mode", func(r *art.Recipe) { r.Mode = "dream" }},
		"negative":   {can.Negative, "negative_prompt", func(r *art.Recipe) { r.NegativePrompt = "blurry" }},
		"sampler":    {false, "sampler", func(r *art.Recipe) { r.Sampler = "guess" }},
		"scheduler":  {false, "scheduler", func(r *art.Recipe) { r.Scheduler = "guess" }},
		"width":      {c.Recipe.Mode == art.ModeUpscale, "width", func(r *art.Recipe) { r.Width = 3 }},
		"loras":      {can.TakesLoRAs, "loras", func(r *art.Recipe) { r.LoRAs = []art.LoRA{{Name: "x", Weight: 1}} }},
		"embeddings": {can.Embeddings, "embeddings", func(r *art.Recipe) { r.Embeddings = []art.ModelRef{{Name: "x"}} }},
		"hires":      {can.Hires, "hires", func(r *art.Recipe) { r.Hires = &art.Hires{Scale: 2, Strength: 0.5} }},
		"tiling":     {can.Tiling, "tiling", func(r *art.Recipe) { r.Tiling = true }},
		"control": {false, "controls", func(r *art.Recipe) {
			r.Controls = []art.Control{{Kind: "guess", Image: "sha256:00", Weight: 1, End: 1}}
		}},
		"reference": {can.MaxReferences > 0, "references", func(r *art.Recipe) { r.References = []art.Control{{Image: "sha256:00"}} }},
	} {
		if test.offered {
			continue
		}
		r := c.Recipe
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		var field *art.FieldError
		if !errors.As(err, &field) || !strings.HasPrefix(field.Field, test.field) || !errors.Is(err, art.ErrUnsupported) && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v; want a refusal of %s", name, err, test.field)
		}
	}
	if can.Service != nil {
		c.silent(t, e)
	}
	r := c.Recipe
	r.Model = art.ModelRef{Name: "nobody-has-this"}
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("an unknown model: %v", err)
	}
}

// silent: services know nothing of these fields, so a recipe that sets them is refused instead of made without them.
func (c Conformance) silent(t *testing.T, e engine.Engine) {
	t.Helper()
	for field, change := range map[string]func(*art.Recipe){
		"guidance_rescale":   func(r *art.Recipe) { r.GuidanceRescale = 0.5 },
		"eta":                func(r *art.Recipe) { r.Eta = 0.5 },
		"clip_skip":          func(r *art.Recipe) { r.ClipSkip = new(2) },
		"noise_source":       func(r *art.Recipe) { r.NoiseSource = "cuda" },
		"prompt_2":           func(r *art.Recipe) { r.Prompt2 = "more" },
		"variation_strength": func(r *art.Recipe) { r.VariationStrength = 0.5 },
		"tiled_diffusion":    func(r *art.Recipe) { r.TiledDiffusion = &art.TiledDiffusion{} },
	} {
		r := c.Recipe
		change(&r)
		var refused *art.FieldError
		if _, err := e.Render(context.Background(), r, nil); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s was left out silently, or %v", field, err)
		}
	}
}

func (c Conformance) endedBefore(t *testing.T) {
	e := c.open(t)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := e.Render(ctx, c.Recipe, nil); !errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("a context that had ended: %v", err)
	}
}

func (c Conformance) endedMeanwhile(t *testing.T) {
	e, r := c.Slow(t)
	defer e.Close()
	ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	done := make(chan error, 1)
	go func() {
		_, err := e.Render(ctx, r, nil)
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a context that ended: %v", err)
		}
		c.keepsSecret(t, err)
	case <-time.After(time.Minute):
		t.Fatal("it went on for a minute after its context had ended")
	}
}

func (c Conformance) keepsSecret(t *testing.T, err error) {
	t.Helper()
	if c.Secret != "" && err != nil && strings.Contains(err.Error(), c.Secret) {
		t.Errorf("the key stands in an error: %v", err)
	}
}

// jobs: a ticket brings the picture, also to who comes back to it.
func (c Conformance) jobs(t *testing.T) {
	e := c.open(t)
	j, ok := engine.As[engine.Jobber](e)
	if !ok {
		t.Skip("its pictures are made by the call itself")
	}
	ticket, err := j.Start(context.Background(), "presswerk-conformance-1", c.Recipe)
	if err != nil {
		t.Fatal(err)
	}
	if ticket.Name != "presswerk-conformance-1" {
		t.Errorf("the ticket is called %q", ticket.Name)
	}
	if ticket.Picture != nil {
		return
	}
	var made []string
	for range 2 {
		p, err := j.Wait(context.Background(), ticket, nil)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, p.PixelsSHA256)
	}
	if made[0] != made[1] {
		t.Error("one ticket gave two pictures")
	}
	if found, err := j.Find(context.Background(), ticket.Name); err == nil && found.Job != ticket.Job {
		t.Errorf("found job %q, want %q", found.Job, ticket.Job)
	} else if err != nil && !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("finding a job that is there: %v", err)
	}
	if _, err := j.Find(context.Background(), "presswerk-conformance-2"); !errors.Is(err, art.ErrNotFound) && !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("finding a job that isn't there: %v", err)
	}
	if err := j.Cancel(context.Background(), ticket); err != nil && !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("cancelling what has ended: %v", err)
	}
	lost := ticket
	lost.Job, lost.Links = "00000000-0000-4000-8000-000000000000", nil
	if _, err := j.Wait(context.Background(), lost, nil); err == nil || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("waiting for a job that isn't there: %v", err)
	}
}

func (c Conformance) closed(t *testing.T) {
	e := c.New(t)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	_, _ = e.Render(context.Background(), c.Recipe, nil) // must not panic
}
