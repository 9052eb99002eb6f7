package infotext

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"presswerk/internal/art"
)

// parseA1111 reads the "parameters" of AUTOMATIC1111's web UI, Forge, SD.Next and everybody who writes like them.
//
// Source: AUTOMATIC1111 1.10, modules/infotext_utils.py (parse_generation_parameters) and modules/processing.py
// (create_infotext); what absence means is theirs: no RNG is the GPU's, no Schedule type is a version before 1.9.
func parseA1111(text string) (Record, error) {
	if len(text) > maxPrompt {
		return Record{}, tooLong(text, maxPrompt)
	}
	prompt, negative, line, behind := splitText(text)
	if line == "" {
		return Record{}, fmt.Errorf("infotext: there is no line with Steps, Sampler and Seed as A1111 writes it: %w", art.ErrInvalid)
	}
	r := newReading(A1111)
	p := &r.Recipe
	p.Syntax, p.NoiseSource = "a1111", "cuda"
	p.Prompt, p.NegativePrompt = r.takeNetworks(prompt), negative
	a := newParameters(scanParameters(line))
	r.a1111Numbers(a)
	r.a1111Schedule(a)
	r.a1111Models(a)
	r.a1111Picture(a)
	r.a1111Controls(a)
	for _, e := range a.list {
		if !a.taken[e.Name] || e.Name == "" {
			r.keep(e.Name, e.Value)
		}
	}
	if len(behind) > 0 {
		r.keep("", strings.Join(behind, "\n"))
	}
	return r.done(), nil
}

// parameters are the pairs of the line; a name that was understood is taken.
type parameters struct {
	list  []Entry
	value map[string]string
	taken map[string]bool
}

func newParameters(list []Entry) *parameters {
	a := &parameters{list: list, value: map[string]string{}, taken: map[string]bool{}}
	for _, e := range list {
		if e.Name != "" {
			a.value[e.Name] = e.Value // the last one of a name counts, as in a Python dictionary
		}
	}
	return a
}

func (a *parameters) take(name string) (string, bool) {
	v, ok := a.value[name]
	a.taken[name] = ok
	return v, ok
}

func (a *parameters) has(names ...string) bool {
	for _, n := range names {
		if _, ok := a.value[n]; ok {
			return true
		}
	}
	return false
}

// float takes a number; what is none stays and is kept.
func (a *parameters) float(name string, into *float64) bool {
	v, ok := a.value[name]
	f, is := number(v)
	if !ok || !is {
		return false
	}
	*into, a.taken[name] = f, true
	return true
}

func (a *parameters) whole(name string, into *int) bool {
	v, ok := a.value[name]
	n, is := wholeNumber(v, maxSide)
	if !ok || !is {
		return false
	}
	*into, a.taken[name] = n, true
	return true
}

func (a *parameters) seed(name string, into *art.Seed) bool {
	v, ok := a.value[name]
	n, is := seedOf(v)
	if !ok || !is {
		return false
	}
	*into, a.taken[name] = n, true
	return true
}

// size takes "512x768".
func (a *parameters) size(name string) (w, h int, ok bool) {
	left, right, _ := strings.Cut(a.value[name], "x")
	w, okW := wholeNumber(left, maxSide)
	h, okH := wholeNumber(right, maxSide)
	a.taken[name] = okW && okH
	return w, h, okW && okH
}

func (r *reading) a1111Numbers(a *parameters) {
	p := &r.Recipe
	a.whole("Steps", &p.Steps)
	r.guidance = a.float("CFG scale", &p.GuidanceScale)
	r.seed = a.seed("Seed", &p.Seed)
	if a.float("Variation seed strength", &p.VariationStrength) {
		a.seed("Variation seed", &p.VariationSeed)
	}
	var skip int
	if a.whole("Clip skip", &skip) && skip > 0 {
		p.ClipSkip = &skip
	}
	if v, ok := a.take("RNG"); ok {
		switch strings.ToLower(v) {
		case "cpu":
			p.NoiseSource = "cpu"
		case "nv", "gpu", "cuda":
		default:
			a.taken["RNG"], p.NoiseSource = false, "" // such as stable-diffusion.cpp's std_default
			r.Missing = append(r.Missing, "noise source")
		}
	}
	if v, ok := a.take("Tiling"); ok {
		p.Tiling = v == "True"
		a.taken["Tiling"] = p.Tiling
	}
	a.float("CFG Rescale phi", &p.GuidanceRescale)
}

