package sdapi

import (
	"slices"
	"strings"
)

// name is one thing under our name and under the servers'; "" where a server has none.
type name struct{ ours, web, cpp string }

// samplers are the step rules. Web is the label of AUTOMATIC1111 and its kin.
//
// Source: AUTOMATIC1111 1.10 modules/sd_samplers_kdiffusion.py and sd_samplers_timesteps.py; stable-diffusion.cpp
// src/stable-diffusion.cpp, sample_method_to_str. Read 2026-11.
func samplers() []name {
	return []name{
		{"dpmpp_2m", "DPM++ 2M", "dpm++2m"},
		{"euler", "Euler", "euler"},
		{"euler_a", "Euler a", "euler_a"},
		{"lms", "LMS", ""},
		{"heun", "Heun", "heun"},
		{"dpm_2", "DPM2", "dpm2"},
		{"dpm_2_a", "DPM2 a", ""},
		{"dpmpp_2s_a", "DPM++ 2S a", "dpm++2s_a"},
		{"dpmpp_2m_v2", "", "dpm++2mv2"},
		{"dpmpp_sde", "DPM++ SDE", ""},
		{"dpmpp_2m_sde", "DPM++ 2M SDE", ""},
		{"dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun", ""},
		{"dpmpp_3m_sde", "DPM++ 3M SDE", ""},
		{"dpm_fast", "DPM fast", ""},
		{"dpm_adaptive", "DPM adaptive", ""},
		{"restart", "Restart", ""},
		{"heunpp2", "HeunPP2", ""},
		{"ddim", "DDIM", "ddim_trailing"},
		{"ddim_cfgpp", "DDIM CFG++", ""},
		{"ddpm", "DDPM", ""},
		{"plms", "PLMS", ""},
		{"unipc", "UniPC", ""},
		{"lcm", "LCM", "lcm"},
		{"tcd", "TCD", "tcd"},
		{"deis", "DEIS", ""},
		{"ipndm", "IPNDM", "ipndm"},
		{"ipndm_v", "IPNDM_V", "ipndm_v"},
		{"res_multistep", "", "res_multistep"},
		{"res_2s", "", "res_2s"},
		{"er_sde", "", "er_sde"},
	}
}

// curves are the courses of noise levels.
//
// Source: AUTOMATIC1111 1.10 modules/sd_schedulers.py; stable-diffusion.cpp src/stable-diffusion.cpp, scheduler_to_str.
func curves() []name {
	return []name{
		{"normal", "Uniform", "discrete"},
		{"karras", "Karras", "karras"},
		{"exponential", "Exponential", "exponential"},
		{"polyexponential", "Polyexponential", ""},
		{"sgm_uniform", "SGM Uniform", "sgm_uniform"},
		{"simple", "Simple", "simple"},
		{"beta", "Beta", ""},
		{"kl_optimal", "KL Optimal", "kl_optimal"},
		{"align_your_steps", "Align Your Steps", "ays"},
		{"gits", "", "gits"},
		{"smoothstep", "", "smoothstep"},
		{"bong_tangent", "", "bong_tangent"},
		{"lcm", "", "lcm"},
	}
}

// upscalers enlarge between two passes; other names are networks and stay as they are.
//
// Source: AUTOMATIC1111 1.10 modules/shared_items.py and modules/upscaler.py; stable-diffusion.cpp's api.md.
func upscalers() []name {
	return []name{
		{"latent", "Latent", "Latent"},
		{"latent-nearest", "Latent (nearest)", "Latent (nearest)"},
		{"lanczos", "Lanczos", "Lanczos"},
		{"realesrgan-x4plus-anime", "R-ESRGAN 4x+ Anime6B", ""},
	}
}

// kinds are the kinds of control pictures under the names of the ControlNet extension's control types.
//
// Source: sd-webui-controlnet scripts/supported_preprocessor.py, tags.
func kinds() []name {
	return []name{
		{"canny", "Canny", ""},
		{"depth", "Depth", ""},
		{"mlsd", "MLSD", ""},
		{"openpose", "OpenPose", ""},
		{"scribble", "Scribble", ""},
		{"hed", "SoftEdge", ""},
		{"lineart", "Lineart", ""},
		{"segmentation", "Segmentation", ""},
		{"normal", "NormalMap", ""},
		{"tile", "Tile", ""},
		{"recolor", "Recolor", ""},
		{"shuffle", "Shuffle", ""},
	}
}

func web(n name) string { return n.web }
func cpp(n name) string { return n.cpp }

// offered gives our names of what a server lists, in the table's order, with the server's own spelling.
func offered(table []name, theirs func(name) string, listed []string) (names []string, spelling map[string]string) {
	spelling = map[string]string{}
	for _, n := range table {
		i := slices.IndexFunc(listed, func(l string) bool { return theirs(n) != "" && strings.EqualFold(l, theirs(n)) })
		if i >= 0 {
			names = append(names, n.ours)
			spelling[n.ours] = listed[i]
		}
	}
	return names, spelling
}

// upscaler finds what a server calls an upscaler: by the table, or by its own name.
func upscaler(ours string, theirs func(name) string, listed []string) (string, bool) {
	_, spelling := offered(upscalers(), theirs, listed)
	if s, ok := spelling[ours]; ok {
		return s, true
	}
	i := slices.IndexFunc(listed, func(l string) bool { return l == ours })
	return ours, i >= 0 && ours != ""
}
