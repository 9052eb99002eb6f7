package infotext

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// kind is a kind of control picture with the preprocessors that make it in the tools, and words by which the name of a
// control network tells it. The first preprocessor is the one that is written.
//
// Source: the preprocessors of Mikubill/sd-webui-controlnet and the names of lllyasviel's ControlNet 1.1 models, read
// 2026-11.
type kind struct {
	name    string
	modules []string
	words   []string
}

func kinds() []kind {
	return []kind{
		{"canny", []string{"canny", "CannyEdgePreprocessor", "Canny"}, []string{"canny"}},
		{"depth", []string{"depth_midas", "depth", "depth_leres", "depth_leres++", "depth_zoe", "depth_anything", "depth_anything_v2", "depth_hand_refiner", "MiDaS-DepthMapPreprocessor"}, []string{"depth"}},
		{"openpose-full", []string{"openpose_full", "dw_openpose_full", "DWPreprocessor", "OpenposePreprocessor"}, nil},
		{"openpose-face", []string{"openpose_face", "openpose_faceonly"}, nil},
		{"openpose-hand", []string{"openpose_hand"}, nil},
		{"openpose", []string{"openpose"}, []string{"openpose", "pose"}},
		{"hed", []string{"softedge_hed", "hed", "softedge_pidinet", "softedge_teed", "softedge_anyline", "HEDPreprocessor"}, []string{"softedge", "hed"}},
		{"mlsd", []string{"mlsd", "M-LSDPreprocessor"}, []string{"mlsd"}},
		{"scribble-xdog", []string{"scribble_xdog"}, nil},
		{"scribble", []string{"scribble_hed", "scribble_pidinet", "scribble", "ScribblePreprocessor"}, []string{"scribble"}},
		{"lineart-dog", []string{"lineart_standard (from white bg & black line)", "lineart_standard", "LineartStandardPreprocessor"}, nil},
		{"lineart", []string{"lineart_realistic", "lineart", "lineart_anime", "lineart_coarse", "LineArtPreprocessor"}, []string{"lineart"}},
		{"segmentation", []string{"seg_ofade20k", "seg_ufade20k", "seg_ofcoco", "segmentation", "seg"}, []string{"seg"}},
		{"tile", []string{"tile_resample", "tile_colorfix", "tile_colorfix+sharp"}, []string{"tile"}},
		{"normal", []string{"normal_bae", "normal_midas"}, []string{"normal"}},
		{"inpaint", []string{"inpaint_only", "inpaint_only+lama", "inpaint_global_harmonious"}, []string{"inpaint"}},
		{"shuffle", []string{"shuffle"}, []string{"shuffle"}},
		{"ip2p", nil, []string{"ip2p"}},
	}
}

// kindOfModule finds the kind that a preprocessor makes. An unknown one is a kind of its own name.
func kindOfModule(module string) string {
	for _, k := range kinds() {
		if slices.ContainsFunc(k.modules, func(m string) bool { return strings.EqualFold(m, module) }) || k.name == module {
			return k.name
		}
	}
	return module
}

// KindOfModel guesses nothing about a control network: it says a kind only where the network's name has its word.
func KindOfModel(model string) string {
	words := strings.FieldsFunc(strings.ToLower(model), func(r rune) bool { return strings.ContainsRune(`/\_-. `, r) })
	for _, k := range kinds() {
		if slices.ContainsFunc(k.words, func(w string) bool { return slices.Contains(words, w) }) {
			return k.name
		}
	}
	return ""
}

// moduleFor is the preprocessor that is written for a control: none where the network's name tells the kind, because
// the recipe's picture is the finished control picture.
func moduleFor(c art.Control) string {
	if c.Kind == "" || c.Kind == KindOfModel(c.Model.Name) {
		return "none"
	}
	for _, k := range kinds() {
		if k.name == c.Kind && len(k.modules) > 0 {
			return k.modules[0]
		}
	}
	return c.Kind
}

// oldUnit is a control of the extension's first versions: "ControlNet-0 Module: canny", or without a number.
var oldUnit = regexp.MustCompile(`^ControlNet(?:-(\d+))? (Enabled|Module|Model|Weight|Guidance Start|Guidance End|Preprocessor)$`)

