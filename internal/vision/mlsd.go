package vision

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// MLSD draws the straight segments that a network of the M-LSD kind finds, whose centres score more than the threshold,
// of 0..1; 0.1 is usual. At most 200 are drawn, the best first, as the field's annotator does.
//
// The network takes [1, h, w, 4], the picture in levels 0..255 and a fourth channel of ones, and gives per cell of half
// the size a score [1, h/2, w/2, 1] and the offsets of both ends [1, h/2, w/2, 4] in cells. Another one gives
// art.ErrUnsupported.
//
// Source: Gu et al. 2022, arXiv:2106.00186; the npm package jp.keijiro.mlsd.
func MLSD(ctx context.Context, p *imaging.RGB, network Runner, threshold float64) (*imaging.Grey, error) {
	in := network.Inputs()
	if len(in) != 1 || len(in[0].Dims) != 4 || in[0].Dims[1] < 2 || in[0].Dims[2] < 2 || in[0].Dims[3] != 4 {
		return nil, fmt.Errorf("vision: a network of the M-LSD kind takes one picture [1, h, w, 4] of a fixed size: %w", art.ErrUnsupported)
	}
	h, w := int(in[0].Dims[1]), int(in[0].Dims[2])
	out, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: onnx.Float32(withOnes(p, w, h), 1, int64(h), int64(w), 4)})
	if err != nil {
		return nil, fmt.Errorf("vision: finding segments: %w", err)
	}
	found, err := readSegments(out, w/2, h/2, threshold)
	if err != nil {
		return nil, err
	}
	drawn := &imaging.Grey{Width: p.Width, Height: p.Height, Pix: make([]uint8, p.Width*p.Height)}
	for _, s := range found {
		// Twice, as cells are two pixels wide. A wild offset leaves the picture, but not by more than its size.
		x := func(v float64) int { return int(min(max(2*v/float64(w), -1), 2) * float64(p.Width)) }
		y := func(v float64) int { return int(min(max(2*v/float64(h), -1), 2) * float64(p.Height)) }
		drawn.Line(x(s.x0), y(s.y0), x(s.x1), y(s.y1), 255)
	}
	return drawn, nil
}

// withOnes lays out a picture of w × h pixels as [h, w, 4] with ones as the fourth channel.
func withOnes(p *imaging.RGB, w, h int) []float32 {
	x := make([]float32, 4*w*h)
	for channel := range 3 {
		for i, v := range p.Plane(channel).Resize(w, h).Pix {
			x[4*i+channel], x[4*i+3] = v, 1
		}
	}
	return x
}

// segment is a line between two places, in cells.
type segment struct{ score, x0, y0, x1, y1 float64 }

// readSegments finds the two outputs by their last dimension and decodes them. The network has already left of several
// neighbouring cells the best one.
func readSegments(out map[string]onnx.Tensor, w, h int, threshold float64) ([]segment, error) {
	const most, shortest = 200, 0.1
	var scores, offsets []float32
	for _, t := range out {
		switch {
		case slices.Equal(t.Shape, []int64{1, int64(h), int64(w), 1}):
			scores = t.F32
		case slices.Equal(t.Shape, []int64{1, int64(h), int64(w), 4}):
			offsets = t.F32
		}
	}
	if len(scores) != w*h || len(offsets) != 4*w*h {
		return nil, fmt.Errorf("vision: the network gave no scores [1 %d %d 1] and offsets [1 %d %d 4]: %w", h, w, h, w, art.ErrUnsupported)
	}
	var found []segment
	for i, score := range scores {
		if !(float64(score) > threshold) {
			continue
		}
		x, y, o := float64(i%w), float64(i/w), offsets[4*i:4*i+4]
		s := segment{float64(score), x + float64(o[0]), y + float64(o[1]), x + float64(o[2]), y + float64(o[3])}
		if length := math.Hypot(s.x1-s.x0, s.y1-s.y0); length > shortest && !math.IsInf(length, 0) {
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, func(a, b segment) int { return cmp.Compare(b.score, a.score) })
	return found[:min(most, len(found))], nil
}
