package safety

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// Guide looks at words with one policy. It is safe for concurrent use.
type Guide struct {
	policy     Policy
	lexicon    Lexicon
	index      *index
	clearances []art.Clearance
}

// NewGuide puts a lexicon, a resolved policy and the clearances of a workspace together. Mistakes in them come back all at
// once, each wrapping art.ErrInvalid.
func NewGuide(l Lexicon, p Policy, clearances []art.Clearance) (*Guide, error) {
	if err := brand.Join(append(l.Check(), p.Check(l)...)); err != nil {
		return nil, fmt.Errorf("safety: the policy %s: %w", p.Name, err)
	}
	return &Guide{policy: p, lexicon: l, index: newIndex(l), clearances: clearances}, nil
}

// Policy is the one that the guide goes by.
func (g *Guide) Policy() Policy {
	p := g.policy
	p.Rules = maps.Clone(p.Rules)
	return p
}

// Lexicon is what the guide knows.
func (g *Guide) Lexicon() Lexicon { return g.lexicon }

// Field is one text that is looked at.
type Field struct {
	Name  string // such as "prompt.subject.words.en", or "file:NAME"
	Words string
}

// For is whom words are looked at for: clearances count for a brand, on a day.
type For struct {
	Brand string
	On    time.Time
}

// found is a hit with its field.
type found struct {
	hit
	field Field
}

// Look gives what the policy has an opinion about, the strictest first, each rule and subject once a field. What passes
// stands there too, if the policy names it or a clearance has lifted it. Concepts that belong together are looked for over
// all fields.
func (g *Guide) Look(fields []Field, whom For) []art.Concern {
	var hits []found
	for _, f := range fields {
		for _, h := range g.read(f.Words) {
			hits = append(hits, found{h, f})
		}
	}
	hits = append(hits, g.together(hits)...)
	var all []art.Concern
	for _, h := range hits {
		c, ok := g.concern(h, whom)
		same := func(o art.Concern) bool { return o.Rule == c.Rule && o.Field == c.Field && o.Subject == c.Subject }
		if ok && !slices.ContainsFunc(all, same) {
			all = append(all, c)
		}
	}
	order := []art.Ruling{art.Block, art.NeedsPerson, art.Pass}
	slices.SortStableFunc(all, func(a, b art.Concern) int {
		return cmp.Compare(slices.Index(order, a.Ruling), slices.Index(order, b.Ruling))
	})
	return all
}

// read finds phrases in one text and in what is encoded in it, without what is harmless or negated.
func (g *Guide) read(s string) []hit {
	all := g.clean(g.index.find(s))
	for _, d := range decoded(s) {
		for _, h := range g.clean(g.index.find(d.text)) {
			h.start, h.stop = d.start, d.stop
			all = append(all, h)
		}
	}
	return all
}

func (g *Guide) clean(hits []hit) []hit {
	var kept []hit
	for _, h := range hits {
		if h.concept == none || h.negated && !g.lexicon.Concepts[h.concept].Always {
			continue
		}
		harmless := slices.ContainsFunc(hits, func(o hit) bool {
			return o.concept == none && o.atom == none && o.start <= h.start && h.stop <= o.stop
		})
		if !harmless {
			kept = append(kept, h)
		}
	}
	return kept
}

// together finds concepts that consist of others.
func (g *Guide) together(hits []found) []found {
	first := map[string]found{}
	for _, h := range hits {
		id := g.lexicon.Concepts[h.concept].ID
		if _, there := first[id]; !there {
			first[id] = h
		}
	}
	var all []found
	for i, c := range g.lexicon.Concepts {
		for _, set := range c.Together {
			var parts []found
			for _, id := range set {
				if h, ok := first[id]; ok {
					parts = append(parts, h)
				}
			}
			if len(parts) < len(set) || len(set) == 0 {
				continue
			}
			whole := found{hit{end: end{i, none, none}, start: parts[0].start, stop: parts[0].stop}, parts[0].field}
			for _, p := range parts[1:] {
				if p.field.Name == whole.field.Name {
					whole.start, whole.stop = min(whole.start, p.start), max(whole.stop, p.stop)
				}
			}
			all = append(all, whole)
			break
		}
	}
	return all
}

// concern says what the policy makes of a hit; ok is false where it has no opinion.
func (g *Guide) concern(h found, whom For) (art.Concern, bool) {
	concept := g.lexicon.Concepts[h.concept]
	ruling, named := g.policy.Rules[concept.ID]
	if !named {
		return art.Concern{}, false
	}
	c := art.Concern{
		Rule: concept.ID, Policy: g.policy.ID(), Ruling: ruling, Field: h.field.Name, Match: h.field.Words[h.start:h.stop],
		Start: h.start, End: h.stop, Clearance: concept.Clearance, Source: concept.Source, Remedy: concept.Remedy,
	}
	why := concept.Reason
	if h.name != none {
		n := concept.Names[h.name]
		c.Subject, c.Source = n.Name, cmp.Or(n.Source, c.Source)
	}
	c.Reason = reason(c, concept.Title, why)
	if c.Clearance != "" && ruling == art.NeedsPerson {
		if cleared, ok := Cleared(g.clearances, c.Clearance, cmp.Or(c.Subject, c.Match), whom); ok {
			c.Cleared, c.Ruling = cleared.ID, art.Pass
		}
	}
	return c, true
}

// reason is one sentence with the found words.
func reason(c art.Concern, title, why art.Text) art.Text {
	t := art.Text{}
	for _, lang := range []art.Language{art.English, art.German} {
		open, shut := "“", "”"
		if lang == art.German {
			open, shut = "„", "“"
		}
		s := open + c.Match + shut + " – " + title.In(lang)
		if c.Subject != "" && c.Subject != c.Match {
			s += " (" + c.Subject + ")"
		}
		if w := why.In(lang); w != "" {
			s += ": " + w
		}
		t[lang] = s
	}
	return t
}

// Worst is the strictest ruling of concerns; pass where there are none.
func Worst(all []art.Concern) art.Ruling {
	worst := art.Pass
	for _, c := range all {
		worst = art.Stricter(worst, c.Ruling)
	}
	return worst
}
