package plan

import (
	"fmt"
	"slices"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/safety"
)

// MaxRecipes is how many pictures one plan may hold. Nobody looks through more, and a slip of the finger in a matrix
// multiplies quickly.
const MaxRecipes = 2000

// Input is all that a plan is made of.
type Input struct {
	Brief   art.Brief
	Kit     brand.Kit
	Styles  []brand.Style      // those that brand.StyleNames(Brief) names; others are ignored
	Engines []art.Capabilities // one for each engine and model, the preferred one first
	Safety  *safety.Guide      // policy for words; nil looks for the no-gos of kit and brief only
	Texts   []safety.Field     // that come with the brief: names of its pictures, and texts in them
	Models  art.ModelPolicy    // pins, accepted licences and pauses of the workspace
	// Measured is how long pictures took here, for engines that don't say it of themselves.
	Measured []art.Measured
	Prices   art.Prices // what engines cost, over what they say of themselves
	Funds    []art.Fund // budgets that count for the brief, with what was spent of them
	// Shutdowns are the days on which hosted models go away; those of Models stand over them.
	Shutdowns []art.Shutdown
	Now       time.Time         // for shutdowns; the zero time looks at none
	Pictures  map[string]string // those that the brief names by their paths: "sha256:…" by path
	Down      map[string]string // engines that aren't ready, with the reason
}

// Make works a brief out. The order of the recipes is that of the matrix, its first axis turning slowest.
//
// A brief that is incomplete or cannot be read gives an error with every problem, each an art.FieldError that wraps
// art.ErrInvalid. What is well said and cannot be honoured is no error: it stands in Refused, and its cells have no
// recipe. A brief without a matrix gets the usual one, 3 seeds × 2 guidance scales × 2 samplers; an empty matrix that
// is there ("matrix: []") gives one picture, as does a brief for a clip without one.
func Make(in Input) (art.Plan, error) {
	b, axes, err := read(in)
	if err != nil {
		return art.Plan{}, err
	}
	b.sector()
	for _, cell := range cells(axes) {
		if err := b.add(cell); err != nil {
			return art.Plan{}, err
		}
	}
	if err := b.canaries(); err != nil {
		return art.Plan{}, err
	}
	if err := b.standIns(); err != nil {
		return art.Plan{}, err
	}
	b.flag()
	b.plan.Cost = b.cost()
	return b.plan, nil
}

// read checks the brief and its matrix, and says everything that is wrong at once.
func read(in Input) (*builder, []axis, error) {
	b := newBuilder(in)
	problems := brand.CheckBrief(in.Brief, in.Kit)
	tokens, more := tokensOf(in)
	b.tokens = tokens
	problems = append(problems, more...)
	matrix := in.Brief.Matrix
	if b.usual = matrix == nil && in.Brief.Clip == nil; b.usual {
		matrix = b.usualMatrix()
	}
	axes, more := readAxes(matrix, tokens)
	problems = append(problems, more...)
	if d := in.Brief.Select.DistinctBy; d != "" && !slices.ContainsFunc(matrix, func(a art.Axis) bool { return a.Field == d }) {
		problems = append(problems, problem("select.distinct_by", fmt.Sprintf("the matrix does not vary %q", d), "name a field of the matrix"))
	}
	if tooMany(axes) {
		problems = append(problems, problem("matrix", fmt.Sprintf("it would give more than %d pictures", MaxRecipes), "take values or axes out"))
	}
	return b, axes, brand.Join(problems)
}

func problem(field, reason, remedy string) *art.FieldError {
	return &art.FieldError{Field: field, Reason: reason, Remedy: remedy, Kind: art.ErrInvalid}
}

// builder collects a plan, each refusal and warning once.
type builder struct {
	in     Input
	tokens tokens
	usual  bool // the matrix is the usual one: nobody declared it
	plan   art.Plan
	drafts []draft                     // of each recipe, in their order
	found  [][]art.Concern             // in the words of each recipe, in their order
	brief  []art.Concern               // in what every picture of the brief has in common
	chosen map[string]art.Capabilities // recipe identity → what renders it
	told   map[art.Refusal]bool
	// without is not nil where settings that an engine doesn't have are left out; those that it lists are left out besides.
	without []art.Refusal
	left    []art.Adaptation // what was left out, each once
}

func newBuilder(in Input) *builder {
	in.Engines = makers(in)
	b := &builder{
		in: in, chosen: map[string]art.Capabilities{}, told: map[art.Refusal]bool{},
		plan: art.Plan{Brief: in.Brief.ID, Kind: in.Brief.Run, Recipes: []art.PlannedRecipe{}, Refused: []art.Refusal{}},
	}
	b.common()
	return b
}

