package infotext

import "strings"

// upscaler is a way of enlarging under the names of the tools. Networks that are not in the table keep their name.
//
// Source: AUTOMATIC1111 1.10 modules/shared.py (latent_upscale_modes) and modules/realesrgan_model.py; ComfyUI nodes.py
// (LatentUpscaleBy, ImageScaleBy); SwarmUI's refiner upscale methods. Read 2026-11.
type upscaler struct{ name, a1111, comfy, swarm string }

func upscalers() []upscaler {
	return []upscaler{
		{"latent", "Latent", "bilinear", "latent-bilinear"},
		{"latent-nearest", "Latent (nearest)", "nearest-exact", "latent-nearest-exact"},
		{"lanczos", "Lanczos", "lanczos", "pixel-lanczos"},
		{"realesrgan-x4plus-anime", "R-ESRGAN 4x+ Anime6B", "RealESRGAN_x4plus_anime_6B", "model-RealESRGAN_x4plus_anime_6B"},
	}
}

func upscalerFrom(name string, is func(upscaler) string) string {
	for _, u := range upscalers() {
		if strings.EqualFold(is(u), name) {
			return u.name
		}
	}
	return name
}

func upscalerTo(name string, is func(upscaler) string) string {
	for _, u := range upscalers() {
		if u.name == name {
			return is(u)
		}
	}
	return name
}
