package finish

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// FaceFinder finds faces, in pixels of a picture. It is safe for concurrent use.
type FaceFinder interface {
	// FindFaces gives art.ErrUnavailable where what finds them isn't here.
	FindFaces(ctx context.Context, p *imaging.RGB) ([]art.Box, error)
}

// windows chooses the part of the picture that each aspect shows. Channels of one aspect share a window, and what is safe for all of them.
func windows(ctx context.Context, w *work) (map[string]any, error) {
	w.windows = map[string]art.Window{}
	var v *view
	record := map[string]any{}
	for _, c := range w.Channels {
		if _, done := w.windows[c.Aspect]; done || c.Aspect == "" {
			continue
		}
		ratio, err := parseAspect(c.Aspect)
		if err != nil {
			return nil, err
		}
		if v == nil {
			if v, err = w.look(ctx); err != nil {
				return nil, err
			}
			record["faces"] = "not looked for"
			if v.looked {
				record["faces"] = len(v.faces)
			}
		}
		v.safe = safeZone(w.Channels, c.Aspect)
		w.windows[c.Aspect] = v.choose(ratio)
		record[c.Aspect] = w.windows[c.Aspect]
	}
	if v == nil {
		return nil, nil
	}
	return record, nil
}

// crop cuts the picture to an aspect's window, which is nil where that is the whole picture; a label was drawn into the crop anew.
func (w *work) crop(aspect string) (*imaging.RGB, *art.Window, error) {
	window, ok := w.windows[aspect]
	if !ok || window.Width == w.picture.Width && window.Height == w.picture.Height {
		return w.picture, nil, nil
	}
	if p := w.crops[aspect]; p != nil {
		return p, &window, nil
	}
	p, err := imaging.Crop(w.picture, window.X, window.Y, window.Width, window.Height)
	return p, &window, err
}

// look finds out what windows should keep. Without a network for faces there are none.
func (w *work) look(ctx context.Context) (*view, error) {
	eye, err := attraction(w.picture)
	v := &view{width: w.picture.Width, height: w.picture.Height, eye: eye, copySpace: w.Layout.CopySpace}
	if err != nil || w.f.o.Faces == nil {
		return v, err
	}
	v.faces, err = w.f.o.Faces.FindFaces(ctx, w.picture)
	v.looked = err == nil
	if ctx.Err() != nil {
		return nil, fmt.Errorf("looking for faces: %w", ctx.Err())
	}
	return v, nil // a picture is cut without them as well
}

// attraction is what a crop should hold: the root of the saliency, as all of what stands out is wanted and not its loudest places alone;
// on a plain background half of that, and half the figure, whose middle draws the eye less than its outline.
func attraction(p *imaging.RGB) (*imaging.Plane, error) {
	const side = 128 // pixels that are enough to see a figure
	eye := vision.FindSaliency(p).Map
	for i, v := range eye.Pix {
		eye.Pix[i] = float32(math.Sqrt(float64(v)))
	}
	long := max(p.Width, p.Height)
	small, err := imaging.Resize(p, max(1, p.Width*side/long), max(1, p.Height*side/long))
	if err != nil {
		return nil, fmt.Errorf("looking for the figure: %w", err)
	}
	figure, plain := plainGround().Figure(small)
	if !plain {
		return eye, nil
	}
	figure = figure.Resize(eye.Width, eye.Height)
	a, b := total(eye), total(figure)
	if !(a > 0) || !(b > 0) {
		return eye, nil
	}
	for i, v := range figure.Pix {
		eye.Pix[i] = float32((float64(eye.Pix[i])/a + float64(v)/b) / 2)
	}
	return eye, nil
}

func total(p *imaging.Plane) float64 {
	sum := 0.0
	for _, v := range p.Pix {
		sum += float64(v)
	}
	return sum
}

// safeZone is what all channels of an aspect leave uncovered; nil is everything, or nothing in common.
func safeZone(channels []art.Channel, aspect string) *art.Region {
	left, top, right, bottom := 0.0, 0.0, 1.0, 1.0
	for _, c := range channels {
		if z := c.SafeZone; z != nil && c.Aspect == aspect {
			left, top, right, bottom = max(left, z.X), max(top, z.Y), min(right, z.X+z.Width), min(bottom, z.Y+z.Height)
		}
	}
	if !(right > left && bottom > top) {
		return nil
	}
	return &art.Region{X: left, Y: top, Width: right - left, Height: bottom - top}
}

