package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"presswerk/internal/art"
)

// maxHeat bounds a map that is drawn: scorers make coarse ones.
const maxHeat = 1 << 20

// overlay is what lies over a candidate's picture: the places that one scorer names, or those of every gate that failed.
type overlay struct {
	Scorer string // whose evidence is asked for; "" that of failed gates
	Heat   string // address of the map; "" without one
	Boxes  []place
}

// place is a box with its words, which stand above it, or in it at the picture's upper edge.
type place struct {
	art.Box
	LabelX int
	LabelY int
	Anchor string // which end of the words stands at LabelX
	Words  string
}

// placed tells whether a score shows where.
func placed(s art.Score) bool {
	return s.Evidence != nil && (len(s.Evidence.Boxes) > 0 || s.Evidence.Heat != nil)
}

// newOverlay draws the evidence of one scorer; an unknown one is none.
func newOverlay(c art.CandidateView, show string) (o overlay) {
	if c.Verdict == nil || c.Width == 0 || c.Height == 0 {
		return o
	}
	failed := map[string]bool{}
	for _, f := range c.Verdict.Failures {
		failed[f.Scorer] = true
	}
	for _, s := range c.Verdict.Scores {
		if !placed(s) || show == "" && !failed[s.Scorer] || show != "" && s.Scorer != show {
			continue
		}
		if show != "" {
			o.Scorer = show
			if s.Evidence.Heat != nil {
				o.Heat = "/candidates/" + c.ID + "/heat/" + s.Scorer
			}
		}
		for _, b := range s.Evidence.Boxes {
			p := place{b, b.X, labelY(b, c.Height), "start", labelOf(b)}
			if 2*b.X+b.Width > c.Width+c.Width/3 { // words would run out of the picture
				p.LabelX, p.Anchor = b.X+b.Width, "end"
			}
			o.Boxes = append(o.Boxes, p)
		}
	}
	return o
}

// labelSize is the height of a box's words, as a part of the picture's.
func labelSize(height int) int { return max(4, height/36) }

func labelY(b art.Box, height int) int {
	size := labelSize(height)
	if b.Y >= size+size/3 {
		return b.Y - size/3
	}
	return b.Y + size
}

// labelOf is a box's label with its value, if it has one; of a way that eyes take, the number alone, as its places are close together.
func labelOf(b art.Box) string {
	if n, is := strings.CutPrefix(b.Label, "fixation "); is {
		return n
	}
	if b.Value == 0 {
		return b.Label
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.2g", b.Label, b.Value))
}

// heat gives a scorer's map as a picture to lie over the candidate: the more, the less transparent.
func (s *Studio) heat(w http.ResponseWriter, r *http.Request) {
	c, err := s.Line.Candidate(r.Context(), chi.URLParam(r, "candidate"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var found *art.Heat
	if c.Verdict != nil {
		if at := slices.IndexFunc(c.Verdict.Scores, func(v art.Score) bool { return v.Scorer == chi.URLParam(r, "scorer") && v.Evidence != nil }); at >= 0 {
			found = c.Verdict.Scores[at].Evidence.Heat
		}
	}
	if found == nil || found.Width < 1 || found.Height < 1 || len(found.Values) > maxHeat || found.Width*found.Height != len(found.Values) {
		s.fail(w, r, fmt.Errorf("web: there is no map of this score: %w", art.ErrNotFound))
		return
	}
	picture := image.NewNRGBA(image.Rect(0, 0, found.Width, found.Height))
	for i, v := range found.Values {
		picture.SetNRGBA(i%found.Width, i/found.Width, color.NRGBA{R: 255, G: 40 + v/3, B: 120 - v/4, A: uint8(int(v) * 4 / 5)})
	}
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		s.fail(w, r, fmt.Errorf("web: drawing a map: %w", err))
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(data.Bytes()) // who has gone needs no picture
}
