package sdapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/infotext"
)

// cppName is how stable-diffusion.cpp stands in versions. It tells none of its own.
const cppName = "stable-diffusion.cpp"

// cppSteps is what the server cuts larger numbers of steps to, silently.
const cppSteps = 100

// cppServer is stable-diffusion.cpp with the one model that it was started with. It is an engine.Jobber.
type cppServer struct {
	e    *Engine
	said cppCapabilities
	sum  string // of the whole answer

	mu  sync.Mutex
	rng string // guarded by mu: the noise that the server was started with, "" until a picture told it
}

type cppCapabilities struct {
	Model struct {
		Name string `json:"name"`
		Stem string `json:"stem"`
	} `json:"model"`
	Modes    []string `json:"supported_modes"`
	Defaults map[string]struct {
		Width  int `json:"width"`
		Height int `json:"height"`
		Params struct {
			Sampler   string `json:"sample_method"`
			Scheduler string `json:"scheduler"`
			Steps     int    `json:"sample_steps"`
			Guidance  struct {
				Text float64 `json:"txt_cfg"`
			} `json:"guidance"`
		} `json:"sample_params"`
	} `json:"defaults_by_mode"`
	Features  map[string]map[string]bool `json:"features_by_mode"`
	Samplers  []string                   `json:"samplers"`
	Curves    []string                   `json:"schedulers"`
	Upscalers []struct {
		Name string `json:"name"`
	} `json:"upscalers"`
	LoRAs []struct {
		Name string `json:"name"`
		Path string `json:"path"`
	} `json:"loras"`
	Limits struct {
		MinWidth  int `json:"min_width"`
		MaxWidth  int `json:"max_width"`
		MinHeight int `json:"min_height"`
		MaxHeight int `json:"max_height"`
	} `json:"limits"`
}

// cppMode is the server's name of making pictures, beside videos.
const cppMode = "img_gen"

func newCPP(e *Engine, a wire.Answer) (*cppServer, error) {
	c := &cppServer{e: e, sum: art.Digest(a.Body)}
	if err := e.client.Read(a, false, &c.said); err != nil {
		return nil, err
	}
	if c.said.Model.Stem == "" || len(c.said.Samplers) == 0 {
		return nil, fmt.Errorf("%s: %s names neither a model nor samplers: %w", e.o.Name, cppPath, art.ErrUnavailable)
	}
	return c, nil
}

func (c *cppServer) product() string { return cppName }
func (c *cppServer) version() string { return "" }

func (c *cppServer) still(ctx context.Context) error {
	a, err := c.e.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: cppPath})
	if err == nil && art.Digest(a.Body) != c.sum {
		err = errChanged
	}
	return err
}

// can tells a feature of making pictures. Some flags are set whatever the server was started with: control pictures and
// references are among them, which is why neither is offered.
func (c *cppServer) can(feature string) bool { return c.said.Features[cppMode][feature] }

func (c *cppServer) models() []engine.Model {
	if !slices.Contains(c.said.Modes, cppMode) {
		return nil
	}
	standard := c.said.Defaults[cppMode]
	modes := []string{art.ModeTextToImage}
	if c.can("init_image") {
		modes = append(modes, art.ModeImageToImage)
		if c.can("mask_image") {
			modes = append(modes, art.ModeInpaint)
		}
	}
	steps, _ := offered(infotext.SamplerNames(), cpp, c.said.Samplers)
	levels, _ := offered(infotext.CurveNames(), cpp, c.said.Curves)
	limits := c.said.Limits
	m := engine.Model{Capabilities: art.Capabilities{
		Model: art.ModelRef{Name: c.said.Model.Stem}, Modes: modes, Samplers: steps, Schedulers: levels,
		MinSize: max(limits.MinWidth, limits.MinHeight), MaxSize: min(limits.MaxWidth, limits.MaxHeight), SizeStep: 8,
		NativeWidth: standard.Width, NativeHeight: standard.Height, MaxSteps: cppSteps,
		Seeds: true, Negative: true, Weights: true, Dialect: "a1111", TakesLoRAs: c.can("lora"), LoRAs: adapters(c.loras()), Hires: c.can("hires"),
		// Measured on CPU. LoRA are added to 16-bit weights and taken out again, which leaves traces in later pictures, unless
		// the server was started with --lora-apply-mode at_runtime; it doesn't say whether it was.
		Deterministic: len(c.said.LoRAs) == 0,
	}}
	m.Defaults.Steps, m.Defaults.GuidanceScale = standard.Params.Steps, standard.Params.Guidance.Text
	m.Defaults.Sampler = back(infotext.SamplerNames(), cpp, standard.Params.Sampler)
	m.Defaults.Scheduler = back(infotext.CurveNames(), cpp, standard.Params.Scheduler)
	return []engine.Model{m}
}

