package vision

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// HED draws soft edges, the whiter the likelier, as holistically-nested edge detection finds them. The network sees the
// picture with its shorter side at no more than 512 pixels and its longer one at no more than 2048, as large pictures
// would take gigabytes; the field's annotator takes 512 as well.
//
// The network takes [n, 3, h, w] of any size, levels 0..255, and gives [n, 1, h, w] of 0..1, as model.ConvertHED writes
// it. Another one gives art.ErrUnsupported.
func HED(ctx context.Context, p *imaging.RGB, network Runner) (*imaging.Grey, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) != 1 || len(in[0].Dims) != 4 || in[0].Dims[1] != 3 || in[0].Dims[2] > 0 || in[0].Dims[3] > 0 {
		return nil, fmt.Errorf("vision: a network for edges takes one picture [n, 3, h, w] of any size: %w", art.ErrUnsupported)
	}
	const shorter, longer = 512, 2048
	scale := min(1, shorter/float64(min(p.Width, p.Height)))
	side := func(n int) int { return min(max(1, int(math.Round(scale*float64(n)))), longer) }
	w, h := side(p.Width), side(p.Height)
	x := make([]float32, 0, 3*w*h)
	for channel := range 3 {
		x = append(x, p.Plane(channel).Resize(w, h).Pix...)
	}
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: onnx.Float32(x, 1, 3, int64(h), int64(w))})
	if err != nil {
		return nil, fmt.Errorf("vision: finding edges: %w", err)
	}
	y := made[out[0].Name]
	if !slices.Equal(y.Shape, []int64{1, 1, int64(h), int64(w)}) || len(y.F32) != w*h {
		return nil, fmt.Errorf("vision: the network for edges made %v instead of one map of %d × %d: %w", y.Shape, w, h, art.ErrUnsupported)
	}
	edges := (&imaging.Plane{Width: w, Height: h, Pix: y.F32}).Resize(p.Width, p.Height)
	drawn := &imaging.Grey{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(edges.Pix))}
	for i, v := range edges.Pix {
		drawn.Pix[i] = level(v)
	}
	return drawn, nil
}
