package brand

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
)

// PartNames are the parts of a structured prompt, in the order in which prompts are written out.
func PartNames() []string {
	return []string{"subject", "context", "composition", "light", "style", "materials", "lens", "colour_space", "quality", "technique", "style_references", "background"}
}

// Languages are those in which pages, alt text and reports exist.
func Languages() []art.Language { return []art.Language{art.English, art.German} }

// CheckBrief finds everything that a brief lacks or gets wrong, by itself and against its kit, in the order of its
// fields. A kit without an ID stands for "not known yet": then only the brief itself is looked at.
func CheckBrief(b art.Brief, k Kit) []*art.FieldError {
	var p problems
	p.needText("title", b.Title, "write the headline of the campaign")
	p.needText("goal", b.Goal, "say what the pictures are for")
	checkKPI(&p, b.KPI)
	p.need("brand", b.Brand, "name a brand kit of this workspace")
	if k.ID != "" && b.Brand != "" && b.Brand != k.ID {
		p.add("brand", fmt.Sprintf("the brief is for %q, and the kit is %q", b.Brand, k.ID), "hand over the kit that the brief names")
	}
	checkBriefChannels(&p, b, k)
	checkLanguages(&p, b)
	if b.Run != art.Exploration && b.Run != art.Production {
		p.add("run", wrongWord(string(b.Run)), "write exploration to vary anything, or production to make pictures that can be published")
	}
	if b.Approval != art.ApprovalReview && b.Approval != art.ApprovalAuto {
		p.add("approval", wrongWord(string(b.Approval)), "write review to wait for a person, or auto to let the policy decide")
	}
	checkPrompt(&p, b)
	checkParameters(&p, "parameters", b.Parameters)
	checkClip(&p, b)
	checkMatrix(&p, b.Matrix)
	checkFailover(&p, b.Failover)
	checkRepair(&p, b.Repair)
	checkSelect(&p, b.Select)
	p.all = append(p.all, b.Legal.Usage.Check("legal.usage")...)
	if b.Disclosure != nil {
		p.all = append(p.all, b.Disclosure.Check("disclosure")...)
	}
	checkBudgets(&p, b.Budgets)
	return p.all
}

// checkBudgets lets a brief limit its runs; days and months are the brand's and the workspace's.
func checkBudgets(p *problems, all []art.Budget) {
	p.all = append(p.all, art.CheckBudgets("budgets", all)...)
	for i, b := range all {
		if b.Day != nil || b.Month != nil {
			p.add(fmt.Sprintf("budgets[%d]", i), "limits a day or a month", "a brief limits its runs: write run; days and months belong into the brand's kit or presswerk.yaml")
		}
	}
}

func wrongWord(s string) string {
	if s == "" {
		return "is missing"
	}
	return fmt.Sprintf("nobody knows %q here", s)
}

func checkKPI(p *problems, k art.KPI) {
	p.need("kpi.metric", k.Metric, "say how success is counted, such as ctr")
	if k.Target <= 0 || !finite(k.Target) {
		p.add("kpi.target", "is missing or not above 0", "write the number to reach; a rate is a fraction of 1, such as 0.035")
	}
}

func checkBriefChannels(p *problems, b art.Brief, k Kit) {
	if len(b.Channels) == 0 {
		p.add("channels", "is missing", "name at least one channel of the kit")
	}
	for i, name := range b.Channels {
		if slices.Contains(b.Channels[:i], name) {
			p.add(fmt.Sprintf("channels[%d]", i), fmt.Sprintf("%q is there twice", name), "name each channel once")
		}
	}
	if k.ID == "" {
		return
	}
	if _, err := k.ChannelsNamed(b.Channels); err != nil {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				if f, ok := errors.AsType[*art.FieldError](e); ok {
					p.all = append(p.all, f)
				}
			}
		}
	}
}

func checkLanguages(p *problems, b art.Brief) {
	if len(b.Languages) == 0 {
		p.add("languages", "is missing", "list the languages of the published page, the default first: [en, de]")
	}
	for i, lang := range b.Languages {
		field := fmt.Sprintf("languages[%d]", i)
		switch {
		case !slices.Contains(Languages(), lang):
			p.add(field, fmt.Sprintf("pages are not made in %q yet", lang), choose(lang, Languages()))
		case slices.Contains(b.Languages[:i], lang):
			p.add(field, fmt.Sprintf("%q is there twice", lang), "list each language once")
		case b.Title.In(lang) != "" && !b.Title.Has(lang):
			p.add("title", fmt.Sprintf("has no words in %q, and the page is published in it", lang), "add them, or take the language out of languages")
		}
	}
}

