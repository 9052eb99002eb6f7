package prompt

import (
	"slices"
	"strings"
	"unicode/utf8"

	"presswerk/internal/art"
)

// Hit is a no-go that was found in a prompt.
type Hit struct {
	NoGo  string // as the kit or the brief lists it
	Field string // where: "prompt.subject.words.de"
	Words string // the words of the prompt in which it stands
}

// FindNoGos looks for no-gos in everything that a prompt asks for, in all its languages. It compares whole words in all
// their Readings and Spellings, and takes an English plural for its singular. What a prompt says shall not be there
// (Negated) is no hit, and negatives are not looked at: there, a no-go is what somebody wants to avoid.
func FindNoGos(p art.Prompt, noGos []string) []Hit {
	var hits []Hit
	look := func(field, words string) {
		for _, n := range noGos {
			if Contains(words, n) {
				hits = append(hits, Hit{NoGo: n, Field: field, Words: words})
			}
		}
	}
	for _, n := range p.Parts() {
		for _, lang := range n.Part.Words.Languages() {
			look("prompt."+n.Name+".words."+lang, n.Part.Words[lang])
		}
	}
	if p.Lettering != "" {
		look("prompt.text", p.Lettering)
	}
	return hits
}

// Contains tells whether words ask for a term as whole words, whatever its spelling tricks. An empty term is in nothing.
func Contains(words, term string) bool {
	want := strings.Fields(Normalise(term))
	if len(want) == 0 {
		return false
	}
	for i, have := range Readings(words) {
		if i > 0 && utf8.RuneCountInString(term) < 4 && !strings.ContainsAny(words, "!|€") {
			continue // too short: "as" and "h" would meet by chance
		}
		if run(words, have, want) {
			return true
		}
	}
	return false
}

// run tells whether want stands in have, word after word or as one, and isn't negated.
func run(s string, have []Lexeme, want []string) bool {
	whole := strings.Join(want, "")
	for i := range have {
		all := i+len(want) <= len(have)
		for j := 0; all && j < len(want); j++ {
			all = same(have[i+j].Text, want[j])
		}
		if (all || same(have[i].Text, whole)) && !Negated(s, have, i) {
			return true
		}
	}
	return false
}

// same compares a found word with a wanted one.
func same(have, want string) bool {
	for _, h := range Spellings(have) {
		if h == want || slices.Contains(Spellings(want), h) {
			return true
		}
		if len(want) >= 3 && (h == want+"s" || h == want+"es") {
			return true
		}
	}
	return false
}
