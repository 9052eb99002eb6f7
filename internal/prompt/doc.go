// Package prompt turns a structured prompt into words: for engines, each in its own dialect, and for people, as alt
// text, title and file name in English and German. It also has the one normaliser of words, with which no-gos are
// looked for.
//
// The nouns: a Written prompt is what an engine gets. A Hit is a no-go that was found, with the place.
//
//	w, err := prompt.Write(p, prompt.House) // w.Positive: "a red apple, flat style, on a light blue background"
//	alt, err := prompt.AltText(p, []art.Language{art.English, art.German})
//
// It also reads what people write in A1111's syntax, for renderers: SplitAND takes a composition apart, Schedule finds
// the text of each step, ParseAttention its weights, and a Chunker cuts its tokens for a text encoder. Stages are texts
// that follow each other; a Chunk is what an encoder reads at once.
//
//	for _, part := range prompt.SplitAND("a [red:green:0.5] apple AND (still life:1.2)") {
//		for _, stage := range prompt.Schedule(part.Text, prompt.Steps{Base: 20}) {
//			pieces := prompt.ParseAttention(stage.Text)
//		}
//	}
//
// Package prompt does not decide what a found no-go means (see plan), and it never sees a picture.
package prompt
