package prompt

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Weighted is a piece of a prompt with its weight; 1 is the usual one.
type Weighted struct {
	Text   string
	Weight float64
}

// breakWord ends a chunk. It is told from the same word in the text by its weight, as A1111 does: BREAK between
// brackets gets their weight and is a word like any other.
const (
	breakWord   = "BREAK"
	breakWeight = -1
)

// IsBreak says whether the piece is the word BREAK that ends a chunk.
func (w Weighted) IsBreak() bool { return w.Text == breakWord && w.Weight == breakWeight }

// maxNesting is how many brackets may be open at once. More are text: 1.1 to this power is no number that a network
// could take, and each one costs a pass over what it encloses.
const maxNesting = 500

// ParseAttention reads A1111's attention syntax: (more), [less], (exactly:1.3), brackets escaped with a backslash,
// and BREAK, which gives a piece for which IsBreak holds. Brackets weigh 1.1 and 1/1.1 and multiply; those that are
// never closed reach to the end, those that were never opened are text. Neighbours of one weight are one piece. It
// gives at least one piece and takes any text.
//
// Source: AUTOMATIC1111's stable-diffusion-webui 1.10, parse_prompt_attention; weights come from the same
// multiplications in the same order, because only equal numbers merge. There, a weight that is no number ("1.2.3")
// ends the program; here it is text.
func ParseAttention(text string) []Weighted {
	const more, less = 1.1, 1 / 1.1
	var a attention
	for text != "" {
		sign := nextSign(text)
		text = text[len(sign.text):]
		switch {
		case strings.HasPrefix(sign.text, `\`):
			a.pieces = append(a.pieces, Weighted{sign.text[1:], 1})
		case sign.text == "(" && len(a.round) < maxNesting:
			a.round = append(a.round, len(a.pieces))
		case sign.text == "[" && len(a.square) < maxNesting:
			a.square = append(a.square, len(a.pieces))
		case sign.weighs && len(a.round) > 0:
			a.multiply(pop(&a.round), sign.weight)
		case sign.text == ")" && len(a.round) > 0:
			a.multiply(pop(&a.round), more)
		case sign.text == "]" && len(a.square) > 0:
			a.multiply(pop(&a.square), less)
		default:
			a.words(sign.text)
		}
	}
	for _, from := range a.round {
		a.multiply(from, more)
	}
	for _, from := range a.square {
		a.multiply(from, less)
	}
	return merge(a.pieces)
}

// attention is what ParseAttention has read.
type attention struct {
	pieces []Weighted
	round  []int // for each open bracket, the first piece inside
	square []int
}

func (a *attention) multiply(from int, by float64) {
	for i := from; i < len(a.pieces); i++ {
		a.pieces[i].Weight *= by
	}
}

// words adds text, cut at each BREAK, which takes the white space around it along.
func (a *attention) words(text string) {
	for {
		from, to := findWord(text, breakWord)
		if from < 0 {
			a.pieces = append(a.pieces, Weighted{text, 1})
			return
		}
		a.pieces = append(a.pieces, Weighted{strings.TrimRightFunc(text[:from], isSpace), 1}, Weighted{breakWord, breakWeight})
		text = strings.TrimLeftFunc(text[to:], isSpace)
	}
}

// merge joins neighbours of one weight; nothing is one empty piece.
func merge(pieces []Weighted) []Weighted {
	if len(pieces) == 0 {
		return []Weighted{{"", 1}}
	}
	var merged []Weighted
	for i := 0; i < len(pieces); {
		var text strings.Builder
		weight := pieces[i].Weight
		text.WriteString(pieces[i].Text)
		for i++; i < len(pieces) && pieces[i].Weight == weight; i++ {
			text.WriteString(pieces[i].Text)
		}
		merged = append(merged, Weighted{text.String(), weight})
	}
	return merged
}

func pop(stack *[]int) int {
	last := len(*stack) - 1
	v := (*stack)[last]
	*stack = (*stack)[:last]
	return v
}

// sign is the next thing in an attention prompt: an escape, a bracket, a weight with its bracket, or text.
type sign struct {
	text   string
	weighs bool
	weight float64
}

// closingWeight is ": 1.3 )"; Python's white space is wider than this package's regexp knows, hence the class.
var closingWeight = regexp.MustCompile(`^:[\s\v\x1c-\x1f\x85\p{Z}]*([+-]?[.0-9]+)[\s\v\x1c-\x1f\x85\p{Z}]*\)`)

func nextSign(text string) sign {
	switch text[0] {
	case '\\':
		if len(text) > 1 && strings.IndexByte(`()[]\`, text[1]) >= 0 {
			return sign{text: text[:2]}
		}
		return sign{text: text[:1]}
	case '(', '[', ')', ']':
		return sign{text: text[:1]}
	case ':':
		if m := closingWeight.FindStringSubmatch(text); m != nil {
			if weight, err := strconv.ParseFloat(m[1], 64); err == nil {
				return sign{text: m[0], weighs: true, weight: weight}
			}
		}
		return sign{text: text[:1]}
	}
	if end := strings.IndexAny(text, `\()[]:`); end > 0 {
		return sign{text: text[:end]}
	}
	return sign{text: text}
}

// findWord finds a word that stands by itself, or gives −1.
func findWord(text, word string) (from, to int) {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return -1, -1
		}
		from, to = at+i, at+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(text[to:])
		inside := from > 0 && isWord(before) || to < len(text) && isWord(after)
		if !inside {
			return from, to
		}
		at = to
	}
}

// isSpace is white space as Python's regular expressions know it: Unicode's and four separators of ASCII.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// isWord is a character of a word as Python's regular expressions know it.
func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }
