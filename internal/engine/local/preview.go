package local

import (
	"context"
	"fmt"
	"image"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/engine"
)

// A viewer is fitted to patches of one colour each, as pictures have them more than noise: 64 of 2 × 2 latents.
const (
	sampleSide = 16
	flat       = 2
)

// viewer turns latents into colours without the decoder, one pixel for a latent: a linear map of the channels.
type viewer struct {
	weights [][3]float64 // of each channel, then a constant; colours are 0..1
}

// newViewer fits the map by least squares to what the model's own decoder makes of noise, so that it needs no table of known
// models. That costs one decoding of a small picture.
func newViewer(ctx context.Context, p *pipeline) (*viewer, error) {
	channels, factor := p.folder.vae.LatentChannels, p.folder.factor()
	const area = sampleSide * sampleSide
	patches := make([]float32, channels*area/(flat*flat))
	diffusion.NewTorchNoise(0).Normal(patches)
	latents := diffusion.Stretch(patches, channels, sampleSide/flat, sampleSide/flat, sampleSide, sampleSide, false)
	pixels, err := p.decode(ctx, latents, sampleSide, sampleSide, false)
	if err != nil {
		return nil, err
	}
	if len(pixels) != area*factor*factor*3 {
		return nil, fmt.Errorf("local: %s decoded %d numbers for a sample: %w", p.folder.about.Name, len(pixels), art.ErrInvalid)
	}
	colours := make([][3]float64, area)
	for at := range colours {
		colours[at] = blockMean(pixels, at, factor)
	}
	return &viewer{weights: diffusion.FitColours(latents, channels, colours)}, nil
}

// blockMean is the mean colour of the pixels that one latent of the sample stands for.
func blockMean(pixels []float32, at, factor int) (mean [3]float64) {
	top, left, width := at/sampleSide*factor, at%sampleSide*factor, sampleSide*factor
	for y := range factor {
		for x := range factor {
			for c := range 3 {
				mean[c] += float64(pixels[((top+y)*width+left+x)*3+c])
			}
		}
	}
	for c := range mean {
		mean[c] /= float64(factor * factor)
	}
	return mean
}

// draw makes a picture [height, width] of latents that hold alpha parts of picture and sigma parts of noise. What is still
// noise is taken for the middle of all pictures, so that a picture comes out of grey.
func (v *viewer) draw(latents []float32, height, width int, alpha, sigma float64) image.Image {
	area, channels := height*width, len(v.weights)-1
	shrink := alpha / (alpha*alpha + sigma*sigma)
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for at := range area {
		for c := range 3 {
			sum := v.weights[channels][c]
			for k := range channels {
				sum += v.weights[k][c] * shrink * float64(latents[k*area+at])
			}
			out.Pix[4*at+c] = uint8(min(max(sum, 0), 1)*255 + 0.5)
		}
		out.Pix[4*at+3] = 255
	}
	return out
}

// viewer is made with the first picture that somebody watches.
func (p *pipeline) viewer(ctx context.Context) (*viewer, error) {
	p.extras.mu.Lock()
	defer p.extras.mu.Unlock()
	if p.extras.view == nil {
		v, err := newViewer(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("local: preparing previews: %w", err)
		}
		p.extras.view = v
	}
	return p.extras.view, nil
}

// watch shows the first picture of the batch after each call, where somebody watches.
func (b *batch) watch(ctx context.Context) (func(call int, latents []float32), error) {
	if b.see == nil {
		return func(int, []float32) {}, nil
	}
	view, err := b.pipe.viewer(ctx)
	if err != nil {
		return nil, err
	}
	s := b.samplers[0]
	return func(call int, latents []float32) {
		alpha, sigma := 1.0, 0.0
		if call+1 < len(s.Timesteps()) {
			alpha = float64(s.AddNoise(call+1, []float32{1}, []float32{0})[0])
			sigma = float64(s.AddNoise(call+1, []float32{0}, []float32{1})[0])
		}
		b.see(view.draw(b.of(latents, 0), b.shape[2], b.shape[3], alpha, sigma))
	}, nil
}

// RenderSeen implements engine.Previewer.
func (e *Engine) RenderSeen(ctx context.Context, r art.Recipe, progress engine.Progress, see func(image.Image)) (engine.Picture, error) {
	if err := e.Check(r); err != nil {
		return engine.Picture{}, fmt.Errorf("local: %w", err)
	}
	start := e.options.Now()
	calls, err := e.calls(r)
	if err != nil {
		return engine.Picture{}, err
	}
	result, err := e.run(ctx, []art.Recipe{r}, Inputs{see: see}, counter(progress, calls))
	if err != nil {
		return engine.Picture{}, err
	}
	picture, err := result.Picture(0)
	picture.Elapsed = e.options.Now().Sub(start)
	return picture, err
}
