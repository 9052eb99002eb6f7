package vision

import (
	"cmp"
	"context"
	"math"
	"slices"

	"presswerk/internal/imaging"
)

// Hand is one in a picture: 21 joints from the wrist to the tip of the little finger, in OpenPose's order, in pixels.
// Score, of 0..1, is how surely it is a hand.
type Hand struct {
	Joints []Joint
	Score  float64
}

// HandsIn finds hands anywhere in a picture, the surest first, without the body that they belong to. The network that
// places the joints always gives five fingers. Networks are MediaPipe's palm_detection_full and hand_landmark_full, converted; another
// one gives art.ErrUnsupported.
//
// Source: Zhang et al. 2020, "MediaPipe Hands", arXiv:2006.10214.
func HandsIn(ctx context.Context, p *imaging.RGB, finder, part Runner) ([]Hand, error) {
	var seen []palmSeen
	for _, r := range looks(p) {
		some, err := palmsIn(ctx, p, r, finder)
		if err != nil {
			return nil, err
		}
		seen = append(seen, some...)
	}
	slices.SortStableFunc(seen, func(a, b palmSeen) int { return cmp.Compare(b.score, a.score) })
	var apart []palmSeen
	for _, s := range seen {
		if !slices.ContainsFunc(apart, func(o palmSeen) bool { return math.Hypot(s.x-o.x, s.y-o.y) < max(s.width, o.width)/2 }) {
			apart = append(apart, s)
		}
	}
	var all []Hand
	for _, s := range apart {
		first, err := hand(ctx, p, s.region(-0.5, 2.6), part)
		if err != nil {
			return nil, err
		}
		if first == nil {
			continue
		}
		joints, err := hand(ctx, p, around(first), part)
		if err != nil {
			return nil, err
		}
		if joints != nil {
			all = append(all, Hand{joints, joints[0].Score})
		}
	}
	slices.SortStableFunc(all, func(a, b Hand) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Hand
	for _, h := range all {
		if !slices.ContainsFunc(kept, h.same) {
			kept = append(kept, h)
		}
	}
	return kept, nil
}

// palmSeen is the box of a palm, turned as the hand is, in pixels of the picture.
type palmSeen struct {
	box
	score float64
}

func palmsIn(ctx context.Context, p *imaging.RGB, r region, finder Runner) (all []palmSeen, err error) {
	seen, err := palms().find(ctx, p, r, finder)
	for _, s := range seen {
		x, y := r.at((s.left+s.right)/2, (s.top+s.down)/2)
		wrist, middle := s.points[0], s.points[2]
		turn := upright(wrist[0], wrist[1], middle[0], middle[1])
		all = append(all, palmSeen{box{x, y, (s.right - s.left) * r.side, (s.down - s.top) * r.side, turn}, s.score})
	}
	return all, err
}

// same tells whether two hands are one that was seen twice: their joints lie close together in the mean.
func (h Hand) same(o Hand) bool {
	sum := 0.0
	for i, j := range h.Joints {
		sum += math.Hypot(j.X-o.Joints[i].X, j.Y-o.Joints[i].Y)
	}
	return !(sum/float64(len(h.Joints)) > 0.3*h.palm())
}

// palm is the distance from the wrist to the middle knuckle.
func (h Hand) palm() float64 {
	return math.Hypot(h.Joints[9].X-h.Joints[0].X, h.Joints[9].Y-h.Joints[0].Y)
}
