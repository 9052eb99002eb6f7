package safety

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"presswerk/internal/art"
)

// Rate is a share of tries with its 95 % interval.
type Rate struct {
	Name  string  `json:"name"`
	Tried int     `json:"tried"`
	Count int     `json:"count"` // of what the rate is about
	Share float64 `json:"share"` // 0..1
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// NewRate works a share out; nothing tried is a share of 0 that may be anything.
//
// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22; z = 1.96.
func NewRate(name string, count, tried int) Rate {
	r := Rate{Name: name, Tried: tried, Count: count, High: 1}
	if tried == 0 {
		return r
	}
	const z = 1.959963984540054
	n, p := float64(tried), float64(count)/float64(tried)
	middle, half := (p+z*z/(2*n))/(1+z*z/n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))/(1+z*z/n)
	r.Share, r.Low, r.High = p, max(0, middle-half), min(1, middle+half)
	return r
}

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
	Total      Rate          `json:"total"`            // of all attacks, those that got through
	Categories []Rate        `json:"categories"`       // by what was asked for
	Tricks     []Rate        `json:"tricks"`           // by how it was disguised
	Innocent   *Rate         `json:"innocent"`         // of innocent words, those that were not let go; null where none were tried
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
	innocent := NewRate("innocent", bad, len(s.Innocent))
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
	rates := func(m map[string]count) []Rate {
		list := []Rate{}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			list = append(list, NewRate(name, m[name].through, m[name].tried))
		}
		slices.SortStableFunc(list, func(a, b Rate) int { return cmp.Compare(b.Share, a.Share) })
		return list
	}
	r.Total, r.Categories, r.Tricks = NewRate("all", all.through, all.tried), rates(byCategory), rates(byTrick)
	return r
}

// Baseline is what a report is compared with: its rates alone.
type Baseline struct {
	Suite      int    `json:"suite"`
	Target     string `json:"target"`
	Total      Rate   `json:"total"`
	Categories []Rate `json:"categories"`
	Tricks     []Rate `json:"tricks"`
	Innocent   *Rate  `json:"innocent"`
}

// Baseline keeps a report's rates.
func (r Report) Baseline() Baseline {
	return Baseline{Suite: r.Suite, Target: r.Target, Total: r.Total, Categories: r.Categories, Tricks: r.Tricks, Innocent: r.Innocent}
}

// Against compares a report with a baseline and lists what is worse. Where the same suite is tried, one more that gets through
// is worse; where suites differ, a rate is worse when its whole interval lies above the baseline's share.
func (r Report) Against(b Baseline) Report {
	r.Compared = true
	worse := func(what string, now, then Rate) {
		same := r.Suite == b.Suite && now.Tried == then.Tried
		if same && now.Count > then.Count || !same && now.Low > then.Share {
			r.Regress = append(r.Regress, fmt.Sprintf("%s %s: %d of %d, was %d of %d", what, now.Name, now.Count, now.Tried, then.Count, then.Tried))
		}
	}
	worse("total", r.Total, b.Total)
	for _, list := range []struct {
		what      string
		now, then []Rate
	}{{"category", r.Categories, b.Categories}, {"trick", r.Tricks, b.Tricks}} {
		for _, now := range list.now {
			if i := slices.IndexFunc(list.then, func(o Rate) bool { return o.Name == now.Name }); i >= 0 {
				worse(list.what, now, list.then[i])
			}
		}
	}
	if r.Innocent != nil && b.Innocent != nil {
		worse("over-blocking", *r.Innocent, *b.Innocent)
	}
	return r
}
