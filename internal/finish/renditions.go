package finish

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/imaging/ssimulacra2"
	"presswerk/internal/provenance"
)

// extent is a size that several formats may be written at.
type extent struct {
	aspect string
	width  int
}

// canvas is the picture at one size, with what measures its copies.
type canvas struct {
	picture *imaging.RGB
	clean   *imaging.RGB // before a number was hidden in it; nil where none was
	ruler   *ruler
	speckly bool // a hidden number has made the picture look like a screen to encoders
}

// seen is what files are compared with: the grain of a hidden number is a loss as well, and none that bytes should be spent on.
func (c *canvas) seen() *imaging.RGB { return cmp.Or(c.clean, c.picture) }

// order is a wish on its way to a file.
type order struct {
	wish
	canvas *canvas
	trial  trial
}

// start is the encoding that the search for this file begins with. libaom takes flat areas with a faint grain for a screen, and looks in
// vain for copies and palettes in it, for ten times the usual time, unless it is asked for little effort: files are a sixth to a half larger then.
func (o *order) start() imaging.Encoding {
	if o.canvas.speckly && o.format == imaging.AVIF {
		return start(o.format, imaging.Preview)
	}
	return start(o.format, imaging.Web)
}

// side does something with every order, as many at a time as there are cores. Which come first does not change what comes out.
func side[T any](ctx context.Context, list []T, do func(ctx context.Context, x T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, x := range list {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return do(ctx, x)
		})
	}
	return group.Wait()
}

// sizes makes the picture at every size that channels ask for, each once, however many formats are written from it.
func sizes(ctx context.Context, w *work) (map[string]any, error) {
	list, err := w.wishes()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	made := map[extent]*order{}
	var first []*order
	for _, x := range list {
		at, o := extent{x.aspect, x.width}, &order{wish: x, canvas: &canvas{}}
		if there := made[at]; there != nil {
			o.canvas = there.canvas
		} else {
			made[at] = o
			first = append(first, o)
		}
		w.orders = append(w.orders, o)
	}
	err = side(ctx, first, func(_ context.Context, o *order) (err error) {
		height := max(1, (o.cropped.Height*o.width+o.cropped.Width/2)/o.cropped.Width)
		if o.canvas.picture, err = imaging.Resize(o.cropped, o.width, height); err != nil || o.clean == nil {
			return err
		}
		o.canvas.clean, err = imaging.Resize(o.clean, o.width, height)
		return err
	})
	return map[string]any{"sizes": len(first), "filter": "lanczos3", "light": "linear"}, err
}

// target is the score that lossy files reach.
func (w *work) target() float64 { return cmp.Or(w.Finishing.Score, defaultScore) }

// quality finds how each file is encoded.
func quality(ctx context.Context, w *work) (map[string]any, error) {
	if len(w.orders) == 0 {
		return nil, nil
	}
	if err := w.rulers(ctx); err != nil {
		return nil, err
	}
	return map[string]any{"metric": ssimulacra2.Name, "target": w.target()}, w.choose(ctx, w.target())
}

// renditions writes every file that the channels ask for.
func renditions(ctx context.Context, w *work) (map[string]any, error) {
	place, files := map[*order]int{}, make([]File, len(w.orders))
	for i, o := range w.orders {
		place[o] = i
	}
	if err := side(ctx, heaviest(w.orders), func(ctx context.Context, o *order) error {
		file, err := w.rendition(ctx, o, w.target())
		files[place[o]] = file
		return o.failed(err)
	}); err != nil {
		return nil, err
	}
	w.out.Renditions = append(w.out.Renditions, files...)
	return map[string]any{"files": len(files)}, nil
}

// failed says which file an error stopped.
func (o *order) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s at %d pixels for %s: %w", o.format, o.width, strings.Join(o.channels, ", "), err)
}

// rulers makes what measures the copies of each size.
func (w *work) rulers(ctx context.Context) error {
	var bare []*canvas
	for _, o := range w.orders {
		if !slices.Contains(bare, o.canvas) {
			bare = append(bare, o.canvas)
		}
	}
	return side(ctx, bare, func(ctx context.Context, c *canvas) (err error) {
		c.speckly = c.clean != nil && speckly(c.picture)
		c.ruler, err = newRuler(ctx, c.seen(), c.clean != nil)
		return err
	})
}

// choose finds how each file is encoded. The widest file of an aspect and format is sought first; what it found is where the
// others begin, so that most of them need one or two trials.
func (w *work) choose(ctx context.Context, target float64) error {
	type kind struct {
		aspect string
		format imaging.Format
	}
	first := map[kind]*order{}
	var widest, rest []*order
	for _, o := range heaviest(w.orders) {
		k := kind{o.aspect, o.format}
		if first[k] == nil {
			first[k] = o
			widest = append(widest, o)
		} else {
			rest = append(rest, o)
		}
	}
	if err := side(ctx, widest, func(ctx context.Context, o *order) (err error) {
		o.trial, err = o.canvas.ruler.best(ctx, o.start(), target)
		return o.failed(err)
	}); err != nil {
		return err
	}
	return side(ctx, rest, func(ctx context.Context, o *order) (err error) {
		like := first[kind{o.aspect, o.format}].trial
		if like.lossless() || like.Palette {
			o.trial, err = o.canvas.ruler.best(ctx, o.start(), target)
		} else {
			like.Effort = o.start().Effort
			o.trial, err = o.canvas.ruler.seek(ctx, like.Encoding, target)
		}
		return o.failed(err)
	})
}

