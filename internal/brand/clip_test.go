package brand

import (
	"strings"
	"testing"

	"presswerk/internal/art"
)

func TestWhatNoClipCanBeIsToldByField(t *testing.T) {
	both := art.Text{"en": "a hum", "de": "ein Summen"}
	for name, c := range map[string]struct {
		clip  art.ClipBrief
		field string // "" where nothing is wrong
	}{
		"plain":           {art.ClipBrief{Seconds: 5}, ""},
		"with all":        {art.ClipBrief{Seconds: 5, FPS: 24, Sound: true, Description: both, Captions: []art.Cue{{From: 0, To: 2, Text: both}, {From: 2, To: 5, Text: both}}}, ""},
		"no length":       {art.ClipBrief{}, "clip.seconds"},
		"too fast":        {art.ClipBrief{Seconds: 5, FPS: 1000}, "clip.fps"},
		"half a hash":     {art.ClipBrief{Seconds: 5, First: "sha256:aa"}, "clip.first"},
		"silent captions": {art.ClipBrief{Seconds: 5, Captions: []art.Cue{{From: 0, To: 2, Text: both}}}, "clip.captions"},
		"sound alone":     {art.ClipBrief{Seconds: 5, Sound: true}, "clip.captions"},
		"sound in a loop": {art.ClipBrief{Seconds: 5, Sound: true, Loop: true, Captions: []art.Cue{{From: 0, To: 2, Text: both}}}, "clip.sound"},
		"loop elsewhere":  {art.ClipBrief{Seconds: 5, Loop: true, First: "a.png", Last: "b.png"}, "clip.last"},
		"one language":    {art.ClipBrief{Seconds: 5, Description: art.Text{"en": "x"}}, "clip.description"},
		"backwards":       {art.ClipBrief{Seconds: 5, Sound: true, Captions: []art.Cue{{From: 2, To: 1, Text: both}}}, "clip.captions[0]"},
		"over each other": {art.ClipBrief{Seconds: 5, Sound: true, Captions: []art.Cue{{From: 0, To: 2, Text: both}, {From: 1, To: 3, Text: both}}}, "clip.captions[1]"},
		"behind the end":  {art.ClipBrief{Seconds: 5, Sound: true, Captions: []art.Cue{{From: 4, To: 6, Text: both}}}, "clip.captions[0]"},
		"caption untold":  {art.ClipBrief{Seconds: 5, Sound: true, Captions: []art.Cue{{From: 0, To: 2, Text: art.Text{"en": "x"}}}}, "clip.captions[0].text"},
	} {
		var p problems
		checkClip(&p, art.Brief{Clip: &c.clip, Languages: []art.Language{"en", "de"}})
		var fields []string
		for _, f := range p.all {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, " "); got != c.field {
			t.Errorf("%s: %q, want %q", name, got, c.field)
		}
	}
}
