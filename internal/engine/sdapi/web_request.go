package sdapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/infotext"
)

// controlScript is the ControlNet extension's name among the scripts.
const controlScript = "controlnet"

// request is a body in the making. The first field that the server lacks is refused; what follows changes nothing.
type request struct {
	w         *webServer
	path      string
	fields    map[string]json.RawMessage
	body      map[string]any
	overrides map[string]any
	scripts   map[string]any
	err       error
}

// pictures are those of a recipe in base64.
type pictures struct {
	first, mask string
	controls    []string
}

// put sets a field that the recipe's field asks for.
func (q *request) put(field, key string, value any) {
	if _, ok := q.fields[key]; !ok {
		q.fail(art.Unsupported(field, fmt.Sprintf("%s of %s has no field %s", q.path, label(q.w), key), "take it out, update the server, or choose another engine"))
		return
	}
	q.body[key] = value
}

// standard sets a field to what it means when a recipe is silent, where the server has it.
func (q *request) standard(key string, value any) {
	if _, ok := q.fields[key]; ok {
		q.body[key] = value
	}
}

// override sets one of the server's settings for this picture.
func (q *request) override(field, key string, value any) {
	if !slices.Contains(q.w.options, key) {
		q.fail(art.Unsupported(field, fmt.Sprintf("%s has no setting %s", label(q.w), key), "take it out, or choose another engine"))
		return
	}
	q.overrides[key] = value
}

func (q *request) fail(err error) {
	if q.err == nil {
		q.err = err
	}
}

// request writes a recipe down.
func (w *webServer) request(r art.Recipe, p pictures) (string, map[string]any, error) {
	path := textPath
	if r.Mode != art.ModeTextToImage {
		path = picturePath
	}
	q := &request{w: w, path: path, fields: w.is.fields(path), body: map[string]any{}, overrides: map[string]any{}, scripts: map[string]any{}}
	q.words(r)
	q.walk(r)
	q.noise(r)
	q.pictures(r, p)
	q.second(r)
	q.control(r, p)
	for name, args := range r.Options {
		q.fail(absent("options."+name, name, w.scripts[path]))
		if _, ok := args.([]any); !ok {
			q.fail(art.Invalid("options."+name, "is no list", "write the extension's arguments as a list"))
		}
		q.scripts[name] = map[string]any{"args": args}
	}
	if len(q.scripts) > 0 {
		q.put("options", "alwayson_scripts", q.scripts)
	}
	q.put("model", "override_settings", q.overrides)
	q.standard("override_settings_restore_afterwards", true)
	q.standard("send_images", true)
	q.standard("save_images", false)
	return path, q.body, q.err
}

// words sets model, prompts, adapters and the layer of the text encoder.
func (q *request) words(r art.Recipe) {
	positive, negative, err := prompts(r)
	if err != nil {
		q.fail(err)
	}
	for i, l := range r.LoRAs {
		q.fail(absent(fmt.Sprintf("loras[%d].name", i), l.Name, q.w.loras))
		positive += fmt.Sprintf(" <lora:%s:%g>", l.Name, l.Weight)
	}
	for i, e := range r.Embeddings {
		q.fail(absent(fmt.Sprintf("embeddings[%d].name", i), e.Name, q.w.embeddings))
		if !strings.Contains(strings.ToLower(r.Prompt+r.NegativePrompt), strings.ToLower(e.Name)) {
			q.fail(art.Invalid(fmt.Sprintf("embeddings[%d].name", i), fmt.Sprintf("%q stands in no prompt, by which the server would find it", e.Name), "write it into one"))
		}
	}
	q.put("prompt", "prompt", positive)
	q.put("negative_prompt", "negative_prompt", negative)
	q.standard("styles", []string{})
	q.override("model", "sd_model_checkpoint", q.w.checkpoint(r.Model).Title)
	skip := 1
	if r.ClipSkip != nil {
		skip = *r.ClipSkip
	}
	switch _, ok := q.fields["clip_skip"]; {
	case ok:
		q.put("clip_skip", "clip_skip", skip)
	case r.ClipSkip != nil || slices.Contains(q.w.options, "CLIP_stop_at_last_layers"):
		q.override("clip_skip", "CLIP_stop_at_last_layers", skip)
	}
}