// a1111Schedule reads "DPM++ 2M Karras" as versions before 1.9 and stable-diffusion.cpp wrote it, and sampler and schedule
// type apart as later.
func (r *reading) a1111Schedule(a *parameters) {
	name, schedule := a.value["Sampler"], a.value["Schedule type"]
	s, ok := a1111Sampler(name)
	c, _ := curveBy(func(c curve) string { return c.a1111 }, "Uniform")
	for _, k := range curves() {
		for _, suffix := range []string{k.a1111, k.comfy, cppCurve(k.name)} {
			short, has := cutSuffixFold(name, " "+suffix)
			if !has || ok || suffix == "" {
				continue
			}
			if s, ok = a1111Sampler(short); ok && schedule == "" {
				schedule = k.a1111
			}
		}
	}
	if !ok {
		return
	}
	known := true
	switch {
	case schedule == "Automatic" && s.curve != "":
		c, _ = curveBy(func(c curve) string { return c.name }, s.curve)
	case schedule != "" && schedule != "Automatic":
		c, known = curveBy(func(c curve) string { return c.a1111 }, schedule)
	}
	if s.walks || s.name == "unipc" {
		if schedule == "" || schedule == "Automatic" {
			c = curve{name: "normal"}
		}
	}
	if s.discards {
		r.note(NoteDiscarded)
	}
	if s.name == "unipc" {
		r.note(NoteUniPC)
	}
	a.taken["Sampler"], a.taken["Schedule type"] = true, known
	r.setSchedule(s, c)
	if !known {
		r.Recipe.Scheduler = ""
	}
	if s.name == "ddim" || s.name == "tcd" {
		for _, eta := range []string{"Eta", "Eta DDIM"} {
			a.float(eta, &r.Recipe.Eta)
		}
	}
}

// cutSuffixFold is strings.CutSuffix whatever the capitals.
func cutSuffixFold(s, suffix string) (string, bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}

func (r *reading) a1111Models(a *parameters) {
	p := &r.Recipe
	if v, ok := a.take("Model"); ok {
		p.Model.Name = v
		if a.value["Version"] == "stable-diffusion.cpp" {
			p.Model.Name = modelName(v)
		}
	}
	if v := a.value["Model hash"]; fullHash(v) {
		p.Model.SHA256, a.taken["Model hash"] = strings.ToLower(v), true
	}
	var start float64
	if v, ok := a.value["Refiner"]; ok && a.float("Refiner switch at", &start) {
		name, _, _ := cutHash(v)
		p.Refiner = &art.Refiner{ModelRef: art.ModelRef{Name: name}, Start: start}
		a.taken["Refiner"] = name == v // the short hash in brackets has no place in a recipe
	}
	if v, ok := a.value["TI hashes"]; ok {
		seen := map[string]bool{}
		for pair := range strings.SplitSeq(v, ",") {
			name, hash, _ := strings.Cut(pair, ":")
			e := art.ModelRef{Name: strings.TrimSpace(name)}
			if hash = strings.TrimSpace(hash); fullHash(hash) {
				e.SHA256 = hash
			}
			if e.Name != "" && !seen[e.Name] { // positive and negative prompt may both have it
				p.Embeddings = append(p.Embeddings, e)
			}
			seen[e.Name] = true
		}
	}
}

// bracketed is a short hash behind a model's name: "control_v11p_sd15_canny [d14c016b]".
var bracketed = regexp.MustCompile(`^(.*\S) \[([0-9a-fA-F]{8,64})\]$`)

func cutHash(model string) (name, hash string, ok bool) {
	if m := bracketed.FindStringSubmatch(model); m != nil {
		return m[1], m[2], true
	}
	return model, "", false
}

