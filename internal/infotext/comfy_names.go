package infotext

import (
	"maps"
	"reflect"
	"slices"

	"presswerk/internal/art"
)

// ComfySamplers are our names of the step algorithms and courses of noise levels that a ComfyUI server lists, in its
// order. Names that are not in the tables stay as they are.
func ComfySamplers(samplers, schedulers []string) (ours, curves []string) {
	add := func(to *[]string, name string) {
		if !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	for _, name := range samplers {
		s, _, ok := comfySchedule(name, "normal")
		if name == "ddim" && slices.Contains(schedulers, "ddim_uniform") {
			s, _, ok = comfySchedule(name, "ddim_uniform")
		}
		if ok {
			add(&ours, s.name)
		}
	}
	for _, name := range schedulers {
		if _, c, ok := comfySchedule("euler", name); ok {
			add(&curves, c.name)
		}
	}
	return ours, curves
}

// ComfySchedule gives ComfyUI's names of a recipe's sampler and course of noise levels.
func ComfySchedule(r art.Recipe) (sampler, scheduler string) { return comfyNames(r) }

// ComfyUpscaler is the name of a way of enlarging as ComfyUI writes it; a network is a file, whose ending may be left out.
func ComfyUpscaler(name string) string {
	return upscalerTo(name, func(u upscaler) string { return u.comfy })
}

// ComfyCarries says that a graph for the recipe gives each key of scheduler_config its value, which the tools' curves
// decide; the first that it doesn't is named.
func ComfyCarries(r art.Recipe) (lost string, err error) {
	text, err := writeComfyUI(Record{Recipe: r})
	if err != nil {
		return "", err
	}
	back, err := parseComfyUI(text)
	if err != nil {
		return "", err
	}
	for _, key := range slices.Sorted(maps.Keys(r.SchedulerConfig)) {
		if !reflect.DeepEqual(back.Recipe.SchedulerConfig[key], r.SchedulerConfig[key]) {
			return key, nil
		}
	}
	return "", nil
}
