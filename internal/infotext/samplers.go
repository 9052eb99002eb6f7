package infotext

import (
	"slices"
	"strings"

	"presswerk/internal/art"
)

// sampler is one step algorithm under the names of the tools; "" where a tool has none. Curve is what A1111 means by
// "Automatic" since 1.9: the curve that goes with the sampler, uniform when empty.
//
// Source: AUTOMATIC1111 1.10 modules/sd_samplers_kdiffusion.py, ComfyUI comfy/samplers.py (KSAMPLER_NAMES), InvokeAI
// invokeai/backend/stable_diffusion/schedulers/schedulers.py (SCHEDULER_MAP), stable-diffusion.cpp examples/cli/main.cpp,
// read 2026-11.
type sampler struct {
	name, a1111, comfy, invoke string
	cpp                        string // stable-diffusion.cpp's, where it is none of the others
	curve                      string
	walks                      bool // training steps, as diffusers does; curves of noise levels don't go with it
	tree                       bool // draws from a Brownian tree of the picture's seed
	discards                   bool // A1111 leaves out the last but one noise level
}

// samplers is the table. Rows whose name the renderer lacks are there so that the name survives from tool to tool.
func samplers() []sampler {
	return []sampler{
		{name: "euler", a1111: "Euler", comfy: "euler", invoke: "euler"},
		{name: "euler_a", a1111: "Euler a", comfy: "euler_ancestral", invoke: "euler_a", cpp: "euler_a"},
		{name: "lms", a1111: "LMS", comfy: "lms", invoke: "lms"},
		{name: "heun", a1111: "Heun", comfy: "heun", invoke: "heun"},
		{name: "dpm_2", a1111: "DPM2", comfy: "dpm_2", invoke: "kdpm_2", cpp: "dpm2", curve: "karras", discards: true},
		{name: "dpm_2_a", a1111: "DPM2 a", comfy: "dpm_2_ancestral", invoke: "kdpm_2_a", curve: "karras", discards: true},
		{name: "dpmpp_2s_a", a1111: "DPM++ 2S a", comfy: "dpmpp_2s_ancestral", cpp: "dpm++2s_a", curve: "karras"},
		{name: "dpmpp_2m", a1111: "DPM++ 2M", comfy: "dpmpp_2m", invoke: "dpmpp_2m", cpp: "dpm++2m", curve: "karras"},
		{name: "dpmpp_sde", a1111: "DPM++ SDE", comfy: "dpmpp_sde", invoke: "dpmpp_sde", curve: "karras", tree: true},
		{name: "dpmpp_2m_sde", a1111: "DPM++ 2M SDE", comfy: "dpmpp_2m_sde", invoke: "dpmpp_2m_sde", curve: "exponential", tree: true},
		{name: "dpmpp_2m_sde_heun", a1111: "DPM++ 2M SDE Heun", comfy: "dpmpp_2m_sde_heun", curve: "exponential", tree: true},
		{name: "dpmpp_3m_sde", a1111: "DPM++ 3M SDE", comfy: "dpmpp_3m_sde", curve: "exponential", tree: true, discards: true},
		{name: "dpm_fast", a1111: "DPM fast", comfy: "dpm_fast"},
		{name: "dpm_adaptive", a1111: "DPM adaptive", comfy: "dpm_adaptive"},
		{name: "dpmpp_2mv2", cpp: "dpm++2mv2"},
		{name: "restart", a1111: "Restart", curve: "karras"},
		{name: "heunpp2", a1111: "HeunPP2", comfy: "heunpp2"},
		{name: "ddim", a1111: "DDIM", comfy: "ddim", invoke: "ddim", walks: true},
		{name: "ddim_cfgpp", a1111: "DDIM CFG++", walks: true},
		{name: "ddpm", a1111: "DDPM", comfy: "ddpm", invoke: "ddpm", walks: true},
		{name: "pndm", invoke: "pndm", walks: true},
		{name: "plms", a1111: "PLMS", walks: true},
		{name: "unipc", a1111: "UniPC", comfy: "uni_pc_bh2", invoke: "unipc"},
		{name: "unipc_bh1", comfy: "uni_pc"},
		{name: "lcm", a1111: "LCM", comfy: "lcm", invoke: "lcm", walks: true},
		{name: "tcd", a1111: "TCD", invoke: "tcd", walks: true},
		{name: "deis", a1111: "DEIS", comfy: "deis", invoke: "deis"},
		{name: "dpmpp_2s", invoke: "dpmpp_2s"},
		{name: "er_sde", comfy: "er_sde", invoke: "er_sde"},
		{name: "dpmpp_sde_gpu", comfy: "dpmpp_sde_gpu", tree: true},
		{name: "dpmpp_2m_sde_gpu", comfy: "dpmpp_2m_sde_gpu", tree: true},
		{name: "dpmpp_3m_sde_gpu", comfy: "dpmpp_3m_sde_gpu", tree: true},
		{name: "ipndm", a1111: "IPNDM", comfy: "ipndm"},
		{name: "ipndm_v", a1111: "IPNDM_V", comfy: "ipndm_v"},
		{name: "res_multistep", comfy: "res_multistep"},
		{name: "res_2s"},
		{name: "gradient_estimation", comfy: "gradient_estimation"},
		{name: "sa_solver", comfy: "sa_solver"},
	}
}

