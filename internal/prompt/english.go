package prompt

import (
	"slices"
	"strings"
)

// withArticle puts "a" or "an" before an English phrase, where a person would: not before things in the plural,
// not before what isn't counted ("bread"), not where an article stands already.
func withArticle(s string) string {
	if s == "" || startsWithDeterminer(s) {
		return s
	}
	head := headNoun(s)
	if isPlural(head) || slices.Contains(uncounted(), head) {
		return s
	}
	if startsWithVowelSound(s) {
		return "an " + s
	}
	return "a " + s
}

// headNoun is the last word before the first preposition: "face" of "smiling face with heart eyes".
func headNoun(s string) string {
	words := strings.Fields(strings.ToLower(s))
	for i, w := range words {
		if i > 0 && slices.Contains(prepositions(), w) {
			words = words[:i]
			break
		}
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Trim(words[len(words)-1], ",.;:!?")
}

func isPlural(w string) bool {
	for _, end := range []string{"ss", "us", "is", "as"} {
		if strings.HasSuffix(w, end) {
			return false
		}
	}
	return len(w) > 3 && strings.HasSuffix(w, "s")
}

func startsWithDeterminer(s string) bool {
	first, _, more := strings.Cut(strings.ToLower(s), " ")
	return more && slices.Contains([]string{
		"a", "an", "the", "this", "that", "these", "those", "some", "several", "many", "two", "three", "my", "our", "your", "his", "her", "their", "no",
	}, first)
}

func startsWithPreposition(s string) bool {
	first, _, _ := strings.Cut(strings.ToLower(s), " ")
	return slices.Contains(prepositions(), first)
}

func prepositions() []string {
	return []string{"on", "in", "at", "with", "of", "against", "before", "under", "over", "behind", "beside", "near", "from", "for", "without", "between"}
}

// uncounted are nouns that take no article as things. The list is what marketing pictures show, not the language.
func uncounted() []string {
	return []string{
		"bread", "toast", "butter", "honey", "jam", "coffee", "tea", "milk", "juice", "water", "chocolate", "rice", "cheese",
		"fire", "rain", "snow", "fruit", "broccoli", "sugar", "salt", "flour", "granola", "muesli", "yoghurt", "food", "art", "music", "grass", "light", "breakfast",
	}
}

// startsWithVowelSound goes by the sound, as far as spelling tells: "an hour", "a unicorn".
func startsWithVowelSound(s string) bool {
	s = strings.ToLower(s)
	for _, silent := range []string{"hour", "honest", "heir", "honour", "honor"} {
		if strings.HasPrefix(s, silent) {
			return true
		}
	}
	for _, glide := range []string{"uni", "use", "usu", "eu", "one", "once", "ubiq", "uto"} {
		if strings.HasPrefix(s, glide) && !strings.HasPrefix(s, "unin") && !strings.HasPrefix(s, "unim") {
			return false
		}
	}
	return strings.ContainsRune("aeiou", rune(s[0]))
}

func hasWord(s, word string) bool {
	return slices.Contains(strings.Fields(strings.ToLower(s)), word)
}
