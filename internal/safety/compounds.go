package safety

import (
	"slices"
	"strings"

	"presswerk/internal/prompt"
)

// compounds finds words of concepts inside words that are put together, as German and Dutch do, and as people do everywhere
// who leave out spaces. What stands around a found word must be made of known words, too: "Nacktbild" is one, "Scunthorpe"
// is none.
type compounds struct {
	root    *letter
	parts   map[string]bool
	linkers []string
}

// letter is one step in a tree of the words of concepts.
type letter struct {
	next map[byte]*letter
	ends []end
}

// shortest is how many letters a word must have to be looked for inside others.
const shortest = 3

// sure is from which length on a word may stand with nothing but an ending around it.
const sure = 5

// newCompounds begins with the words of concepts to come. No parts at all means that anything of three letters may stand
// around a word.
func newCompounds(lang string, parts []string) *compounds {
	c := &compounds{root: &letter{}, parts: map[string]bool{}}
	switch lang {
	case "de":
		c.linkers = []string{"s", "es", "n", "en", "er", "e", "nen"}
	case "nl":
		c.linkers = []string{"s", "en", "e", "n"}
	case "en":
		c.linkers = []string{"s", "es"}
	}
	if parts == nil {
		c.parts = nil
	}
	for _, p := range parts {
		c.parts[prompt.Normalise(p)] = true
	}
	return c
}

func (c *compounds) add(word string, e end) {
	if len(word) < shortest {
		return
	}
	if c.parts != nil {
		c.parts[word] = true
	}
	if e.concept == none {
		return
	}
	at := c.root
	for i := range len(word) {
		if at.next == nil {
			at.next = map[byte]*letter{}
		}
		if at.next[word[i]] == nil {
			at.next[word[i]] = &letter{}
		}
		at = at.next[word[i]]
	}
	at.ends = append(at.ends, e)
}

// longest is up to which length words are taken apart.
const longest = 60

// find gives what stands in a word that is put together.
func (c *compounds) find(word string) []end {
	if len(word) < 2*shortest || len(word) > longest {
		return nil
	}
	var all []end
	for i := 0; i+shortest <= len(word); i++ {
		at := c.root
		for j := i; j < len(word); j++ {
			if at = at.next[word[j]]; at == nil {
				break
			}
			if len(at.ends) == 0 {
				continue
			}
			before, after := word[:i], word[j+1:]
			if c.fits(before, word[i:j+1], after) {
				all = append(all, at.ends...)
			}
		}
	}
	return all
}

// fits tells whether what stands around a found word lets it be one.
func (c *compounds) fits(before, found, after string) bool {
	if len(found) >= sure && article(before) {
		before = ""
	}
	if c.parts == nil { // long words: a letter or two too many make another word of them
		ok := func(rest string) bool { return rest == "" || len(rest) >= shortest }
		return ok(before) && (ok(after) || after == "s")
	}
	if before == "" && (after == "" || slices.Contains(c.linkers, after)) {
		return len(found) >= sure
	}
	return !slices.Contains(c.linkers, before) && c.made(before, 0) && c.made(after, 0)
}

// article tells articles, which stand before words without spaces.
func article(w string) bool {
	return w == "a" || w == "an" || w == "un" || w == "la" || w == "le" || w == "il" || w == "l" || len(w) >= 3 && filler(w)
}

// made tells whether a rest is made of known words and what links them.
func (c *compounds) made(rest string, depth int) bool {
	if rest == "" || slices.Contains(c.linkers, rest) && len(rest) <= 2 {
		return true
	}
	if depth > 4 {
		return false
	}
	for n := len(rest); n >= shortest; n-- {
		if c.parts[rest[:n]] && c.made(rest[n:], depth+1) {
			return true
		}
	}
	for _, l := range c.linkers {
		if after, ok := strings.CutPrefix(rest, l); ok && len(after) >= shortest && c.begins(after, depth) {
			return true
		}
	}
	return false
}

func (c *compounds) begins(rest string, depth int) bool {
	for n := len(rest); n >= shortest; n-- {
		if c.parts[rest[:n]] && c.made(rest[n:], depth+1) {
			return true
		}
	}
	return false
}
