package prompt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Readings are the ways in which somebody may have meant the words of a text: as they stand first, then with letters that
// were set apart put together ("g o r e"), with words that were cut by hyphens, dots or strokes put together ("go-re"),
// with words that were cut by a space ("go re"), and with signs read as letters ("g!rl"). The later ones are there only
// where they differ.
func Readings(s string) [][]Lexeme {
	plain := Lexemes(s)
	all := [][]Lexeme{plain}
	add := func(r []Lexeme, ok bool) {
		if ok {
			all = append(all, r)
		}
	}
	add(merged(plain, func(a, b Lexeme) bool { return lone(a) && lone(b) }))
	add(merged(plain, func(a, b Lexeme) bool { return lone(a) && lone(b) && len(between(s, a, b)) < 2 }))
	add(merged(plain, func(a, b Lexeme) bool { return lone(a) && lone(b) && !article(plain, a) }))
	add(merged(plain, func(a, b Lexeme) bool { return tight(between(s, a, b)) }))
	add(pieces(plain))
	add(merged(plain, func(a, _ Lexeme) bool { n := utf8.RuneCountInString(a.Text); return n == 2 || n == 1 && !short(a.Text) }))
	if signed, at, ok := signs(s); ok {
		read := Lexemes(signed)
		for i := range read {
			read[i].Start, read[i].End = at[read[i].Start], at[read[i].End]
		}
		add(read, true)
	}
	return all
}

// between is what stands between two words. One sign may be two words, such as "㏂", and then nothing does.
func between(s string, a, b Lexeme) string { return s[a.End:max(a.End, b.Start)] }

// lone tells a letter that stands by itself.
func lone(l Lexeme) bool { return utf8.RuneCountInString(l.Text) == 1 }

// article tells a letter that may be a word of its own before letters that were set apart: "a g o r e scene".
func article(words []Lexeme, l Lexeme) bool {
	i := slices.Index(words, l)
	return short(l.Text) && (i == 0 || !lone(words[i-1]))
}

// merged puts neighbours together, as they stand in the text; ok is false where there are none.
func merged(words []Lexeme, together func(a, b Lexeme) bool) (out []Lexeme, ok bool) {
	for i, w := range words {
		if i > 0 && together(words[i-1], w) {
			last := &out[len(out)-1]
			last.Text, last.End, ok = last.Text+w.Text, w.End, true
			continue
		}
		out = append(out, w)
	}
	return out, ok
}

// tight tells what may stand inside a word that was cut: a few signs and no space, comma or stop of a list.
func tight(gap string) bool {
	return gap != "" && len(gap) <= 6 && !strings.ContainsFunc(gap, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:!?()[]{}<>|&+=\"“”„«»", r)
	})
}

// maxPiece is how long a piece of a word that was cut by spaces is at most: shorter ones are hardly ever words.
const maxPiece = 2

// pieces puts a short piece that is no word of its own together with its neighbours: "bl ood", "blo od". The words without
// such pieces are left out.
func pieces(words []Lexeme) (out []Lexeme, ok bool) {
	odd := func(l Lexeme) bool {
		n := utf8.RuneCountInString(l.Text)
		return n <= maxPiece && !short(l.Text) && !strings.ContainsFunc(l.Text, unicode.IsDigit)
	}
	for i, w := range words {
		if !odd(w) {
			continue
		}
		for from := max(0, i-2); from <= i; from++ {
			for to := max(i, from+1); to <= min(i+2, len(words)-1); to++ {
				var b strings.Builder
				for _, p := range words[from : to+1] {
					b.WriteString(p.Text)
				}
				text := b.String()
				if utf8.RuneCountInString(text) >= 4 {
					out = append(out, Lexeme{Text: text, Start: words[from].Start, End: words[to].End})
				}
			}
		}
	}
	return out, len(out) > 0
}

// short tells words of one and two letters in English, German, French, Spanish, Italian and Dutch, and units.
func short(w string) bool {
	switch w {
	case "a", "i", "o", "e", "y", "u", "am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me", "my", "no", "of", "on", "or", "so", "to", "up", "us", "we", "ok", "tv", "pc", "dj", "ad", "uk", "eu", "ai", "id",
		"er", "es", "im", "ja", "zu", "um", "ob", "wo", "da", "du", "ab", "ei", "je", "le", "la", "de", "et", "un", "en", "au", "ne", "ce", "se", "te", "ta", "sa", "ma", "tu", "ou", "ni", "nu", "il", "el", "al", "lo", "di", "su", "si", "mi", "ti",
		"ed", "ha", "ho", "ci", "vi", "li", "ik", "ze", "op", "bv", "km", "cm", "mm", "kg", "ml", "hd", "xl", "vs", "mr", "dr", "st":
		return true
	}
	return false
}

// signs reads signs beside or between letters as the letters that they look like, and tells for each byte of the new text, and
// its end, where it stood.
func signs(s string) (string, []int, bool) {
	if !strings.ContainsAny(s, "!|€£¢+(<") {
		return "", nil, false
	}
	look := strings.NewReplacer("!", "i", "|", "l", "€", "e", "£", "l", "¢", "c", "+", "t", "(", "c", "<", "c")
	var b strings.Builder
	var at []int
	found := false
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		text := s[i : i+n]
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+n:])
		if b, a := unicode.IsLetter(before), unicode.IsLetter(after); b && a || (b || a) && text != "+" && text != "(" && text != "<" {
			if as := look.Replace(text); as != text {
				text, found = as, true
			}
		}
		for range len(text) {
			at = append(at, i)
		}
		b.WriteString(text)
		i += n
	}
	return b.String(), append(at, len(s)), found
}

// Spellings are the ways in which a word of Lexemes can be read: as it stands first, digits and signs as letters, letters
// that are repeated three times or more once or twice, and a word in which every letter stands twice.
func Spellings(word string) []string {
	all := unleet(word)
	for _, w := range slices.Clip(all) {
		all = append(all, calmed(w)...)
	}
	return all
}

// calmed shortens letters that are repeated three times or more to one and to two, up to four of them independently, and
// takes a word in which every letter stands twice for half of itself.
func calmed(w string) []string {
	type run struct {
		letter byte
		n      int
	}
	var runs []run
	long, doubled := 0, len(w) >= 6
	for i := 0; i < len(w); {
		n := 1
		for i+n < len(w) && w[i+n] == w[i] {
			n++
		}
		if n > 2 {
			long++
		}
		doubled = doubled && n%2 == 0
		runs = append(runs, run{w[i], n})
		i += n
	}
	var all []string
	if doubled {
		all = append(all, halved(w))
	}
	if long == 0 {
		return all
	}
	ways := 1 << min(long, 4)
	for way := range ways {
		var b strings.Builder
		k := 0
		for _, r := range runs {
			if r.n > 2 {
				r.n = 1 + way>>min(k, 3)&1
				k++
			}
			b.WriteString(strings.Repeat(string(r.letter), r.n))
		}
		all = append(all, b.String())
	}
	return all
}

// halved takes every second byte of a word whose letters all stand twice.
func halved(w string) string {
	var b strings.Builder
	for i := 0; i < len(w); i += 2 {
		b.WriteByte(w[i])
	}
	return b.String()
}
