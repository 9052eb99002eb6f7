package brand

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// maxFPS and maxSeconds are what nobody shows on a page beyond.
const (
	maxFPS     = 120
	maxSeconds = 120
)

// checkClip looks at what no model could ever honour, and at what people who don't see or hear the clip would lack.
func checkClip(p *problems, b art.Brief) {
	c := b.Clip
	if c == nil {
		return
	}
	if c.Seconds < 1 || c.Seconds > maxSeconds {
		p.add("clip.seconds", fmt.Sprintf("%d seconds are no clip", c.Seconds), fmt.Sprintf("write whole seconds, 1 to %d", maxSeconds))
	}
	if c.FPS < 0 || c.FPS > maxFPS {
		p.add("clip.fps", fmt.Sprintf("%d frames a second are not made", c.FPS), fmt.Sprintf("write 1 to %d, or leave it out to keep the clip's own", maxFPS))
	}
	for _, f := range []struct{ field, name string }{{"clip.first", c.First}, {"clip.last", c.Last}} {
		if sum, named := strings.CutPrefix(f.name, "sha256:"); named && (len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "") {
			p.add(f.field, fmt.Sprintf("%q is no SHA-256", sum), "write 64 hex digits behind sha256:, or the path of a picture in the workspace")
		}
	}
	switch {
	case c.Loop && c.Sound:
		p.add("clip.sound", "would jump where the loop begins anew", "take sound or loop out")
	case c.Loop && c.Last != "" && c.Last != c.First:
		p.add("clip.last", "a loop ends with the picture that it begins with", "take it out, or take loop out")
	}
	if c.Sound && len(c.Captions) == 0 {
		p.add("clip.captions", "are missing, and not everybody hears the sound", "write what is heard, with its times; or take sound out")
	}
	if !c.Sound && len(c.Captions) > 0 {
		p.add("clip.captions", "say what is heard, and the sound is taken out", "write sound: true, or write what is seen into clip.description")
	}
	for _, lang := range b.Languages {
		if len(c.Description) > 0 && !c.Description.Has(lang) {
			p.add("clip.description", fmt.Sprintf("has no words in %q, and the page is published in it", lang), "add them, or take the language out of languages")
		}
	}
	checkCues(p, b)
}

func checkCues(p *problems, b art.Brief) {
	last := 0.0
	for i, cue := range b.Clip.Captions {
		at := fmt.Sprintf("clip.captions[%d]", i)
		if !finite(cue.From) || !finite(cue.To) || cue.From < last || cue.To <= cue.From || cue.To > float64(b.Clip.Seconds) {
			p.add(at, fmt.Sprintf("%v to %v is no time in a clip of %d seconds that follows the one before", cue.From, cue.To, b.Clip.Seconds), "write seconds, from before to, one caption after the other")
		}
		last = cue.To
		for _, lang := range b.Languages {
			if !cue.Text.Has(lang) {
				p.add(at+".text", fmt.Sprintf("has no words in %q, and the page is published in it", lang), "add them, or take the language out of languages")
			}
		}
	}
}
