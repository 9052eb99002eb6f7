package judge

import (
	"context"
	"errors"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Reel is what the panel sees of a clip: groups of neighbouring frames from all of it, the first group its beginning.
type Reel struct {
	FPS    float64
	Starts []int // frame with which each group begins
	Groups [][]*imaging.RGB
}

// ClipPanel is what is asked of clips, beside what the default panel says of their posters.
func ClipPanel() Panel { return Panel{flicker{}, identity{}, motion{}} }

// errNoClip is said of pictures.
var errNoClip = errors.New("it is no clip")

// Block matching: blocks of this side, in a frame of about 256 pixels, are looked for so far in each direction. A step away
// costs a little, so that flat areas stay where they are.
//
// Source: Jain, Jain 1981, "Displacement measurement and its application in interframe image coding", full search; the mean of
// each block is taken off before, so that a change of light is no motion.
const (
	blockSide = 16
	reach     = 8
	stepCost  = 8
)

// plane is a frame's luma with its size.
type plane struct {
	v    []float64
	w, h int
}

func planeOf(p *imaging.RGB) plane { return plane{luma(p), p.Width, p.Height} }

// blocks lists the corners of those blocks whose whole neighbourhood lies inside the frame.
func (p plane) blocks() (all [][2]int) {
	for y := reach; y+blockSide+reach <= p.h; y += blockSide {
		for x := reach; x+blockSide+reach <= p.w; x += blockSide {
			all = append(all, [2]int{x, y})
		}
	}
	return all
}

func (p plane) mean(x, y int) float64 {
	sum := 0.0
	for j := range blockSide {
		for _, v := range p.v[(y+j)*p.w+x:][:blockSide] {
			sum += v
		}
	}
	return sum / (blockSide * blockSide)
}

// find looks for the block at x, y of p in other, and gives how far it has moved.
func (p plane) find(other plane, x, y int) (dx, dy int) {
	here, least := p.mean(x, y), math.Inf(1)
	for _, d := range spiral() {
		cost := float64(stepCost * (abs(d[0]) + abs(d[1])))
		there := other.mean(x+d[0], y+d[1])
		for j := 0; j < blockSide && cost < least; j++ {
			a, b := p.v[(y+j)*p.w+x:][:blockSide], other.v[(y+d[1]+j)*p.w+x+d[0]:][:blockSide]
			for i := range a {
				cost += math.Abs(a[i] - here - b[i] + there)
			}
		}
		if cost < least {
			least, dx, dy = cost, d[0], d[1]
		}
	}
	return dx, dy
}

// spiral lists all steps within reach, standing still first and the near ones before the far ones.
func spiral() (all [][2]int) {
	for r := range 2*reach + 1 {
		for dy := -reach; dy <= reach; dy++ {
			for dx := -reach; dx <= reach; dx++ {
				if abs(dx)+abs(dy) == r {
					all = append(all, [2]int{dx, dy})
				}
			}
		}
	}
	return all
}

func abs(n int) int { return max(n, -n) }

// colour is the mean colour of a block.
func colour(p *imaging.RGB, x, y int) (c [3]float64) {
	for j := range blockSide {
		row := p.Pix[3*((y+j)*p.Width+x):][:3*blockSide]
		for i, v := range row {
			c[i%3] += float64(v)
		}
	}
	for i := range c {
		c[i] /= blockSide * blockSide
	}
	return c
}

// flicker is how much colour changes and goes back from frame to frame, along the motion: half the second difference of a
// block's mean colour over three neighbouring frames. A steady fade, and what only moves, have none.
type flicker struct{}

// Name implements Scorer.
func (flicker) Name() string { return "flicker" }

// Scale implements Scorer.
func (flicker) Scale() Scale {
	return Scale{Version: "1", Unit: "levels", Low: 0, High: 64, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "How far light and colour jump between neighbouring frames, in 8-bit levels and beyond what moves: 0 is steady, above 4 is seen.",
		"de": "Wie weit Licht und Farbe zwischen Nachbarbildern springen, in 8-Bit-Stufen und ohne das, was sich bewegt: 0 ist ruhig, über 4 sieht man es.",
	}}
}

// Score implements Scorer.
func (flicker) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Reel == nil {
		return 0, nil, errNoClip
	}
	sum, n, worst, at := 0.0, 0, -1.0, 0
	for g, frames := range s.Reel.Groups {
		for i := 1; i+1 < len(frames); i++ {
			if err := ctx.Err(); err != nil {
				return 0, nil, err
			}
			v, ok := jump(frames[i-1], frames[i], frames[i+1])
			if !ok {
				return 0, nil, fmt.Errorf("frames of %d×%d are too small to look into", frames[i].Width, frames[i].Height)
			}
			if sum, n = sum+v, n+1; v > worst {
				worst, at = v, s.Reel.Starts[g]+i
			}
		}
	}
	if n == 0 {
		return 0, nil, errors.New("there are fewer than three neighbouring frames")
	}
	return sum / float64(n), &art.Evidence{
		Text:    fmt.Sprintf("most at %.2f s: %.1f levels", float64(at)/s.Reel.FPS, worst),
		Details: map[string]any{"frames": n, "worst": round(worst, 2), "worst_frame": at},
	}, nil
}

