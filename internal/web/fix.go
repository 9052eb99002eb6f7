package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"presswerk/internal/art"
	"presswerk/internal/factory"
)

// placedBy names the scorers that show places, in the order of the scores.
func placedBy(v *art.Verdict) (names []string) {
	if v == nil {
		return nil
	}
	for _, s := range v.Scores {
		if s.Evidence != nil && len(s.Evidence.Boxes) > 0 {
			names = append(names, s.Scorer)
		}
	}
	return names
}

// MayFix tells whether parts of the picture can be made anew.
func (t tile) MayFix() bool {
	return t.Judged() && t.Image != "" && t.Planned.Clip == nil && t.License == nil
}

// fixFacts are how a part was made anew.
func fixFacts(t tile, r art.Retouch) []fact {
	named := r.Named
	if named == "" {
		named = t.say("fix_by_" + r.Region)
	}
	all := []fact{
		{t.say("fix_where"), named},
		{t.say("fix_share"), fmt.Sprintf("%.1f %%", 100*r.Share)},
		{t.say("fix_edge"), fmt.Sprintf("+%d px, σ %g px", r.Grow, r.Feather)},
	}
	if s := t.Planned.Strength; s != nil {
		all = append(all, fact{t.say("fix_strength_short"), strconv.FormatFloat(*s, 'g', 4, 64)})
	}
	by := r.By
	if by == art.PolicyRepair {
		by = t.say("fix_policy", r.Round)
	}
	return append(all, fact{t.say("fix_by"), by})
}

// heirs are the candidates that were made from one.
func heirs(of string, all []art.CandidateView) (ids []string) {
	for _, c := range all {
		if c.Parent == of {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// fix has a part of a candidate made anew and shows what is coming.
func (s *Studio) fix(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	o, err := fixForm(r)
	if err == nil {
		o.Candidate, o.By = chi.URLParam(r, "candidate"), s.User
		var c art.Candidate
		if c, err = s.Line.Fix(r.Context(), o); err == nil {
			http.Redirect(w, r, "/candidates/"+c.ID, http.StatusSeeOther)
			return
		}
	}
	s.fail(w, r, err)
}

// fixForm reads the form of a fix.
func fixForm(r *http.Request) (factory.FixOrder, error) {
	o := factory.FixOrder{Prompt: strings.TrimSpace(r.FormValue("prompt"))}
	region := r.FormValue("region")
	switch {
	case region == "words":
		o.Words = r.FormValue("words")
	case strings.HasPrefix(region, "evidence:"):
		o.Evidence = strings.TrimPrefix(region, "evidence:")
	case region == "box":
		var n [4]int
		for i, name := range []string{"x", "y", "width", "height"} {
			v, err := strconv.Atoi(strings.TrimSpace(r.FormValue(name)))
			if err != nil {
				return o, art.Invalid(name, fmt.Sprintf("%q is no whole number", r.FormValue(name)), "write pixels of the picture into all four")
			}
			n[i] = v
		}
		o.Boxes = []art.Box{{X: n[0], Y: n[1], Width: n[2], Height: n[3]}}
	}
	if text := strings.TrimSpace(r.FormValue("strength")); text != "" {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return o, art.Invalid("strength", fmt.Sprintf("%q is no number", text), "write one above 0 to 1")
		}
		o.Strength = &v
	}
	return o, nil
}

// fixRequest is a fix over the API.
type fixRequest struct {
	Candidate string `path:"id" doc:"Identity of the candidate."`
	Body      struct {
		Mask     []byte    `json:"mask,omitempty" doc:"A picture of the candidate's size in base64, white where it is made anew. Exactly one of mask, boxes, evidence and words."`
		Boxes    []art.Box `json:"boxes,omitempty" doc:"Rectangles in pixels of the picture."`
		Evidence string    `json:"evidence,omitempty" doc:"The scorer that has named the places."`
		Words    string    `json:"words,omitempty" doc:"What is seen there, such as left hand."`
		Prompt   string    `json:"prompt,omitempty" doc:"What shall be seen there; the candidate's when left out."`
		Strength *float64  `json:"strength,omitempty" doc:"Above 0 to 1."`
		Seed     *art.Seed `json:"seed,omitempty"`
		By       string    `json:"by,omitempty" doc:"Who wants it; the studio's own user when left out."`
		Reason   string    `json:"reason,omitempty"`
	}
}

func (s *Studio) apiFix(ctx context.Context, in *fixRequest) (*candidateBody, error) {
	b := in.Body
	if b.By == "" {
		b.By = s.User
	}
	c, err := s.Line.Fix(ctx, factory.FixOrder{
		Candidate: in.Candidate, Mask: b.Mask, Boxes: b.Boxes, Evidence: b.Evidence, Words: b.Words, Prompt: b.Prompt, Strength: b.Strength, Seed: b.Seed, By: b.By, Reason: b.Reason,
	})
	return &candidateBody{art.CandidateView{Candidate: c}}, err
}
