package prompt

import "strings"

// reach is how many words a negation looks ahead: "without any visible blood".
const reach = 3

// Negated tells whether the word at i of a text's lexemes is something that shall not be there: a word such as "no",
// "ohne" or "sin" stands at most three words before it, in the same clause, or "free" right behind it. "Not without" is
// none. What renderers make of it is another question: they read negations badly, and the negative prompt is the place.
func Negated(s string, words []Lexeme, i int) bool {
	for j := i - 1; j >= max(0, i-reach); j-- {
		if strings.ContainsAny(between(s, words[j], words[j+1]), ",.;:!?()[]{}\n") || turns(words[j].Text) {
			return false
		}
		if negates(words[j].Text) {
			return j == 0 || !negates(words[j-1].Text)
		}
	}
	return i+1 < len(words) && words[i].End+1 == words[i+1].Start && (words[i+1].Text == "free" || words[i+1].Text == "frei")
}

// negates tells words that take away what follows, in the form of Normalise.
func negates(w string) bool {
	switch w {
	case "no", "without", "not", "never", "avoid", "avoiding", "exclude", "excluding", "zero", "non",
		"ohne", "kein", "keine", "keinen", "keinem", "keiner", "keines", "keinerlei", "nicht", "nie", "vermeide",
		"sans", "aucun", "aucune", "pas", "jamais", "evite", "eviter",
		"sin", "ningun", "ninguna", "nunca", "evitar",
		"senza", "nessun", "nessuna", "mai", "evita",
		"geen", "zonder", "niet", "nooit", "vermijd":
		return true
	}
	return false
}

// turns tells words after which a negation no longer holds.
func turns(w string) bool {
	switch w {
	case "but", "only", "just", "than", "sondern", "aber", "nur", "mais", "seulement", "sino", "pero", "solo", "ma", "soltanto", "maar", "alleen":
		return true
	}
	return false
}