// jump is the flicker of the middle one of three frames, over all its blocks.
func jump(before, now, after *imaging.RGB) (float64, bool) {
	a, b, c := planeOf(before), planeOf(now), planeOf(after)
	sum, blocks := 0.0, b.blocks()
	for _, at := range blocks {
		x, y := at[0], at[1]
		px, py := b.find(a, x, y)
		nx, ny := b.find(c, x, y)
		from, here, to := colour(before, x+px, y+py), colour(now, x, y), colour(after, x+nx, y+ny)
		square := 0.0
		for i := range here {
			d := (to[i] - 2*here[i] + from[i]) / 2
			square += d * d / 3
		}
		sum += math.Sqrt(square)
	}
	return sum / float64(max(len(blocks), 1)), len(blocks) > 0
}

// identity is how much of the first frame is still there in later ones, by perceptual hash. It looks at the picture as a
// whole: whether a face is the same one, it doesn't know.
type identity struct{}

// Name implements Scorer.
func (identity) Name() string { return "identity" }

// Scale implements Scorer.
func (identity) Scale() Scale {
	return Scale{Version: "1", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How much the least similar later frame still looks like the first one, by perceptual hash (PDQ): 1 is the same picture, 0 any other. Faces and products are not told apart.",
		"de": "Wie sehr das unähnlichste spätere Bild noch dem ersten gleicht, nach Wahrnehmungs-Hash (PDQ): 1 ist dasselbe Bild, 0 irgendein anderes. Gesichter und Produkte unterscheidet es nicht.",
	}}
}

// Score implements Scorer. Unrelated pictures differ in half of the 256 bits.
func (identity) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Reel == nil {
		return 0, nil, errNoClip
	}
	first, quality, err := imaging.PDQ(s.Reel.Groups[0][0])
	if err != nil {
		return 0, nil, err
	}
	if quality < 50 {
		return 0, nil, fmt.Errorf("the first frame shows too little to be recognised (PDQ quality %d of 100)", quality)
	}
	if len(s.Reel.Groups) < 2 {
		return 0, nil, errors.New("the clip is too short to compare its frames")
	}
	most, at := -1, 0
	for g, frames := range s.Reel.Groups[1:] {
		hash, _, err := imaging.PDQ(frames[0])
		if err != nil {
			return 0, nil, err
		}
		if d := first.Distance(hash); d > most {
			most, at = d, s.Reel.Starts[g+1]
		}
	}
	return max(0, 1-float64(most)/128), &art.Evidence{
		Text:    fmt.Sprintf("least similar at %.2f s: %d of 256 bits differ", float64(at)/s.Reel.FPS, most),
		Details: map[string]any{"bits": most, "frame": at},
	}, nil
}

// motion is how far blocks move, in hundredths of the picture's width a second.
type motion struct{}

// Name implements Scorer.
func (motion) Name() string { return "motion" }

// Scale implements Scorer.
func (motion) Scale() Scale {
	return Scale{Version: "1", Unit: "% of the width/s", Low: 0, High: 50, Direction: art.BandIsBest, Meaning: art.Text{
		"en": "How fast the picture moves on average over its blocks: 0 stands still.",
		"de": "Wie schnell sich das Bild im Mittel über seine Blöcke bewegt: 0 steht still.",
	}}
}

// Score implements Scorer.
func (motion) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Reel == nil {
		return 0, nil, errNoClip
	}
	sum, n, limit, width := 0.0, 0, 0, 1
	for _, frames := range s.Reel.Groups {
		for i := 1; i < len(frames); i++ {
			if err := ctx.Err(); err != nil {
				return 0, nil, err
			}
			a, b := planeOf(frames[i-1]), planeOf(frames[i])
			width = a.w
			for _, at := range a.blocks() {
				dx, dy := a.find(b, at[0], at[1])
				sum, n = sum+math.Hypot(float64(dx), float64(dy)), n+1
				if max(abs(dx), abs(dy)) == reach {
					limit++
				}
			}
		}
	}
	if n == 0 {
		return 0, nil, errors.New("there are no two neighbouring frames that are large enough")
	}
	e := &art.Evidence{Details: map[string]any{"blocks": n, "at_reach": round(float64(limit)/float64(n), 3)}}
	if limit*5 > n {
		e.Text = "much of it moves further from frame to frame than is looked for: it is faster than this"
	}
	return 100 * sum / float64(n) * s.Reel.FPS / float64(width), e, nil
}
