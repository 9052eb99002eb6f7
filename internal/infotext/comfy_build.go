package infotext

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Slot is an input of a node.
type Slot struct{ Node, Input string }

// Slots say where in a graph the things stand that change from picture to picture, or that a server must be asked for.
type Slots struct {
	Model, Refiner          Slot   // name of a checkpoint as the server lists it
	Positive, Negative      Slot   // prompts
	Width, Height           Slot   // of the empty latent, or of the picture that is begun with
	Seeds                   []Slot // of every pass
	InitImage, Mask         Slot   // names of uploaded files
	LoRAs                   []Slot // names of files, in the recipe's order
	ControlModels, Controls []Slot // names of networks and of uploaded pictures, in the recipe's order
	Upscaler                Slot   // name of a network
	Output                  string // node that saves
}

// BuildGraph makes a graph of ComfyUI's core nodes out of a recipe of text-to-image, image-to-image, inpaint or upscale,
// with LoRAs, control networks, a refiner or a second pass. Another mode gives art.ErrUnsupported. Fields for which there
// is no core node are left out: Lost names them, and an engine that must not guess asks it first. Names of files get the
// ending .safetensors where they have none; pictures stand there by the recipe's SHA-256.
func BuildGraph(r art.Recipe) (Graph, Slots, error) {
	b := &builder{r: r, graph: Graph{}}
	switch r.Mode {
	case art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint:
		b.diffuse()
	case art.ModeUpscale:
		if r.Strength != nil && *r.Strength > 0 {
			return nil, Slots{}, art.Unsupported("strength", "a ComfyUI graph is built here for enlarging alone, not for drawing over", "enlarge, then write a recipe of image-to-image")
		}
		b.enlarge()
	default:
		return nil, Slots{}, art.Unsupported("mode", fmt.Sprintf("no ComfyUI graph is built here for %s", r.Mode), "use text-to-image, image-to-image, inpaint or upscale")
	}
	return b.graph, b.slots, nil
}

func writeComfyUI(r Record) (string, error) {
	g, _, err := BuildGraph(r.Recipe)
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		return "", fmt.Errorf("infotext: writing a ComfyUI graph: %w", err)
	}
	return string(text), nil
}

// inputs are a node's.
type inputs = map[string]any

// builder puts a graph together; nodes are numbered as they come.
type builder struct {
	r        art.Recipe
	graph    Graph
	slots    Slots
	model    []any // links
	clip     []any
	vae      []any
	positive []any
	negative []any
}

func (b *builder) add(class string, in inputs) string {
	id := strconv.Itoa(len(b.graph) + 1)
	b.graph[id] = Node{Class: class, Inputs: in}
	return id
}

// weightsFile is a file's name as ComfyUI lists it.
func weightsFile(name string) string {
	if name != "" && modelName(name) == name {
		return name + ".safetensors"
	}
	return name
}

// pictureFile is the name under which a picture is loaded before it was uploaded.
func pictureFile(digest, otherwise string) string {
	if hash, ok := strings.CutPrefix(digest, "sha256:"); ok {
		return hash + ".png"
	}
	return otherwise
}

func (b *builder) diffuse() {
	loader := b.add("CheckpointLoaderSimple", inputs{"ckpt_name": weightsFile(b.r.Model.Name)})
	b.slots.Model = Slot{loader, "ckpt_name"}
	b.model, b.clip, b.vae = Link(loader, 0), Link(loader, 1), Link(loader, 2)
	b.patches()
	b.prompts()
	b.controls()
	latent := b.begin()
	sampled := b.sample(latent)
	if b.r.Hires != nil {
		sampled = b.again(sampled)
	}
	b.save(Link(b.decode(sampled), 0))
}

func (b *builder) decode(sampled []any) string {
	return b.add("VAEDecode", inputs{"samples": sampled, "vae": b.vae})
}

func (b *builder) save(images []any) {
	b.slots.Output = b.add("SaveImage", inputs{"images": images, "filename_prefix": "presswerk"})
}

// patches puts LoRAs and what changes the prediction between loader and sampler.
func (b *builder) patches() {
	for _, l := range b.r.LoRAs {
		id := b.add("LoraLoader", inputs{"lora_name": weightsFile(l.Name), "strength_model": l.Weight, "strength_clip": l.Weight, "model": b.model, "clip": b.clip})
		b.model, b.clip = Link(id, 0), Link(id, 1)
		b.slots.LoRAs = append(b.slots.LoRAs, Slot{id, "lora_name"})
	}
	names := map[string]string{"epsilon": "eps", "v_prediction": "v_prediction"}
	if how := names[b.r.Prediction]; how != "" {
		zsnr, _ := b.r.SchedulerConfig["rescale_betas_zero_snr"].(bool)
		b.model = Link(b.add("ModelSamplingDiscrete", inputs{"model": b.model, "sampling": how, "zsnr": zsnr}), 0)
	}
	if b.r.GuidanceRescale != 0 {
		b.model = Link(b.add("RescaleCFG", inputs{"model": b.model, "multiplier": b.r.GuidanceRescale}), 0)
	}
	if b.r.ClipSkip != nil {
		b.clip = Link(b.add("CLIPSetLastLayer", inputs{"clip": b.clip, "stop_at_clip_layer": -*b.r.ClipSkip}), 0)
	}
}

