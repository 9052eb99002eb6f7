package plan

import (
	"fmt"
	"strconv"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/prompt"
)

// tokens are the style tokens at hand, by name.
type tokens map[string]brand.Style

// tokensOf finds the tokens that the brief's list names, and says which are missing.
func tokensOf(in Input) (tokens, []*art.FieldError) {
	t := tokens{}
	for _, s := range in.Styles {
		t[s.Name] = s
		t[s.Name+"@"+strconv.Itoa(s.Version)] = s
	}
	var problems []*art.FieldError
	for i, ref := range in.Brief.Styles {
		if p := t.problem(fmt.Sprintf("styles[%d]", i), ref); p != nil {
			problems = append(problems, p)
		}
	}
	return t, problems
}

// problem says what is wrong with a reference to a token, or nil.
func (t tokens) problem(field, ref string) *art.FieldError {
	if _, ok := t[ref]; ok {
		return nil
	}
	name, version := brand.SplitStyle(ref)
	if s, ok := t[name]; ok {
		return problem(field, fmt.Sprintf("style token %q is there in version %d, not in %s", name, s.Version, version),
			fmt.Sprintf("write %s@%d, or bring the old version back", name, s.Version))
	}
	var known []string
	for n := range t {
		known = append(known, n)
	}
	remedy := "write styles/" + name + ".yaml, or name one that is there"
	if near := prompt.Nearest(ref, sorted(known)); near != "" {
		remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return problem(field, fmt.Sprintf("there is no style token %q", ref), remedy)
}

func (t tokens) named(refs []string) []brand.Style {
	styles := make([]brand.Style, 0, len(refs))
	for _, ref := range refs {
		if s, ok := t[ref]; ok {
			styles = append(styles, s)
		}
	}
	return styles
}
