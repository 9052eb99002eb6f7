package prompt

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"presswerk/internal/art"
)

// altLength is how long alt text should be at most, in characters. Screen readers cut what is longer.
const altLength = 125

// AltText describes the picture in a sentence for each asked language (English where none is asked). It says what is
// there to be seen – subject, surroundings, style, background, lettering – and leaves the technical words out.
// Where it would pass 125 characters, the least important parts go first. Parts without words in a language give one
// field error each, joined.
func AltText(p art.Prompt, languages []art.Language) (art.Text, error) {
	return altText(p, languages, kindOf)
}

// ClipText is AltText of a clip.
func ClipText(p art.Prompt, languages []art.Language) (art.Text, error) {
	return altText(p, languages, func(art.Prompt, art.Language) string { return "Clip" })
}

func altText(p art.Prompt, languages []art.Language, kind func(art.Prompt, art.Language) string) (art.Text, error) {
	alt := art.Text{}
	var wrong []error
	for _, lang := range orEnglish(languages) {
		if missing := MissingWords(p, lang); len(missing) > 0 {
			wrong = append(wrong, missing...)
			continue
		}
		alt[lang] = describe(p, kind(p, lang), lang)
	}
	return alt, errors.Join(wrong...)
}

// MissingWords tells which parts of the prompt people could not read about in a language: a field error for each.
func MissingWords(p art.Prompt, lang art.Language) []error {
	var wrong []error
	if lang != art.English && lang != art.German {
		return []error{art.Unsupported("languages", fmt.Sprintf("nobody writes alt text in %q yet", lang), `use "en" or "de"`)}
	}
	for _, n := range seen(p) {
		if !n.Part.Words.Has(lang) {
			field := "prompt." + n.Name + ".words." + lang
			wrong = append(wrong, art.Invalid(field,
				fmt.Sprintf("the alt text needs words for %q in this language", n.Part.Words.In(art.English)), fmt.Sprintf("add them, or take %q out of languages", lang)))
		}
	}
	return wrong
}

// seen are the parts that a person sees in the picture, the most important first.
func seen(p art.Prompt) []art.NamedPart {
	var parts []art.NamedPart
	for _, n := range []art.NamedPart{{Name: "subject", Part: p.Subject}, {Name: "context", Part: p.Context}, {Name: "style", Part: p.Style}, {Name: "background", Part: p.Background}} {
		if !n.Part.Empty() {
			parts = append(parts, n)
		}
	}
	return parts
}

// describe tries the whole sentence first, then shorter ones.
func describe(p art.Prompt, kind string, lang art.Language) string {
	shorter := p
	for _, drop := range []func(){func() {}, func() { shorter.Style = art.Part{} }, func() { shorter.Background = art.Part{} }, func() { shorter.Context = art.Part{} }} {
		drop()
		if s := sentence(shorter, kind, lang); utf8.RuneCountInString(s) <= altLength {
			return s
		}
	}
	return cutWords(sentence(shorter, kind, lang), altLength)
}

func sentence(p art.Prompt, kind string, lang art.Language) string {
	german := lang == art.German
	s := kind + " of " + withArticle(said(p.Subject, lang))
	if german {
		s = kind + ": " + said(p.Subject, lang)
	}
	if c := said(p.Context, lang); c != "" {
		if german && startsWithGermanPreposition(c) || !german && startsWithPreposition(c) {
			s += " " + c
		} else {
			s += ", " + c
		}
	}
	if style := said(p.Style, lang); style != "" {
		s += ", " + style
	}
	if b := said(p.Background, lang); b != "" {
		if german {
			s += ", " + vorHintergrund(b)
		} else {
			s += ", " + onBackground(b, withArticle)
		}
	}
	switch {
	case p.Lettering == "":
		return s
	case german:
		return s + ", mit den Worten „" + p.Lettering + "“"
	default:
		return s + ", with the words “" + p.Lettering + "”"
	}
}

// kindOf names the kind of picture. What looks like a photograph is still not called one.
func kindOf(p art.Prompt, lang art.Language) string {
	photo := strings.Contains(Normalise(p.Style.Words.In(art.English)+" "+p.Technique.Words.In(art.English)), "photo")
	switch {
	case photo && lang == art.German:
		return "Fotorealistisches Bild"
	case photo:
		return "Photorealistic picture"
	default:
		return "Illustration"
	}
}

// Title is a short heading for the picture, "Red apple, flat style". A language without words for the subject is
// left out; a style without them is not mentioned.
func Title(p art.Prompt, languages []art.Language) art.Text {
	title := art.Text{}
	for _, lang := range orEnglish(languages) {
		if !p.Subject.Words.Has(lang) {
			continue
		}
		s := dropArticle(said(p.Subject, lang), lang)
		if style := p.Style.Words[lang]; style != "" {
			s += ", " + style
		}
		title[lang] = cutWords(capital(s), 70)
	}
	return title
}

// dropArticle takes the article off, because a heading does without: "Red apple", "Roter Apfel".
func dropArticle(s string, lang art.Language) string {
	articles := []string{"a", "an", "the"}
	if lang == art.German {
		articles = []string{"ein", "eine", "der", "die", "das"}
	}
	first, rest, more := strings.Cut(s, " ")
	for _, a := range articles {
		if more && strings.EqualFold(first, a) {
			return rest
		}
	}
	return s
}

func said(p art.Part, lang art.Language) string {
	return strings.Join(strings.Fields(p.Words[lang]), " ")
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// cutWords shortens s to at most n characters, at the end of a word where there is one.
func cutWords(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:-–")
}

func orEnglish(languages []art.Language) []art.Language {
	if len(languages) == 0 {
		return []art.Language{art.English}
	}
	return languages
}
