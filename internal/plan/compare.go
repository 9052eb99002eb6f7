package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// Entrant is one engine of a comparison.
type Entrant struct {
	Engine  string
	Model   string        // name, name@version or SHA-256; "" takes the brief's where the engine has it, else the engine's first
	Strict  bool          // settings that the engine doesn't have are refused, and not left out
	Without []art.Refusal // settings that the engine itself refused when it was asked
}

// Tried is what a brief becomes on one engine.
type Tried struct {
	Found        bool // false: the engine, or the model, isn't there
	Capabilities art.Capabilities
	Recipes      []art.PlannedRecipe // in the order of the cells; none where the brief can't be honoured
	Cells        []int               // of each recipe
	Refused      []art.Refusal       // by the engine, of the brief as it stands
	Production   []art.Refusal       // what a production would be refused for besides
	Adapted      []art.Adaptation    // what was left out so that there are recipes
	Warnings     []art.Refusal
}

// Compare works a brief out for several engines, always as an exploration. Every engine gets the same words; the matrix's
// axes of settings are left out, and its axes of words give up to n pictures: the styles first, so that they can be compared,
// else evenly spread. Where there are fewer words than n, further seeds follow.
func Compare(in Input, n int, entrants []Entrant) ([]art.CompareCell, []Tried, error) {
	matrix := in.Brief.Matrix
	words := slices.DeleteFunc(slices.Clone(matrix), func(a art.Axis) bool { return !wordAxis(a.Field) })
	in.Brief.Matrix, in.Brief.Select = words, art.Select{}
	if in.Brief.Matrix == nil {
		in.Brief.Matrix = []art.Axis{} // none, rather than the usual one
	}
	b, axes, err := read(in)
	if err != nil {
		return nil, nil, err
	}
	shots := spread(axes, n)
	told := tell(shots, len(axes), seedBefore(b, matrix))
	tried := make([]Tried, len(entrants))
	for i, e := range entrants {
		if tried[i], err = try(in, e, shots, told); err != nil {
			return nil, nil, err
		}
	}
	return told, tried, nil
}

// wordAxis tells whether a field of a matrix says what is to be seen.
func wordAxis(field string) bool {
	return field == brand.StylesAxis || strings.HasPrefix(field, "prompt.") && field != "prompt.negatives"
}

// StyleField tells whether a field of a cell says in what style a picture is made.
func StyleField(field string) bool { return field == brand.StylesAxis || field == "prompt.style" }

// spread picks n cells of the axes. One that comes again has another seed.
func spread(axes []axis, n int) [][]value {
	style := func(a axis) bool { return len(a) > 1 && StyleField(a[0].field) }
	slices.SortStableFunc(axes, func(x, y axis) int { // styles turn fastest
		switch {
		case style(x) == style(y):
			return 0
		case style(x):
			return 1
		}
		return -1
	})
	all := cells(axes)
	picked := make([][]value, max(n, 1))
	evenly := len(all) > n && !slices.ContainsFunc(axes, style)
	for i := range picked {
		at := i % len(all)
		if evenly {
			at = i * len(all) / n
		}
		picked[i] = all[at]
	}
	return picked
}

// seedBefore is the seed of the first picture: the brief's, else the first one of its matrix, else one of its name.
func seedBefore(b *builder, matrix []art.Axis) art.Seed {
	if s := b.draft(nil).parameters.Seed; s != nil {
		return *s
	}
	axes, _ := readAxes(slices.DeleteFunc(slices.Clone(matrix), func(a art.Axis) bool { return a.Field != "seed" }), b.tokens)
	for _, a := range axes {
		for _, v := range a {
			var d draft
			if v.set(&d); d.parameters.Seed != nil {
				return *d.parameters.Seed
			}
		}
	}
	return seedOf(b.in.Brief.ID)
}

// tell writes the cells down. Equal words get other seeds.
func tell(shots [][]value, axes int, seed art.Seed) []art.CompareCell {
	told := make([]art.CompareCell, len(shots))
	seen := map[string]int{}
	for i, cell := range shots {
		c := art.CompareCell{Cell: map[string]string{}}
		var names []string
		for _, v := range cell {
			c.Cell[v.field] = v.shown
			names = append(names, v.shown)
		}
		c.Name = strings.Join(names, " · ")
		c.Seed = min(seed, math.MaxInt64-art.Seed(len(shots))) + art.Seed(seen[c.Name])
		seen[c.Name]++
		if axes == 0 {
			c.Cell = nil
		}
		told[i] = c
	}
	return told
}