func checkPrompt(p *problems, b art.Brief) {
	varied := func(part string) bool {
		return slices.ContainsFunc(b.Matrix, func(a art.Axis) bool { return a.Field == "prompt."+part })
	}
	if b.Prompt.Subject.Empty() && !varied("subject") {
		p.add("prompt.subject", "is missing", "say what is to be seen, here or in the matrix")
	}
	for _, n := range b.Prompt.Parts() {
		checkPart(p, "prompt."+n.Name, n.Part)
	}
}

func checkPart(p *problems, field string, part art.Part) {
	if !part.Empty() && !part.Words.Has(art.English) {
		p.add(field+".words.en", "engines read English, and there are no English words", "add them")
	}
	switch part.Priority {
	case "", art.PriorityLow, art.PriorityNormal, art.PriorityHigh, art.PriorityMust:
	default:
		p.add(field+".priority", fmt.Sprintf("nobody knows the priority %q", part.Priority), "use low, normal, high or must")
	}
}

func checkMatrix(p *problems, m []art.Axis) {
	for i, a := range m {
		field := fmt.Sprintf("matrix[%d]", i)
		p.need(field+".field", a.Field, `name a field, such as "seed" or "prompt.style"`)
		if len(a.Values) == 0 {
			p.add(field+".values", "is empty", "list at least one value")
		}
		if a.Field != "" && slices.ContainsFunc(m[:i], func(o art.Axis) bool { return o.Field == a.Field }) {
			p.add(field+".field", fmt.Sprintf("%q is varied twice", a.Field), "put all its values into one axis")
		}
	}
}

// checkFailover looks at a list of engines that stand in.
func checkFailover(p *problems, names []string) {
	for i, n := range names {
		field := fmt.Sprintf("failover[%d]", i)
		p.need(field, n, "name an engine; presswerk engines lists them")
		if n != "" && slices.Contains(names[:i], n) {
			p.add(field, fmt.Sprintf("%q is there twice", n), "name each engine once")
		}
	}
}

func checkSelect(p *problems, s art.Select) {
	if s.Share < 0 || s.Share > 1 || !finite(s.Share) {
		p.add("select.share", fmt.Sprintf("%v is no share", s.Share), "write a number above 0 and up to 1, such as 0.1")
	}
	if s.Count < 0 {
		p.add("select.count", "must not be negative", "write how many at most, or 0 for no limit")
	}
}

// maxLoRA is the largest strength of a LoRA; beyond, pictures fall apart.
const maxLoRA = 10

// checkParameters looks at what no engine could ever honour; what a particular one cannot is plan's to say.
func checkParameters(p *problems, field string, v art.Parameters) {
	for _, n := range []struct {
		name  string
		value *int
	}{{"width", v.Width}, {"height", v.Height}} {
		if n.value != nil && *n.value < 1 {
			p.add(field+"."+n.name, fmt.Sprintf("%d pixels is no picture", *n.value), "write pixels, 1 or more")
		}
	}
	if v.Steps != nil && *v.Steps < 1 {
		p.add(field+".steps", fmt.Sprintf("%d steps draw nothing", *v.Steps), "write 1 or more")
	}
	for _, n := range []struct {
		name  string
		value *float64
	}{{"guidance_scale", v.GuidanceScale}, {"guidance_rescale", v.GuidanceRescale}, {"eta", v.Eta}} {
		if n.value != nil && (*n.value < 0 || !finite(*n.value)) {
			p.add(field+"."+n.name, fmt.Sprintf("%v is out of range", *n.value), "write a number from 0 up")
		}
	}
	if v.Seed != nil && *v.Seed < 0 {
		p.add(field+".seed", "is negative", "write a whole number from 0 up")
	}
	for i, l := range v.LoRAs {
		at := fmt.Sprintf("%s.loras[%d]", field, i)
		if l.Name == "" {
			p.add(at+".name", "is missing", "write the name of a LoRA: presswerk models list")
		}
		if l.Weight == 0 || math.Abs(l.Weight) > maxLoRA || !finite(l.Weight) {
			p.add(at+".weight", fmt.Sprintf("%v is out of range", l.Weight), fmt.Sprintf("write a number up to %d; 1 is the strength that it was trained with", maxLoRA))
		}
	}
	if v.Format != "" && v.Format != "png" {
		p.add(field+".format", fmt.Sprintf("masters are not kept as %q", v.Format), "write png; channels choose their own formats")
	}
	if v.ColourProfile != "" && v.ColourProfile != "srgb" {
		p.add(field+".colour_profile", fmt.Sprintf("masters are not made in %q yet", v.ColourProfile), "write srgb")
	}
	if v.NoiseSource != "" && v.NoiseSource != "cpu" && v.NoiseSource != "cuda" {
		p.add(field+".noise_source", fmt.Sprintf("nobody draws noise like %q", v.NoiseSource), "use cpu or cuda")
	}
}