// parseAspect reads an aspect such as "16:9" as width over height.
func parseAspect(aspect string) (float64, error) {
	a, b, ok := strings.Cut(aspect, ":")
	w, err1 := strconv.ParseFloat(a, 64)
	h, err2 := strconv.ParseFloat(b, 64)
	if ratio := w / h; ok && err1 == nil && err2 == nil && w > 0 && h > 0 && ratio > 0 && !math.IsInf(ratio, 0) {
		return ratio, nil
	}
	return 0, art.Invalid("aspect", fmt.Sprintf("%q is no aspect", aspect), "write it as 16:9")
}

// view is what the window of a picture is chosen by.
type view struct {
	width, height int            // of the picture
	eye           *imaging.Plane // saliency over the whole picture, in any size, 0 or more
	faces         []art.Box
	looked        bool        // for faces
	safe          *art.Region // of the window: what is seen of it; nil is all
	copySpace     *art.Region // of the window: words will hide what lies there; nil is none

	sums []float64 // of eye: all above and left of a corner
}

// alike is the share of what can be seen by which windows may differ and still count as equally good.
const alike = 0.05

// choose gives the largest window of an aspect, width over height, that lets most be seen: of the saliency and, as much again, of the
// faces, wherever neither words nor what is outside of the safe zone hides them. A face that fits is whole, the largest first. Of
// windows that are equally good the one in their middle is taken: where nothing stands out, the picture's middle.
//
// Faces count as much as all saliency after Cerf, Harel, Einhäuser, Koch 2007, "Predicting human gaze using low-level saliency
// combined with face detection".
func (v *view) choose(aspect float64) art.Window {
	w := art.Window{Width: v.width, Height: v.height}
	along := float64(v.width) > aspect*float64(v.height)
	var last int // place of the last window
	at := &w.Y
	if along {
		w.Width = max(1, int(math.Round(aspect*float64(v.height))))
		last, at = v.width-w.Width, &w.X
	} else {
		w.Height = min(v.height, max(1, int(math.Round(float64(v.width)/aspect))))
		last = v.height - w.Height
	}
	v.addUp()
	low, high := v.whole(along, last)
	seen := make([]float64, last+1)
	for *at = range seen {
		seen[*at] = v.seen(w)
	}
	best := min(max(last/2, low), high)
	for i := low; i <= high; i++ {
		if d := seen[i] - seen[best]; d > 0 || d == 0 && distance(i, last) < distance(best, last) {
			best = i
		}
	}
	from, to := best, best
	for from > low && seen[from-1] >= seen[best]-alike {
		from--
	}
	for to < high && seen[to+1] >= seen[best]-alike {
		to++
	}
	*at = last / 2
	middle := v.salient(w)
	*at = (from + to) / 2
	v.explain(&w, from == 0 && to == last, middle)
	return w
}

// distance of a place from the middle of 0 to last, in halves.
func distance(i, last int) int { return max(2*i-last, last-2*i) }

// whole gives the places from which a window holds as many faces whole as it can, the largest first, and then their heads; all of
// 0 to last without.
func (v *view) whole(along bool, last int) (low, high int) {
	low, high = 0, last
	faces := slices.Clone(v.faces)
	slices.SortStableFunc(faces, func(a, b art.Box) int { return cmp.Compare(b.Width*b.Height, a.Width*a.Height) })
	for _, f := range slices.Concat(faces, v.heads(faces)) {
		begin, end, side := f.X, f.X+f.Width, v.width-last
		if !along {
			begin, end, side = f.Y, f.Y+f.Height, v.height-last
		}
		if l, h := max(low, end-side), min(high, begin); l <= h {
			low, high = l, h
		}
	}
	return low, high
}

// heads are the boxes of the heads that faces, from brows to chin, belong to, as far as they are in the picture.
func (v *view) heads(faces []art.Box) []art.Box {
	all := make([]art.Box, len(faces))
	for i, f := range faces {
		left, top := max(0, f.X-f.Width/5), max(0, f.Y-f.Height*3/5)
		right, bottom := min(v.width, f.X+f.Width+f.Width/5), min(v.height, f.Y+f.Height+f.Height/5)
		all[i] = art.Box{X: left, Y: top, Width: right - left, Height: bottom - top}
	}
	return all
}

