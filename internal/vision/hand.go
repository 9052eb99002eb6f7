package vision

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// hands looks for both hands, left and right, at the end of the arms that a body's landmarks show: once where wrist and
// fingers seem to be, and again where the hand was found to lie. MediaPipe has a network of its own for the first look.
func hands(ctx context.Context, p *imaging.RGB, marks []Joint, network Runner) (both [2][]Joint, err error) {
	const visible = 0.1 // score of a wrist from which looking is worth it
	for i, side := range [][3]int{{15, 19, 17}, {16, 20, 18}} {
		wrist, index, little := marks[side[0]], marks[side[1]], marks[side[2]]
		if !(wrist.Score >= visible) {
			continue
		}
		x, y := (2*index.X+little.X)/3, (2*index.Y+little.Y)/3
		side := 2 * math.Hypot(x-wrist.X, y-wrist.Y)
		r := box{x, y, side, side, upright(wrist.X, wrist.Y, x, y)}.region(-0.1, 2.7)
		first, err := hand(ctx, p, r, network)
		if err != nil {
			return both, err
		}
		if first == nil {
			continue
		}
		if both[i], err = hand(ctx, p, around(first), network); err != nil {
			return both, err
		}
	}
	return both, nil
}

// hand gives the 21 joints of a hand in a region, or none.
func hand(ctx context.Context, p *imaging.RGB, r region, network Runner) ([]Joint, error) {
	const size, count = 224, 21
	if !r.usable() {
		return nil, nil
	}
	out, err := look(ctx, p, r, network, size, 0, true)
	if err != nil {
		return nil, err
	}
	if len(out) < 2 || out[0].Len() != 3*count || out[1].Len() != 1 {
		return nil, fmt.Errorf("vision: a network for landmarks of a hand gives [1, %d] and [1, 1]: %w", 3*count, art.ErrUnsupported)
	}
	score := float64(out[1].F32[0])
	if !(score > 0.5) {
		return nil, nil
	}
	return placed(r, out[0].F32, size, count, score), nil
}

// placed brings x, y, z of a region's pixels to the picture.
func placed(r region, values []float32, size, count int, score float64) []Joint {
	joints := make([]Joint, count)
	for i := range joints {
		joints[i].X, joints[i].Y = r.at(float64(values[3*i])/float64(size), float64(values[3*i+1])/float64(size))
		joints[i].Score = score
	}
	return joints
}

// around is the region of a hand: twice the square around the palm and the first joints of its fingers, turned so that
// the fingers point up.
func around(hand []Joint) region {
	wrist, index, middle, ring := hand[0], hand[5], hand[9], hand[13]
	turn := upright(wrist.X, wrist.Y, ((index.X+ring.X)/2+middle.X)/2, ((index.Y+ring.Y)/2+middle.Y)/2)
	var part []Joint
	for _, i := range []int{0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18} {
		part = append(part, hand[i])
	}
	return bounds(part, turn).region(-0.1, 2)
}

// bounds is the box, turned, around joints.
func bounds(joints []Joint, turn float64) box {
	sin, cos := math.Sincos(turn)
	left, top, right, down := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, j := range joints {
		a, b := j.X*cos+j.Y*sin, j.Y*cos-j.X*sin
		left, top, right, down = min(left, a), min(top, b), max(right, a), max(down, b)
	}
	a, b := (left+right)/2, (top+down)/2
	return box{a*cos - b*sin, a*sin + b*cos, right - left, down - top, turn}
}
