package tokenize

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// clean drops control characters and makes every white space a plain one.
//
// Source: BERT's BasicTokenizer, which CLIP's tokenizer uses too when ftfy isn't installed.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Zs, r):
			return ' '
		case r == 0 || r == unicode.ReplacementChar || isOther(r):
			return -1
		}
		return r
	}, text)
}

// isOther holds for control, format, private and unassigned characters (general category C).
func isOther(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z)
}

// spaceChinese puts spaces around each CJK ideograph.
func spaceChinese(text string) string {
	var b strings.Builder
	for _, r := range text {
		if isChinese(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isChinese holds for the blocks that BERT calls Chinese: CJK ideographs, but no kana and no hangul.
func isChinese(r rune) bool {
	for _, block := range [...][2]rune{
		{0x4E00, 0x9FFF},
		{0x3400, 0x4DBF},
		{0x20000, 0x2A6DF},
		{0x2A700, 0x2B73F},
		{0x2B740, 0x2B81F},
		{0x2B820, 0x2CEAF},
		{0xF900, 0xFAFF},
		{0x2F800, 0x2FA1F},
	} {
		if r >= block[0] && r <= block[1] {
			return true
		}
	}
	return false
}

// lower is Unicode's full lower-casing, in which İ becomes two characters. FinalSigma says whether Σ at the end of a
// word becomes ς, as in Python, or always σ, as character by character in Rust.
func lower(text string, finalSigma bool) string {
	return cases.Lower(language.Und, cases.HandleFinalSigma(finalSigma)).String(text)
}

// stripAccents takes letters apart and drops what isn't a letter of its own.
func stripAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}
