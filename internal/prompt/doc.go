// Package prompt turns a structured prompt into words: for engines, each in its own dialect, and for people, as alt
// text, title and file name in English and German. It also has the one normaliser of words, with which no-gos are
// looked for.
//
// The nouns: a Written prompt is what an engine gets. A Hit is a no-go that was found, with the place.
//
//	w, err := prompt.Write(p, prompt.House) // w.Positive: "a red apple, flat style, on a light blue background"
//	alt, err := prompt.AltText(p, []art.Language{art.English, art.German})
//
// Package prompt does not decide what a found no-go means (see plan), and it never sees a picture.
package prompt
