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

// FindNoGos looks for no-gos in everything that a prompt asks for, in all its languages. It compares whole words after
// Normalise, sees through digits for letters and through letters set apart ("n a z i"), and takes an English plural
// for its singular. Negatives are not looked at: there, a no-go is what somebody wants to avoid.
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

// Contains tells whether words contain a term as whole words, whatever its spelling tricks. An empty term is in nothing.
func Contains(words, term string) bool {
	want := strings.Fields(Normalise(term))
	if len(want) == 0 {
		return false
	}
	have := strings.Fields(Normalise(words))
	return run(have, want) || run(joinLetters(have), want) || joined(have, strings.Join(want, ""))
}

// run tells whether want stands in have, word after word.
func run(have, want []string) bool {
	for i := 0; i+len(want) <= len(have); i++ {
		all := true
		for j, w := range want {
			all = all && same(have[i+j], w)
		}
		if all {
			return true
		}
	}
	return false
}

// joined finds a term that was cut into pieces of one or two letters, or by a hyphen: "na-zi".
func joined(have []string, want string) bool {
	if utf8.RuneCountInString(want) < 4 {
		return false // too short: "as" and "h" would meet by chance
	}
	for i := range have {
		text := ""
		for j := i; j < len(have) && len(text) < len(want); j++ {
			if utf8.RuneCountInString(have[j]) > 3 && j > i {
				break
			}
			text += have[j]
			if j > i && same(text, want) {
				return true
			}
		}
	}
	return false
}

// joinLetters puts runs of single letters together.
func joinLetters(words []string) []string {
	var out []string
	open := false
	for _, w := range words {
		single := utf8.RuneCountInString(w) == 1
		if single && open {
			out[len(out)-1] += w
		} else {
			out = append(out, w)
		}
		open = single
	}
	return out
}

// same compares a found word with a wanted one.
func same(have, want string) bool {
	for _, h := range unleet(have) {
		if h == want || slices.Contains(unleet(want), h) {
			return true
		}
		if len(want) >= 3 && (h == want+"s" || h == want+"es") {
			return true
		}
	}
	return false
}
