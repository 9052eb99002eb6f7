package factory

import (
	"context"
	"fmt"
	"math"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/clip"
	"presswerk/internal/engine"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// maker is the engine that makes what a recipe asks for. For a clip, everything that is needed to look into it has to be
// there before one is paid for.
func (f *Factory) maker(r art.Recipe) (engine.Engine, error) {
	e, err := f.Engines.Get(r.Engine)
	if err != nil || r.Clip == nil {
		return e, err
	}
	if err := f.Clips.Ready(); err != nil {
		return nil, err
	}
	return engine.Filming(e)
}

// unrolled looks into a clip and keeps its poster; the bytes were kept before, as they came. Pixels is the SHA-256 of its frames.
func (f *Factory) unrolled(ctx context.Context, data []byte) (file art.ClipFile, poster []byte, pixels string, err error) {
	if file, pixels, err = f.Clips.Probe(ctx, data); err != nil {
		return file, nil, "", err
	}
	p, err := f.Clips.Poster(ctx, data, file)
	if err != nil {
		return file, nil, "", err
	}
	poster, err = imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	return file, poster, pixels, err
}

// filmed fills in what a clip adds to a candidate: the clip, and its poster as the picture that is looked at everywhere.
func (f *Factory) filmed(ctx context.Context, c art.Candidate, data []byte) (art.Candidate, error) {
	sum, err := f.Blobs.Put(ctx, data) // before anything is found wrong with it: it was paid for
	if err != nil {
		return c, err
	}
	file, poster, pixels, err := f.unrolled(ctx, data)
	if err != nil {
		return c, fmt.Errorf("the clip is kept as %s: %w", sum, err)
	}
	file.Blob = sum
	c.Clip, c.PixelsSHA256, c.Width, c.Height = &file, pixels, file.Width, file.Height
	c.Notes = append(c.Notes, otherwise(c.Planned.Recipe, file)...)
	c.Image, err = f.Blobs.Put(ctx, poster)
	return c, err
}

// otherwise says where a clip isn't what was asked for.
func otherwise(r art.Recipe, file art.ClipFile) (notes []string) {
	if file.Width != r.Width || file.Height != r.Height {
		notes = append(notes, fmt.Sprintf("%d×%d was asked for, and %d×%d came", r.Width, r.Height, file.Width, file.Height))
	}
	if math.Abs(file.Seconds-float64(r.Clip.Seconds)) > 0.5 {
		notes = append(notes, fmt.Sprintf("%d seconds were asked for, and %.3g came", r.Clip.Seconds, file.Seconds))
	}
	return notes
}

// What the panel sees of a clip: groups of neighbouring frames, brought to this width.
const (
	reelGroups = 8
	reelLength = 3
	reelWidth  = 256
)

// reel takes the frames out of a candidate's clip that are judged.
func (f *Factory) reel(ctx context.Context, file art.ClipFile) (*judge.Reel, error) {
	data, err := f.Blobs.Get(ctx, file.Blob)
	if err != nil {
		return nil, err
	}
	return Reel(ctx, f.Clips, data, file)
}

// Reel takes the frames out of a clip that are judged. File is what the tool found in it.
func Reel(ctx context.Context, t *clip.Tool, data []byte, file art.ClipFile) (*judge.Reel, error) {
	s := clip.Spread(file.Frames, reelGroups, reelLength)
	s.Width = reelWidth
	groups, err := t.Frames(ctx, data, file, s)
	return &judge.Reel{FPS: file.FPS, Starts: s.Starts, Groups: groups}, err
}

// keepPictures lays the pictures that a brief and its kit name, and the logo, where engines and scorers find them.
func (f *Factory) keepPictures(ctx context.Context, o Order) error {
	if len(o.Logo) > 0 {
		if _, err := f.Blobs.Put(ctx, o.Logo); err != nil {
			return fmt.Errorf("factory: keeping the logo: %w", err)
		}
	}
	for path, data := range o.Pictures {
		if _, err := f.Blobs.Put(ctx, data); err != nil {
			return fmt.Errorf("factory: keeping %s: %w", path, err)
		}
	}
	return nil
}

// clipFrame is a picture that a clip was made from.
type clipFrame struct{ label, sum string }

// framesOf lists a clip's pictures, each once.
func framesOf(r art.ClipRecipe) (all []clipFrame) {
	if r.First != "" {
		all = append(all, clipFrame{"first", strings.TrimPrefix(r.First, "sha256:")})
	}
	if r.Last != "" && r.Last != r.First {
		all = append(all, clipFrame{"last", strings.TrimPrefix(r.Last, "sha256:")})
	}
	return all
}

// clipInput is what finishing needs of a candidate's clip; nil where the candidate is a picture.
func (f *Factory) clipInput(ctx context.Context, c art.Candidate, b art.Brief) (*finish.Clip, error) {
	if c.Clip == nil || c.Planned.Clip == nil || b.Clip == nil {
		return nil, nil //nolint:nilnil // there is none, and that is all right
	}
	data, err := f.Blobs.Get(ctx, c.Clip.Blob)
	if err != nil {
		return nil, err
	}
	in := &finish.Clip{Data: data, File: *c.Clip, Want: *b.Clip, Languages: b.Languages}
	if len(in.Languages) == 0 {
		in.Languages = []art.Language{art.English}
	}
	for _, frame := range framesOf(*c.Planned.Clip) {
		picture, err := f.Blobs.Get(ctx, frame.sum)
		if err != nil {
			return nil, fmt.Errorf("the %s frame: %w", frame.label, err)
		}
		in.Frames = append(in.Frames, finish.Frame{Label: frame.label, MIME: imaging.Sniff(picture).MIME(), Data: picture})
	}
	return in, nil
}

// keepClip puts the files of a finished clip into the blob store.
func (f *Factory) keepClip(ctx context.Context, out *finish.ClipOutput) (*art.ClipAsset, error) {
	if out == nil {
		return nil, nil //nolint:nilnil // there is none, and that is all right
	}
	a := &art.ClipAsset{Source: out.Source, Seconds: out.Seconds, FPS: out.FPS, Loop: out.Loop, Sound: out.Sound}
	for _, file := range out.Files {
		r, err := f.keepFile(ctx, file)
		if err != nil {
			return nil, err
		}
		a.Files = append(a.Files, r)
	}
	for _, t := range out.Tracks {
		if _, err := f.Blobs.Put(ctx, t.Data); err != nil {
			return nil, err
		}
		a.Tracks = append(a.Tracks, t.Track)
	}
	return a, nil
}