func (b *builder) prompts() {
	encode := func(text, second string) (Slot, []any) {
		if len(b.r.OriginalSize) == 2 && len(b.r.TargetSize) == 2 || b.r.Prompt2 != "" {
			id := b.add("CLIPTextEncodeSDXL", b.sized(text, second))
			return Slot{id, "text_l"}, Link(id, 0)
		}
		id := b.add("CLIPTextEncode", inputs{"text": text, "clip": b.clip})
		return Slot{id, "text"}, Link(id, 0)
	}
	second := b.r.Prompt2
	if second == "" {
		second = b.r.Prompt
	}
	b.slots.Positive, b.positive = encode(b.r.Prompt, second)
	b.slots.Negative, b.negative = encode(b.r.NegativePrompt, b.r.NegativePrompt)
}

// sized are the inputs of SDXL's encoder. Sizes that the recipe leaves out are the picture's, as in diffusers.
func (b *builder) sized(text, second string) inputs {
	pair := func(v []int, first, last int) (int, int) {
		if len(v) == 2 {
			return v[0], v[1]
		}
		return first, last
	}
	height, width := pair(b.r.OriginalSize, b.r.Height, b.r.Width)
	top, left := pair(b.r.CropsTopLeft, 0, 0)
	toHeight, toWidth := pair(b.r.TargetSize, b.r.Height, b.r.Width)
	return inputs{
		"text_l": text, "text_g": second, "clip": b.clip, "width": width, "height": height, "crop_w": left, "crop_h": top,
		"target_width": toWidth, "target_height": toHeight,
	}
}

func (b *builder) controls() {
	for i, c := range b.r.Controls {
		network := b.add("ControlNetLoader", inputs{"control_net_name": weightsFile(c.Model.Name)})
		picture := b.add("LoadImage", inputs{"image": pictureFile(c.Image, fmt.Sprintf("control-%d.png", i))})
		id := b.add("ControlNetApplyAdvanced", inputs{
			"positive": b.positive, "negative": b.negative, "control_net": Link(network, 0), "image": Link(picture, 0),
			"strength": c.Weight, "start_percent": c.Start, "end_percent": c.End, "vae": b.vae,
		})
		b.positive, b.negative = Link(id, 0), Link(id, 1)
		b.slots.ControlModels = append(b.slots.ControlModels, Slot{network, "control_net_name"})
		b.slots.Controls = append(b.slots.Controls, Slot{picture, "image"})
	}
}

// begin makes the latent with which the sampler begins.
func (b *builder) begin() []any {
	if b.r.Mode == art.ModeTextToImage {
		id := b.add("EmptyLatentImage", inputs{"width": b.r.Width, "height": b.r.Height, "batch_size": max(b.r.Batch, 1)})
		b.slots.Width, b.slots.Height = Slot{id, "width"}, Slot{id, "height"}
		return Link(id, 0)
	}
	load := b.add("LoadImage", inputs{"image": pictureFile(b.r.InitImage, "init.png")})
	b.slots.InitImage = Slot{load, "image"}
	fitted := b.add("ImageScale", inputs{"image": Link(load, 0), "upscale_method": "lanczos", "width": b.r.Width, "height": b.r.Height, "crop": "disabled"})
	b.slots.Width, b.slots.Height = Slot{fitted, "width"}, Slot{fitted, "height"}
	latent := Link(b.add("VAEEncode", inputs{"pixels": Link(fitted, 0), "vae": b.vae}), 0)
	if b.r.Mode == art.ModeInpaint {
		mask := b.add("LoadImageMask", inputs{"image": pictureFile(b.r.MaskImage, "mask.png"), "channel": "red"})
		b.slots.Mask = Slot{mask, "image"}
		latent = Link(b.add("SetLatentNoiseMask", inputs{"samples": latent, "mask": Link(mask, 0)}), 0)
	}
	return latent
}

// ksampler are the inputs that both samplers have.
func (b *builder) ksampler(steps int, latent []any) inputs {
	name, schedule := comfyNames(b.r)
	return inputs{
		"model": b.model, "positive": b.positive, "negative": b.negative, "latent_image": latent, "steps": steps,
		"cfg": b.r.GuidanceScale, "sampler_name": name, "scheduler": schedule,
	}
}

func (b *builder) sample(latent []any) []any {
	r := b.r
	strength := 1.0
	if r.Strength != nil && r.Mode != art.ModeTextToImage {
		strength = *r.Strength
	}
	walked := min(int(float64(r.Steps)*strength), r.Steps)
	switch {
	case r.Refiner != nil:
		return b.refine(latent)
	case strength < 1 && (strength <= 0 || walked == 0 || int(float64(walked)/strength) != r.Steps || strength > 0.9999):
		return b.advanced(latent, r.Steps-walked, r.Steps, true)
	default:
		in := b.ksampler(walked, latent)
		in["seed"], in["denoise"] = int64(r.Seed), strength
		id := b.add("KSampler", in)
		b.slots.Seeds = append(b.slots.Seeds, Slot{id, "seed"})
		return Link(id, 0)
	}
}

