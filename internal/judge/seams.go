package judge

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// seams is the height of the highest straight step through a picture, as badly joined tiles leave it.
//
// Along each column and row, in pieces of seamPiece pixels, it takes the median of the steps that stand out from their
// surroundings: an object's outline crosses a piece at a few pixels, a seam lies on most of them. A piece counts where it
// stands out from its neighbours, those one JPEG block away included, and a seam is at least two pieces long. In a picture
// with JPEG's blocks, steps on their grid belong to blocking.
type seams struct{}

const (
	seamPiece = 64 // pixels
	seamReach = 24 // pixels to both sides that a seam is compared with
	seamLow   = 1  // levels, the lowest step that counts
	seamMost  = 8  // seams shown at most
)

// Name implements Scorer.
func (seams) Name() string { return "seams" }

// Scale implements Scorer.
func (seams) Scale() Scale {
	return Scale{Version: "1", Unit: "levels of 255", Low: 0, High: stepLimit, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Height of the highest straight step through the picture where tiles were joined; 0 is none, above 2 it can be seen.",
		"de": "Höhe der höchsten geraden Stufe durch das Bild, wo Kacheln gefügt wurden; 0 ist keine, über 2 ist sie zu sehen.",
	}}
}

// Score implements Scorer.
func (seams) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	w, h := s.Picture.Width, s.Picture.Height
	if w < 2*seamPiece || h < 2*seamPiece {
		return 0, nil, fmt.Errorf("judge: %d×%d pixels are too few to tell a seam from an outline: %w", w, h, art.ErrUnsupported)
	}
	st := stepsOf(s)
	found := straightSteps(w, h, func(x, y int) float32 { return st.across[y*w+x] })
	for _, b := range straightSteps(h, w, func(y, x int) float32 { return st.down[y*w+x] }) {
		found = append(found, art.Box{X: b.Y, Y: b.X, Width: b.Height, Height: b.Width, Label: b.Label, Value: b.Value})
	}
	if g := blockGridOf(s); g.value() >= blocky {
		found = slices.DeleteFunc(found, func(b art.Box) bool { // borders of blocks belong to blocking
			return b.Height > b.Width && (b.X+1)%jpegBlock == g.left || b.Width > b.Height && (b.Y+1)%jpegBlock == g.top
		})
	}
	if len(found) == 0 {
		return 0, &art.Evidence{Text: "there is no seam in the picture"}, nil
	}
	slices.SortStableFunc(found, func(a, b art.Box) int { return cmp.Compare(b.Value, a.Value) })
	return found[0].Value, &art.Evidence{Boxes: found[:min(seamMost, len(found))], Details: map[string]any{"seams": len(found)}}, nil
}

// straightSteps finds seams that run down, where at gives the steps of a picture of width × height.
func straightSteps(width, height int, at func(x, y int) float32) []art.Box {
	l := lines{pieces: height / seamPiece, width: width, at: at}
	l.seen = make([]float32, l.pieces*width)
	for i := range l.seen {
		l.seen[i] = unseen
	}
	var found []art.Box
	for x := seamReach / 2; x < width-seamReach/2; x++ {
		first, sum := -1, 0.0
		for k := 0; k <= l.pieces; k++ {
			if by, ok := l.standsOut(k, x); ok {
				if first < 0 {
					first = k
				}
				sum += by
				continue
			}
			if n := k - first; first >= 0 && n >= 2 {
				found = append(found, art.Box{X: x - 1, Y: first * seamPiece, Width: 2, Height: n * seamPiece, Label: "seam", Value: round(sum/float64(n), 2)})
			}
			first, sum = -1, 0
		}
	}
	return found
}

// unseen marks medians that nobody has asked for.
const unseen = -2 * stepLimit

// lines gives the medians of pieces of columns, each found when it is asked for: in most pieces a glance is enough.
type lines struct {
	pieces, width int
	at            func(x, y int) float32
	seen          []float32
	values        [seamPiece]float32
}

// high tells whether at least half of a piece's steps are high enough.
func (l *lines) high(k, x int) bool {
	n := 0
	for i := range seamPiece {
		if l.at(x, k*seamPiece+i) >= seamLow {
			n++
		} else if i-n > seamPiece/2 {
			return false
		}
	}
	return n >= seamPiece/2
}

func (l *lines) median(k, x int) float64 {
	known := &l.seen[k*l.width+x]
	if *known == unseen {
		for i := range l.values {
			l.values[i] = l.at(x, k*seamPiece+i)
		}
		slices.Sort(l.values[:])
		*known = (l.values[seamPiece/2-1] + l.values[seamPiece/2]) / 2
	}
	return float64(*known)
}

// standsOut compares one piece with those beside it by their median and its deviation.
func (l *lines) standsOut(k, x int) (by float64, ok bool) {
	if k >= l.pieces || !l.high(k, x) || l.median(k, x) < seamLow {
		return 0, false
	}
	here := l.median(k, x)
	around := make([]float64, 0, 2*seamReach)
	for i := max(2, x-seamReach); i <= min(l.width-2, x+seamReach); i++ {
		if i < x-1 || i > x+1 {
			around = append(around, l.median(k, i))
		}
	}
	slices.Sort(around)
	middle := around[len(around)/2]
	deviations := make([]float64, len(around))
	for i, v := range around {
		deviations[i] = math.Abs(v - middle)
	}
	slices.Sort(deviations)
	// A tile's border is alone; JPEG's blocks have one like it eight pixels on.
	by = here - max(middle, l.median(k, max(0, x-jpegBlock)), l.median(k, min(l.width-1, x+jpegBlock)))
	return by, by >= seamLow && here-middle > 6*1.4826*deviations[len(deviations)/2]
}

// tilingSeam is by how many levels a picture jumps where its copies are laid side by side.
type tilingSeam struct{}

// Name implements Scorer.
func (tilingSeam) Name() string { return "tiling" }

// Scale implements Scorer.
func (tilingSeam) Scale() Scale {
	return Scale{Version: "1", Unit: "levels of 255", Low: 0, High: 128, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "Jump between opposite borders beyond the picture's own roughness; only for pictures that are laid side by side, below 2 they join.",
		"de": "Sprung zwischen gegenüberliegenden Rändern über die eigene Rauheit hinaus; nur für Bilder, die gekachelt werden, unter 2 fügen sie sich.",
	}}
}

// Score implements Scorer.
func (tilingSeam) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	v, w, h := lumaOf(s), s.Picture.Width, s.Picture.Height
	if w < 4 || h < 4 {
		return 0, nil, fmt.Errorf("judge: %d×%d pixels have no inside to compare their borders with: %w", w, h, art.ErrUnsupported)
	}
	c := newCells(w, h)
	across, down := 0.0, 0.0
	jump := func(a, b, before, after float64) float64 {
		return math.Abs(a-b) - (math.Abs(before-a)+math.Abs(b-after))/2
	}
	for y := range h {
		row := v[y*w : (y+1)*w]
		j := jump(row[w-1], row[0], row[w-2], row[1])
		across += j
		c.add(0, y, j, 1)
		c.add(w-1, y, j, 1)
	}
	for x := range w {
		j := jump(v[(h-1)*w+x], v[x], v[(h-2)*w+x], v[w+x])
		down += j
		c.add(x, 0, j, 1)
		c.add(x, h-1, j, 1)
	}
	across, down = max(0, across/float64(h)), max(0, down/float64(w))
	return max(across, down), &art.Evidence{
		Heat: c.heat(32), Details: map[string]any{"left_right": round(across, 2), "top_bottom": round(down, 2), "heat_full": 32},
	}, nil
}
