// Package diffusion is the arithmetic of latent diffusion: noise, noise levels, samplers, guidance, and the loop that
// turns noise into latents. It is pure: no clock, no files, no networks, no goroutines.
//
// The nouns: a Config says how a model was trained (scheduler_config.json). A Sampler walks one picture's latents from
// noise to picture; NewSampler makes it by the name that ComfyUI and A1111 use. Noise is a stream of normal numbers:
// TorchNoise for torch's CPU generator, PhiloxNoise for its CUDA one, so that other people's seeds mean the same here.
// A Walk runs samplers over a batch with a Denoiser, guided by a positive and a negative Conditioning.
//
//	cfg, err := diffusion.DefaultConfig("dpmpp_2m")
//	cfg, err = cfg.WithCurve("karras")
//	s, err := diffusion.NewSampler("dpmpp_2m", cfg, 20)
//	for i, t := range s.Timesteps() {
//		s.Step(i, predict(scaled(x, s.Scale(i)), t), x, noise)
//	}
//
// One sampler is one file, readable beside its paper; numbers are those of diffusers 0.39. Latents are float32 in
// NCHW order; coefficients are float64. The package doesn't know how networks are run, what prompts mean, or what a
// recipe is.
package diffusion