// try works the brief out for one engine: as it stands, as a production, and with what the engine doesn't have left out.
func try(in Input, e Entrant, shots [][]value, told []art.CompareCell) (Tried, error) {
	c, ok := entrant(in, e)
	if !ok {
		return Tried{}, nil
	}
	t := Tried{Found: true, Capabilities: c}
	asked := in.Brief.Run
	in.Brief.Run = art.Exploration
	b, err := on(in, c, shots, told, nil)
	if err != nil {
		return t, err
	}
	t.Refused = append(slices.Clone(e.Without), b.plan.Refused...)
	if asked == art.Production {
		production := in
		production.Brief.Run = asked
		p, err := on(production, c, shots, told, nil)
		if err != nil {
			return t, err
		}
		t.Production = slices.DeleteFunc(p.plan.Refused, func(r art.Refusal) bool { return slices.Contains(b.plan.Refused, r) })
	}
	if len(t.Refused) > 0 && !e.Strict {
		if b, err = on(in, c, shots, told, append([]art.Refusal{}, e.Without...)); err != nil {
			return t, err
		}
		t.Adapted = b.left
	}
	t.Warnings = b.plan.Warnings
	if len(b.plan.Refused) > 0 || e.Strict && len(e.Without) > 0 {
		return t, nil
	}
	t.Recipes = b.plan.Recipes
	for _, r := range t.Recipes {
		i, _ := strconv.Atoi(r.Cell[shotField])
		delete(r.Cell, shotField)
		t.Cells = append(t.Cells, i)
	}
	return t, nil
}

// shotField carries the place of a recipe's cell until the recipes are handed over.
const shotField = "shot"

// on makes the recipes of every shot on one engine. With a list, even an empty one, what the engine doesn't have is left out.
func on(in Input, c art.Capabilities, shots [][]value, told []art.CompareCell, without []art.Refusal) (*builder, error) {
	b := newBuilder(in)
	b.tokens, _ = tokensOf(in) // its problems were told
	b.without = without
	for i, cell := range shots {
		seed := told[i].Seed
		cell = append(slices.Clone(cell), value{field: shotField, shown: strconv.Itoa(i), set: func(d *draft) {
			d.parameters.Engine, d.parameters.Model, d.parameters.Seed = c.Engine, named(c.Model), &seed
		}})
		if err := b.add(cell); err != nil {
			return nil, err
		}
	}
	if b.plan.Dropped > 0 {
		b.refuse([]art.Refusal{{Field: "matrix", Reason: fmt.Sprintf("%d of the pictures would be the same as another", b.plan.Dropped), Remedy: "let values differ in their English words"}})
	}
	return b, nil
}

// named is a model as parameters name it exactly.
func named(m art.ModelRef) string {
	if m.Version != "" {
		return m.Name + "@" + m.Version
	}
	return m.Name
}

// entrant finds an engine's model: the named one, else the brief's where the engine has it, else its first.
func entrant(in Input, e Entrant) (art.Capabilities, bool) {
	model := e.Model
	if model == "" {
		model = over(in.Kit.Defaults, in.Brief.Parameters).Model
		model = in.pinnedVersion(model)
	}
	var first *art.Capabilities
	for i, c := range in.Engines {
		if c.Engine != e.Engine {
			continue
		}
		if model != "" && (model == c.Model.Name || model == c.Model.Name+"@"+c.Model.Version || model == c.Model.SHA256) {
			return c, true
		}
		if first == nil {
			first = &in.Engines[i]
		}
	}
	if first == nil || e.Model != "" {
		return art.Capabilities{}, false
	}
	return *first, true
}

// pinnedVersion is the SHA-256 of a name that the brand has pinned, else the name.
func (in Input) pinnedVersion(name string) string {
	if pin, ok := in.Models.PinOf(in.Kit.ID, name); ok {
		return pin.SHA256
	}
	return name
}