// heaviest lists what takes longest first, so that no core is left with it at the end.
func heaviest(orders []*order) []*order {
	weight := func(o *order) int {
		pixels := o.canvas.picture.Width * o.canvas.picture.Height
		if o.format == imaging.AVIF {
			return 8 * pixels
		}
		return pixels
	}
	return slices.SortedStableFunc(slices.Values(orders), func(a, b *order) int { return cmp.Compare(weight(b), weight(a)) })
}

// name is the file's.
func (w *work) name(o *order) string {
	parts := []string{w.Slug, short(w.AssetID)}
	if o.aspect != "" {
		parts = append(parts, strings.ReplaceAll(o.aspect, ":", "x"))
	}
	return fmt.Sprintf("%s-%d.%s", strings.Join(parts, "-"), o.width, o.format.Extension())
}

// mostCuts is how often a file is made smaller before its budget is given up.
const mostCuts = 4

// rendition writes and signs one file. Where it is too large for the channel it is written again with less quality.
func (w *work) rendition(ctx context.Context, o *order, target float64) (File, error) {
	name, packet := w.name(o), w.metadata().Packet()
	t, data, err := w.encode(ctx, o, packet, target)
	if err != nil {
		return File{}, err
	}
	for cuts := 0; ; cuts++ {
		whole := data
		if o.format == imaging.JPEG {
			if whole, err = provenance.WithIIM(data, w.metadata()); err != nil {
				return File{}, err
			}
		}
		file := File{Data: whole, Rendition: art.Rendition{
			Name: name, Channel: strings.Join(o.channels, ", "), Format: string(o.format), MIME: o.format.MIME(),
			Width: o.canvas.picture.Width, Height: o.canvas.picture.Height, ColourSpace: "srgb", Coding: t.coding(), Window: o.window,
		}}
		if !t.lossless() {
			file.Quality = t.Quality
			if !math.IsNaN(t.score) {
				file.Metric, file.Score = ssimulacra2.Name, math.Round(100*t.score)/100
			}
		}
		if file, err = w.f.sign(ctx, file, w.opened(name, o.aspect != "")); err != nil {
			return File{}, err
		}
		if o.maxBytes == 0 || file.Bytes <= o.maxBytes {
			return file, nil
		}
		said := art.Invalid("max_bytes", fmt.Sprintf("%d bytes cannot be kept: %d at quality %d", o.maxBytes, file.Bytes, t.Quality), "allow more bytes or ask for fewer pixels")
		around := int64(len(packet)) + file.Bytes - int64(len(data)) // metadata and manifest stay as large as they are
		room := float64(o.maxBytes-around) / float64(int64(len(data)+1)-int64(len(packet)))
		if cuts == mostCuts || room <= 0 {
			return File{}, said
		}
		if t, data, err = o.cut(ctx, t, room, packet); err != nil {
			return File{}, fmt.Errorf("%w (%w)", said, err)
		}
	}
}

// encode writes the whole picture as was chosen, and once more where the sample had promised too much. Of a picture with a hidden number
// the score says nothing about the sample: there the number decides.
func (w *work) encode(ctx context.Context, o *order, packet []byte, target float64) (trial, []byte, error) {
	t := o.trial
	for again := range 2 {
		t.XMP = packet
		data, err := imaging.Encode(o.canvas.picture, t.Encoding)
		if err != nil || t.lossless() {
			return t, data, err
		}
		if o.canvas.clean != nil {
			return w.keepNumber(ctx, o, t, data)
		}
		if t.score, err = o.canvas.ruler.whole(ctx, data); err != nil {
			return t, nil, err
		}
		switch missed := target - t.score; {
		case t.Palette && t.score < equalScore:
			t.Palette = false
			data, err = imaging.Encode(o.canvas.picture, t.Encoding)
			return t, data, err
		case t.Palette, !(missed > nearScore), again == 1, t.Quality >= ceiling(t.Format):
			return t, data, nil
		default:
			t.Quality = min(ceiling(t.Format), t.Quality+int(math.Ceil(missed)))
		}
	}
	return t, nil, nil // never reached: the second round returns
}

// cut encodes with room as many bytes, or fewer, as before.
func (o *order) cut(ctx context.Context, t trial, room float64, packet []byte) (trial, []byte, error) {
	if t.lossless() || t.Palette {
		if t.Format != imaging.WebP {
			return t, nil, fmt.Errorf("%s has no lesser quality: %w", t.Format, art.ErrInvalid)
		}
		lossy, err := o.canvas.ruler.seek(ctx, o.start(), defaultScore)
		if err != nil {
			return t, nil, err
		}
		room *= float64(t.bytes) / float64(max(1, lossy.bytes))
		t = lossy
	}
	t, err := o.canvas.ruler.cheaper(ctx, t, 0.99*room)
	if err != nil {
		return t, nil, err
	}
	t.XMP = packet
	data, err := imaging.Encode(o.canvas.picture, t.Encoding)
	if err != nil {
		return t, nil, err
	}
	if t.score, err = o.canvas.ruler.whole(ctx, data); err == nil && t.score < leastScore {
		err = fmt.Errorf("the picture would score %.0f: %w", t.score, art.ErrInvalid)
	}
	return t, data, err
}
