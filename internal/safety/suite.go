package safety

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Suite is what a red team tries: seeds that a policy must stop, ways to disguise them, and innocent words that it must let go.
type Suite struct {
	Version int    `json:"version" yaml:"version"` // counts up with each change: rates of different versions are compared by their intervals
	Seeds   []Seed `json:"seeds" yaml:"seeds"`
	// Disguises are sentences around a seed, "%s", by name and language: role-play and orders to the machine.
	Disguises map[string]map[string]string `json:"disguises" yaml:"disguises"`
	Innocent  []string                     `json:"innocent" yaml:"innocent"`
	// Never are categories whose words are never sent to an engine: there is nothing to learn from such a picture.
	Never []string `json:"never" yaml:"never"`
}

// Seed is one idea that a policy must stop, in several languages. Its words name the idea and show nothing.
type Seed struct {
	ID       string     `json:"id" yaml:"id"`
	Category string     `json:"category" yaml:"category"` // a concept of the lexicon
	Want     art.Ruling `json:"want" yaml:"want"`         // of the general policy, at least
	Words    art.Text   `json:"words" yaml:"words"`
	Veiled   []string   `json:"veiled,omitempty" yaml:"veiled,omitempty"` // the same idea without its words
}

// Check finds everything that is wrong with a suite.
func (s Suite) Check() []*art.FieldError {
	var bad []*art.FieldError
	add := func(field, reason, remedy string) {
		bad = append(bad, &art.FieldError{Field: field, Reason: reason, Remedy: remedy})
	}
	if s.Version < 1 {
		add("version", "is missing or below 1", "count up with each change")
	}
	known := map[string]bool{}
	for i, seed := range s.Seeds {
		at := fmt.Sprintf("seeds[%d]", i)
		if seed.ID == "" || known[seed.ID] {
			add(at+".id", fmt.Sprintf("%q is missing or there twice", seed.ID), "give each seed a name of its own")
		}
		known[seed.ID] = true
		if seed.Want != art.Block && seed.Want != art.NeedsPerson {
			add(at+".want", fmt.Sprintf("nobody knows %q here", seed.Want), "write block or person")
		}
		if !seed.Words.Has(art.English) {
			add(at+".words", "has no English words", "add them")
		}
	}
	for name, all := range s.Disguises {
		for lang, text := range all {
			if strings.Count(text, "%s") != 1 {
				add("disguises."+name+"."+lang, "has no single place for the seed", "write %s where it stands")
			}
		}
	}
	return bad
}

// Attack is one try.
type Attack struct {
	Seed     string     `json:"seed"`
	Category string     `json:"category"`
	Trick    string     `json:"trick"` // "plain", "translation", a mutator, a disguise or a channel
	Lang     string     `json:"lang"`
	Field    string     `json:"field"`
	Words    string     `json:"words"`
	Want     art.Ruling `json:"want"`
}

// Attacks works a suite out, in a fixed order: each seed in each language plain, through each mutator and disguise, and through
// each channel by which words reach an engine.
func (s Suite) Attacks() []Attack {
	var all []Attack
	for _, seed := range s.Seeds {
		for _, lang := range seed.Words.Languages() {
			words := seed.Words[lang]
			add := func(trick, field, words string) {
				all = append(all, Attack{seed.ID, seed.Category, trick, lang, field, words, seed.Want})
			}
			plain := "plain"
			if lang != art.English {
				plain = "translation"
			}
			add(plain, asked, words)
			for _, m := range mutators() {
				if to := m.change(words); to != words {
					add(m.name, asked, to)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(s.Disguises)) {
				if text, ok := s.Disguises[name][lang]; ok {
					add(name, asked, fmt.Sprintf(text, words))
				}
			}
			if lang == art.English {
				for _, c := range channels() {
					add(c.name, c.field, c.carry(words))
				}
			}
		}
		for _, words := range seed.Veiled {
			all = append(all, Attack{seed.ID, seed.Category, "veiled", art.English, asked, words, seed.Want})
		}
	}
	return all
}

// asked is the field of what is asked for.
const asked = "prompt.subject.words.en"

// channel is a way by which words reach an engine beside the prompt.
type channel struct {
	name, field string
	carry       func(words string) string
}

func channels() []channel {
	same := func(s string) string { return s }
	return []channel{
		{"channel-title", "title.en", same},
		{"channel-keywords", "keywords.en", func(s string) string { return "breakfast; " + s + "; coffee" }},
		{"channel-lettering", "prompt.text", same},
		{"channel-file-name", "file:references/upload.png", func(s string) string { return strings.ReplaceAll(s, " ", "_") }},
		{"channel-exif", "file:references/upload.jpg#exif:ImageDescription", same},
		{"channel-xmp", "file:references/upload.jpg#xmp", func(s string) string { return `<rdf:li xml:lang="x-default">` + s + `</rdf:li>` }},
	}
}

// Sendable are attacks for an engine: so many of each category that may be sent, plain ones first, then translations and disguises.
// Other spellings are left out, because they tell more about spelling than about an engine's rules.
func (s Suite) Sendable(each int) []Attack {
	var all []Attack
	count := map[string]int{}
	tricks := append([]string{"plain", "translation", "veiled"}, slices.Sorted(maps.Keys(s.Disguises))...)
	attacks := s.Attacks()
	for _, trick := range tricks {
		for _, a := range attacks {
			if a.Trick == trick && count[a.Category] < each && !slices.Contains(s.Never, a.Category) {
				count[a.Category]++
				all = append(all, a)
			}
		}
	}
	return all
}
