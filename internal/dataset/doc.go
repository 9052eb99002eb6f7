// Package dataset looks at pictures that a model is to learn from before anything is learnt: whether they are there, large
// and sharp enough, different from each other and of one kind, what their captions say, and whether the rights suffice.
//
// Its nouns: a Picture is one file with what was measured; a Finding is something to fix, an error or a warning; a Report is
// all of it, which Page writes for people; Rights is what follows for whatever is learnt.
//
//	report, err := dataset.Look(ctx, os.DirFS(dir), set, dataset.Options{Side: 512, Sharpness: sharpness})
//	if report.Errors() > 0 { … }
//
// It changes no picture and trains nothing.
package dataset
