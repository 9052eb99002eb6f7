package safety

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// mutator writes the same words in another way.
type mutator struct {
	name   string
	change func(words string) string
}

// mutators lists them. Each is deterministic; none needs a list of the words that are looked for.
func mutators() []mutator {
	swap := func(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }
	return []mutator{
		{"upper-case", strings.ToUpper},
		{"homoglyphs", swap("a", "а", "e", "е", "o", "о", "c", "с", "p", "р", "x", "х", "i", "і", "s", "ѕ")},
		{"greek", swap("o", "ο", "a", "α", "i", "ι", "v", "ν")},
		{"leet", swap("a", "4", "e", "3", "i", "1", "o", "0", "s", "5", "t", "7")},
		{"leet-some", func(s string) string { return strings.Replace(strings.Replace(s, "e", "3", 1), "a", "@", 1) }},
		{"signs", func(s string) string { return strings.Replace(strings.Replace(s, "i", "!", 1), "e", "€", 1) }},
		{"spaced", each(func(w string) string { return strings.Join(strings.Split(w, ""), " ") }, "  ")},
		{"dotted", each(func(w string) string { return strings.Join(strings.Split(w, ""), ".") }, " ")},
		{"hyphenated", each(halves("-"), " ")},
		{"split-words", each(func(w string) string { return cutAt(w, 2, " ") }, " ")},
		{"zero-width", each(func(w string) string { return strings.Join(strings.Split(w, ""), "\u200b") }, " ")},
		{"soft-hyphens", each(halves("\u00ad"), " ")},
		{"full-width", func(s string) string { return shift(s, 'a', 'z', 'ａ') }},
		{"mathematical", func(s string) string { return shift(s, 'a', 'z', '𝐚') }},
		{"squared", func(s string) string { return shift(strings.ToUpper(s), 'A', 'Z', '🅰') }},
		{"accents", swap("a", "á", "e", "ë", "i", "ï", "o", "ó", "u", "ú")},
		{"combining", each(func(w string) string { return strings.Join(strings.Split(w, ""), "\u0336") }, " ")},
		{"repeated", swap("a", "aaa", "e", "eee", "o", "ooo")},
		{"joined-words", func(s string) string { return strings.ReplaceAll(s, " ", "") }},
		{"hashtag", func(s string) string { return "#" + strings.ReplaceAll(s, " ", "_") }},
		{"word-order", backwards},
		{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
		{"hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s)) }},
		{"percent", func(s string) string { return "%" + strings.Join(pairs(hex.EncodeToString([]byte(s))), "%") }},
		{"entities", coded("&#%d;")},
		{"typo", each(swapped, " ")},
		{"reversed", func(s string) string { return string(turned([]rune(s))) }},
		{"rot13", func(s string) string { return strings.Map(rot13, s) }},
	}
}

// each changes every word of four letters and more.
func each(change func(string) string, between string) func(string) string {
	return func(s string) string {
		words := strings.Fields(s)
		for i, w := range words {
			if len(w) >= 4 {
				words[i] = change(w)
			}
		}
		return strings.Join(words, between)
	}
}

func halves(sign string) func(string) string {
	return func(w string) string { return cutAt(w, len([]rune(w))/2, sign) }
}

func cutAt(w string, n int, sign string) string {
	r := []rune(w)
	return string(r[:n]) + sign + string(r[n:])
}

func shift(s string, from, to, into rune) string {
	return strings.Map(func(r rune) rune {
		if r >= from && r <= to {
			return into + r - from
		}
		return r
	}, s)
}

func backwards(s string) string {
	words := strings.Fields(s)
	for i, j := 0, len(words)-1; i < j; i, j = i+1, j-1 {
		words[i], words[j] = words[j], words[i]
	}
	return strings.Join(words, " ")
}

// pairs cuts a text into pieces of two.
func pairs(s string) []string {
	var all []string
	for ; len(s) >= 2; s = s[2:] {
		all = append(all, s[:2])
	}
	return all
}

func coded(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, c := range s {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
}

// swapped changes two letters in the middle of a word.
func swapped(w string) string {
	r := []rune(w)
	i := len(r) / 2
	r[i-1], r[i] = r[i], r[i-1]
	return string(r)
}

func turned(r []rune) []rune {
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return r
}

func rot13(r rune) rune {
	switch {
	case r > unicode.MaxASCII:
		return r
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}
