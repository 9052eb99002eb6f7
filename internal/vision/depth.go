package vision

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// Depth draws how near things are: white is the nearest place of the picture, black the farthest.
//
// The network is of the MiDaS, DPT or Depth Anything kind: it takes [1, 3, h, w] normalised as ImageNet's pictures are
// and gives one map [1, h, w] or [1, 1, h, w], larger where nearer. A network of any size sees the picture with its
// shorter side at 518 pixels, and both sides as multiples of 14, as Depth Anything wants. Another one gives
// art.ErrUnsupported.
func Depth(ctx context.Context, p *imaging.RGB, network Runner) (*imaging.Grey, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) != 1 || len(in[0].Dims) != 4 {
		return nil, fmt.Errorf("vision: a network for depth has one input [1, 3, h, w] and one output: %w", art.ErrUnsupported)
	}
	w, h := depthSize(p, in[0].Dims)
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: onnx.Float32(imageNet(p, w, h), 1, 3, int64(h), int64(w))})
	if err != nil {
		return nil, fmt.Errorf("vision: measuring depth: %w", err)
	}
	y := made[out[0].Name]
	n := len(y.Shape)
	if n < 3 || n > 4 || y.Shape[n-1] < 1 || y.Shape[n-2] < 1 || int64(len(y.F32)) != y.Shape[n-1]*y.Shape[n-2] {
		return nil, fmt.Errorf("vision: the network for depth made %v instead of one map: %w", y.Shape, art.ErrUnsupported)
	}
	depth := &imaging.Plane{Width: int(y.Shape[n-1]), Height: int(y.Shape[n-2]), Pix: y.F32}
	return spread(depth.Resize(p.Width, p.Height)), nil
}

// depthSize is what the network sees: its own size where that is fixed.
func depthSize(p *imaging.RGB, dims []int64) (w, h int) {
	const side, multiple, longest = 518, 14, 4 * 518
	scale := side / float64(min(p.Width, p.Height))
	fit := func(n int, fixed int64) int {
		if fixed > 0 {
			return int(fixed)
		}
		return min(max(multiple, multiple*int(math.Round(scale*float64(n)/multiple))), longest)
	}
	return fit(p.Width, dims[3]), fit(p.Height, dims[2])
}

// imageNet lays out a picture of w × h pixels as [3, h, w] with the mean and deviation of ImageNet's pictures.
func imageNet(p *imaging.RGB, w, h int) []float32 {
	mean, deviation := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	x := make([]float32, 0, 3*w*h)
	for channel := range 3 {
		for _, v := range p.Plane(channel).Resize(w, h).Pix {
			x = append(x, (v/255-mean[channel])/deviation[channel])
		}
	}
	return x
}

// spread brings the least number to 0 and the largest to 255. A flat plane becomes black, and so does what is no number.
func spread(p *imaging.Plane) *imaging.Grey {
	least, most := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range p.Pix {
		if !math.IsNaN(float64(v)) {
			least, most = min(least, v), max(most, v)
		}
	}
	out := &imaging.Grey{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(p.Pix))}
	for i, v := range p.Pix {
		out.Pix[i] = level((v - least) / (most - least))
	}
	return out
}