func samplerBy(is func(sampler) string, name string) (sampler, bool) {
	if name == "" {
		return sampler{}, false
	}
	for _, s := range samplers() {
		if strings.EqualFold(is(s), name) {
			return s, true
		}
	}
	return sampler{}, false
}

// a1111Sampler finds a name as the web UI writes it, or stable-diffusion.cpp in the same text.
func a1111Sampler(name string) (sampler, bool) {
	if s, ok := samplerBy(func(s sampler) string { return s.a1111 }, name); ok {
		return s, true
	}
	return samplerBy(func(s sampler) string { return s.cpp }, name)
}

func samplerNamed(name string) (sampler, bool) {
	return samplerBy(func(s sampler) string { return s.name }, name)
}

// curve is one course of noise levels under the names of the tools. Spacing goes into scheduler_config, because "normal"
// is the model's own spacing, and the tools have theirs.
type curve struct{ name, spacing, a1111, comfy string }

// curves is the table; the first row of several equal ones is the one that is written.
func curves() []curve {
	return []curve{
		{"normal", "linspace", "Uniform", "normal"},
		{"normal", "linspace", "Normal", ""},
		{"normal", "leading", "DDIM", "ddim_uniform"},
		{"karras", "linspace", "Karras", "karras"},
		{"exponential", "linspace", "Exponential", "exponential"},
		{"polyexponential", "", "Polyexponential", ""},
		{"sgm_uniform", "", "SGM Uniform", "sgm_uniform"},
		{"sgm_uniform", "", "SGMUniform", ""},
		{"simple", "", "Simple", "simple"},
		{"beta", "", "Beta", "beta"},
		{"kl_optimal", "", "KL Optimal", "kl_optimal"},
		{"align_your_steps", "", "Align Your Steps", ""},
		{"linear_quadratic", "", "", "linear_quadratic"},
	}
}

func curveBy(is func(curve) string, name string) (curve, bool) {
	for _, c := range curves() {
		if name != "" && strings.EqualFold(is(c), name) {
			return c, true
		}
	}
	return curve{}, false
}

// curveOf finds the row that a recipe's curve is, by name and spacing, then by name alone.
func curveOf(r art.Recipe, is func(curve) string) string {
	spacing, _ := r.SchedulerConfig["timestep_spacing"].(string)
	all := slices.DeleteFunc(curves(), func(c curve) bool { return c.name != r.Scheduler || is(c) == "" })
	for _, c := range all {
		if c.spacing == spacing {
			return is(c)
		}
	}
	if len(all) > 0 {
		return is(all[0])
	}
	return ""
}

// setSchedule writes sampler and curve into a recipe, with what makes the renderer walk as the web interfaces do: their
// spacing of training steps, and the tree from which SDE samplers draw.
func (r *reading) setSchedule(s sampler, c curve) {
	p := &r.Recipe
	p.Sampler, p.Scheduler = s.name, c.name
	if c.spacing == "leading" {
		r.config("timestep_spacing", "leading")
		r.config("steps_offset", 1.0)
	} else if c.spacing != "" {
		r.config("timestep_spacing", c.spacing)
	}
	switch {
	case s.tree && r.seed && p.Seed <= maxExact:
		r.config("noise_sampler_seed", float64(p.Seed))
	case s.tree:
		r.Missing = append(r.Missing, "noise_sampler_seed")
	}
}

// maxExact is the largest whole number that every JSON reader keeps (2^53 − 1).
const maxExact = 1<<53 - 1

// config sets one key of the recipe's scheduler_config. Numbers are float64, as JSON gives them.
func (r *reading) config(key string, value any) {
	if r.Recipe.SchedulerConfig == nil {
		r.Recipe.SchedulerConfig = map[string]any{}
	}
	r.Recipe.SchedulerConfig[key] = value
}
