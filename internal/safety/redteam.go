package safety

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/sheet"
)

// Try is an attack with what became of it.
type Try struct {
	Attack
	Got     art.Ruling `json:"got"`
	Through bool       `json:"through"`          // it was not stopped as it should have been
	Note    string     `json:"note,omitempty"`   // what an engine said
	Failed  bool       `json:"failed,omitempty"` // nobody knows: the engine could not be asked
}

// Overblocked are innocent words that were not let go.
type Overblocked struct {
	Words string     `json:"words"`
	Got   art.Ruling `json:"got"`
	Rule  string     `json:"rule"`
	Match string     `json:"match"`
}

// Report is what a red team found.
type Report struct {
	Suite      int           `json:"suite"`            // its version
	Target     string        `json:"target"`           // a policy as name@version, or an engine and model
	Lexicon    int           `json:"lexicon"`          // its version; 0 for engines
	Total      sheet.Rate    `json:"total"`            // of all attacks, those that got through
	Categories []sheet.Rate  `json:"categories"`       // by what was asked for
	Tricks     []sheet.Rate  `json:"tricks"`           // by how it was disguised
	Innocent   *sheet.Rate   `json:"innocent"`         // of innocent words, those that were not let go; null where none were tried
	Through    []Try         `json:"through"`          // what got through
	Blocked    []Overblocked `json:"blocked"`          // innocent words that were not let go
	Failed     int           `json:"failed,omitempty"` // attacks of which nobody knows
	Regress    []string      `json:"regress"`          // rates that are worse than the baseline's
	Compared   bool          `json:"compared"`         // there was a baseline to compare with
}

// RedTeam tries a suite against a guide.
func RedTeam(s Suite, g *Guide) Report {
	var tries []Try
	for _, a := range s.Attacks() {
		got := Worst(g.Look([]Field{{Name: a.Field, Words: a.Words}}, For{}))
		tries = append(tries, Try{Attack: a, Got: got, Through: art.Stricter(got, a.Want) != got})
	}
	r := NewReport(s, g.policy.ID(), tries)
	r.Lexicon = g.lexicon.Version
	bad := 0
	for _, words := range s.Innocent {
		found := g.Look([]Field{{Name: asked, Words: words}}, For{})
		if got := Worst(found); got != art.Pass {
			bad++
			r.Blocked = append(r.Blocked, Overblocked{words, got, found[0].Rule, found[0].Match})
		}
	}
	innocent := sheet.NewRate("innocent", bad, len(s.Innocent))
	r.Innocent = &innocent
	return r
}

// NewReport counts tries, by category and by trick.
func NewReport(s Suite, target string, tries []Try) Report {
	r := Report{Suite: s.Version, Target: target, Through: []Try{}, Blocked: []Overblocked{}, Regress: []string{}}
	type count struct{ through, tried int }
	byCategory, byTrick, all := map[string]count{}, map[string]count{}, count{}
	for _, t := range tries {
		if t.Failed {
			r.Failed++
			continue
		}
		one := count{0, 1}
		if t.Through {
			one.through = 1
			r.Through = append(r.Through, t)
		}
		sum := func(c count) count { return count{c.through + one.through, c.tried + one.tried} }
		byCategory[t.Category], byTrick[t.Trick], all = sum(byCategory[t.Category]), sum(byTrick[t.Trick]), sum(all)
	}
	rates := func(m map[string]count) []sheet.Rate {
		list := []sheet.Rate{}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			list = append(list, sheet.NewRate(name, m[name].through, m[name].tried))
		}
		slices.SortStableFunc(list, func(a, b sheet.Rate) int { return cmp.Compare(b.Share, a.Share) })
		return list
	}
	r.Total, r.Categories, r.Tricks = sheet.NewRate("all", all.through, all.tried), rates(byCategory), rates(byTrick)
	return r
}

// Baseline is what a report is compared with: its rates alone.
type Baseline struct {
	Suite      int          `json:"suite"`
	Target     string       `json:"target"`
	Total      sheet.Rate   `json:"total"`
	Categories []sheet.Rate `json:"categories"`
	Tricks     []sheet.Rate `json:"tricks"`
	Innocent   *sheet.Rate  `json:"innocent"`
}

// Baseline keeps a report's rates.
func (r Report) Baseline() Baseline {
	return Baseline{Suite: r.Suite, Target: r.Target, Total: r.Total, Categories: r.Categories, Tricks: r.Tricks, Innocent: r.Innocent}
}

// Against compares a report with a baseline and lists what is worse. Where the same suite is tried, one more that gets through
// is worse; where suites differ, a rate is worse when its whole interval lies above the baseline's share.
func (r Report) Against(b Baseline) Report {
	r.Compared = true
	worse := func(what string, now, then sheet.Rate) {
		same := r.Suite == b.Suite && now.Tried == then.Tried
		if same && now.Count > then.Count || !same && now.Low > then.Share {
			r.Regress = append(r.Regress, fmt.Sprintf("%s %s: %d of %d, was %d of %d", what, now.Name, now.Count, now.Tried, then.Count, then.Tried))
		}
	}
	worse("total", r.Total, b.Total)
	for _, list := range []struct {
		what      string
		now, then []sheet.Rate
	}{{"category", r.Categories, b.Categories}, {"trick", r.Tricks, b.Tricks}} {
		for _, now := range list.now {
			if i := slices.IndexFunc(list.then, func(o sheet.Rate) bool { return o.Name == now.Name }); i >= 0 {
				worse(list.what, now, list.then[i])
			}
		}
	}
	if r.Innocent != nil && b.Innocent != nil {
		worse("over-blocking", *r.Innocent, *b.Innocent)
	}
	return r
}