// loras are the names of those that the server has.
func (c *cppServer) loras() []string {
	var all []string
	for _, l := range c.said.LoRAs {
		all = append(all, l.Name)
	}
	return all
}

// back gives our name of a server's; "" where there is none.
func back(table []infotext.Name, theirs func(infotext.Name) string, listed string) string {
	i := slices.IndexFunc(table, func(n infotext.Name) bool { return listed != "" && theirs(n) == listed })
	if i < 0 {
		return ""
	}
	return table[i].Ours
}

func (c *cppServer) check(m engine.Model, r art.Recipe) error {
	for _, u := range []struct {
		asked  bool
		field  string
		reason string
	}{
		{r.VariationStrength != 0, "variation_strength", "is not known"},
		{r.MaskPadding != nil, "mask_padding", "is not known: the whole picture is rendered"},
		{r.MaskBlur != 0, "mask_blur", "is not known"},
		{r.VAETiling && !c.can("vae_tiling"), "vae_tiling", "is not known"},
		{strings.Contains(r.Prompt+r.NegativePrompt, "<lora:"), "prompt", "LoRA in prompts are not read: name them in loras"},
		{c.noise() != "" && r.NoiseSource != "" && r.NoiseSource != c.noise(), "noise_source", "the server was started with --rng " + c.noise()},
	} {
		if u.asked {
			return art.Unsupported(u.field, fmt.Sprintf("%s with model %s: %s", m.Engine, m.Capabilities.Model.Name, u.reason), "take it out, start the server otherwise, or choose another engine")
		}
	}
	if err := checkConfig(r, func(key string, value any) bool { return key == "timestep_spacing" && value == "linspace" }); err != nil {
		return err
	}
	_, err := c.request(r, "", "")
	return err
}

func (c *cppServer) noise() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng
}

func (c *cppServer) paint(ctx context.Context, name string, r art.Recipe, watch watcher) (engine.Picture, error) {
	p, err := engine.Run(ctx, c, name, r, watch.progress)
	if err != nil {
		return engine.Picture{}, err
	}
	said := parameters(p.Bytes)
	if rng := said["RNG"]; rng != "" {
		c.mu.Lock()
		c.rng = rng
		c.mu.Unlock()
		if r.NoiseSource != "" && r.NoiseSource != rng {
			return engine.Picture{}, art.Unsupported("noise_source", fmt.Sprintf("%s was started with --rng %s", c.e.o.Name, rng), "start it with --rng "+r.NoiseSource+", or write "+rng)
		}
	}
	if seed := said["Seed"]; seed != "" && seed != fmt.Sprint(int64(r.Seed)) {
		return engine.Picture{}, fmt.Errorf("%s: made the picture of seed %s instead of %d: %w", c.e.o.Name, seed, r.Seed, art.ErrMismatch)
	}
	return p, nil
}

