package publish

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// video is a video element. It never starts by itself: what moves without being asked to disturbs reading, and makes some
// people ill.
type video struct {
	Sources       []source // Srcset is an address here
	Tracks        []track
	Poster        string
	Width, Height int
	Alt           string
	Loop          bool // it has no sound either
	Words         words
	Fallback      string // address of the file that everything plays
}

// track is a WebVTT file of a video element.
type track struct {
	Kind, Language, Label, Href string
	Default                     bool
}

// newVideo makes a clip's video element; root leads from the page to the site's folder. Nil where the asset is a picture.
func newVideo(a art.Asset, root string, lang art.Language) *video {
	if a.Clip == nil || len(a.Clip.Files) == 0 {
		return nil
	}
	first := a.Clip.Files[0]
	v := &video{
		Width: first.Width, Height: first.Height, Alt: a.Alt.In(lang), Loop: a.Clip.Loop, Words: catalogue()[lang],
		Poster: root + "images/" + poster(a).Name, Fallback: root + "images/" + first.Name,
	}
	for _, f := range a.Clip.Files {
		v.Sources = append(v.Sources, source{f.MIME, root + "images/" + f.Name})
	}
	for _, t := range a.Clip.Tracks {
		v.Tracks = append(v.Tracks, track{
			Kind: t.Kind, Language: t.Language, Label: v.Words["track_"+t.Kind] + " (" + v.Words["language_"+t.Language] + ")", Href: root + "images/" + t.Name,
			Default: t.Kind == art.TrackCaptions && t.Language == lang,
		})
	}
	return v
}

// poster is the file that stands for a clip before it plays: the widest that is light.
func poster(a art.Asset) art.Rendition {
	best := a.Master
	for _, format := range []string{"webp", "jpeg"} { // the second one is what everything shows
		for _, r := range mainSet(a) {
			if r.Format == format && (best.Format != format || r.Width > best.Width) {
				best = r
			}
		}
	}
	return best
}

// clipFiles are a clip's downloads.
func clipFiles(a art.Asset, root string, w words) (all []file) {
	if a.Clip == nil {
		return nil
	}
	for _, r := range a.Clip.Files {
		all = append(all, newFile(r, root, w["clip"], w))
	}
	for _, t := range a.Clip.Tracks {
		all = append(all, file{
			Name: t.Name, Href: root + "images/" + t.Name, Format: "VTT", Channel: w["track_"+t.Kind], Bytes: weight(t.Bytes), Size: strings.ToUpper(t.Language),
		})
	}
	return all
}

// clipMaking are the rows of how a clip was made.
func clipMaking(a art.Asset, w words) []row {
	if a.Clip == nil || a.Planned.Clip == nil {
		return nil
	}
	rows := []row{{w["length"], fmt.Sprintf("%.3g s", a.Clip.Seconds)}, {w["fps"], fmt.Sprintf("%.4g", a.Clip.FPS)}}
	for _, f := range []row{{w["first"], a.Planned.Clip.First}, {w["last"], a.Planned.Clip.Last}} {
		rows = append(rows, row{f.Label, strings.TrimPrefix(f.Value, "sha256:")})
	}
	return rows
}

// clipObject is a clip in schema.org's words; image is what is said of its poster. Nil where the asset is a picture.
//
// Source: schema.org/VideoObject; developers.google.com, "Video (VideoObject) structured data".
func clipObject(c Campaign, a art.Asset, image imageObject) *imageObject {
	if a.Clip == nil || len(a.Clip.Files) == 0 {
		return nil
	}
	o, first := image, a.Clip.Files[0]
	o.Type, o.ContentURL, o.ThumbnailURL = "VideoObject", c.BaseURL+"images/"+first.Name, c.BaseURL+"images/"+poster(a).Name
	o.Width, o.Height, o.Format, o.SHA256 = first.Width, first.Height, first.MIME, first.SHA256
	o.Uploaded, o.Duration = c.MadeAt.UTC().Format("2006-01-02T15:04:05Z"), fmt.Sprintf("PT%.3fS", a.Clip.Seconds)
	return &o
}

// length is how long a clip is, as a card says it; "" of a picture.
func length(a art.Asset) string {
	if a.Clip == nil {
		return ""
	}
	return fmt.Sprintf("%.3g s", a.Clip.Seconds)
}

// allFiles are an asset's picture files, and those of its clip.
func allFiles(a art.Asset) []art.Rendition {
	all := append([]art.Rendition{a.Master}, a.Renditions...)
	if a.Clip != nil {
		all = append(all, a.Clip.Files...)
	}
	return all
}

// filmed tells whether there is a clip among the assets.
func filmed(all []art.Asset) bool {
	return slices.ContainsFunc(all, func(a art.Asset) bool { return a.Clip != nil })
}
