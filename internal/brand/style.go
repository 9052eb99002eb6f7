package brand

import (
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Style is a style token: styles/<name>.yaml in a workspace.
type Style struct {
	Name       string              `json:"name" yaml:"-"`                                    // the file's name without its extension
	Version    int                 `json:"version" yaml:"version"`                           // counts up from 1 with every change of meaning
	Title      art.Text            `json:"title" yaml:"title"`                               // as people read it
	Parts      map[string]art.Part `json:"parts,omitempty" yaml:"parts,omitempty"`           // prompt parts that the token sets, by their name in a brief
	Negatives  []string            `json:"negatives,omitempty" yaml:"negatives,omitempty"`   // added to those of the kit
	Parameters art.Parameters      `json:"parameters,omitempty" yaml:"parameters,omitempty"` // over the kit's defaults
	Note       art.Text            `json:"note,omitempty" yaml:"note,omitempty"`             // what it is good for
}

// StylesAxis is the matrix field whose values are style tokens: they take the place of the brief's own for that cell.
const StylesAxis = "styles"

// SplitStyle takes "name@version" apart. Without a version the second answer is "".
func SplitStyle(ref string) (name, version string) {
	name, version, _ = strings.Cut(ref, "@")
	return name, version
}

// StyleNames lists every style token that a brief names, in its list or in its matrix, each once.
func StyleNames(b art.Brief) []string {
	var names []string
	add := func(n string) {
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, n := range b.Styles {
		add(n)
	}
	for _, a := range b.Matrix {
		if a.Field != StylesAxis {
			continue
		}
		for _, v := range a.Values {
			switch v := v.(type) {
			case string:
				add(v)
			case []any:
				for _, n := range v {
					if s, ok := n.(string); ok {
						add(s)
					}
				}
			}
		}
	}
	return names
}