// checkpoint finds a model by its SHA-256, else by its name; an empty one is none.
func (w *webServer) checkpoint(m art.ModelRef) checkpoint {
	for _, c := range w.checkpoints {
		if m.SHA256 != "" && c.SHA256 == m.SHA256 || m.SHA256 == "" && c.Name == m.Name {
			return c
		}
	}
	return checkpoint{}
}

// walk sets size, steps, sampler and curve.
func (q *request) walk(r art.Recipe) {
	q.put("width", "width", r.Width)
	q.put("height", "height", r.Height)
	q.put("steps", "steps", r.Steps)
	q.put("guidance_scale", "cfg_scale", r.GuidanceScale)
	q.put("batch", "batch_size", 1)
	q.standard("n_iter", 1)
	_, steps := offered(infotext.SamplerNames(), web, q.w.samplers)
	_, levels := offered(infotext.CurveNames(), web, q.w.curves)
	if r.Scheduler == "normal" && r.SchedulerConfig["timestep_spacing"] == "leading" {
		levels["normal"] = "DDIM"
	}
	spelled := steps[r.Sampler]
	switch {
	case len(levels) > 0 && r.Scheduler != "":
		q.put("scheduler", "scheduler", levels[r.Scheduler])
	case len(levels) > 0:
		q.standard("scheduler", "Automatic")
	case r.Scheduler != "" && r.Scheduler != "normal":
		i := slices.IndexFunc(infotext.CurveNames(), func(n infotext.Name) bool { return n.Ours == r.Scheduler })
		if spelled += " " + infotext.CurveNames()[i].A1111; !slices.Contains(q.w.samplers, spelled) {
			q.fail(absent("scheduler", spelled, q.w.samplers))
		}
	}
	q.put("sampler", "sampler_name", spelled)
	if r.Eta != 0 {
		q.put("eta", "eta", r.Eta)
	} else if r.Sampler == "ddim" {
		q.standard("eta", 0.0)
	}
	if r.Tiling {
		q.put("tiling", "tiling", true)
	} else {
		q.standard("tiling", false)
	}
}

// noise sets seeds and where noise comes from.
func (q *request) noise(r art.Recipe) {
	q.put("seed", "seed", r.Seed)
	if r.VariationStrength != 0 {
		q.put("variation_seed", "subseed", r.VariationSeed)
		q.put("variation_strength", "subseed_strength", r.VariationStrength)
	} else {
		q.standard("subseed_strength", 0.0)
	}
	if slices.Contains(q.w.options, "eta_noise_seed_delta") {
		q.override("seed", "eta_noise_seed_delta", 0)
	}
	source := map[string]string{"": "CPU", "cpu": "CPU", "cuda": "NV"}[r.NoiseSource]
	if r.NoiseSource != "" || slices.Contains(q.w.options, "randn_source") {
		q.override("noise_source", "randn_source", source)
	}
}

// pictures sets what the picture begins with.
func (q *request) pictures(r art.Recipe, p pictures) {
	if r.Mode == art.ModeTextToImage {
		return
	}
	q.put("init_image", "init_images", []string{p.first})
	q.put("strength", "denoising_strength", strengthOf(r))
	q.standard("resize_mode", 0)
	if r.Mode != art.ModeInpaint {
		return
	}
	q.put("mask_image", "mask", p.mask)
	q.standard("inpainting_fill", 1) // begin with what is there
	q.standard("inpainting_mask_invert", 0)
	if r.MaskBlur != math.Trunc(r.MaskBlur) {
		q.fail(art.Unsupported("mask_blur", fmt.Sprintf("%v is no whole number", r.MaskBlur), "choose whole pixels"))
	}
	q.put("mask_blur", "mask_blur", int(r.MaskBlur))
	if r.MaskPadding != nil {
		q.put("mask_padding", "inpaint_full_res", true)
		q.put("mask_padding", "inpaint_full_res_padding", *r.MaskPadding)
	} else {
		q.standard("inpaint_full_res", false)
	}
}

