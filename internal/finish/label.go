package finish

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

// readable is the least contrast of text, WCAG 2.1 level AA.
const readable = 4.5

// calm is how much livelier than the calmest corner a usual corner may be, in levels of 255 from pixel to pixel.
const calm = 2.0

// drawLabel draws the visible label into the picture and, anew, into every crop: of a crop it might be cut off.
func drawLabel(_ context.Context, w *work) (map[string]any, error) {
	if !w.labelled() {
		return nil, nil
	}
	stamp, err := newStamp(labelWords(*w.Label, w.Languages))
	if err != nil {
		return nil, err
	}
	bare := w.picture
	placed, err := stamp.draw(bare, *w.Label)
	if err != nil {
		return nil, err
	}
	whole, said, share := placed.picture, placed.record(), placed.share
	crops, drawn := map[string]any{}, map[string]*imaging.RGB{}
	for _, c := range w.Channels {
		if _, done := drawn[c.Aspect]; done || c.Aspect == "" {
			continue
		}
		cut, window, err := w.crop(c.Aspect)
		if err != nil {
			return nil, err
		}
		if window == nil {
			continue
		}
		elsewhere := *w.Label
		elsewhere.Keep = nil // its shares are of the whole picture
		if placed, err = stamp.draw(cut, elsewhere); err != nil {
			return nil, fmt.Errorf("on the crop of %s: %w", c.Aspect, err)
		}
		drawn[c.Aspect], crops[c.Aspect], share = placed.picture, placed.record(), min(share, placed.share)
	}
	w.blank, w.picture, w.crops = bare, whole, drawn
	said["words"], said["share"] = stamp.words, share
	if len(crops) > 0 {
		said["crops"] = crops
	}
	return said, nil
}

// labelled tells whether a label is drawn into the picture. Clips and their posters have none.
func (w *work) labelled() bool { return w.Label != nil && !w.Label.Beside && w.Clip == nil }

// labelling is the action of drawing it.
func (w *work) labelling() provenance.Action {
	return provenance.Action{Action: "c2pa.edited", Software: &w.f.o.Generator, Description: "visible AI label", SourceType: w.cut()}
}

// labelWords are the words that are drawn: those of the readers' only language, else the English ones, which most people know.
func labelWords(v art.VisibleLabel, languages []art.Language) string {
	if len(languages) == 1 {
		return v.Words.In(languages[0])
	}
	return v.Words.In(art.English)
}

// stamp is a label that can be drawn at any size.
type stamp struct {
	words string
	font  *opentype.Font
}

func newStamp(words string) (stamp, error) {
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return stamp{}, fmt.Errorf("reading the label's font: %w", err)
	}
	if words == "" {
		return stamp{}, art.Invalid("label", "it has no words", "name some in the table of rules")
	}
	return stamp{words, f}, nil
}

// placedLabel is a picture with a label and what is to be said of it.
type placedLabel struct {
	picture  *imaging.RGB
	corner   string
	box      image.Rectangle // of the plate
	capitals int             // their height in pixels
	share    float64         // the same, of the shorter side
	contrast float64         // of the worst pixel behind the words
	plate    bool            // a plate lies under the words, because the picture alone was no ground for them
}

func (l placedLabel) record() map[string]any {
	return map[string]any{
		"corner": l.corner, "x": l.box.Min.X, "y": l.box.Min.Y, "width": l.box.Dx(), "height": l.box.Dy(),
		"capitals": l.capitals, "contrast": math.Round(100*l.contrast) / 100, "plate": l.plate,
	}
}

// draw puts the label on a copy of the picture. A picture that has no room for it gives art.ErrInvalid.
func (s stamp) draw(p *imaging.RGB, v art.VisibleLabel) (placedLabel, error) {
	short := min(p.Width, p.Height)
	ink, capitals, err := s.ink(int(math.Ceil(v.Share * float64(short))))
	if err != nil {
		return placedLabel{}, err
	}
	pad, edge := (capitals+1)/2, (capitals+1)/2
	size := image.Pt(ink.Rect.Dx()+2*pad, ink.Rect.Dy()+2*pad)
	if size.X+2*edge > p.Width || size.Y+2*edge > p.Height {
		return placedLabel{}, art.Invalid("label", fmt.Sprintf("%q at %d pixels has no room in %d × %d", s.words, capitals, p.Width, p.Height), "take a channel with a wider picture")
	}
	out := placedLabel{picture: &imaging.RGB{Width: p.Width, Height: p.Height, Pix: slices.Clone(p.Pix)}, capitals: capitals, share: float64(capitals) / float64(short)}
	out.corner, out.box = corner(p, size, edge, v)
	at := out.box.Min.Add(image.Pt(pad, pad))
	colour := byte(255)
	out.contrast = worst(p, out.box, colour)
	if c := worst(p, out.box, 0); c > out.contrast {
		colour, out.contrast = 0, c
	}
	if out.contrast < readable {
		colour, out.plate = 255, true
		out.plateUnder()
		out.contrast = contrast(1, imaging.Luminance(plateShade, plateShade, plateShade))
	} else {
		out.frame(colour)
	}
	for y := range ink.Rect.Dy() {
		for x := range ink.Rect.Dx() {
			out.blend(at.X+x, at.Y+y, colour, float64(ink.Pix[y*ink.Stride+x])/255)
		}
	}
	return out, nil
}

