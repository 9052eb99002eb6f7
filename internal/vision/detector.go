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

// detector is a network of MediaPipe's that finds things of one kind, each a box with keypoints: for every place of a
// few grids it says how likely one is there, and where.
//
// Source: google-ai-edge/mediapipe, ssd_anchors_calculator and tensors_to_detections_calculator; the numbers below are
// those of its modules pose_detection, face_detection and palm_detection.
type detector struct {
	size      int   // pixels on a side
	strides   []int // of the grids; equal ones that follow each other share their places
	keypoints int
	least     float64 // score
	low       float64 // level of black
}

func people() detector { return detector{224, []int{8, 16, 32, 32, 32}, 4, 0.5, -1} }
func faces() detector  { return detector{128, []int{8, 16, 16, 16}, 6, 0.5, -1} }
func palms() detector  { return detector{192, []int{8, 16, 16, 16}, 7, 0.5, 0} }

// found is one thing: its box in shares of the region that was looked at, its keypoints in pixels of the picture.
type found struct {
	score                  float64
	left, top, right, down float64
	points                 [][2]float64
}

// find looks at a region of the picture; the likeliest thing comes first.
func (d detector) find(ctx context.Context, p *imaging.RGB, r region, network Runner) ([]found, error) {
	out, err := look(ctx, p, r, network, d.size, d.low, false)
	if err != nil {
		return nil, err
	}
	anchors := d.anchors()
	n := int64(len(anchors))
	wide := int64(4 + 2*d.keypoints)
	if len(out) != 2 || !slices.Equal(out[0].Shape, []int64{1, n, wide}) || !slices.Equal(out[1].Shape, []int64{1, n, 1}) {
		return nil, fmt.Errorf("vision: a detector gives boxes [1, %d, %d] and scores [1, %d, 1]: %w", n, wide, n, art.ErrUnsupported)
	}
	var all []found
	for i, anchor := range anchors {
		score := 1 / (1 + math.Exp(-min(max(float64(out[1].F32[i]), -100), 100)))
		row := out[0].F32[i*int(wide) : (i+1)*int(wide)]
		place := func(k int) [2]float64 {
			return [2]float64{anchor[0] + float64(row[k])/float64(d.size), anchor[1] + float64(row[k+1])/float64(d.size)}
		}
		centre, half := place(0), [2]float64{float64(row[2]) / float64(d.size) / 2, float64(row[3]) / float64(d.size) / 2}
		if !(score >= d.least) || !(half[0] >= 0) || !(half[1] >= 0) {
			continue
		}
		f := found{score: score, left: centre[0] - half[0], top: centre[1] - half[1], right: centre[0] + half[0], down: centre[1] + half[1]}
		for k := range d.keypoints {
			f.points = append(f.points, place(4+2*k))
		}
		all = append(all, f)
	}
	all = merge(all)
	for _, f := range all {
		for i, at := range f.points {
			f.points[i][0], f.points[i][1] = r.at(at[0], at[1])
		}
	}
	return all, nil
}

// look runs a network over a region. Its one input is a square of n pixels a side, channels last, with levels from low to 1; outputs come in its order.
func look(ctx context.Context, p *imaging.RGB, r region, network Runner, n int, low float64, repeat bool) ([]onnx.Tensor, error) {
	in := network.Inputs()
	if len(in) != 1 || !slices.Equal(in[0].Dims, []int64{1, int64(n), int64(n), 3}) {
		return nil, fmt.Errorf("vision: the network takes something else than one picture [1, %d, %d, 3]: %w", n, n, art.ErrUnsupported)
	}
	x := onnx.Float32(r.cut(p, n, low, 1, repeat), 1, int64(n), int64(n), 3)
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: x})
	if err != nil {
		return nil, fmt.Errorf("vision: looking at a part of the picture: %w", err)
	}
	var out []onnx.Tensor
	for _, info := range network.Outputs() {
		t := made[info.Name]
		if int64(len(t.F32)) != t.Len() {
			return nil, fmt.Errorf("vision: output %s has %d numbers for shape %v: %w", info.Name, len(t.F32), t.Shape, art.ErrUnsupported)
		}
		out = append(out, t)
	}
	return out, nil
}

// anchors are the centres of the grids' places, two for each grid that shares them, with sides from 0 to 1.
func (d detector) anchors() (all [][2]float64) {
	for i := 0; i < len(d.strides); {
		same := i
		for same < len(d.strides) && d.strides[same] == d.strides[i] {
			same++
		}
		n := (d.size + d.strides[i] - 1) / d.strides[i]
		for y := range n {
			for x := range n {
				for range 2 * (same - i) {
					all = append(all, [2]float64{(float64(x) + 0.5) / float64(n), (float64(y) + 0.5) / float64(n)})
				}
			}
		}
		i = same
	}
	return all
}

// merge makes one of those that overlap by more than 0.3 with the likeliest: their mean, weighted by their scores.
func merge(all []found) (merged []found) {
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.score, a.score) })
	for len(all) > 0 {
		first := all[0]
		var rest []found
		sum := found{points: make([][2]float64, len(first.points))}
		for i, f := range all {
			if i > 0 && !(first.overlap(f) > 0.3) {
				rest = append(rest, f)
				continue
			}
			sum.score += f.score
			sum.left, sum.top = sum.left+f.score*f.left, sum.top+f.score*f.top
			sum.right, sum.down = sum.right+f.score*f.right, sum.down+f.score*f.down
			for k, at := range f.points {
				sum.points[k][0] += f.score * at[0]
				sum.points[k][1] += f.score * at[1]
			}
		}
		total := sum.score
		sum.score = first.score
		sum.left, sum.top, sum.right, sum.down = sum.left/total, sum.top/total, sum.right/total, sum.down/total
		for k := range sum.points {
			sum.points[k][0] /= total
			sum.points[k][1] /= total
		}
		merged = append(merged, sum)
		all = rest
	}
	return merged
}

// overlap is the share of the common area in that of both together.
func (f found) overlap(o found) float64 {
	w, h := min(f.right, o.right)-max(f.left, o.left), min(f.down, o.down)-max(f.top, o.top)
	if !(w > 0) || !(h > 0) {
		return 0
	}
	return w * h / ((f.right-f.left)*(f.down-f.top) + (o.right-o.left)*(o.down-o.top) - w*h)
}