// second sets a second pass and a second model.
func (q *request) second(r art.Recipe) {
	if h := r.Hires; h != nil {
		ours := h.Upscaler
		if ours == "" {
			ours = "latent"
		}
		theirs, ok := upscaler(ours, web, q.w.upscalers)
		if !ok {
			q.fail(absent("hires.upscaler", ours, q.w.upscalers))
		}
		q.put("hires", "enable_hr", true)
		q.put("hires.scale", "hr_scale", h.Scale)
		q.put("hires.strength", "denoising_strength", h.Strength)
		q.put("hires.upscaler", "hr_upscaler", theirs)
		q.standard("hr_second_pass_steps", 0)
		q.standard("hr_resize_x", 0)
		q.standard("hr_resize_y", 0)
	} else if r.Mode == art.ModeTextToImage {
		q.standard("enable_hr", false)
	}
	if r.Refiner != nil {
		title := q.w.checkpoint(r.Refiner.ModelRef).Title
		if title == "" {
			q.fail(&art.FieldError{Field: "refiner", Reason: fmt.Sprintf("the server has no %q", r.Refiner.Name), Remedy: "choose one of its models", Kind: art.ErrNotFound})
		}
		q.put("refiner", "refiner_checkpoint", title)
		q.put("refiner.start", "refiner_switch_at", r.Refiner.Start)
	}
}

// control adds the ControlNet extension's units. Pictures are control pictures already, so nothing prepares them.
func (q *request) control(r art.Recipe, p pictures) {
	var units []map[string]any
	for i, c := range r.Controls {
		model, err := q.w.network(i, c)
		q.fail(err)
		unit := map[string]any{
			"enabled": true, "module": "none", "model": model, "weight": c.Weight, "guidance_start": c.Start, "guidance_end": c.End,
			"control_mode": "Balanced", "resize_mode": "Just Resize", "pixel_perfect": false,
		}
		if c.End == 0 {
			unit["guidance_end"] = 1.0
		}
		if c.GuessMode {
			unit["control_mode"] = "ControlNet is more important"
		}
		if i < len(p.controls) {
			unit["image"] = p.controls[i]
		}
		units = append(units, unit)
	}
	if len(units) > 0 {
		q.scripts[controlScript] = map[string]any{"args": units}
	}
}

// network finds the control network that a recipe names, or the one that the server takes for the kind.
func (w *webServer) network(i int, c art.Control) (string, error) {
	t := w.controls[c.Kind]
	if c.Model.Name == "" {
		if slices.Contains(t.Models, t.Standard) {
			return t.Standard, nil
		}
		return t.Models[0], nil
	}
	for _, m := range t.Models { // "control_v11p_sd15_canny [d14c016b]"
		if bare, _, _ := strings.Cut(m, " ["); m == c.Model.Name || bare == c.Model.Name {
			return m, nil
		}
	}
	return "", absent(fmt.Sprintf("controls[%d].model", i), c.Model.Name, t.Models)
}

// check implements server by writing the request without its pictures.
func (w *webServer) check(_ engine.Model, r art.Recipe) error {
	if r.VAETiling {
		return art.Unsupported("vae_tiling", label(w)+" decides by itself", "take it out")
	}
	if err := checkConfig(r, func(key string, value any) bool {
		switch key {
		case "timestep_spacing": // what Uniform and DDIM mean there
			return value == "linspace" && r.Scheduler != "" || value == "leading" && r.Scheduler == "normal"
		case "steps_offset":
			return value == 1.0 && r.SchedulerConfig["timestep_spacing"] == "leading"
		case "noise_sampler_seed": // the tree of SDE samplers grows from the seed
			return value == float64(r.Seed)
		}
		return false
	}); err != nil {
		return err
	}
	_, _, err := w.request(r, pictures{})
	return err
}

// load fetches a recipe's pictures.
func (w *webServer) load(ctx context.Context, r art.Recipe) (p pictures, err error) {
	if r.Mode != art.ModeTextToImage {
		if p.first, err = w.e.picture(ctx, "init_image", r.InitImage); err != nil {
			return p, err
		}
	}
	if r.Mode == art.ModeInpaint {
		if p.mask, err = w.e.picture(ctx, "mask_image", r.MaskImage); err != nil {
			return p, err
		}
	}
	for i, c := range r.Controls {
		one, err := w.e.picture(ctx, fmt.Sprintf("controls[%d].image", i), c.Image)
		if err != nil {
			return p, err
		}
		p.controls = append(p.controls, one)
	}
	return p, nil
}