// draft is what kit, tokens, brief and cell have said about one picture. Tokens of the matrix come after the brief,
// because the cell was asked for; the brief's own tokens come before it, because the brief knows better.
func (b *builder) draft(cell []value) draft {
	kit, filming := b.in.Kit, b.in.Brief.Clip != nil
	if filming {
		kit.Defaults = filmed(kit.Defaults)
	}
	d := newDraft(kit)
	varied := slices.IndexFunc(cell, func(v value) bool { return v.field == brand.StylesAxis })
	if varied < 0 {
		d = d.withTokens(b.tokens.named(b.in.Brief.Styles))
	}
	if filming {
		d.parameters = filmed(d.parameters)
	}
	d = d.withBrief(b.in.Brief)
	if varied >= 0 {
		cell[varied].set(&d)
	}
	for i, v := range cell {
		if i != varied {
			v.set(&d)
		}
	}
	return d
}

// add puts one cell of the matrix into the plan: a recipe, a duplicate, or refusals.
func (b *builder) add(cell []value) error {
	d := b.draft(cell)
	concerns := b.concerns(d)
	c, why := b.engine(d.parameters)
	refused := slices.Concat(b.missing(d, c), b.words(d), b.blocked(concerns))
	var over *art.FailedOver
	if why != nil {
		c, over, why = b.inPlace(d.parameters, why)
	}
	if why != nil {
		b.refuse(append(refused, *why))
		return nil
	}
	if b.without != nil || over != nil {
		var left []art.Adaptation
		d, left = b.adapted(d, c, b.without)
		b.left = note(b.left, left)
		if over != nil {
			over.Adapted = left
		}
	}
	p, more, err := b.planned(d, c, false)
	if err != nil {
		return err
	}
	if refused = slices.Concat(refused, more); len(refused) > 0 {
		b.refuse(refused)
		return nil
	}
	if _, there := b.chosen[p.ID]; there {
		b.plan.Dropped++
		return nil
	}
	b.chosen[p.ID], p.FailedOver = c, over
	b.advise(p.Recipe, d, c)
	for _, v := range cell {
		p.Cell[v.field] = v.shown
	}
	b.plan.Recipes = append(b.plan.Recipes, p)
	b.drafts, b.found = append(b.drafts, d), append(b.found, concerns)
	return nil
}

// recipe is a draft's recipe for an engine and model, or why there is none.
func (b *builder) recipe(d draft, c art.Capabilities) (r art.Recipe, refused []art.Refusal) {
	if c.Clip != nil {
		return b.filming(d, c)
	}
	r, err := d.recipe(c, seedOf(b.in.Brief.ID))
	if err != nil {
		return r, []art.Refusal{refusalOf(err)}
	}
	r.LoRAs, refused = b.adapters(d.parameters.LoRAs, c)
	return r, refused
}

// planned is a draft's recipe for an engine and model, or why these do not take it. A canary is not asked whether it is the
// pinned model.
func (b *builder) planned(d draft, c art.Capabilities, canary bool) (art.PlannedRecipe, []art.Refusal, error) {
	r, unfit := b.recipe(d, c)
	if refused := slices.Concat(unfit, b.misfits(r, d, c), b.terms(c, canary), b.stopped(c)); len(refused) > 0 {
		return art.PlannedRecipe{}, refused, nil
	}
	id, err := r.ID()
	if err != nil {
		return art.PlannedRecipe{}, nil, fmt.Errorf("plan: naming a recipe: %w", err)
	}
	return art.PlannedRecipe{Recipe: r, ID: id, Cell: map[string]string{}, Source: d.source(c)}, nil, nil
}

func (b *builder) refuse(all []art.Refusal) {
	for _, r := range all {
		if !b.told[r] {
			b.told[r] = true
			b.plan.Refused = append(b.plan.Refused, r)
		}
	}
}

func (b *builder) warn(field, reason, remedy string) {
	r := art.Refusal{Field: field, Reason: reason, Remedy: remedy}
	if !b.told[r] {
		b.told[r] = true
		b.plan.Warnings = append(b.plan.Warnings, r)
	}
}

// refusalOf makes a refusal of a field error; any other error is told as it is.
func refusalOf(err error) art.Refusal {
	if f, ok := err.(*art.FieldError); ok { //nolint:errorlint // package prompt returns them bare
		return art.Refusal{Field: f.Field, Reason: f.Reason, Remedy: f.Remedy}
	}
	return art.Refusal{Field: "brief", Reason: err.Error()}
}
