package plan

import (
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/safety"
)

// common looks at what all pictures of the brief have in common.
func (b *builder) common() {
	if b.in.Safety == nil {
		return
	}
	b.brief = b.in.Safety.Look(slices.Concat(BriefFields(b.in.Brief), b.in.Texts), b.whom())
	b.refuse(b.blocked(b.brief))
}

// sector looks at who may approve the pictures.
func (b *builder) sector() {
	if b.in.Safety == nil {
		return
	}
	p := b.in.Safety.Policy()
	if want := b.in.Kit.Sector; want != "" && want != p.Name {
		b.refuse([]art.Refusal{{Field: "sector", Reason: fmt.Sprintf("the kit is of the sector %s, and the policy at hand is %s", want, p.Name), Remedy: "plan with the policy that the kit names"}})
	}
	b.plan.Policy, b.plan.NeedsPerson = p.ID(), p.NeedsPerson()
	if p.NeedsPerson() && b.in.Brief.Approval == art.ApprovalAuto && b.in.Brief.Run == art.Production {
		b.refuse([]art.Refusal{{
			Field: "approval", Reason: fmt.Sprintf("the policy %s wants a person's word on each picture, and the brief says auto", p.ID()), Remedy: "write approval: review",
		}})
	}
}

func (b *builder) whom() safety.For { return safety.For{Brand: b.in.Kit.ID, On: b.in.Now} }

// BriefFields are the texts of a brief that are published or sent along, but for its prompt. Notes for lawyers and the goal are
// neither.
func BriefFields(b art.Brief) []safety.Field {
	var all []safety.Field
	add := func(name string, t art.Text) {
		for _, lang := range t.Languages() {
			all = append(all, safety.Field{Name: name + "." + lang, Words: t[lang]})
		}
	}
	add("title", b.Title)
	langs := make([]string, 0, len(b.Keywords))
	for lang := range b.Keywords {
		langs = append(langs, lang)
	}
	slices.Sort(langs)
	for _, lang := range langs {
		all = append(all, safety.Field{Name: "keywords." + lang, Words: strings.Join(b.Keywords[lang], "; ")})
	}
	if b.Clip != nil {
		add("clip.description", b.Clip.Description)
	}
	return all
}

// PromptFields are the texts of a prompt that ask for something; negatives are what shall not be there.
func PromptFields(p art.Prompt) []safety.Field {
	var all []safety.Field
	for _, n := range p.Parts() {
		for _, lang := range n.Part.Words.Languages() {
			all = append(all, safety.Field{Name: "prompt." + n.Name + ".words." + lang, Words: n.Part.Words[lang]})
		}
	}
	if p.Lettering != "" {
		all = append(all, safety.Field{Name: "prompt.text", Words: p.Lettering})
	}
	return all
}

// concerns looks at one picture's words. The brief's own words are looked at with them, so that what belongs together is found
// wherever its parts stand; what is found in them alone is left out.
func (b *builder) concerns(d draft) []art.Concern {
	if b.in.Safety == nil {
		return nil
	}
	fields := PromptFields(d.prompt)
	all := b.in.Safety.Look(slices.Concat(fields, BriefFields(b.in.Brief), b.in.Texts), b.whom())
	return slices.DeleteFunc(all, func(c art.Concern) bool {
		return slices.ContainsFunc(b.brief, func(o art.Concern) bool { return o.Rule == c.Rule && o.Field == c.Field && o.Subject == c.Subject })
	})
}

// blocked are the refusals among concerns.
func (b *builder) blocked(all []art.Concern) []art.Refusal {
	var refused []art.Refusal
	for _, c := range all {
		if c.Ruling == art.Block {
			refused = append(refused, art.Refusal{Field: c.Field, Reason: fmt.Sprintf("the rule %s of the policy %s blocks %s", c.Rule, c.Policy, c.Reason.In(art.English)), Remedy: c.Remedy.In(art.English)})
		}
	}
	b.tell(all)
	return refused
}

// tell puts concerns into the plan, each once.
func (b *builder) tell(all []art.Concern) {
	for _, c := range all {
		if !slices.ContainsFunc(b.plan.Concerns, func(o art.Concern) bool {
			return o.Rule == c.Rule && o.Field == c.Field && o.Match == c.Match && o.Start == c.Start && o.Subject == c.Subject
		}) {
			b.plan.Concerns = append(b.plan.Concerns, c)
		}
	}
}

// flag writes on each recipe what was found.
func (b *builder) flag() {
	for i := range b.plan.Recipes {
		if i < len(b.found) {
			b.plan.Recipes[i].Concerns = slices.Concat(b.found[i], b.brief)
		}
	}
}
