package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// Change is what one side of a comparison has over the brand's usual parameters.
type Change struct {
	Fields        map[string]string // of a matrix, such as "sampler" or "model", with their values as people write them
	LoRAs         []art.LoRA
	EngineVersion string // of pictures that were kept from an earlier version; "" is the engine's own
}

// Set works a fixed prompt set out for one side: each prompt with each seed, prompts turning slowest. The cell of a recipe
// names its prompt. In holds kit, styles, engines and pauses; its brief gives parameters, and may be empty. Everything else
// is as with Make, for an exploration.
func Set(in Input, set brand.PromptSet, change Change) (art.Plan, error) {
	in.Brief.Run, in.Brief.Parameters = art.Exploration, over(set.Parameters, in.Brief.Parameters)
	in.Brief.Styles = slices.Concat(set.Styles, in.Brief.Styles)
	in.Models.Pins = nil // sides name their models exactly
	in.Down = nil        // and nobody stands in for another
	in.Brief.Prompt, in.Brief.Parameters.Seed = art.Prompt{}, nil
	b := newBuilder(in)
	tokens, problems := tokensOf(in)
	b.tokens = tokens
	fields, more := b.fields(change)
	if err := brand.Join(append(problems, more...)); err != nil {
		return art.Plan{}, err
	}
	for _, f := range set.Prompts {
		b.in.Brief.Prompt = f.Prompt
		for _, seed := range set.Seeds {
			cell := append(slices.Clone(fields), value{field: "seed", shown: strconv.FormatInt(int64(seed), 10), set: func(d *draft) { d.parameters.Seed = &seed }})
			if err := b.add(cell); err != nil {
				return art.Plan{}, err
			}
			if n := len(b.plan.Recipes); n > 0 && b.plan.Recipes[n-1].Cell["prompt"] == "" {
				b.plan.Recipes[n-1].Cell["prompt"] = f.Name
			}
		}
	}
	if b.plan.Dropped > 0 {
		return art.Plan{}, problem("prompts", fmt.Sprintf("%d of them give the same recipe as another", b.plan.Dropped), "let prompts differ in their English words, and use an engine that keeps seeds")
	}
	b.plan.Cost = b.cost()
	return b.plan, exactly(&b.plan, change)
}

// exactly puts into the recipes what no parameter of a brief says.
func exactly(p *art.Plan, change Change) error {
	for i := range p.Recipes {
		r := &p.Recipes[i]
		r.LoRAs = change.LoRAs
		if change.EngineVersion != "" {
			r.EngineVersion = change.EngineVersion
		}
		var err error
		if r.ID, err = r.Recipe.ID(); err != nil {
			return fmt.Errorf("plan: naming a recipe: %w", err)
		}
	}
	return nil
}

// fields reads a change's values like those of a matrix.
func (b *builder) fields(change Change) ([]value, []*art.FieldError) {
	var all []value
	var problems []*art.FieldError
	for _, name := range slices.Sorted(maps.Keys(change.Fields)) {
		if !known(name) || name == "seed" || strings.HasPrefix(name, "prompt.") {
			problems = append(problems, problem(name, "is no field that one side can have for itself", "use "+strings.Join(SideFields(), ", ")))
			continue
		}
		v, p := readValue(name, change.Fields[name], b.tokens)
		var number float64
		if p != nil && json.Unmarshal([]byte(change.Fields[name]), &number) == nil { // a model's SHA-256 may look like a number
			v, p = readValue(name, number, b.tokens)
		}
		if p != nil {
			p.Field = name + p.Field
			problems = append(problems, p)
			continue
		}
		v.field = name
		all = append(all, v)
	}
	return all, problems
}

// SideFields are the fields that one side of a comparison can have for itself.
func SideFields() []string {
	return slices.DeleteFunc(Fields(), func(f string) bool { return f == "seed" || strings.HasPrefix(f, "prompt.") })
}