// advanced walks steps from … to of the whole curve. First says that the noise is added here.
func (b *builder) advanced(latent []any, from, to int, first bool) []any {
	in := b.ksampler(b.r.Steps, latent)
	onOff := map[bool]string{true: "enable", false: "disable"}
	in["noise_seed"], in["add_noise"], in["start_at_step"], in["end_at_step"] = int64(b.r.Seed), onOff[first], from, to
	in["return_with_leftover_noise"] = onOff[to < b.r.Steps]
	id := b.add("KSamplerAdvanced", in)
	b.slots.Seeds = append(b.slots.Seeds, Slot{id, "noise_seed"})
	return Link(id, 0)
}

// refine walks the first steps with the model and the rest with the refiner, which has prompts of its own encoder and
// decodes with its own VAE. Its aesthetic scores are diffusers' defaults.
func (b *builder) refine(latent []any) []any {
	from := 0
	if b.r.Strength != nil && b.r.Mode != art.ModeTextToImage {
		from = b.r.Steps - min(int(float64(b.r.Steps)**b.r.Strength), b.r.Steps)
	}
	change := min(max(int(math.Round(b.r.Refiner.Start*float64(b.r.Steps))), from), b.r.Steps)
	first := b.advanced(latent, from, change, true)
	loader := b.add("CheckpointLoaderSimple", inputs{"ckpt_name": weightsFile(b.r.Refiner.Name)})
	b.slots.Refiner = Slot{loader, "ckpt_name"}
	encode := func(text string, score float64) []any {
		return Link(b.add("CLIPTextEncodeSDXLRefiner", inputs{"text": text, "clip": Link(loader, 1), "ascore": score, "width": b.r.Width, "height": b.r.Height}), 0)
	}
	b.model, b.vae = Link(loader, 0), Link(loader, 2)
	b.positive, b.negative = encode(b.r.Prompt, 6), encode(b.r.NegativePrompt, 2.5)
	return b.advanced(first, change, b.r.Steps, false)
}

// secondSteps are the steps that a second pass walks: the last part of as many as the first had.
func secondSteps(steps int, strength float64) int {
	return max(min(int(float64(steps)*strength), steps), 1)
}

// again enlarges and walks a second time.
func (b *builder) again(sampled []any) []any {
	h := b.r.Hires
	how := upscalerTo(h.Upscaler, func(u upscaler) string { return u.comfy })
	var latent []any
	switch h.Upscaler {
	case "", "latent", "latent-nearest":
		if how == "" {
			how = "bilinear"
		}
		latent = Link(b.add("LatentUpscaleBy", inputs{"samples": sampled, "upscale_method": how, "scale_by": h.Scale}), 0)
	case "lanczos":
		larger := b.add("ImageScaleBy", inputs{"image": Link(b.decode(sampled), 0), "upscale_method": how, "scale_by": h.Scale})
		latent = Link(b.add("VAEEncode", inputs{"pixels": Link(larger, 0), "vae": b.vae}), 0)
	default:
		side := func(n int) int { return int(math.Round(float64(n) * h.Scale)) }
		larger := b.network(Link(b.decode(sampled), 0), how, side(b.r.Width), side(b.r.Height))
		latent = Link(b.add("VAEEncode", inputs{"pixels": larger, "vae": b.vae}), 0)
	}
	in := b.ksampler(secondSteps(b.r.Steps, h.Strength), latent)
	in["seed"], in["denoise"] = int64(b.r.Seed), h.Strength
	id := b.add("KSampler", in)
	b.slots.Seeds = append(b.slots.Seeds, Slot{id, "seed"})
	return Link(id, 0)
}

// network enlarges with a network and brings the picture to a size.
func (b *builder) network(images []any, name string, width, height int) []any {
	if modelName(name) == name {
		name += ".pth"
	}
	loader := b.add("UpscaleModelLoader", inputs{"model_name": name})
	b.slots.Upscaler = Slot{loader, "model_name"}
	larger := b.add("ImageUpscaleWithModel", inputs{"upscale_model": Link(loader, 0), "image": images})
	return Link(b.add("ImageScale", inputs{"image": Link(larger, 0), "upscale_method": "lanczos", "width": width, "height": height, "crop": "disabled"}), 0)
}

func (b *builder) enlarge() {
	load := b.add("LoadImage", inputs{"image": pictureFile(b.r.InitImage, "init.png")})
	b.slots.InitImage = Slot{load, "image"}
	name := upscalerTo(b.r.Upscaler.Name, func(u upscaler) string { return u.comfy })
	b.save(b.network(Link(load, 0), name, b.r.Width, b.r.Height))
}