// explain fills in what the window keeps, and why it is this one.
func (v *view) explain(w *art.Window, free bool, middle float64) {
	w.Kept = round3(v.salient(*w))
	for _, f := range v.faces {
		if f.X >= w.X && f.Y >= w.Y && f.X+f.Width <= w.X+w.Width && f.Y+f.Height <= w.Y+w.Height {
			w.Faces++
		}
	}
	switch percent := func(share float64) int { return int(100*share + 0.5) }; {
	case w.Width == v.width && w.Height == v.height:
		w.Why = art.Text{"en": "It is the whole picture.", "de": "Es ist das ganze Bild."}
	case free:
		w.Why = art.Text{"en": "The middle, as nothing stands out or every window keeps as much.", "de": "Die Mitte, da nichts hervorsticht oder jeder Ausschnitt gleich viel behält."}
	case w.Faces > 0:
		w.Why = art.Text{
			"en": fmt.Sprintf("It holds %d of %d faces whole and keeps %d %% of what draws the eye; the middle would keep %d %%.", w.Faces, len(v.faces), percent(w.Kept), percent(middle)),
			"de": fmt.Sprintf("Er zeigt %d von %d Gesichtern ganz und behält %d %% dessen, was den Blick anzieht; die Mitte behielte %d %%.", w.Faces, len(v.faces), percent(w.Kept), percent(middle)),
		}
	default:
		w.Why = art.Text{
			"en": fmt.Sprintf("It keeps %d %% of what draws the eye; the middle would keep %d %%.", percent(w.Kept), percent(middle)),
			"de": fmt.Sprintf("Er behält %d %% dessen, was den Blick anzieht; die Mitte behielte %d %%.", percent(w.Kept), percent(middle)),
		}
	}
}

func round3(v float64) float64 { return math.Round(v*1000) / 1000 }

// seen is the share of what should be seen that a window lets see.
func (v *view) seen(w art.Window) float64 {
	share := v.salient(w)
	open, hidden := v.openings(w)
	area, shown := 0.0, 0.0
	for _, f := range v.faces {
		b := span{float64(f.X), float64(f.Y), float64(f.X + f.Width), float64(f.Y + f.Height)}
		area += b.area()
		shown += b.and(open).area() - b.and(hidden).area()
	}
	if area > 0 {
		return (share + shown/area) / 2
	}
	return share
}

// salient is the share of the saliency that a window lets see.
func (v *view) salient(w art.Window) float64 {
	all := v.sum(span{0, 0, float64(v.width), float64(v.height)})
	if !(all > 0) {
		return 0
	}
	open, hidden := v.openings(w)
	return (v.sum(open) - v.sum(hidden)) / all
}

// openings gives what is seen of a window, and the part of it that words hide, in pixels of the picture.
func (v *view) openings(w art.Window) (open, hidden span) {
	place := func(r art.Region) span {
		x, y, width, height := float64(w.X), float64(w.Y), float64(w.Width), float64(w.Height)
		return span{x + r.X*width, y + r.Y*height, x + (r.X+r.Width)*width, y + (r.Y+r.Height)*height}
	}
	open = place(art.Region{Width: 1, Height: 1})
	if v.safe != nil {
		open = open.and(place(*v.safe))
	}
	if v.copySpace != nil {
		hidden = open.and(place(*v.copySpace))
	}
	return open, hidden
}

// span is a rectangle; one that ends before it begins is empty.
type span struct{ left, top, right, bottom float64 }

func (s span) and(o span) span {
	return span{max(s.left, o.left), max(s.top, o.top), min(s.right, o.right), min(s.bottom, o.bottom)}
}

func (s span) area() float64 { return max(0, s.right-s.left) * max(0, s.bottom-s.top) }

// addUp makes the table of sums.
func (v *view) addUp() {
	if v.sums != nil {
		return
	}
	w := v.eye.Width + 1
	v.sums = make([]float64, w*(v.eye.Height+1))
	for i, value := range v.eye.Pix {
		at := (i/v.eye.Width+1)*w + i%v.eye.Width + 1
		v.sums[at] = float64(value) + v.sums[at-1] + v.sums[at-w] - v.sums[at-w-1]
	}
}

// sum is the saliency in a rectangle; a place that it cuts counts by its part.
func (v *view) sum(s span) float64 {
	if s.area() == 0 {
		return 0
	}
	corner := func(x, y float64) float64 {
		x, y = x*float64(v.eye.Width)/float64(v.width), y*float64(v.eye.Height)/float64(v.height)
		i, j := min(int(x), v.eye.Width-1), min(int(y), v.eye.Height-1)
		fx, fy, at, w := x-float64(i), y-float64(j), j*(v.eye.Width+1)+i, v.eye.Width+1
		return (1-fy)*((1-fx)*v.sums[at]+fx*v.sums[at+1]) + fy*((1-fx)*v.sums[at+w]+fx*v.sums[at+w+1])
	}
	return max(0, corner(s.right, s.bottom)-corner(s.left, s.bottom)-corner(s.right, s.top)+corner(s.left, s.top))
}
