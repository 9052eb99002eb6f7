package art

import (
	"encoding/json"
	"fmt"
)

// partFields is Part without its methods, so that reading it does not recurse.
type partFields Part

// UnmarshalYAML reads a bare string or {words, priority}.
func (p *Part) UnmarshalYAML(unmarshal func(any) error) error { return p.read(unmarshal) }

// UnmarshalJSON reads a bare string or {words, priority}.
func (p *Part) UnmarshalJSON(data []byte) error {
	return p.read(func(v any) error { return json.Unmarshal(data, v) })
}

func (p *Part) read(unmarshal func(any) error) error {
	var words string
	if err := unmarshal(&words); err == nil {
		*p = Part{}
		if words != "" {
			p.Words = Text{English: words}
		}
		return nil
	}
	var f partFields
	if err := unmarshal(&f); err != nil {
		return fmt.Errorf("art: reading a part of the prompt: neither a string nor {words, priority}: %w", err)
	}
	*p = Part(f)
	return nil
}

// NamedPart is a part of a prompt with the name it has in a brief.
type NamedPart struct {
	Name string
	Part Part
}

// Parts lists the parts that say something, in the order in which prompts are written out.
func (p Prompt) Parts() []NamedPart {
	all := []NamedPart{
		{"subject", p.Subject},
		{"context", p.Context},
		{"composition", p.Composition},
		{"light", p.Light},
		{"style", p.Style},
		{"materials", p.Materials},
		{"lens", p.Lens},
		{"colour_space", p.ColourSpace},
		{"quality", p.Quality},
		{"technique", p.Technique},
		{"style_references", p.References},
		{"background", p.Background},
	}
	said := all[:0]
	for _, n := range all {
		if !n.Part.Empty() {
			said = append(said, n)
		}
	}
	return said
}

// With returns the prompt with one part replaced; name is as in a brief, such as "style".
func (p Prompt) With(name string, part Part) (Prompt, error) {
	parts := map[string]*Part{
		"subject": &p.Subject, "context": &p.Context, "composition": &p.Composition, "light": &p.Light,
		"style": &p.Style, "materials": &p.Materials, "lens": &p.Lens, "colour_space": &p.ColourSpace,
		"quality": &p.Quality, "technique": &p.Technique, "style_references": &p.References,
		"background": &p.Background,
	}
	slot, ok := parts[name]
	if !ok {
		return p, Invalid("prompt."+name, "there is no such part of a prompt", "use one of subject, context, composition, light, style, materials, lens, colour_space, quality, technique, style_references, background")
	}
	*slot = part
	return p, nil
}