// a1111Picture reads sizes, and from the strength and its company which mode it was.
func (r *reading) a1111Picture(a *parameters) {
	p := &r.Recipe
	if w, h, ok := a.size("Size"); ok {
		p.Width, p.Height = w, h
	}
	r.oldHires(a)
	var strength float64
	denoised := a.float("Denoising strength", &strength)
	switch {
	case a.has("Hires upscale", "Hires resize", "Hires upscaler", "First pass size"):
		r.a1111Hires(a, strength)
		if !denoised {
			r.Missing = append(r.Missing, "hires strength")
		}
	case a.has("Mask blur", "Mask mode", "Inpaint area", "Masked content", "Masked area padding", "Conditional mask weight"):
		p.Mode, p.Strength = art.ModeInpaint, some(strength, denoised)
		a.float("Mask blur", &p.MaskBlur)
		var padding int
		if v := a.value["Inpaint area"]; v == "Only masked" && a.whole("Masked area padding", &padding) {
			p.MaskPadding, a.taken["Inpaint area"] = &padding, true
		}
	case denoised:
		p.Mode, p.Strength = art.ModeImageToImage, &strength
	}
}

func some(v float64, there bool) *float64 {
	if !there {
		return nil
	}
	return &v
}

// oldHires turns "First pass size" around, as the web UI does: Size was the larger picture then.
func (r *reading) oldHires(a *parameters) {
	p := &r.Recipe
	w, h, ok := a.size("First pass size")
	if !ok || p.Width == 0 || p.Height == 0 {
		return
	}
	if w == 0 || h == 0 {
		scale := math.Sqrt(512 * 512 / (float64(p.Width) * float64(p.Height)))
		side := func(n int) int { return int(math.Ceil(scale*float64(n)/64)) * 64 }
		w, h = side(p.Width), side(p.Height)
	}
	if w*p.Height != h*p.Width {
		r.note(NoteSizes)
	}
	p.Hires = &art.Hires{Scale: float64(p.Width) / float64(w), Upscaler: "latent"}
	p.Width, p.Height = w, h
}

func (r *reading) a1111Hires(a *parameters, strength float64) {
	p := &r.Recipe
	h := p.Hires
	if h == nil {
		h = &art.Hires{Scale: 1}
	}
	h.Strength = strength
	if w, height, ok := a.size("Hires resize"); ok && p.Width > 0 && p.Height > 0 && max(w, height) > 0 {
		h.Scale = float64(w) / float64(p.Width)
		if w == 0 {
			h.Scale = float64(height) / float64(p.Height)
		} else if height != 0 && w*p.Height != height*p.Width {
			r.note(NoteSizes)
			a.taken["Hires resize"] = false
		}
	}
	a.float("Hires upscale", &h.Scale)
	if v, ok := a.take("Hires upscaler"); ok {
		h.Upscaler = upscalerFrom(v, func(u upscaler) string { return u.a1111 })
	}
	var steps int
	if a.whole("Hires steps", &steps) && steps != p.Steps {
		a.taken["Hires steps"] = false
	}
	p.Hires = h
}

// network is a tag of an additional network in a prompt.
var network = regexp.MustCompile(`<(\w+):([^>]+)>`)

// takeNetworks takes "<lora:name:0.8>" out of a prompt, as the web UI does before it reads the rest. Tags of one weight
// become LoRAs; those with weights of their own for the text encoder, and other networks, are kept.
//
// Source: AUTOMATIC1111 1.10, modules/extra_networks.py (re_extra_net) and extensions-builtin/Lora.
func (r *reading) takeNetworks(prompt string) string {
	return strings.TrimSpace(network.ReplaceAllStringFunc(prompt, func(tag string) string {
		m := network.FindStringSubmatch(tag)
		kind, args := m[1], strings.Split(m[2], ":")
		if kind != "lora" && kind != "lyco" && kind != "hypernet" {
			return tag // the web UI leaves unknown ones out as well, but they may be words
		}
		weight := 1.0
		ok := kind != "hypernet" && len(args) <= 2
		if len(args) > 1 {
			var is bool
			weight, is = number(args[1])
			ok = ok && is
		}
		if !ok {
			r.keep("network", tag)
			return ""
		}
		r.Recipe.LoRAs = append(r.Recipe.LoRAs, art.LoRA{Name: args[0], Weight: weight})
		return ""
	}))
}
