package vision

import (
	"math"

	"presswerk/internal/imaging"
)

// DrawPoses draws skeletons in the colours, the order and the proportions that ControlNet's openpose models learned
// from: limbs at 0.6 of their colour, joints upon them, then hands, then faces. Joints below the least score, of 0..1, or
// outside the picture are left out, and so are limbs that lack an end. Lines are four pixels wide on either side where
// the picture's shorter side has 512, and grow with it.
//
// Source: lllyasviel/ControlNet-v1-1-nightly, annotator/openpose/util.py.
func DrawPoses(poses []Pose, width, height int, least float64) (*imaging.RGB, error) {
	canvas, err := imaging.NewRGB(width, height)
	if err != nil {
		return nil, err
	}
	unit := float64(min(width, height)) / 512
	for i, limb := range limbs() {
		for _, pose := range poses {
			if a, b := pose.Body[limb[0]], pose.Body[limb[1]]; drawn(canvas, a, least) && drawn(canvas, b, least) {
				drawLimb(canvas, a, b, max(1, math.Round(4*unit)), dimmed(rainbow(i)))
			}
		}
	}
	for i := range (Body{}) {
		for _, pose := range poses {
			if at := pose.Body[i]; drawn(canvas, at, least) {
				drawDot(canvas, at, max(1, math.Round(4*unit)), rainbow(i))
			}
		}
	}
	for _, pose := range poses {
		for _, hand := range pose.Hands {
			drawHand(canvas, hand, least, unit)
		}
	}
	for _, pose := range poses {
		for _, at := range pose.Face {
			if drawn(canvas, at, least) {
				drawDot(canvas, at, max(1, math.Round(3*unit)), [3]uint8{255, 255, 255})
			}
		}
	}
	return canvas, nil
}

// limbs are pairs of joints, in the order of their colours.
func limbs() [][2]int {
	return [][2]int{
		{1, 2},
		{1, 5},
		{2, 3},
		{3, 4},
		{5, 6},
		{6, 7},
		{1, 8},
		{8, 9},
		{9, 10},
		{1, 11},
		{11, 12},
		{12, 13},
		{1, 0},
		{0, 14},
		{14, 16},
		{0, 15},
		{15, 17},
	}
}

// rainbow is one of 18 colours, a sixth of the wheel in four steps… of 85 levels, from red over green and blue to pink.
func rainbow(i int) [3]uint8 {
	rise := func(k int) uint8 { return uint8(min(max(k, 0), 3) * 85) }
	return [3]uint8{
		max(rise(6-i), rise(i-12)),
		min(rise(i), rise(12-i)),
		min(rise(i-6), rise(18-i)),
	}
}

func dimmed(c [3]uint8) [3]uint8 {
	for i := range c {
		c[i] = uint8(float64(c[i]) * 0.6)
	}
	return c
}

// drawn tells whether a joint is sure enough and in the picture.
func drawn(p *imaging.RGB, j Joint, least float64) bool {
	return j.Score >= least && j.X >= 0 && j.Y >= 0 && j.X < float64(p.Width) && j.Y < float64(p.Height)
}

// drawLimb fills an ellipse from one joint to the other.
func drawLimb(p *imaging.RGB, a, b Joint, thick float64, colour [3]uint8) {
	x, y := math.Floor((a.X+b.X)/2), math.Floor((a.Y+b.Y)/2)
	long := math.Floor(math.Hypot(a.X-b.X, a.Y-b.Y) / 2)
	degrees := math.Trunc(math.Atan2(a.Y-b.Y, a.X-b.X) * 180 / math.Pi) // the annotator turns by whole ones
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	fill(p, x, y, max(long, thick), func(dx, dy float64) bool {
		along, across := dx*cos+dy*sin, dy*cos-dx*sin
		return math.Hypot(along/(long+0.75), across/(thick+0.55)) <= 1 // as far as OpenCV's polygon reaches
	}, colour)
}

func drawDot(p *imaging.RGB, at Joint, radius float64, colour [3]uint8) {
	fill(p, math.Floor(at.X), math.Floor(at.Y), radius, func(dx, dy float64) bool {
		return dx*dx+dy*dy <= radius*radius
	}, colour)
}

// fill colours the pixels around a place, no farther away than reach, that belong to a shape.
func fill(p *imaging.RGB, x, y, reach float64, belongs func(dx, dy float64) bool, colour [3]uint8) {
	for j := max(0, int(y-reach)); j <= min(p.Height-1, int(y+reach)); j++ {
		for i := max(0, int(x-reach)); i <= min(p.Width-1, int(x+reach)); i++ {
			if belongs(float64(i)-x, float64(j)-y) {
				p.Set(i, j, colour[0], colour[1], colour[2])
			}
		}
	}
}

// drawHand draws lines of the colours of the wheel from the wrist along each finger, and blue joints.
func drawHand(p *imaging.RGB, hand []Joint, least, unit float64) {
	if len(hand) != 21 {
		return
	}
	for i := range 20 {
		from, to := hand[i], hand[i+1]
		if i%4 == 0 {
			from = hand[0]
		}
		if drawn(p, from, least) && drawn(p, to, least) {
			drawBar(p, from, to, max(1, unit), wheel(float64(i)/20))
		}
	}
	for _, at := range hand {
		if drawn(p, at, least) {
			drawDot(p, at, max(1, math.Round(4*unit)), [3]uint8{0, 0, 255})
		}
	}
}

// drawBar draws a line with round ends, so wide on either side.
func drawBar(p *imaging.RGB, a, b Joint, wide float64, colour [3]uint8) {
	ax, ay := math.Floor(a.X), math.Floor(a.Y)
	bx, by := math.Floor(b.X)-ax, math.Floor(b.Y)-ay
	length := bx*bx + by*by
	fill(p, ax, ay, math.Sqrt(length)+wide, func(dx, dy float64) bool {
		t := 0.0
		if length > 0 {
			t = min(max((dx*bx+dy*by)/length, 0), 1)
		}
		return math.Hypot(dx-t*bx, dy-t*by) <= wide
	}, colour)
}

// wheel is the full colour of a hue from 0 to 1.
func wheel(hue float64) [3]uint8 {
	var c [3]uint8
	for i, middle := range []float64{0, 2, 4} {
		away := math.Abs(math.Mod(6*hue-middle+9, 6) - 3)
		c[i] = uint8(255 * min(max(2-away, 0), 1))
	}
	return c
}
