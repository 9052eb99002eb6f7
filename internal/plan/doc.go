// Package plan works a brief out into recipes: every parameter of every picture, in a fixed order, before anything is
// rendered. It is pure: the same input gives the same plan, bit for bit.
//
// The nouns: an axis is one field of the variation matrix and its values; a cell is one combination of values; a draft
// is what brand, style tokens, brief and cell have said about one picture, and later ones win in this order. What
// cannot be honoured stands in the plan as a refusal with the reason, and what a person should know as a warning.
//
//	p, err := plan.Make(plan.Input{Brief: brief, Kit: kit, Styles: styles, Engines: capabilities})
//	for _, r := range p.Refused { … } // a plan with refusals is not rendered
//
// Package plan renders nothing, reads nothing and decides about no picture.
package plan
