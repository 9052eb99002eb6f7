package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/prompt"
)

// axis is one field of the matrix with its values, read and typed.
type axis []value

// value is one value of one field: how it is shown to people, and how it changes a draft.
type value struct {
	field string
	shown string
	set   func(*draft)
}

// readAxes types every value of the matrix, and says everything that is wrong with it.
func readAxes(matrix []art.Axis, t tokens) ([]axis, []*art.FieldError) {
	var axes []axis
	var problems []*art.FieldError
	for i, a := range matrix {
		if !known(a.Field) {
			if a.Field != "" { // a missing name was told already
				problems = append(problems, unknownField(i, a.Field))
			}
			continue
		}
		ax := make(axis, 0, len(a.Values))
		for j, raw := range a.Values {
			v, p := readValue(a.Field, raw, t)
			if p != nil {
				p.Field = fmt.Sprintf("matrix[%d].values[%d]%s", i, j, p.Field)
				problems = append(problems, p)
				continue
			}
			v.field = a.Field
			ax = append(ax, v)
		}
		axes = append(axes, ax)
	}
	return axes, problems
}

func unknownField(i int, field string) *art.FieldError {
	remedy := "use one of: " + strings.Join(Fields(), ", ")
	if near := prompt.Nearest(field, Fields()); near != "" {
		remedy = fmt.Sprintf("did you mean %q? Fields are: %s", near, strings.Join(Fields(), ", "))
	}
	return problem(fmt.Sprintf("matrix[%d].field", i), fmt.Sprintf("%q is no field that changes a picture", field), remedy)
}

// tooMany tells whether the matrix has more cells than a plan may hold. It never multiplies further than needed.
func tooMany(axes []axis) bool {
	n := 1
	for _, a := range axes {
		if n *= len(a); n > MaxRecipes {
			return true
		}
	}
	return false
}

// cells lists all combinations, the first axis turning slowest. No axis at all gives one cell.
func cells(axes []axis) [][]value {
	all := [][]value{nil}
	for _, a := range axes {
		next := make([][]value, 0, len(all)*len(a))
		for _, cell := range all {
			for _, v := range a {
				next = append(next, append(slices.Clone(cell), v))
			}
		}
		all = next
	}
	return all
}

// usualMatrix is what a brief without a matrix gets: 3 seeds × 2 guidance scales × 2 samplers, as far as the engine
// has them. It follows the style guide of the trade: first see what is stable, then vary what matters.
func (b *builder) usualMatrix() []art.Axis {
	d := b.draft(nil)
	c, why := b.engine(d.parameters)
	if why != nil {
		return nil // the refusal is told with the cell
	}
	seed := or(d.parameters.Seed, seedOf(b.in.Brief.ID))
	seed = min(seed, math.MaxInt64-2)
	guidance := or(d.parameters.GuidanceScale, usualGuidance(c))
	samplers := []any{sampler(d.parameters, c)}
	for _, s := range c.Samplers {
		if s != samplers[0] {
			samplers = append(samplers, s)
			break
		}
	}
	return []art.Axis{
		{Field: "seed", Values: []any{int64(seed), int64(seed + 1), int64(seed + 2)}},
		{Field: "guidance_scale", Values: []any{guidance, math.Round(guidance*125) / 100}},
		{Field: "sampler", Values: samplers},
	}
}

// seedOf gives a brief its seed where nobody chose one: the first 32 bits of the SHA-256 of its name, so that the
// same brief gets the same pictures everywhere.
func seedOf(brief string) art.Seed {
	sum := sha256.Sum256([]byte(brief))
	return art.Seed(binary.BigEndian.Uint32(sum[:4]))
}

// Fields are the paths that a matrix may vary.
func Fields() []string {
	fields := []string{
		"seed", "guidance_scale", "guidance_rescale", "steps", "sampler", "scheduler", "width", "height", "size", "clip_skip", "eta",
		"noise_source", "engine", "model", brand.StylesAxis, "prompt.text", "prompt.negatives",
	}
	for _, name := range brand.PartNames() {
		fields = append(fields, "prompt."+name)
	}
	return fields
}

func known(field string) bool { return slices.Contains(Fields(), field) }

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
