package safety

import (
	"slices"
	"strings"

	"presswerk/internal/prompt"
)

// none stands for no concept, no name and no atom.
const none = -1

// end is what a phrase means: a concept or, where the concept is none, something harmless.
type end struct {
	concept int
	name    int // of the concept's names; none for its terms
	atom    int // one part of a combination; none for a phrase that counts by itself
}

// combination counts where one atom of each set stands near the others.
type combination struct {
	concept, name int
	sets          [][]int
}

// node is one step of a phrase: the next stem leads on.
type node struct {
	next map[string]*node
	ends []end
}

func (n *node) step(stem string) *node {
	if n.next == nil {
		n.next = map[string]*node{}
	}
	if n.next[stem] == nil {
		n.next[stem] = &node{}
	}
	return n.next[stem]
}

// index finds the phrases of a lexicon: one tree of stems for each language, and compounds where a language has them. Looking
// takes time in proportion to the words that are looked at, not to the lexicon.
type index struct {
	languages []string
	trees     map[string]*node
	compounds map[string]*compounds
	long      *compounds          // long words and phrases without spaces, of all languages: they stand in others by no accident
	mixed     map[string][]string // words of phrases by what is left of them when letters change places
	combined  []combination
	atoms     int
}

func newIndex(l Lexicon) *index {
	x := &index{languages: append(prompt.Stems(), AnyLanguage), trees: map[string]*node{}, compounds: map[string]*compounds{}, long: newCompounds("", nil), mixed: map[string][]string{}}
	for _, lang := range x.languages {
		x.trees[lang] = &node{}
	}
	for _, lang := range prompt.Stems() {
		x.compounds[lang] = newCompounds(lang, append([]string{}, l.Parts[lang]...))
	}
	for lang, phrases := range l.Harmless {
		for _, p := range phrases {
			x.add(lang, p, end{none, none, none})
		}
	}
	for i, c := range l.Concepts {
		for lang, terms := range c.Terms {
			for _, t := range terms {
				x.term(lang, t, i)
			}
		}
		for j, n := range c.Names {
			x.name(n, i, j)
		}
	}
	return x
}

// term adds one term of a concept: a phrase, or phrases that must be near each other.
func (x *index) term(lang, term string, concept int) {
	parts := strings.Split(term, " + ")
	if len(parts) == 1 {
		x.add(lang, term, end{concept, none, none})
		return
	}
	c := combination{concept: concept, name: none}
	for _, p := range parts {
		c.sets = append(c.sets, []int{x.atom(lang, p)})
	}
	x.combined = append(x.combined, c)
}

func (x *index) name(n Name, concept, at int) {
	all := append([]string{n.Name}, n.Also...)
	if len(n.With) == 0 {
		for _, s := range all {
			x.add(AnyLanguage, s, end{concept, at, none})
		}
		return
	}
	c := combination{concept: concept, name: at, sets: make([][]int, 2)}
	for _, s := range all {
		c.sets[0] = append(c.sets[0], x.atom(AnyLanguage, s))
	}
	for _, s := range n.With {
		c.sets[1] = append(c.sets[1], x.atom(AnyLanguage, s))
	}
	x.combined = append(x.combined, c)
}

func (x *index) atom(lang, phrase string) int {
	x.atoms++
	x.add(lang, phrase, end{none, none, x.atoms})
	return x.atoms
}

func (x *index) add(lang, phrase string, e end) {
	at := x.trees[lang]
	if at == nil {
		return // a language without a stemmer: Check of the workspace tells
	}
	words := prompt.Lexemes(phrase)
	kept := slices.DeleteFunc(slices.Clone(words), func(l prompt.Lexeme) bool { return filler(l.Text) })
	if len(kept) == 0 {
		kept = words
	}
	x.path(lang, kept, e)
	if len(kept) > 1 && e.concept != none { // the other way round, too
		turned := slices.Clone(kept)
		slices.Reverse(turned)
		x.path(lang, turned, e)
	}
	if e.atom != none {
		return
	}
	if c := x.compounds[lang]; c != nil && len(kept) == 1 {
		c.add(kept[0].Text, e)
	}
	whole := strings.ReplaceAll(prompt.Normalise(phrase), " ", "")
	if e.concept != none && (len(whole) >= lengthyWord || len(words) > 1 && len(whole) >= lengthyPhrase) {
		x.long.add(whole, e)
	}
}

// From how many letters on a word, or a phrase without its spaces, is looked for inside any word: shorter ones stand in others
// by accident, as "Leichen" does in "schleichen".
const (
	lengthyWord   = 9
	lengthyPhrase = 8
)

// scrambling is from how many letters on the ones inside a word may change places.
const scrambling = 7

func (x *index) path(lang string, words []prompt.Lexeme, e end) {
	at := x.trees[lang]
	for _, w := range words {
		at = at.step(prompt.Stem(w.Text, lang))
		if k := scrambled(w.Text); k != "" && !slices.Contains(x.mixed[k], w.Text) {
			x.mixed[k] = append(x.mixed[k], w.Text)
		}
	}
	at.ends = append(at.ends, e)
}

