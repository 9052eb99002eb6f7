package prompt

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// The dialects in which engines want their prompts.
const (
	// House is the sentence that the house model was trained on: "a SUBJECT, STYLE, on a COLOUR background".
	House = "house"
	// Plain joins the parts with commas, those that matter most first.
	Plain = "plain"
	// A1111 joins the parts in their order and writes priorities as weights, "(words:1.2)".
	A1111 = "a1111"
)

// Written is a prompt as an engine gets it.
type Written struct {
	Positive string
	Negative string
}

// Write writes the English words of a structured prompt out in a dialect. Words in the picture stand last, in
// quotation marks. An unknown dialect gives art.ErrUnsupported; a part without English words gives a field error.
func Write(p art.Prompt, dialect string) (Written, error) {
	parts := p.Parts()
	for _, n := range parts {
		if !n.Part.Words.Has(art.English) {
			return Written{}, art.Invalid("prompt."+n.Name+".words.en", "engines read English, and there are no English words", "add the English words")
		}
	}
	w := Written{Negative: strings.Join(MergeNegatives(p.Negatives), ", ")}
	switch dialect {
	case House:
		w.Positive = house(p)
	case Plain, "":
		w.Positive = plain(p)
	case A1111:
		w.Positive = a1111(p)
		w.Negative = escape(w.Negative)
	default:
		return Written{}, art.Unsupported("dialect", fmt.Sprintf("nobody knows the prompt dialect %q", dialect), "use house, plain or a1111")
	}
	return w, nil
}

// MergeNegatives joins lists of things to avoid: in order, each thing once, whatever its capitals and spacing.
func MergeNegatives(lists ...[]string) []string {
	var merged []string
	seen := map[string]bool{}
	for _, list := range lists {
		for _, entry := range list {
			for words := range strings.SplitSeq(entry, ",") {
				words = strings.Join(strings.Fields(words), " ")
				key := strings.ToLower(words)
				if words == "" || seen[key] {
					continue
				}
				seen[key] = true
				merged = append(merged, words)
			}
		}
	}
	return merged
}

// house writes the captions of the house model's training: lower case, an article by the first letter alone ("a bread",
// as it was trained), subject, style and background in this place, everything else only where it is said.
func house(p art.Prompt) string {
	var said, others []string
	if s := lower(p.Subject); s != "" {
		said = append(said, captionArticle(s))
	}
	if s := lower(p.Style); s != "" {
		said = append(said, s)
	}
	if s := lower(p.Background); s != "" {
		said = append(said, onBackground(s, captionArticle))
	}
	for _, n := range p.Parts() {
		switch n.Name {
		case "subject", "style", "background":
		default:
			others = append(others, lower(n.Part))
		}
	}
	said = append(said, others...)
	return strings.Join(append(said, lettering(p)...), ", ")
}

// captionArticle is the rule by which the training's captions got their article.
func captionArticle(s string) string {
	switch {
	case startsWithDeterminer(s):
		return s
	case strings.ContainsRune("aeiou", rune(s[0])):
		return "an " + s
	default:
		return "a " + s
	}
}

// onBackground makes "light blue" a phrase, "on a light blue background"; whole phrases stay as they are.
func onBackground(words string, article func(string) string) string {
	if startsWithPreposition(words) {
		return words
	}
	if hasWord(words, "background") || hasWord(words, "backdrop") {
		return "on " + article(words)
	}
	return "on " + article(words+" background")
}

// plain puts what matters most first; parts of one priority keep their order.
func plain(p art.Prompt) string {
	var said []string
	for _, priority := range []art.Priority{art.PriorityMust, art.PriorityHigh, art.PriorityNormal, art.PriorityLow} {
		for _, n := range p.Parts() {
			if effective(n.Part.Priority) == priority {
				said = append(said, phrase(n))
			}
		}
	}
	return strings.Join(append(said, lettering(p)...), ", ")
}

// a1111 writes weights. Brackets and backslashes of the words themselves are escaped.
//
// Source: AUTOMATIC1111's attention syntax, "(words:1.2)", escape with a backslash.
func a1111(p art.Prompt) string {
	var said []string
	for _, n := range p.Parts() {
		words := escape(phrase(n))
		if w := weight(n.Part.Priority); w != "" {
			words = "(" + words + ":" + w + ")"
		}
		said = append(said, words)
	}
	for _, l := range lettering(p) {
		said = append(said, escape(l))
	}
	return strings.Join(said, ", ")
}

// weight turns a priority into a weight of attention; normal has none.
func weight(p art.Priority) string {
	switch p {
	case art.PriorityLow:
		return "0.8"
	case art.PriorityHigh:
		return "1.2"
	case art.PriorityMust:
		return "1.4"
	default:
		return ""
	}
}

func effective(p art.Priority) art.Priority {
	if p == "" {
		return art.PriorityNormal
	}
	return p
}

func phrase(n art.NamedPart) string {
	words := strings.Join(strings.Fields(n.Part.Words.In(art.English)), " ")
	if n.Name == "background" {
		return onBackground(words, withArticle)
	}
	return words
}

func lower(p art.Part) string {
	return strings.ToLower(strings.Join(strings.Fields(p.Words.In(art.English)), " "))
}

func lettering(p art.Prompt) []string {
	if p.Lettering == "" {
		return nil
	}
	return []string{`with the words "` + p.Lettering + `"`}
}

// escape guards the characters that mean something in A1111's syntax.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, "[", `\[`, "]", `\]`).Replace(s)
}
