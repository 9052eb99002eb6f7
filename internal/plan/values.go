package plan

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// readValue types one raw value for a known field. The problem's field is the path below the value, often "".
func readValue(field string, raw any, t tokens) (value, *art.FieldError) {
	switch field {
	case "seed":
		return seedValue(raw)
	case "steps", "width", "height", "clip_skip":
		return wholeValue(field, raw)
	case "guidance_scale", "guidance_rescale", "eta":
		return numberValue(field, raw)
	case "sampler", "scheduler", "noise_source", "engine", "model", "prompt.text":
		return wordValue(field, raw)
	case "size":
		return sizeValue(raw)
	case brand.StylesAxis:
		return stylesValue(raw, t)
	case "prompt.negatives":
		return negativesValue(raw)
	default:
		return partValue(strings.TrimPrefix(field, "prompt."), raw)
	}
}

func seedValue(raw any) (value, *art.FieldError) {
	n, ok := whole(raw)
	if s, text := raw.(string); text {
		v, err := strconv.ParseInt(s, 10, 64)
		n, ok = v, err == nil
	}
	if !ok || n < 0 {
		return value{}, problem("", fmt.Sprintf("%v is no seed", raw), "write a whole number from 0 to 9223372036854775807")
	}
	seed := art.Seed(n)
	return value{shown: strconv.FormatInt(n, 10), set: func(d *draft) { d.parameters.Seed = &seed }}, nil
}

func wholeValue(field string, raw any) (value, *art.FieldError) {
	n, ok := whole(raw)
	if !ok || n < 1 || n > math.MaxInt32 {
		return value{}, problem("", fmt.Sprintf("%v is no value for %s", raw, field), "write a whole number, 1 or more")
	}
	i := int(n)
	return value{shown: strconv.Itoa(i), set: func(d *draft) {
		switch field {
		case "steps":
			d.parameters.Steps = &i
		case "width":
			d.parameters.Width = &i
		case "height":
			d.parameters.Height = &i
		case "clip_skip":
			d.parameters.ClipSkip = &i
		}
	}}, nil
}

func numberValue(field string, raw any) (value, *art.FieldError) {
	f, ok := float(raw)
	if !ok || f < 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		return value{}, problem("", fmt.Sprintf("%v is no value for %s", raw, field), "write a number, 0 or more")
	}
	return value{shown: strconv.FormatFloat(f, 'g', -1, 64), set: func(d *draft) {
		switch field {
		case "guidance_scale":
			d.parameters.GuidanceScale = &f
		case "guidance_rescale":
			d.parameters.GuidanceRescale = &f
		case "eta":
			d.parameters.Eta = &f
		}
	}}, nil
}

func wordValue(field string, raw any) (value, *art.FieldError) {
	s, ok := raw.(string)
	if !ok || s == "" {
		return value{}, problem("", fmt.Sprintf("%v is no value for %s", raw, field), "write a word, in quotes where it looks like a number")
	}
	return value{shown: s, set: func(d *draft) {
		switch field {
		case "sampler":
			d.parameters.Sampler = s
		case "scheduler":
			d.parameters.Scheduler = s
		case "noise_source":
			d.parameters.NoiseSource = s
		case "engine":
			d.parameters.Engine = s
		case "model":
			d.parameters.Model = s
		case "prompt.text":
			d.prompt.Lettering = s
		}
	}}, nil
}

func sizeValue(raw any) (value, *art.FieldError) {
	s, _ := raw.(string)
	w, h, cut := strings.Cut(strings.ToLower(s), "x")
	width, err1 := strconv.Atoi(strings.TrimSpace(w))
	height, err2 := strconv.Atoi(strings.TrimSpace(h))
	if !cut || err1 != nil || err2 != nil || width < 1 || height < 1 {
		return value{}, problem("", fmt.Sprintf("%v is no size", raw), `write "512x768": width, x, height in pixels`)
	}
	return value{shown: fmt.Sprintf("%dx%d", width, height), set: func(d *draft) {
		d.parameters.Width, d.parameters.Height = &width, &height
	}}, nil
}

