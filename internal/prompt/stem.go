package prompt

import "strings"

// Stems are the languages in which Stem knows endings.
func Stems() []string { return []string{"en", "de", "fr", "es", "it", "nl"} }

// Stem takes the usual endings off a word in the form of Normalise, so that "weapons" meets "weapon" and "nackter" meets
// "nackt". It is light: a stem is no word, and words whose vowel changes ("knives", "Mörder") need both forms in a list. It
// leaves words of three letters alone, and those of a language that it doesn't know but for an English plural.
//
// Source: the idea of a light stemmer, Savoy 2006, "Light stemming approaches for the French, Portuguese, German and
// Hungarian languages", SAC '06; the endings are chosen for nouns and adjectives of prompts.
func Stem(word, lang string) string {
	switch lang {
	case "de":
		return cut(word, 4, "innen", "ern", "em", "en", "er", "es", "e", "n", "s")
	case "fr":
		return cut(cut(word, 4, "s", "x"), 4, "ee", "e")
	case "es":
		return cut(cut(word, 4, "es", "s"), 4, "a", "o", "e")
	case "it":
		return cut(word, 4, "a", "e", "i", "o")
	case "nl":
		return single(cut(word, 4, "en", "s", "e"))
	case "en":
		return stemEnglish(word)
	default:
		return cut(word, 3, "s")
	}
}

// cut takes the first ending that fits off, if at least so many letters stay.
func cut(word string, least int, endings ...string) string {
	for _, e := range endings {
		if stem, ok := strings.CutSuffix(word, e); ok && len(stem) >= least {
			return stem
		}
	}
	return word
}

func stemEnglish(w string) string {
	switch {
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
	case strings.HasSuffix(w, "ies") && len(w) > 5:
		return w[:len(w)-3] + "i"
	case strings.HasSuffix(w, "xes"), strings.HasSuffix(w, "ches"), strings.HasSuffix(w, "shes"), strings.HasSuffix(w, "sses"):
		w = w[:len(w)-2]
	default:
		w = cut(w, 3, "s")
	}
	if strings.HasSuffix(w, "y") && len(w) > 4 {
		return w[:len(w)-1] + "i"
	}
	if short := cut(w, 4, "ing", "ed"); short != w {
		return cut(single(short), 4, "e")
	}
	return cut(w, 4, "e")
}

// single takes one of two equal consonants off the end: "stabb" → "stab".
func single(w string) string {
	n := len(w)
	if n > 4 && w[n-1] == w[n-2] && !strings.ContainsRune("aeiousl", rune(w[n-1])) {
		return w[:n-1]
	}
	return w
}
