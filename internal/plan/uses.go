package plan

import (
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Use is a model that pictures would be asked of. What no engine lists stands as it was named; Engine is "" where nobody
// named one.
type Use struct{ Engine, Model, SHA256 string }

// Uses lists what the pictures of a brief would be asked of, each once, in the order of its matrix. Unlike Make it refuses
// nothing that a model can't do: it looks for what would be missed. A brief that can't be read gives its problems.
func Uses(in Input) ([]Use, error) {
	b, axes, err := read(in)
	if err != nil {
		return nil, err
	}
	var all []Use
	for _, cell := range cells(axes) {
		if u := b.use(b.draft(cell).parameters); !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all, nil
}

// UseOf is what pictures with these parameters over the kit's would be asked of.
func UseOf(in Input, p art.Parameters) Use {
	return newBuilder(in).use(over(in.Kit.Defaults, p))
}

func (b *builder) use(p art.Parameters) Use {
	if c, why := b.engine(p); why == nil {
		return Use{c.Engine, c.Model.Name, c.Model.SHA256}
	}
	name, _, _ := strings.Cut(p.Model, "@")
	return Use{Engine: p.Engine, Model: name}
}
