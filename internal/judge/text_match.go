package judge

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"presswerk/internal/vision"
)

// word is one that was read.
type word struct {
	line   int
	text   string
	folded []rune
}

// textMatch is what was read for an asked text.
type textMatch struct {
	asked, read string
	edits       int     // characters that are wrong, missing or too many; at most letters
	letters     int     // characters of the asked text, without white space
	wordErrors  float64 // words that are wrong, missing or too many, by the number of asked words
	sameCase    bool    // capitals stand where they were asked for
	words       []int   // that were taken for it
}

// wording says which words that were read belong to which asked text.
type wording struct {
	matches []textMatch // in the order of the asked texts
	words   []word
	taken   map[int]bool
}

// unasked gives the words of a line that no asked text needs, and their share in its characters.
func (w wording) unasked(line int) (words []string, share float64) {
	free, all := 0, 0
	for i, one := range w.words {
		if one.line != line {
			continue
		}
		all += len(one.folded)
		if !w.taken[i] {
			free += len(one.folded)
			words = append(words, one.text)
		}
	}
	if all == 0 {
		return nil, 0
	}
	return words, float64(free) / float64(all)
}

// wordingOf finds for each asked text the words that follow each other and are most like it, so that all texts together have
// the fewest errors and no word is taken twice. Words follow each other in the order in which lines stand in the picture, or
// within a block of lines below each other: a headline may be broken anywhere.
func wordingOf(asked []string, lines []vision.TextLine) wording {
	w := wording{taken: map[int]bool{}}
	for i, l := range lines {
		for text := range strings.FieldsSeq(l.Text) {
			if folded := []rune(vision.FoldText(text)); len(folded) > 0 {
				w.words = append(w.words, word{i, text, folded})
			}
		}
	}
	orders := [][]int{make([]int, len(w.words)), blockOrder(w.words, lines)}
	for i := range w.words {
		orders[0][i] = i
	}
	choices := make([][]textMatch, len(asked))
	for i, text := range asked {
		choices[i] = likeliest(text, w.words, orders)
	}
	w.matches = assign(choices)
	for _, m := range w.matches {
		for _, i := range m.words {
			w.taken[i] = true
		}
	}
	return w
}

// blockOrder lists words block by block: a line belongs to the block whose last line lies close above it.
func blockOrder(words []word, lines []vision.TextLine) (order []int) {
	var blocks [][]int
	for i, l := range lines {
		left, top, right, down := extent(l)
		at := slices.IndexFunc(blocks, func(b []int) bool {
			lastLeft, _, lastRight, lastDown := extent(lines[b[len(b)-1]])
			return min(right, lastRight) > max(left, lastLeft) && math.Abs(top-lastDown) < down-top
		})
		if at < 0 {
			blocks, at = append(blocks, nil), len(blocks)
		}
		blocks[at] = append(blocks[at], i)
	}
	for _, block := range blocks {
		for _, line := range block {
			for i, one := range words {
				if one.line == line {
					order = append(order, i)
				}
			}
		}
	}
	return order
}

func extent(l vision.TextLine) (left, top, right, down float64) {
	left, top, right, down = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range l.Corners {
		left, top, right, down = min(left, c[0]), min(top, c[1]), max(right, c[0]), max(down, c[1])
	}
	return left, top, right, down
}

// likeliest gives the best few runs of words for an asked text, the best first, and last that nothing was read for it.
func likeliest(asked string, words []word, orders [][]int) []textMatch {
	const few, more = 12, 3 // runs; words that a run may have more than were asked for
	folded := []rune(vision.FoldText(asked))
	capitals := []rune(strings.ReplaceAll(string(folded), "ß", "ss"))
	most := len(strings.Fields(asked)) + more
	var all []textMatch
	for _, order := range orders {
		for from := range order {
			var joined []rune
			upper := true
			for to := from; to < len(order) && to-from < most && len(joined) <= 2*len(folded); to++ {
				one := words[order[to]]
				joined = append(joined, one.folded...)
				upper = upper && !strings.ContainsFunc(one.text, unicode.IsLower)
				edits := vision.EditDistance(folded, joined)
				if upper { // in capitals ß is written SS
					edits = min(edits, vision.EditDistance(capitals, joined))
				}
				if edits < len(folded) {
					all = append(all, textMatch{edits: edits, words: slices.Clone(order[from : to+1])})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b textMatch) int {
		return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(len(a.words), len(b.words)))
	})
	all = append(all[:min(few, len(all))], textMatch{edits: len(folded)})
	for i := range all {
		all[i].asked, all[i].letters = asked, len(folded)
		all[i].describe(words)
	}
	return all
}

// describe fills in what was read and how it differs in words and capitals.
func (m *textMatch) describe(words []word) {
	texts := make([]string, len(m.words))
	for i, at := range m.words {
		texts[i] = words[at].text
	}
	m.read = strings.Join(texts, " ")
	fold := func(all []string) (folded []string) {
		for _, s := range all {
			folded = append(folded, vision.FoldText(s))
		}
		return folded
	}
	asked := strings.Fields(m.asked)
	m.wordErrors = float64(vision.EditDistance(fold(asked), fold(texts))) / float64(max(1, len(asked)))
	m.sameCase = m.edits == 0 && capitalsOf(m.asked) == capitalsOf(m.read)
}

// capitalsOf writes a U for each capital and an l for each small letter.
func capitalsOf(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsUpper(r):
			return 'U'
		case unicode.IsLetter(r):
			return 'l'
		}
		return -1
	}, s)
}

// assign picks one choice for each text, so that no word is taken twice and errors are fewest. Choices come with the best
// first, which tells early where looking on is in vain; after so many steps the best so far is taken.
func assign(choices [][]textMatch) []textMatch {
	const patience = 50000
	rest := make([]int, len(choices)+1) // errors that texts from here on have at least
	for i := len(choices) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + choices[i][0].edits
	}
	best, picked := []textMatch(nil), make([]textMatch, len(choices))
	least, steps, taken := math.MaxInt, 0, map[int]bool{}
	var pick func(i, edits int)
	pick = func(i, edits int) {
		if edits+rest[i] >= least || steps > patience {
			return
		}
		if i == len(choices) {
			least, best = edits, slices.Clone(picked)
			return
		}
		for _, c := range choices[i] {
			steps++
			if slices.ContainsFunc(c.words, func(w int) bool { return taken[w] }) {
				continue
			}
			for _, w := range c.words {
				taken[w] = true
			}
			picked[i] = c
			pick(i+1, edits+c.edits)
			for _, w := range c.words {
				delete(taken, w)
			}
		}
	}
	pick(0, 0)
	return best
}
