package prompt

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalise brings words into the one form in which they are compared: NFKC, lower case, letters that only look Latin
// made Latin, umlauts written out (ä → ae), other accents dropped, everything that is neither letter nor digit turned
// into a single space. Normalise(Normalise(s)) == Normalise(s).
func Normalise(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range foldLetters(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || isJoiner(r) {
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			gap = false
			continue
		}
		gap = true
	}
	return b.String()
}

// isJoiner tells the signs that stand in for letters, "@" for a and "$" for s; they are kept for the comparison.
func isJoiner(r rune) bool { return r == '@' || r == '$' }

// foldLetters is the part of the normaliser that works letter by letter. It takes letters and accents apart first, so
// that every letter goes through the same rules whatever it was put together with.
func foldLetters(s string) string {
	var b strings.Builder
	base := rune(0) // the letter that a following accent belongs to
	for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKC.String(s))) {
		if unicode.Is(unicode.Mn, r) {
			if r == umlaut && strings.ContainsRune("aou", base) {
				b.WriteByte('e')
				base = 0
			}
			continue
		}
		base = r
		if latin := lookalike(r); latin != 0 {
			r = latin
		}
		switch r {
		case 'ß':
			b.WriteString("ss")
		case 'æ':
			b.WriteString("ae")
		case 'ø':
			b.WriteByte('o')
		case 'ł':
			b.WriteByte('l')
		case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad':
			// invisible: whoever writes them into a word means the word
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// umlaut is the two dots as a letter's accent.
const umlaut = '\u0308'

// lookalike maps Cyrillic and Greek small letters to the Latin ones that they are mistaken for; 0 for all others.
//
// Source: Unicode Technical Standard 39, confusables, the single-letter rows for small letters.
func lookalike(r rune) rune {
	const from = "аеорсухіјѕһԁԛԝԍкмтвнпгαοερικυντхѵѡ"
	const to = "aeopcyxijshdqwgkmtbhnraoepikuvtxvw"
	i := 0
	for _, f := range from {
		if f == r {
			return rune(to[i])
		}
		i++
	}
	return 0
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
		return strings.NewReplacer("0", "o", "1", one, "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s").Replace(word)
	}
	return []string{word, read("i"), read("l")}
}