func stylesValue(raw any, t tokens) (value, *art.FieldError) {
	refs, ok := stringList(raw)
	if !ok {
		return value{}, problem("", fmt.Sprintf("%v names no style token", raw), "write a name, or a list of names")
	}
	for _, ref := range refs {
		if p := t.problem("", ref); p != nil {
			return value{}, p
		}
	}
	styles := t.named(refs)
	return value{shown: strings.Join(refs, " + "), set: func(d *draft) { *d = d.withTokens(styles) }}, nil
}

func negativesValue(raw any) (value, *art.FieldError) {
	words, ok := stringList(raw)
	if !ok {
		return value{}, problem("", fmt.Sprintf("%v is no list of words", raw), "write words, or a list of them")
	}
	return value{shown: strings.Join(words, ", "), set: func(d *draft) { d.wanted = words }}, nil
}

// partValue reads a part of the prompt: "words", {en: …, de: …} or {words: …, priority: …}.
func partValue(name string, raw any) (value, *art.FieldError) {
	part, p := readPart(raw)
	if p != nil {
		return value{}, p
	}
	if !part.Words.Has(art.English) {
		return value{}, problem("", "engines read English, and there are no English words", "add them under en:")
	}
	switch part.Priority {
	case "", art.PriorityLow, art.PriorityNormal, art.PriorityHigh, art.PriorityMust:
	default:
		return value{}, problem(".priority", fmt.Sprintf("nobody knows the priority %q", part.Priority), "use low, normal, high or must")
	}
	return value{shown: part.Words.In(art.English), set: func(d *draft) {
		if part.Priority == "" { // the brief's own weight stays when only the words vary
			now := part
			now.Priority = d.priority(name)
			d.setPart(name, now)
			return
		}
		d.setPart(name, part)
	}}, nil
}

func (d *draft) priority(name string) art.Priority {
	for _, n := range d.prompt.Parts() {
		if n.Name == name {
			return n.Part.Priority
		}
	}
	return ""
}

func readPart(raw any) (art.Part, *art.FieldError) {
	m, ok := raw.(map[string]any)
	if !ok {
		if s, text := raw.(string); text {
			return art.Part{Words: art.Text{art.English: s}}, nil
		}
		return art.Part{}, problem("", fmt.Sprintf("%v is no part of a prompt", raw), "write words, {en: …, de: …}, or {words: {en: …, de: …}, priority: high}")
	}
	shaped := m
	if m["words"] == nil {
		shaped = map[string]any{"words": m}
		if priority, ok := m["priority"]; ok {
			words := map[string]any{}
			for k, v := range m {
				if k != "priority" {
					words[k] = v
				}
			}
			shaped = map[string]any{"words": words, "priority": priority}
		}
	}
	for key := range shaped {
		if key != "words" && key != "priority" {
			return art.Part{}, problem("."+key, "is no key of a part", "use words and priority")
		}
	}
	if words, ok := shaped["words"].(map[string]any); ok {
		for lang := range words {
			if !slices.Contains(brand.Languages(), lang) {
				return art.Part{}, problem("."+lang, "is neither a language nor a key of a part", "use en and de, or words and priority")
			}
		}
	}
	data, err := json.Marshal(shaped)
	var part art.Part
	if err == nil {
		err = json.Unmarshal(data, &part)
	}
	if err != nil {
		return art.Part{}, problem("", fmt.Sprintf("%v is no part of a prompt", raw), "write words, {en: …, de: …}, or {words: {en: …, de: …}, priority: high}")
	}
	return part, nil
}

// whole reads what YAML and JSON make of whole numbers.
func whole(raw any) (int64, bool) {
	switch n := raw.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	default:
		return 0, false
	}
}

func float(raw any) (float64, bool) {
	if f, ok := raw.(float64); ok {
		return f, true
	}
	n, ok := whole(raw)
	return float64(n), ok
}

func stringList(raw any) ([]string, bool) {
	switch v := raw.(type) {
	case string:
		return []string{v}, true
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			list = append(list, s)
		}
		return list, true
	default:
		return nil, false
	}
}