// a1111Controls reads the units of the ControlNet extension in its three forms.
//
// Source: Mikubill/sd-webui-controlnet, internal_controlnet/args.py and scripts/infotext.py, read 2026-11.
func (r *reading) a1111Controls(a *parameters) {
	old := map[string]map[string]string{}
	var numbers []string
	for _, e := range a.list {
		switch m := oldUnit.FindStringSubmatch(e.Name); {
		case m != nil:
			if old[m[1]] == nil {
				old[m[1]] = map[string]string{}
				numbers = append(numbers, m[1])
			}
			old[m[1]][m[2]] = e.Value
			a.taken[e.Name] = true
		case strings.HasPrefix(e.Name, "ControlNet ") && strings.Trim(e.Name[len("ControlNet "):], "0123456789") == "" && !a.taken[e.Name]:
			if left, ok := r.controlUnit(unitPairs(e.Value)); ok {
				a.taken[e.Name] = true
				r.keepRest(e.Name, left)
			}
		}
	}
	for _, n := range numbers {
		if left, ok := r.controlUnit(old[n]); ok {
			r.keepRest(strings.TrimSuffix("ControlNet "+n, " "), left)
			continue
		}
		for name, v := range old[n] {
			r.keep(strings.TrimSpace("ControlNet-"+n+" "+name), v)
		}
	}
}

// unitPairs cuts "Module: canny, Weight: 1", or "preprocessor: canny, starting/ending: (0, 1)" of older versions.
func unitPairs(text string) map[string]string {
	pairs := map[string]string{}
	name := ""
	for part := range strings.SplitSeq(text, ", ") {
		key, value, ok := strings.Cut(part, ": ")
		switch {
		case ok:
			name = key
			pairs[name] = value
		case name != "":
			pairs[name] += ", " + part // "(0" and "1)" belong together
		}
	}
	return pairs
}

// keepRest keeps what a unit says beyond a control.
func (r *reading) keepRest(name string, left []string) {
	if len(left) > 0 {
		r.keep(name+" also", strings.Join(left, ", "))
	}
}

// controlUnit makes a control, or a reference where the unit is an IP-Adapter. Left is what has no place in it.
func (r *reading) controlUnit(pairs map[string]string) (left []string, ok bool) {
	first := func(names ...string) string {
		for _, n := range names {
			if v, there := pairs[n]; there {
				delete(pairs, n)
				return v
			}
		}
		return ""
	}
	c := art.Control{Weight: 1, End: 1}
	module, model := first("Module", "preprocessor", "Preprocessor"), first("Model", "model")
	if module == "" && model == "" || strings.EqualFold(first("Enabled"), "false") {
		return nil, false
	}
	name, hash, hashed := cutHash(model)
	if strings.EqualFold(name, "none") {
		name = ""
	}
	c.Model.Name = name
	if hashed && fullHash(hash) {
		c.Model.SHA256 = hash
	} else if hashed {
		left = append(left, "Model: "+model)
	}
	if c.Kind = KindOfModel(name); module != "" && !strings.EqualFold(module, "none") {
		c.Kind = kindOfModule(module)
	}
	if start, end, both := strings.Cut(strings.Trim(first("starting/ending"), "()"), ", "); both {
		pairs["Guidance Start"], pairs["Guidance End"] = start, end
	}
	for into, names := range map[*float64][]string{&c.Weight: {"Weight", "weight"}, &c.Start: {"Guidance Start"}, &c.End: {"Guidance End"}} {
		if f, is := number(first(names...)); is {
			*into = f
		}
	}
	c.GuessMode = false
	if mode := first("Control Mode", "control mode"); mode == "ControlNet is more important" {
		c.GuessMode = true
	} else if mode != "" && mode != "Balanced" {
		left = append(left, "Control Mode: "+mode)
	}
	for _, n := range []string{"Resize Mode", "resize mode", "Low Vram", "low vram", "Processor Res", "Threshold A", "Threshold B", "Pixel Perfect", "pixel perfect", "preprocessor params", "Hr Option", "Save Detected Map"} {
		if v := first(n); v != "" {
			left = append(left, n+": "+v)
		}
	}
	for n, v := range sorted(pairs) {
		left = append(left, n+": "+v)
	}
	if strings.HasPrefix(module, "ip-adapter") || strings.HasPrefix(name, "ip-adapter") {
		c.Kind, c.GuessMode = "", false
		r.Recipe.References = append(r.Recipe.References, c)
		return left, true
	}
	r.Recipe.Controls = append(r.Recipe.Controls, c)
	return left, true
}

// writeUnit is one control as the extension writes it today.
func writeUnit(c art.Control, reference bool) string {
	module, mode := moduleFor(c), "Balanced"
	if reference {
		module = "ip-adapter-auto"
	}
	if c.GuessMode {
		mode = "ControlNet is more important"
	}
	model := c.Model.Name
	if model == "" {
		model = "None"
	}
	return fmt.Sprintf("Module: %s, Model: %s, Weight: %s, Guidance Start: %s, Guidance End: %s, Control Mode: %s",
		module, model, plain(c.Weight), plain(c.Start), plain(c.End), mode)
}
