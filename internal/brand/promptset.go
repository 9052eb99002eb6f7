package brand

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
)

// MaxPromptSet is how many pictures one side of a guard may have: prompts times seeds.
const MaxPromptSet = 400

// PromptSet is a brand's fixed prompts, with which models are compared and probed: guard.yaml beside the kit. It is changed
// seldom, because what was compared on another set says nothing about this one.
type PromptSet struct {
	Prompts    []FixedPrompt      `json:"prompts" yaml:"prompts"`                           // at least two; each is one observation
	Seeds      []art.Seed         `json:"seeds" yaml:"seeds"`                               // every prompt is rendered with each of them; a prompt's seeds are averaged
	Styles     []string           `json:"styles,omitempty" yaml:"styles,omitempty"`         // style tokens of all prompts, "name" or "name@version"
	Parameters art.Parameters     `json:"parameters,omitempty" yaml:"parameters,omitempty"` // over the kit's defaults
	Margins    map[string]float64 `json:"margins,omitempty" yaml:"margins,omitempty"`       // scorer → the difference below which nobody cares, in its own unit; a twentieth of its range where nothing is said
	Confidence float64            `json:"confidence,omitempty" yaml:"confidence,omitempty"` // of the intervals, 0.95 where nothing is said
	Probe      ProbePlan          `json:"probe,omitzero" yaml:"probe,omitempty"`            // how often "presswerk serve" probes engines with these prompts
}

// FixedPrompt is one prompt of a set.
type FixedPrompt struct {
	Name   string     `json:"name" yaml:"name"` // a–z, 0–9 and hyphens
	Prompt art.Prompt `json:"prompt" yaml:"prompt"`
}

// ProbePlan says which engines are probed by themselves, and how often.
type ProbePlan struct {
	Every   string   `json:"every,omitempty" yaml:"every,omitempty"`     // such as 24h; nothing means never. Hosted engines take money for it
	Engines []string `json:"engines,omitempty" yaml:"engines,omitempty"` // as recipes call them; nothing means the one of the kit's defaults
}

// Interval is how often engines are probed; 0 means never.
func (p ProbePlan) Interval() time.Duration {
	d, err := time.ParseDuration(p.Every)
	if err != nil {
		return 0 // Check has told it
	}
	return d
}

// Digest is the set's identity: SHA-256 over all of it but the probes' schedule.
func (s PromptSet) Digest() (string, error) {
	s.Probe = ProbePlan{}
	data, err := art.CanonicalJSON(s)
	if err != nil {
		return "", fmt.Errorf("brand: naming a prompt set: %w", err)
	}
	return art.Digest(data), nil
}

// Check finds everything that is wrong with a set, by itself and against the scorers of its kit's rubric.
func (s PromptSet) Check(rubric []art.Gate) []*art.FieldError {
	var p problems
	if len(s.Prompts) < 2 {
		p.add("prompts", fmt.Sprintf("has %d, and two are the least that can be compared", len(s.Prompts)), "write eight or more, each with what the brand often asks for")
	}
	for i, f := range s.Prompts {
		field := fmt.Sprintf("prompts[%d]", i)
		if !ValidName(f.Name) {
			p.add(field+".name", fmt.Sprintf("%q is no name", f.Name), "use a–z, 0–9 and hyphens")
		} else if slices.ContainsFunc(s.Prompts[:i], func(o FixedPrompt) bool { return o.Name == f.Name }) {
			p.add(field+".name", fmt.Sprintf("%q is there twice", f.Name), "give each prompt a name of its own")
		}
		if f.Prompt.Subject.Empty() {
			p.add(field+".prompt.subject", "is missing", "say what is to be seen")
		}
		for _, n := range f.Prompt.Parts() {
			checkPart(&p, field+".prompt."+n.Name, n.Part)
		}
	}
	if len(s.Seeds) == 0 {
		p.add("seeds", "is empty", "list at least one: [1, 2]")
	}
	for i, seed := range s.Seeds {
		if seed < 0 || slices.Contains(s.Seeds[:i], seed) {
			p.add(fmt.Sprintf("seeds[%d]", i), fmt.Sprintf("%d is negative, or there already", seed), "list different whole numbers from 0 up")
		}
	}
	if n := len(s.Prompts) * len(s.Seeds); n > MaxPromptSet {
		p.add("prompts", fmt.Sprintf("with %d seeds they are %d pictures a side", len(s.Seeds), n), fmt.Sprintf("take some out: %d are the most", MaxPromptSet))
	}
	checkParameters(&p, "parameters", s.Parameters)
	if s.Parameters.Seed != nil {
		p.add("parameters.seed", "has no place here", "list it in seeds")
	}
	s.checkNumbers(&p, rubric)
	return p.all
}

func (s PromptSet) checkNumbers(p *problems, rubric []art.Gate) {
	var known, named []string
	for _, g := range rubric {
		known = append(known, g.Scorer)
	}
	for name := range s.Margins {
		named = append(named, name)
	}
	slices.Sort(named)
	for _, name := range named {
		switch {
		case !slices.Contains(known, name):
			p.add("margins."+name, "the kit's rubric has no such scorer", choose(name, known))
		case !(s.Margins[name] > 0) || !finite(s.Margins[name]):
			p.add("margins."+name, fmt.Sprintf("%v is no margin", s.Margins[name]), "write a number above 0, in the scorer's unit")
		}
	}
	if c := s.Confidence; c != 0 && !(c >= 0.5 && c < 1) {
		p.add("confidence", fmt.Sprintf("%v is no confidence", c), "write a number from 0.5 to below 1, such as 0.95")
	}
	if every := strings.TrimSpace(s.Probe.Every); every != "" {
		if d, err := time.ParseDuration(every); err != nil || d < time.Minute {
			p.add("probe.every", fmt.Sprintf("%q is no interval", every), "write hours or minutes, 1m or more, such as 24h")
		}
	}
}
