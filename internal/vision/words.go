package vision

import (
	_ "embed" // names of marks
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FoldText brings words to the form in which text that was read is compared: compatible characters are one (NFKC), case,
// white space and the shapes of quotation marks, apostrophes and dashes don't count. Accents, umlauts and ß do.
func FoldText(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '„', '“', '”', '‟', '«', '»', '″':
			return '"'
		case '‚', '‘', '’', '‛', '‹', '›', '′', '`', '´':
			return '\''
		case '‐', '‑', '‒', '–', '—', '―', '−':
			return '-'
		}
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(norm.NFC.String(s)))
}

// EditDistance is how many characters must be put in, left out or exchanged to make b of a (Levenshtein 1966).
func EditDistance[T comparable](a, b []T) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

//go:embed marks.txt
var wellKnownMarks string

// WellKnownMarks are names of marks that many people know, to start a list of one's own with. It is no register.
func WellKnownMarks() []string { return strings.Split(strings.TrimSpace(wellKnownMarks), "\n") }

// MarkSeen is a mark that stands in a picture.
type MarkSeen struct {
	Mark string // as the list has it
	Line int    // of the lines
	Read string // what was read for it
}

// FindMarks looks for marks in what was read: whole words, as FoldText compares them, without signs. From seven letters on
// one letter may differ, as what was read may be wrong by one, and so may a mark that somebody wants to look like another.
func FindMarks(lines []TextLine, marks []string) (seen []MarkSeen) {
	letters := func(s string) []rune {
		return []rune(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, FoldText(s)))
	}
	for k, line := range lines {
		words := strings.Fields(line.Text)
		for _, mark := range marks {
			name := letters(mark)
			if len(name) < 2 {
				continue
			}
			if read, ok := wordsLike(words, name, letters); ok {
				seen = append(seen, MarkSeen{Mark: mark, Line: k, Read: read})
			}
		}
	}
	return seen
}

// wordsLike finds words that follow each other and are a name.
func wordsLike(words []string, name []rune, letters func(string) []rune) (string, bool) {
	const lenient = 7 // letters from which one may differ
	for i := range words {
		var joined []rune
		for j := i; j < len(words) && len(joined) <= len(name)+1; j++ {
			joined = append(joined, letters(words[j])...)
			apart := EditDistance(joined, name)
			if apart == 0 || apart == 1 && len(name) >= lenient {
				return strings.Join(words[i:j+1], " "), true
			}
		}
	}
	return "", false
}
