package finish

import (
	"context"
	"fmt"
	"strings"
	"time"

	"presswerk/internal/art"
)

// tracks writes what people read who don't see or hear the clip: a description in each language, which is the alt text where
// the brief says no more, and captions where sound is kept.
func tracks(_ context.Context, w *work) (map[string]any, error) {
	out, want := w.out.Clip, w.Clip.Want
	for _, lang := range w.Clip.Languages {
		description := want.Description.In(lang)
		if description == "" {
			description = w.Alt.In(lang)
		}
		if description == "" {
			return nil, art.Invalid("alt", fmt.Sprintf("nobody says in %q what the clip shows", lang), "write clip.description, or words for the prompt's parts in this language")
		}
		w.track(art.TrackDescriptions, lang, []cue{{0, out.Seconds, description}})
		var cues []cue
		for _, c := range want.Captions {
			if out.Sound && c.From < out.Seconds {
				cues = append(cues, cue{c.From, min(c.To, out.Seconds), c.Text.In(lang)})
			}
		}
		if len(cues) > 0 {
			w.track(art.TrackCaptions, lang, cues)
		}
	}
	return map[string]any{"files": len(out.Tracks)}, nil
}

func (w *work) track(kind string, lang art.Language, cues []cue) {
	data := webVTT(cues)
	w.out.Clip.Tracks = append(w.out.Clip.Tracks, TrackFile{Data: data, Track: art.Track{
		Name: fmt.Sprintf("%s-%s-%s.%s.vtt", w.Slug, short(w.AssetID), kind, lang), Kind: kind, Language: lang, SHA256: art.Digest(data), Bytes: int64(len(data)),
	}})
}

// cue is a text with its time in seconds.
type cue struct {
	from, to float64
	text     string
}

// webVTT writes cues as a WebVTT file. Blank lines, which would end a cue, become spaces.
//
// Source: W3C, "WebVTT: The Web Video Text Tracks Format", section 4.
func webVTT(cues []cue) []byte {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for _, c := range cues {
		fmt.Fprintf(&b, "\n%s --> %s\n%s\n", vttTime(c.from), vttTime(c.to), escape.Replace(strings.Join(strings.Fields(c.text), " ")))
	}
	return []byte(b.String())
}

func vttTime(seconds float64) string {
	t := time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
	return fmt.Sprintf("%02d:%02d:%02d.%03d", int(t.Hours()), int(t.Minutes())%60, int(t.Seconds())%60, t.Milliseconds()%1000)
}