// Start implements engine.Jobber.
func (c *cppServer) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	pictures := make([]string, 2)
	for i, p := range []struct{ field, name string }{{"init_image", r.InitImage}, {"mask_image", r.MaskImage}} {
		if p.name == "" {
			continue
		}
		var err error
		if pictures[i], err = c.picture(ctx, p.field, p.name); err != nil {
			return engine.Ticket{}, err
		}
	}
	body, err := c.request(r, pictures[0], pictures[1])
	if err != nil {
		return engine.Ticket{}, err
	}
	var job cppJob
	if err := c.e.client.JSON(ctx, http.MethodPost, "/sdcpp/v1/"+cppMode, body, &job); err != nil {
		return engine.Ticket{}, err
	}
	if job.ID == "" {
		return engine.Ticket{}, fmt.Errorf("%s: took a job and gave no name: %w", c.e.o.Name, art.ErrUnavailable)
	}
	return engine.Ticket{Name: name, Job: job.ID}, nil
}

// cppJob is a job in one of the states queued, generating, completed, failed and cancelled.
type cppJob struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Result *struct {
		Images []struct {
			Data string `json:"b64_json"`
		} `json:"images"`
	} `json:"result"`
	Error *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (c *cppServer) job(ctx context.Context, t engine.Ticket) (cppJob, error) {
	var job cppJob
	err := c.e.client.JSON(ctx, http.MethodGet, jobPath(t), nil, &job)
	return job, err
}

func jobPath(t engine.Ticket) string { return "/sdcpp/v1/jobs/" + url.PathEscape(t.Job) }

// Wait implements engine.Jobber. The server tells no steps: a picture is one.
func (c *cppServer) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	var p engine.Picture
	err := c.e.o.Pauses.Poll(ctx, func(ctx context.Context) (bool, error) {
		job, err := c.job(ctx, t)
		if err != nil {
			return false, err
		}
		switch job.Status {
		case "queued", "generating":
			return false, nil
		case "completed":
			p, err = c.result(job)
			return true, err
		}
		return true, c.failed(job)
	})
	if err == nil && progress != nil {
		progress(1, 1)
	}
	return p, err
}

// result takes the picture out of a job that says it is done; saying so isn't enough.
func (c *cppServer) result(job cppJob) (engine.Picture, error) {
	if job.Result == nil || len(job.Result.Images) == 0 {
		return engine.Picture{}, &wire.Error{Engine: c.e.o.Name, Message: "a job is completed and has no picture", Kind: art.ErrConflict}
	}
	data, err := base64.StdEncoding.DecodeString(job.Result.Images[0].Data)
	if err != nil {
		return engine.Picture{}, &wire.Error{Engine: c.e.o.Name, Message: "a picture is no base64: " + err.Error(), Kind: art.ErrConflict}
	}
	return c.e.client.Picture(data)
}

func (c *cppServer) failed(job cppJob) error {
	e := &wire.Error{Engine: c.e.o.Name, Message: fmt.Sprintf("a job is %q", job.Status), Kind: art.ErrConflict}
	if job.Error != nil {
		e.Code, e.Message = job.Error.Code, job.Error.Message
	}
	return e
}

// Cancel implements engine.Jobber, as far as the server's flags go.
func (c *cppServer) Cancel(ctx context.Context, t engine.Ticket) error {
	job, err := c.job(ctx, t)
	if err != nil {
		return err
	}
	feature := map[string]string{"queued": "cancel_queued", "generating": "cancel_generating"}[job.Status]
	switch {
	case feature == "":
		return nil // it has ended
	case !c.can(feature):
		return art.Unsupported("job", fmt.Sprintf("%s can't end a job that is %s", c.e.o.Name, job.Status), "wait for it")
	}
	err = c.e.client.JSON(ctx, http.MethodPost, jobPath(t)+"/cancel", struct{}{}, nil)
	if errors.Is(err, art.ErrConflict) { // it began meanwhile
		return art.Unsupported("job", fmt.Sprintf("%s can't end a job any more: %v", c.e.o.Name, err), "wait for it")
	}
	return err
}

// Find implements engine.Jobber: the server doesn't list its jobs and takes no names.
func (c *cppServer) Find(ctx context.Context, name string) (engine.Ticket, error) {
	return c.e.Find(ctx, name)
}
