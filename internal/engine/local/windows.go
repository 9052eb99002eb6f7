package local

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/onnx"
)

// Limits of a picture that is denoised in windows, or only enlarged: what finishing and publishing can read again.
const (
	maxTiledSide   = 16384
	maxTiledPixels = 8192 * 8192
)

// sizeLimits are how long a side of a recipe's picture may be, and how many pixels it may have.
func sizeLimits(r art.Recipe) (side, pixels int) {
	if r.TiledDiffusion != nil {
		return maxTiledSide, maxTiledPixels
	}
	return maxSide, maxPixels
}

// withWindows fills in what a recipe leaves open of its windows: the model's own size, and a quarter of it in common.
func withWindows(f *Folder, r art.Recipe) art.Recipe {
	if r.TiledDiffusion == nil {
		return r
	}
	t := *r.TiledDiffusion
	if t.Tile == 0 {
		width, height := f.native()
		t.Tile = max(f.step(), min(orInt(width, 512), orInt(height, 512))/f.step()*f.step())
	}
	if t.Overlap == nil {
		overlap := t.Tile / 4 / f.factor() * f.factor()
		t.Overlap = &overlap
	}
	r.TiledDiffusion = &t
	return r
}

func checkTiled(f *Folder, r art.Recipe) error {
	if r.Tiling && vaeTiled(r) {
		return art.Unsupported("tiling", "a VAE in tiles doesn't know the opposite edge", "take vae_tiling out, or choose a smaller picture")
	}
	if r.TiledDiffusion == nil {
		return nil
	}
	t := withWindows(f, r).TiledDiffusion
	switch {
	case r.Tiling:
		return art.Unsupported("tiling", "windows of tiled_diffusion don't know the opposite edge", "take one of the two out")
	case t.Tile < f.step() || t.Tile > maxSide || t.Tile%f.step() != 0:
		return art.Invalid("tiled_diffusion.tile", fmt.Sprintf("%d is no multiple of %d up to %d", t.Tile, f.step(), maxSide), "choose the model's own size")
	case *t.Overlap < 0 || *t.Overlap >= t.Tile || *t.Overlap%f.factor() != 0:
		return art.Invalid("tiled_diffusion.overlap", fmt.Sprintf("%d is no multiple of %d below the tile of %d", *t.Overlap, f.factor(), t.Tile), "choose a quarter of the tile")
	}
	return nil
}

// windows lets a denoiser see latents of any size in windows of the size that it knows, and gives the mean of what it says
// where they overlap. As samplers and guidance treat every latent alike, and straight, that is MultiDiffusion's mean of the
// windows' next latents.
//
// Source: Bar-Tal et al. 2023, arXiv:2302.08113, equation 5; windows as in diffusers, StableDiffusionPanoramaPipeline,
// but that the last one is moved back to the edge where diffusers leaves a rest.
type windows struct {
	of            *denoiser
	tile, overlap int // latents
	factor        int
}

// windowed puts windows before a denoiser where the recipe asks for them.
func (b *batch) windowed(d *denoiser) diffusion.Denoiser {
	t := b.recipes[0].TiledDiffusion
	if t == nil {
		return d
	}
	factor := b.pipe.folder.factor()
	w := windows{of: d, tile: t.Tile / factor, overlap: *t.Overlap / factor, factor: factor}
	if d.height <= w.tile && d.width <= w.tile {
		return d
	}
	return w
}

// starts are where windows begin along a side.
func (w windows) starts(side int) []int {
	all := []int{0}
	for at := w.tile - w.overlap; all[len(all)-1]+w.tile < side; at += w.tile - w.overlap {
		all = append(all, min(at, side-w.tile))
	}
	return all
}

// Denoise implements diffusion.Denoiser.
func (w windows) Denoise(ctx context.Context, latents []float32, rows int, timestep float64, cond diffusion.Conditioning) ([]float32, error) {
	height, width := w.of.height, w.of.width
	sum := make([]float32, len(latents))
	count := make([]float32, height*width)
	for _, top := range w.starts(height) {
		for _, left := range w.starts(width) {
			seen := region{left, top, min(left+w.tile, width), min(top+w.tile, height)}
			out, err := w.see(seen).Denoise(ctx, seen.of(latents, rows*w.of.channels, height, width), rows, timestep, cond)
			if err != nil {
				return nil, err
			}
			seen.addTo(sum, out, height, width)
			seen.addTo(count, nil, height, width)
		}
	}
	for i := range sum {
		sum[i] /= count[i%len(count)]
	}
	return sum, nil
}

// addTo adds a region's planes to those of height × width; nil adds one everywhere.
func (r region) addTo(sum, planes []float32, height, width int) {
	wide := r.right - r.left
	for c := range len(sum) / (height * width) {
		for y := r.top; y < r.bottom; y++ {
			line := sum[(c*height+y)*width+r.left:][:wide]
			for x := range line {
				if planes == nil {
					line[x]++
				} else {
					line[x] += planes[(c*(r.bottom-r.top)+y-r.top)*wide+x]
				}
			}
		}
	}
}

// see is the denoiser with everything cut to a window.
func (w windows) see(r region) *denoiser {
	d := *w.of
	d.height, d.width = r.bottom-r.top, r.right-r.left
	d.beside = nil
	for _, planes := range w.of.beside {
		d.beside = append(d.beside, r.of(planes, len(planes)/(w.of.height*w.of.width), w.of.height, w.of.width))
	}
	d.controls = nil
	pixels := region{r.left * w.factor, r.top * w.factor, r.right * w.factor, r.bottom * w.factor}
	for _, c := range w.of.controls {
		c.pixels = pixels.of(c.pixels, 3, c.height, c.width)
		c.height, c.width = pixels.bottom-pixels.top, pixels.right-pixels.left
		c.known = map[int]map[string]onnx.Tensor{} // for as long as one window
		d.controls = append(d.controls, c)
	}
	return &d
}