// ink are the words as coverage, cut to what is drawn, with capitals of at least the height.
func (s stamp) ink(least int) (*image.Alpha, int, error) {
	for size := 1.3 * float64(max(least, 7)); ; size *= 1.02 {
		face, err := opentype.NewFace(s.font, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return nil, 0, fmt.Errorf("sizing the label's font: %w", err)
		}
		bounds, _ := font.BoundString(face, s.words)
		capital, _ := font.BoundString(face, s.words[:1])
		height := (capital.Max.Y - capital.Min.Y).Floor()
		if height < least {
			continue
		}
		m := image.NewAlpha(image.Rect(0, 0, (bounds.Max.X-bounds.Min.X).Ceil()+1, (bounds.Max.Y-bounds.Min.Y).Ceil()+1))
		d := font.Drawer{Dst: m, Src: image.Opaque, Face: face, Dot: fixed.Point26_6{X: -bounds.Min.X, Y: -bounds.Min.Y}}
		d.DrawString(s.words)
		return m, height, face.Close()
	}
}

// corner picks the label's place: the asked corner; else the usual one, unless another is much calmer, as faces, edges and words
// make a place lively. What has to be kept free is left to the last.
func corner(p *imaging.RGB, size image.Point, edge int, v art.VisibleLabel) (string, image.Rectangle) {
	type place struct {
		name   string
		box    image.Rectangle
		lively float64
	}
	var all []place
	for _, name := range art.Corners() {
		at := image.Pt(p.Width-edge-size.X, edge)
		if name == "top-left" || name == "bottom-left" {
			at.X = edge
		}
		if name == "bottom-left" || name == "bottom-right" {
			at.Y = p.Height - edge - size.Y
		}
		one := place{name, image.Rectangle{at, at.Add(size)}, 0}
		if name == v.Corner {
			return one.name, one.box
		}
		one.lively = liveliness(p, one.box)
		for _, r := range v.Keep {
			b := r.In(p.Width, p.Height)
			if one.box.Overlaps(image.Rect(b.X, b.Y, b.X+b.Width, b.Y+b.Height)) {
				one.lively += 255
			}
		}
		all = append(all, one)
	}
	least := slices.MinFunc(all, func(a, b place) int { return int(1000 * (a.lively - b.lively)) }).lively
	for _, one := range all {
		if one.lively <= least+calm {
			return one.name, one.box
		}
	}
	return all[0].name, all[0].box
}

// liveliness is the mean step between neighbouring pixels, in levels of 255.
func liveliness(p *imaging.RGB, box image.Rectangle) float64 {
	sum, n := 0, 0
	for y := box.Min.Y + 1; y < box.Max.Y; y++ {
		for x := box.Min.X + 1; x < box.Max.X; x++ {
			i := 3 * (y*p.Width + x)
			for c := range 3 {
				here := int(p.Pix[i+c])
				sum += abs(here-int(p.Pix[i+c-3])) + abs(here-int(p.Pix[i+c-3*p.Width]))
				n += 2
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// plateShade is the grey of a plate: white words on it have a contrast of 17:1.
const plateShade = 24

// plateUnder lays a plate with round corners under the words.
func (l placedLabel) plateUnder() {
	l.each(func(x, y int, d float64) { l.blend(x, y, plateShade, min(1, max(0, 0.5-d))) })
}

// frame draws a line around words that need no plate, so that they are seen as a label.
func (l placedLabel) frame(colour byte) {
	half := max(1, float64(l.capitals)/10) / 2
	l.each(func(x, y int, d float64) { l.blend(x, y, colour, min(1, max(0, half+0.5-math.Abs(d+half)))) })
}

// each visits the pixels of the plate with their distance from its outline, negative inside.
func (l placedLabel) each(do func(x, y int, distance float64)) {
	radius := 0.4 * float64(l.capitals)
	w, h := float64(l.box.Dx())/2, float64(l.box.Dy())/2
	for y := l.box.Min.Y; y < l.box.Max.Y; y++ {
		for x := l.box.Min.X; x < l.box.Max.X; x++ {
			dx := math.Abs(float64(x-l.box.Min.X)+0.5-w) - w + radius
			dy := math.Abs(float64(y-l.box.Min.Y)+0.5-h) - h + radius
			do(x, y, math.Hypot(max(dx, 0), max(dy, 0))+min(max(dx, dy), 0)-radius)
		}
	}
}

func (l placedLabel) blend(x, y int, grey byte, part float64) {
	i := 3 * (y*l.picture.Width + x)
	for c := range 3 {
		v := float64(l.picture.Pix[i+c])
		l.picture.Pix[i+c] = byte(v + (float64(grey)-v)*part + 0.5)
	}
}

// worst is the least contrast of a grey to any pixel of a part of the picture.
func worst(p *imaging.RGB, box image.Rectangle, grey byte) float64 {
	mine, least := imaging.Luminance(grey, grey, grey), math.Inf(1)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			least = min(least, contrast(mine, imaging.Luminance(p.At(x, y))))
		}
	}
	return least
}

// contrast is the ratio of WCAG 2.1, 1..21.
func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
