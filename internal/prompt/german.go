package prompt

import (
	"slices"
	"strings"
)

// vorHintergrund makes "hellblau" a phrase, "vor hellblauem Hintergrund"; whole phrases stay as they are.
func vorHintergrund(words string) string {
	if startsWithGermanPreposition(words) {
		return words
	}
	if strings.Contains(strings.ToLower(words), "hintergrund") {
		return "vor " + words
	}
	if strings.ContainsRune(words, ' ') {
		return "Hintergrund " + words // more than one word cannot be bent by a rule
	}
	return "vor " + dative(words) + " Hintergrund"
}

// dative bends an adjective of colour as it stands after "vor" without an article. Colours that German leaves
// unbent (rosa, lila, mint …) get "-farben" first.
func dative(colour string) string {
	c := strings.ToLower(colour)
	for _, stiff := range []string{"rosa", "lila", "orange", "beige", "creme", "mint", "pfirsich", "lavendel", "magenta", "koralle", "aprikose", "pink", "bordeaux", "khaki", "petrol", "sand", "flieder", "altrosa"} {
		if c == stiff || strings.HasPrefix(c, "hell") && c == "hell"+stiff || strings.HasPrefix(c, "dunkel") && c == "dunkel"+stiff {
			return c + "farbenem"
		}
	}
	switch {
	case strings.HasSuffix(c, "el"): // dunkel → dunklem
		return c[:len(c)-2] + "lem"
	case strings.HasSuffix(c, "e"):
		return c + "m"
	case strings.HasSuffix(c, "em"), strings.HasSuffix(c, "en") && !strings.HasSuffix(c, "farben") && c != "golden":
		return c
	default:
		return c + "em"
	}
}

func startsWithGermanPreposition(words string) bool {
	first, _, _ := strings.Cut(strings.ToLower(words), " ")
	return slices.Contains([]string{"vor", "auf", "in", "im", "am", "an", "unter", "über", "neben", "bei", "ohne", "mit", "zwischen", "hinter", "aus"}, first)
}
