package safety

import (
	"fmt"
	"slices"

	"presswerk/internal/art"
)

// Lexicon is everything that policies can have an opinion about.
type Lexicon struct {
	Version int `json:"version" yaml:"version"` // counts up when what is found changes
	// Harmless are phrases in which a word of a concept means something else, by language: "a shot of espresso".
	Harmless map[string][]string `json:"harmless" yaml:"harmless"`
	// Parts are what words of concepts are put together with, by language: "bild" makes "nacktbild" readable.
	Parts    map[string][]string `json:"parts" yaml:"parts"`
	Concepts []Concept           `json:"concepts" yaml:"concepts"`
}

// Concept is one thing that a policy can have an opinion about.
type Concept struct {
	ID     string   `json:"id" yaml:"id"`
	Title  art.Text `json:"title" yaml:"title"`
	Reason art.Text `json:"reason,omitempty" yaml:"reason,omitempty"` // why it matters
	Remedy art.Text `json:"remedy,omitempty" yaml:"remedy,omitempty"` // what to do instead
	Source string   `json:"source,omitempty" yaml:"source,omitempty"` // law or rule behind it
	// Terms are words and phrases by language, compared by their stems. "apple + logo" needs both near each other, in any
	// order.
	Terms map[string][]string `json:"terms,omitempty" yaml:"terms,omitempty"`
	// Names are persons, places, marks and works, in any language.
	Names []Name `json:"names,omitempty" yaml:"names,omitempty"`
	// Together are other concepts that must all be there, in the whole of what is looked at.
	Together [][]string `json:"together,omitempty" yaml:"together,omitempty"`
	// Always counts even where the words are negated.
	Always bool `json:"always,omitempty" yaml:"always,omitempty"`
	// Clearance is the kind of clearance that lifts a concern.
	Clearance string `json:"clearance,omitempty" yaml:"clearance,omitempty"`
}

// Name is one subject of a concept.
type Name struct {
	Name    string   `json:"name" yaml:"name"`
	Also    []string `json:"also,omitempty" yaml:"also,omitempty"`     // other spellings
	With    []string `json:"with,omitempty" yaml:"with,omitempty"`     // one of these must stand near, for names that are ordinary words
	Why     string   `json:"why,omitempty" yaml:"why,omitempty"`       // what is protected
	Source  string   `json:"source,omitempty" yaml:"source,omitempty"` // where that stands
	Country string   `json:"country,omitempty" yaml:"country,omitempty"`
}

// AnyLanguage is the key of terms that are the same in all languages.
const AnyLanguage = "any"

// Check finds everything that is wrong with a lexicon.
func (l Lexicon) Check() []*art.FieldError {
	var bad []*art.FieldError
	add := func(field, reason, remedy string) {
		bad = append(bad, &art.FieldError{Field: field, Reason: reason, Remedy: remedy})
	}
	if l.Version < 1 {
		add("version", "is missing or below 1", "count up when what is found changes")
	}
	known := map[string]bool{}
	for i, c := range l.Concepts {
		at := fmt.Sprintf("concepts[%d]", i)
		if c.ID == "" || known[c.ID] {
			add(at+".id", fmt.Sprintf("%q is missing or there twice", c.ID), "give each concept a name of its own")
		}
		known[c.ID] = true
		if c.Clearance != "" && !slices.Contains(art.ClearanceKinds(), c.Clearance) {
			add(at+".clearance", fmt.Sprintf("nobody knows the kind %q", c.Clearance), fmt.Sprint("these are: ", art.ClearanceKinds()))
		}
		if !c.Title.Has(art.English) || !c.Title.Has(art.German) {
			add(at+".title", "lacks English or German words", "write both")
		}
	}
	for i, c := range l.Concepts {
		for j, set := range c.Together {
			for _, id := range set {
				if !known[id] {
					add(fmt.Sprintf("concepts[%d].together[%d]", i, j), fmt.Sprintf("there is no concept %q", id), "name one of this file")
				}
			}
		}
	}
	return bad
}

// Joined is a lexicon with another one's concepts: those of the same name add their words.
func (l Lexicon) Joined(more Lexicon) Lexicon {
	l.Concepts = slices.Clone(l.Concepts)
	for _, c := range more.Concepts {
		i := slices.IndexFunc(l.Concepts, func(o Concept) bool { return o.ID == c.ID })
		if i < 0 {
			l.Concepts = append(l.Concepts, c)
			continue
		}
		l.Concepts[i].Names = slices.Concat(l.Concepts[i].Names, c.Names)
		l.Concepts[i].Together = slices.Concat(l.Concepts[i].Together, c.Together)
		l.Concepts[i].Terms = joined(l.Concepts[i].Terms, c.Terms)
	}
	l.Harmless, l.Parts = joined(l.Harmless, more.Harmless), joined(l.Parts, more.Parts)
	l.Version = max(l.Version, more.Version)
	return l
}

func joined(a, b map[string][]string) map[string][]string {
	all := map[string][]string{}
	for _, m := range []map[string][]string{a, b} {
		for lang, words := range m {
			all[lang] = slices.Concat(all[lang], words)
		}
	}
	return all
}
