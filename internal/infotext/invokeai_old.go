package infotext

import (
	"fmt"
	"regexp"
	"strings"

	"presswerk/internal/art"
)

// parseSDMetadata reads the "sd-metadata" of InvokeAI 1.15 to 2.3: {"model_weights": …, "image": {…}}.
//
// Source: invoke-ai/InvokeAI, invokeai/frontend/install/import_images.py, read 2026-11.
func parseSDMetadata(text string) (Record, error) {
	all, err := parseObject(text)
	if err != nil {
		return Record{}, err
	}
	inner, ok := all["image"].(map[string]any)
	if !ok {
		return Record{}, fmt.Errorf("infotext: there is no image in this sd-metadata of InvokeAI: %w", art.ErrInvalid)
	}
	delete(all, "image")
	o := object(inner)
	r := newReading(InvokeAI)
	p := &r.Recipe
	p.Syntax, p.NoiseSource = "plain", "cuda"
	p.Model.Name, _ = all.text("model_weights")
	prompt, ok := o.text("prompt")
	if list, is := o["prompt"].([]any); !ok && is && len(list) > 0 {
		first, _ := list[0].(map[string]any)
		prompt, _ = textOf(first["prompt"])
		delete(o, "prompt")
	}
	p.Prompt, p.NegativePrompt = splitBracketed(prompt)
	p.Width, _ = o.whole("width", maxSide)
	p.Height, _ = o.whole("height", maxSide)
	p.Steps, _ = o.whole("steps", maxSide)
	p.GuidanceScale, r.guidance = o.float("cfg_scale")
	p.Seed, r.seed = o.seed("seed")
	if name, there := o.text("sampler"); there && !r.oldSampler(name) {
		o["sampler"] = name
	}
	if kind, _ := o.text("type"); kind == "img2img" {
		v, there := o.float("strength")
		p.Mode, p.Strength = art.ModeImageToImage, some(v, there)
	}
	p.Tiling, _ = o.flag("seamless")
	o.rest(&r.Record)
	all.rest(&r.Record)
	return r.done(), nil
}

// oldSampler takes the names before version 3: "k_dpmpp_2", "k_euler_a".
func (r *reading) oldSampler(name string) bool {
	old := map[string]string{
		"k_dpm_2": "kdpm_2", "k_dpm_2_a": "kdpm_2_a", "k_dpmpp_2": "dpmpp_2m", "k_dpmpp_2_a": "", "k_euler": "euler",
		"k_euler_a": "euler_a", "k_heun": "heun", "k_lms": "lms", "plms": "pndm", "ddim": "ddim",
	}
	return r.invokeSchedule(old[name])
}

// dreamFlag is a flag of the "Dream" text: -s50, -S 42, -W512, -C7.5, -A k_lms.
var dreamFlag = regexp.MustCompile(`(?:^|\s)-([sSWHCA])\s*(\S+)`)

// parseDream reads the "Dream" text of InvokeAI before 1.15: a prompt in quotes with flags behind it.
func parseDream(text string) (Record, error) {
	r := newReading(InvokeAI)
	p := &r.Recipe
	p.Syntax, p.NoiseSource = "plain", "cuda"
	prompt, flags := text, text
	if rest, ok := strings.CutPrefix(strings.TrimSpace(text), `"`); ok {
		if end := strings.LastIndexByte(rest, '"'); end >= 0 {
			prompt, flags = rest[:end], rest[end+1:]
		}
	}
	left := dreamFlag.ReplaceAllStringFunc(flags, func(flag string) string {
		m := dreamFlag.FindStringSubmatch(flag)
		value := m[2]
		var ok bool
		switch m[1] {
		case "s":
			p.Steps, ok = wholeNumber(value, maxSide)
		case "S":
			p.Seed, ok = seedOf(value)
			r.seed = ok
		case "W":
			p.Width, ok = wholeNumber(value, maxSide)
		case "H":
			p.Height, ok = wholeNumber(value, maxSide)
		case "C":
			p.GuidanceScale, ok = number(value)
			r.guidance = ok
		case "A":
			ok = r.oldSampler(value)
		}
		if ok {
			return ""
		}
		return flag
	})
	if flags == text {
		prompt = left
	} else if left = strings.TrimSpace(left); left != "" {
		r.keep("Dream", left)
	}
	p.Prompt, p.NegativePrompt = splitBracketed(prompt)
	return r.done(), nil
}

// bracketedWords are what was to be avoided, in the prompts of those versions.
var bracketedWords = regexp.MustCompile(`\[([^\[\]]*)\]`)

func splitBracketed(prompt string) (positive, negative string) {
	var avoided []string
	positive = bracketedWords.ReplaceAllStringFunc(prompt, func(words string) string {
		avoided = append(avoided, strings.Trim(words, "[]"))
		return ""
	})
	return strings.TrimSpace(positive), strings.TrimSpace(strings.Join(avoided, " "))
}
