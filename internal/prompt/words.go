package prompt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normalise brings words into the one form in which they are compared: NFKC, lower case, letters that only look Latin
// made Latin, umlauts written out (ä → ae), other accents dropped, everything that is neither letter nor digit turned
// into a single space. Normalise(Normalise(s)) == Normalise(s).
func Normalise(s string) string {
	var b strings.Builder
	for i, l := range Lexemes(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(l.Text)
	}
	return b.String()
}

// Lexeme is one word in the form of Normalise, with the bytes of the original that it stands for.
type Lexeme struct {
	Text       string
	Start, End int
}

// Lexemes are the words of s in their order: their texts, with a space between them, are Normalise(s).
func Lexemes(s string) []Lexeme {
	var all []Lexeme
	var b strings.Builder
	start, last := -1, 0
	flush := func() {
		if start >= 0 {
			all = append(all, Lexeme{Text: b.String(), Start: start, End: last})
		}
		b.Reset()
		start = -1
	}
	fold(s, func(r rune, from, to int) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !isJoiner(r) {
			flush()
			return
		}
		if start < 0 {
			start = from
		}
		b.WriteRune(r)
		last = to
	})
	flush()
	return all
}

// isJoiner tells the signs that stand in for letters, "@" for a and "$" for s; they are kept for the comparison.
func isJoiner(r rune) bool { return r == '@' || r == '$' }

// foldLetters is the part of the normaliser that works letter by letter.
func foldLetters(s string) string {
	var b strings.Builder
	fold(s, func(r rune, _, _ int) { b.WriteRune(r) })
	return b.String()
}

// fold gives each letter of s in its plain form, with the bytes of s that it comes from. It takes letters and accents
// apart first, so that every letter goes through the same rules whatever it was put together with.
func fold(s string, emit func(r rune, from, to int)) {
	f := folder{emit: emit}
	for at := 0; at < len(s); {
		if s[at] < utf8.RuneSelf && (at+1 == len(s) || s[at+1] < utf8.RuneSelf) {
			f.letter(rune(small(s[at])), at, at+1)
			at++
			continue
		}
		n := norm.NFKC.NextBoundaryInString(s[at:], true)
		for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKC.String(s[at : at+n]))) {
			f.letter(r, at, at+n)
		}
		at += n
	}
}

func small(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// folder remembers the letter that a following accent belongs to.
type folder struct {
	emit func(r rune, from, to int)
	base rune
}

func (f *folder) letter(r rune, from, to int) {
	switch {
	case r < utf8.RuneSelf:
		f.base = r
		f.emit(r, from, to)
		return
	case unicode.Is(unicode.Mn, r):
		if r == umlaut && strings.ContainsRune("aou", f.base) {
			f.emit('e', from, to)
			f.base = 0
		}
		return
	case unseen(r):
		return // whoever writes them into a word means the word
	}
	f.base = r
	if latin := lookalike(r); latin != 0 {
		r = latin
	}
	switch r {
	case 'ß':
		f.emit('s', from, to)
		r = 's'
	case 'æ':
		f.emit('a', from, to)
		r = 'e'
	case 'ø':
		r = 'o'
	case 'ł':
		r = 'l'
	}
	f.emit(r, from, to)
}

// umlaut is the two dots as a letter's accent.
const umlaut = '\u0308'

// unseen tells signs without a shape: formats such as the zero-width space and the soft hyphen, and Hangul's fillers.
func unseen(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0'
}

// lookalike is the Latin small letter that r is mistaken for; 0 for all others. Letters in boxes and flags count.
//
// Source: Unicode Technical Standard 39, confusables. Boxes: the Unicode block Enclosed Alphanumeric
// Supplement.
func lookalike(r rune) rune {
	for _, first := range []rune{0x1f150, 0x1f170, 0x1f1e6} { // in a black circle, in a black square, of a flag
		if r >= first && r < first+26 {
			return 'a' + r - first
		}
	}
	if r == 'п' {
		return 'n' // not in the standard, and read so in small print
	}
	return confusable(r)
}

// unleet reads digits and signs inside a word as the letters that they stand for: "n4z1" → "nazi". A "1" may be an i
// or an l, so there are up to two readings. Words without a letter, and words without a digit, read as themselves.
func unleet(word string) []string {
	letters, others := false, false
	for _, r := range word {
		if unicode.IsLetter(r) {
			letters = true
		} else {
			others = true
		}
	}
	if !letters || !others {
		return []string{word}
	}
	read := func(one string) string {
		return strings.NewReplacer("0", "o", "1", one, "2", "z", "3", "e", "4", "a", "5", "s", "6", "g", "7", "t", "8", "b", "9", "g", "@", "a", "$", "s").Replace(word)
	}
	return []string{word, read("i"), read("l")}
}