// scrambled is what words have in common that are read alike although letters inside them have changed places: the first
// letter, the others in the order of the alphabet, the last one. "" is for words in which that would mean too little.
func scrambled(w string) string {
	if len(w) < scrambling {
		return ""
	}
	b := []byte(w)
	slices.Sort(b[1 : len(b)-1])
	return string(b)
}

// filler tells words between the words of a phrase that may be there or not: articles and "of".
func filler(w string) bool {
	switch w {
	case "a", "an", "the", "of", "to", "this", "that", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines",
		"le", "la", "les", "un", "une", "de", "du", "el", "los", "las", "una", "del", "il", "lo", "gli", "i", "di", "della", "het", "een", "van", "en", "von":
		return true
	}
	return false
}

// hit is one phrase that was found.
type hit struct {
	end
	start, stop int // bytes of the original
	at          int // which word it begins with
	negated     bool
}

// token is a word with the ways in which it can be read, and their stems in each of the index's languages.
type token struct {
	prompt.Lexeme
	spellings []string
	stems     [][]string
}

func (x *index) tokens(words []prompt.Lexeme) []token {
	all := make([]token, len(words))
	for i, w := range words {
		t := token{Lexeme: w, spellings: prompt.Spellings(w.Text)}
		if k := scrambled(w.Text); k != "" {
			t.spellings = append(t.spellings, x.mixed[k]...)
		}
		n := len(t.spellings)
		t.stems = make([][]string, len(x.languages))
		room := make([]string, 0, n*len(x.languages))
		for l, lang := range x.languages {
			for _, s := range t.spellings {
				room = append(room, prompt.Stem(s, lang))
			}
			t.stems[l] = room[l*n:]
		}
		all[i] = t
	}
	return all
}

// find looks for all phrases in one text.
func (x *index) find(s string) []hit {
	var all []hit
	for _, words := range prompt.Readings(s) {
		tokens := x.tokens(words)
		for i, t := range tokens {
			before := len(all)
			for l, lang := range x.languages {
				x.walk(tokens, i, x.trees[lang], l, func(last int, ends []end) {
					for _, e := range ends {
						all = append(all, hit{end: e, start: t.Start, stop: words[last].End, at: i})
					}
				})
			}
			if len(all) == before {
				for _, e := range x.inside(t) {
					all = append(all, hit{end: e, start: t.Start, stop: t.End, at: i})
				}
			}
			if len(all) > before && prompt.Negated(s, words, i) {
				for j := before; j < len(all); j++ {
					all[j].negated = true
				}
			}
		}
	}
	return append(all, x.combine(all)...)
}

// inside gives what is found in a word that is put together.
func (x *index) inside(t token) []end {
	var all []end
	for _, lang := range prompt.Stems() {
		for _, w := range t.spellings {
			all = append(all, x.compounds[lang].find(w)...)
		}
	}
	for _, w := range t.spellings {
		all = append(all, x.long.find(w)...)
	}
	return all
}

// walk follows the words from i through a tree; fillers between them may be missing or be too many.
func (x *index) walk(words []token, i int, at *node, lang int, found func(last int, ends []end)) {
	for n := range words[i].spellings {
		next := at.next[words[i].stems[lang][n]]
		if next == nil {
			continue
		}
		if len(next.ends) > 0 {
			found(i, next.ends)
		}
		for j := i + 1; len(next.next) > 0 && j < len(words) && j <= i+3; j++ {
			x.walk(words, j, next, lang, found)
			if !slices.ContainsFunc(words[j].spellings, filler) {
				break
			}
		}
	}
}

// near is how many words lie between the parts of a combination at most.
const near = 8

// combine finds combinations whose parts stand near each other.
func (x *index) combine(found []hit) []hit {
	places := map[int][]hit{}
	for _, h := range found {
		if h.atom != none && !h.negated {
			places[h.atom] = append(places[h.atom], h)
		}
	}
	if len(places) == 0 {
		return nil
	}
	var all []hit
	for _, c := range x.combined {
		for _, first := range here(places, c.sets[0]) {
			h, ok := hit{end: end{c.concept, c.name, none}, start: first.start, stop: first.stop, at: first.at}, true
			for _, set := range c.sets[1:] {
				i := slices.IndexFunc(here(places, set), func(o hit) bool { return max(o.at-first.at, first.at-o.at) <= near && o.start != first.start })
				if ok = ok && i >= 0; ok {
					o := here(places, set)[i]
					h.start, h.stop = min(h.start, o.start), max(h.stop, o.stop)
				}
			}
			if ok {
				all = append(all, h)
				break
			}
		}
	}
	return all
}

func here(places map[int][]hit, atoms []int) []hit {
	var all []hit
	for _, a := range atoms {
		all = append(all, places[a]...)
	}
	return all
}
