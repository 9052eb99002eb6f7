package finish

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/clip"
	"presswerk/internal/provenance"
)

// Clip is what is finished beside its poster, which is the input's picture.
type Clip struct {
	Data      []byte // as the engine gave it
	File      art.ClipFile
	Want      art.ClipBrief
	Languages []art.Language // of the tracks
	Frames    []Frame        // pictures that it was made from
}

// Frame is a picture that a clip begins or ends with.
type Frame struct {
	Label string // "first" or "last"
	MIME  string
	Data  []byte
}

// ClipOutput is a finished clip: what carries its origin comes first, and every browser plays one of its files.
type ClipOutput struct {
	Source  art.ClipFile // what it was made of
	Files   []File
	Tracks  []TrackFile
	Seconds float64
	FPS     float64
	Loop    bool
	Sound   bool
}

// TrackFile is a WebVTT file.
type TrackFile struct {
	art.Track
	Data []byte
}

// A loop that jumps by more levels than this, from its last frame to its first, is faded for so many seconds.
const (
	seamSeen = 2
	fadeLong = 0.5
)

// clipSteps are the steps of a clip. Its poster stays as it is: what a player shows must not jump when it begins.
func clipSteps() []step {
	return []step{{"read", read}, {"placeholder", placeholder}, {"master", master}, {"sizes", sizes}, {"quality", quality}, {"renditions", renditions}, {"encode", encode}, {"tracks", tracks}}
}

// encode writes the clip as MP4 and WebM. A WebM file can't hold a manifest, and says so; so the MP4 comes first.
func encode(ctx context.Context, w *work) (map[string]any, error) {
	c := w.Clip
	out := &ClipOutput{Source: c.File, Loop: c.Want.Loop, Sound: c.Want.Sound && c.File.Sound}
	e := clip.Encoding{FPS: c.Want.FPS, Sound: out.Sound}
	parameters := map[string]any{"sound": out.Sound, "loop": out.Loop}
	if out.Loop {
		seam, err := w.seam(ctx)
		if err != nil {
			return nil, err
		}
		if seam > seamSeen {
			e.Fade = math.Min(fadeLong, math.Round(c.File.Seconds*250)/1000)
		}
		parameters["seam_levels"], parameters["fade_seconds"] = math.Round(seam*10)/10, e.Fade
	}
	for _, format := range []clip.Format{clip.MP4, clip.WebM} {
		e.Format = format
		file, made, err := w.encoded(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		out.Files = append(out.Files, file)
		if format == clip.MP4 {
			out.Seconds, out.FPS = made.Seconds, made.FPS
			parameters["frames"], parameters["fps"] = made.Frames, made.FPS
		}
	}
	w.out.Clip = out
	return parameters, nil
}

// seam is how far the clip's last frame is from its first.
func (w *work) seam(ctx context.Context) (float64, error) {
	groups, err := w.f.o.Clips.Frames(ctx, w.Clip.Data, w.Clip.File, clip.Spread(w.Clip.File.Frames, 2, 1))
	if err != nil || len(groups) < 2 {
		return 0, err
	}
	return clip.Seam(groups[0][0], groups[1][0]), nil
}

// encoded is one file of the clip, with what is found in it.
func (w *work) encoded(ctx context.Context, e clip.Encoding) (File, art.ClipFile, error) {
	data, err := w.f.o.Clips.Encode(ctx, w.Clip.Data, w.Clip.File, e)
	if err != nil {
		return File{}, art.ClipFile{}, err
	}
	made, _, err := w.f.o.Clips.Probe(ctx, data)
	if err != nil {
		return File{}, made, err
	}
	name := fmt.Sprintf("%s-%s-%d.%s", w.Slug, short(w.AssetID), made.Width, e.Format)
	file := File{Data: data, Rendition: art.Rendition{
		Name: name, Format: string(e.Format), MIME: e.Format.MIME(), Width: made.Width, Height: made.Height, ColourSpace: "bt709",
	}}
	if e.Format != clip.MP4 {
		file.SHA256, file.Bytes, file.C2PA = art.Digest(data), int64(len(data)), "unsigned: a WebM file can't hold a manifest"
		return file, made, nil
	}
	if file.Data, err = provenance.WithXMP(data, w.metadata().Packet()); err != nil {
		return File{}, made, err
	}
	claim := w.filmed(name)
	claim.Stamp = true
	if w.changes(e) {
		claim.Actions = append(claim.Actions, provenance.Action{Action: "c2pa.edited", SourceType: cmp.Or(w.origin(), provenance.Enhanced), Description: w.change(e), Software: &w.f.o.Generator})
	}
	claim.Actions = append(claim.Actions, provenance.Action{Action: "c2pa.transcoded"})
	file, err = w.f.sign(ctx, file, claim)
	return file, made, err
}

// changes tells whether more than the encoding changes.
func (w *work) changes(e clip.Encoding) bool { return w.change(e) != "" }

func (w *work) change(e clip.Encoding) string {
	text := ""
	add := func(done bool, what string) {
		if done && text != "" {
			text += ", "
		}
		if done {
			text += what
		}
	}
	add(w.Clip.File.Sound && !e.Sound, "sound taken out")
	add(e.FPS > 0 && float64(e.FPS) != w.Clip.File.FPS, fmt.Sprintf("brought to %d frames a second", e.FPS))
	add(e.Fade > 0, "end faded into the beginning")
	return text
}

// clipLabel is how actions refer to the clip that the service sent.
const clipLabel = "clip"

// filmed begins the claim of what was made of a clip. Where the service has signed it, what was opened is the service's file,
// with its chain; else we say what we asked for, and of which pictures.
func (w *work) filmed(title string) provenance.Claim {
	c := w.base(title)
	if provenance.Claimed(w.Clip.Data) {
		c.Ingredients = []provenance.Ingredient{{Label: clipLabel, Title: w.Title.In(art.English), Parent: true, MIME: w.Clip.File.MIME, Data: w.Clip.Data}}
		c.Actions = []provenance.Action{{Action: "c2pa.opened", Ingredients: []string{clipLabel}}}
		return c
	}
	made := w.created()
	for _, f := range w.Clip.Frames {
		c.Ingredients = append(c.Ingredients, provenance.Ingredient{Label: f.Label, Title: f.Label + " frame", MIME: f.MIME, Data: f.Data})
		made.Ingredients = append(made.Ingredients, f.Label)
	}
	made.Parameters["com.presswerk.clipSha256"] = w.Clip.File.Blob
	c.Actions = []provenance.Action{made}
	return c
}

// poster is the claim of a clip's poster.
func (w *work) poster(title string) provenance.Claim {
	c := w.filmed(title)
	c.Actions = append(c.Actions, provenance.Action{Action: "c2pa.converted", Description: "first frame of the clip"})
	return c
}

// uncropped are channels that take a picture as it is: a poster has its clip's shape.
func uncropped(channels []art.Channel) []art.Channel {
	all := slices.Clone(channels)
	for i := range all {
		all[i].Aspect = ""
	}
	return all
}
