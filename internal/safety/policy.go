package safety

import (
	"fmt"
	"maps"
	"slices"

	"presswerk/internal/art"
)

// General is the policy of a kit that names no sector.
const General = "general"

// Policy is what one sector says about concepts.
type Policy struct {
	Name    string   `json:"name" yaml:"-"` // the file's
	Version int      `json:"version" yaml:"version"`
	Title   art.Text `json:"title" yaml:"title"`
	Extends string   `json:"extends,omitempty" yaml:"extends,omitempty"` // the policy whose rules hold where this one says nothing
	// Approval is "person" where no policy may approve a picture, whatever was found.
	Approval string `json:"approval,omitempty" yaml:"approval,omitempty"`
	// Acknowledge is what the people of this sector have to know and confirm.
	Acknowledge art.Text              `json:"acknowledge,omitempty" yaml:"acknowledge,omitempty"`
	Rules       map[string]art.Ruling `json:"rules" yaml:"rules"`                       // by concept; what isn't there passes
	Locked      []string              `json:"locked,omitempty" yaml:"locked,omitempty"` // rules that nobody who extends this may loosen
	Sources     []string              `json:"sources,omitempty" yaml:"sources,omitempty"`
}

// ID is name@version.
func (p Policy) ID() string { return fmt.Sprintf("%s@%d", p.Name, p.Version) }

// NeedsPerson tells whether no policy may approve pictures.
func (p Policy) NeedsPerson() bool { return p.Approval == string(art.NeedsPerson) }

// Check finds everything that is wrong with a policy, given the concepts that there are.
func (p Policy) Check(l Lexicon) []*art.FieldError {
	var bad []*art.FieldError
	add := func(field, reason, remedy string) {
		bad = append(bad, &art.FieldError{Field: field, Reason: reason, Remedy: remedy})
	}
	if p.Version < 1 {
		add("version", "is missing or below 1", "count up when a rule changes")
	}
	if p.Approval != "" && !p.NeedsPerson() {
		add("approval", fmt.Sprintf("nobody knows %q here", p.Approval), `write "person", or take the line out`)
	}
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		if !slices.ContainsFunc(l.Concepts, func(c Concept) bool { return c.ID == id }) {
			add("rules."+id, "there is no such concept", "name one of the lexicon")
		}
		if r := p.Rules[id]; r != art.Block && r != art.NeedsPerson && r != art.Pass {
			add("rules."+id, fmt.Sprintf("nobody knows the ruling %q", r), "write block, person or pass")
		}
	}
	return bad
}

// Resolve works a policy out with all that it extends. An unknown name, or a circle, gives art.ErrNotFound or
// art.ErrInvalid; loosening what is locked gives art.ErrRefused.
func Resolve(all []Policy, name string) (Policy, error) {
	return resolve(all, name, nil)
}

func resolve(all []Policy, name string, seen []string) (Policy, error) {
	i := slices.IndexFunc(all, func(p Policy) bool { return p.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for j, p := range all {
			names[j] = p.Name
		}
		return Policy{}, &art.FieldError{Field: "sector", Reason: fmt.Sprintf("there is no policy %q", name), Remedy: fmt.Sprintf("these are: %v", names), Kind: art.ErrNotFound}
	}
	p := all[i]
	if p.Extends == "" {
		return p, nil
	}
	if slices.Contains(seen, name) {
		return p, art.Invalid("extends", fmt.Sprintf("the policy %s extends itself by way of others", name), "break the circle")
	}
	base, err := resolve(all, p.Extends, append(seen, name))
	if err != nil {
		return p, err
	}
	rules := maps.Clone(base.Rules)
	for _, id := range slices.Sorted(maps.Keys(p.Rules)) {
		if slices.Contains(base.Locked, id) && art.Stricter(base.Rules[id], p.Rules[id]) != p.Rules[id] {
			return p, &art.FieldError{Field: "rules." + id, Reason: fmt.Sprintf("the policy %s says %s to it, and that is locked", base.Name, base.Rules[id]), Remedy: "take the line out", Kind: art.ErrRefused}
		}
		rules[id] = p.Rules[id]
	}
	p.Rules, p.Locked = rules, slices.Concat(base.Locked, p.Locked)
	if base.NeedsPerson() {
		p.Approval = base.Approval
	}
	if len(p.Acknowledge) == 0 {
		p.Acknowledge = base.Acknowledge
	}
	return p, nil
}
