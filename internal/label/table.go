package label

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

//go:embed rules.json
var rules []byte

// Table is what is known of the rules on a day.
type Table struct {
	Dated   string     `json:"dated"` // YYYY-MM-DD
	Rules   []Rule     `json:"rules"`
	Missing []art.Text `json:"missing"` // what the table does not know
}

// Kinds of a Rule. A code binds whom it has signed, a platform's rule what is put there.
const (
	Law      = "law"
	Code     = "code"
	Platform = "platform"
)

// Rule is one rule for pictures that a model made or changed.
type Rule struct {
	ID          string   `json:"id"`
	Kind        string   `json:"kind"`
	Title       art.Text `json:"title"`
	Says        art.Text `json:"says"`                  // in our words
	From        string   `json:"from,omitempty"`        // first day, YYYY-MM-DD; "" is no beginning
	Territories []string `json:"territories,omitempty"` // where it holds
	NamedOnly   bool     `json:"named_only,omitempty"`  // a use that names no territories is none there
	Platforms   []string `json:"platforms,omitempty"`   // of channels
	Decide      bool     `json:"decide,omitempty"`      // a person says whether a picture could mislead
	Marks       []string `json:"marks,omitempty"`       // every file carries all of these layers
	AnyMark     []string `json:"any_mark,omitempty"`    // and one of these
	Spares      string   `json:"spares,omitempty"`      // standard_edit: what a person has called so needs no marks
	Label       *Visible `json:"label,omitempty"`
	Page        art.Text `json:"page,omitempty"` // the sentence beside a picture that needs the label
	Sources     []string `json:"sources"`
}

// Visible is when a rule wants a visible label, and which.
type Visible struct {
	When           string   `json:"when"` // always, or misleading
	Words          art.Text `json:"words"`
	Share          float64  `json:"share"`
	Corner         string   `json:"corner,omitempty"`
	Embed          bool     `json:"embed,omitempty"`
	ArtisticBeside bool     `json:"artistic_beside,omitempty"`
}

// Rules reads the table that comes along.
func Rules() (Table, error) {
	var t Table
	d := json.NewDecoder(bytes.NewReader(rules))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("label: reading the table of rules: %w", err)
	}
	return t, nil
}

// Use is where pictures are shown.
type Use struct {
	Usage    art.Usage
	Channels []art.Channel
	Policy   art.LabelPolicy
	Keep     []art.Region // parts of pictures that labels leave free
	Day      string       // YYYY-MM-DD
}

// Picture is what rules ask of a picture.
type Picture struct {
	Origin     string          // IPTC digital source type without its address; "" where nobody knows
	Disclosure *art.Disclosure // nil: nobody has said a word
}

// Origin is the digital source type of what was made here, or of a picture that came with a licence.
func Origin(l *art.PictureLicense) string {
	if l == nil {
		return "trainedAlgorithmicMedia"
	}
	return l.SourceType[strings.LastIndexByte(l.SourceType, '/')+1:]
}

// generated tells whether a model has made the picture or parts of it.
func (p Picture) generated() bool {
	return slices.Contains([]string{"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}, p.Origin)
}

// For lists the rules that hold for a use.
func (t Table) For(u Use) []Rule {
	var all []Rule
	for _, r := range t.Rules {
		if r.holds(u) {
			all = append(all, r)
		}
	}
	return all
}

func (r Rule) holds(u Use) bool {
	if r.From != "" && u.Day < r.From {
		return false
	}
	switch r.Kind {
	case Platform:
		return slices.ContainsFunc(u.Channels, func(c art.Channel) bool { return slices.Contains(r.Platforms, c.Platform) })
	case Code:
		if !slices.Contains(u.Policy.Codes, r.ID) {
			return false
		}
	}
	if len(u.Usage.Territories) == 0 {
		return !r.NamedOnly
	}
	return slices.ContainsFunc(r.Territories, u.Usage.Names)
}

// Want is what all rules of a use together want of a picture. Of a picture that no model has made they want nothing.
func (t Table) Want(u Use, p Picture) art.Labelling {
	l := art.Labelling{Dated: t.Dated}
	if !p.generated() {
		return l
	}
	for _, r := range t.For(u) {
		l.Rules = append(l.Rules, r.ID)
		if r.Decide {
			l.Decide = append(l.Decide, r.ID)
		}
		if r.Spares != "standard_edit" || p.Disclosure == nil || !p.Disclosure.StandardEdit {
			l.Marks = with(l.Marks, r.Marks...)
			l.AnyMark = narrowed(l.AnyMark, r.AnyMark)
		}
		if !r.wantsLabel(p) {
			continue
		}
		l.Label = r.over(l.Label, p)
		if len(l.Page) == 0 {
			l.Page = r.Page
		}
	}
	if l.Label != nil {
		l.Label.Keep = u.Keep
		if u.Policy.Corner != "" && l.Label.Corner == "" {
			l.Label.Corner = u.Policy.Corner
		}
	}
	return l
}

func (r Rule) wantsLabel(p Picture) bool {
	return r.Label != nil && (r.Label.When == "always" || p.Disclosure != nil && p.Disclosure.Misleads())
}

// over joins a rule's label with that of the rules before: the larger and longer one, on the picture where one of them wants that.
func (r Rule) over(before *art.VisibleLabel, p Picture) *art.VisibleLabel {
	beside := r.Label.ArtisticBeside && p.Disclosure != nil && p.Disclosure.Artistic
	v := art.VisibleLabel{Words: r.Label.Words, Share: r.Label.Share, Corner: r.Label.Corner, Beside: beside, Embed: r.Label.Embed}
	if before == nil {
		return &v
	}
	v.Share, v.Beside, v.Embed = max(v.Share, before.Share), v.Beside && before.Beside, v.Embed || before.Embed
	if v.Corner == "" {
		v.Corner = before.Corner
	}
	if len(before.Words[art.English]) > len(v.Words[art.English]) {
		v.Words = before.Words
	}
	return &v
}

// with adds what is not there yet.
func with(all []string, more ...string) []string {
	for _, m := range more {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// narrowed is what satisfies two choices at once; where nothing does, the later one. An empty one asks for nothing.
func narrowed(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return slices.Concat(a, b)
	}
	if both := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) }); len(both) > 0 {
		return both
	}
	return b
}
