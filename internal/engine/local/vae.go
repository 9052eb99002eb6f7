package local

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// encode turns a picture into latents. A VAE with a posterior is sampled, as diffusers does.
func (b *batch) encode(ctx context.Context, p encodable, d *draws) ([]float32, error) {
	var moments []float32
	var err error
	if sample := b.pipe.folder.vaeSample(); vaeTiled(b.recipes[0]) && (p.Width > sample || p.Height > sample) {
		moments, err = b.encodeTiles(ctx, p)
	} else {
		moments, err = b.encodeAtOnce(ctx, p.planes(p.whole()), p.Height, p.Width)
	}
	if err != nil {
		return nil, err
	}
	var latents []float32
	switch len(moments) {
	case b.size():
		latents = append([]float32(nil), moments...)
	case 2 * b.size():
		noise, err := d.sample()
		if err != nil {
			return nil, err
		}
		latents = posterior(moments, noise)
	default:
		return nil, fmt.Errorf("local: the VAE encoder of %s gave %d numbers for %d: %w", b.pipe.folder.about.Name, len(moments), b.size(), art.ErrInvalid)
	}
	b.pipe.normalise(latents, b.shape[2]*b.shape[3])
	return latents, nil
}

// encodeAtOnce gives the moments of three planes of −1..1.
func (b *batch) encodeAtOnce(ctx context.Context, planes []float32, height, width int) ([]float32, error) {
	session, err := b.pipe.encoder()
	if err != nil {
		return nil, err
	}
	out, err := session.Run(ctx, map[string]onnx.Tensor{
		session.Inputs()[0].Name: onnx.Float32(planes, 1, 3, int64(height), int64(width)),
	})
	if err != nil {
		return nil, fmt.Errorf("local: encoding a picture with %s: %w", b.pipe.folder.about.Name, err)
	}
	return out[session.Outputs()[0].Name].F32, nil
}

// posterior draws from a diagonal Gaussian: means, then logarithms of variances.
//
// Source: diffusers, DiagonalGaussianDistribution.
func posterior(moments, noise []float32) []float32 {
	n := len(noise)
	out := make([]float32, n)
	for i := range out {
		deviation := float32(math.Exp(0.5 * float64(min(max(moments[n+i], -30), 20))))
		out[i] = moments[i] + deviation*noise[i]
	}
	return out
}

// normalise brings what the VAE encoded to the spread that the denoiser knows; decode undoes it.
func (p *pipeline) normalise(latents []float32, area int) {
	vae := p.folder.vae
	for i, v := range latents {
		c := i / area
		x := float64(v) - vae.ShiftFactor
		if c < len(vae.LatentsStd) && c < len(vae.LatentsMean) {
			latents[i] = float32((x - vae.LatentsMean[c]) * vae.ScalingFactor / vae.LatentsStd[c])
			continue
		}
		latents[i] = float32(x * vae.ScalingFactor)
	}
}

// encoder loads the VAE's encoder when the first picture needs it.
func (p *pipeline) encoder() (*onnx.Session, error) {
	return p.extra(filepath.Join(p.folder.Dir, "vae_encoder", "model.onnx"))
}

// extra loads a network beside the pipeline's own, once; it is unloaded with the pipeline.
func (p *pipeline) extra(path string) (*onnx.Session, error) {
	p.extras.mu.Lock()
	defer p.extras.mu.Unlock()
	if s, ok := p.extras.loaded[path]; ok {
		return s, nil
	}
	s, err := p.load(path)
	if err != nil {
		return nil, fmt.Errorf("local: loading a network for this mode: %w", err)
	}
	p.extras.loaded[path] = s
	return s, nil
}
