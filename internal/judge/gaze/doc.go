// Package gaze compares a predicted saliency map with what people did: where they looked, clicked, and how far they scrolled.
//
// Its nouns: a Record is what a file says of one picture; a Measure is one number of how well the prediction fits it.
//
//	record, err := gaze.Read(file, picture.Width, picture.Height)
//	measures, err := gaze.Compare(ctx, saliency.Map, record)
//
// No measure says it alone (Bylinskii et al. 2016, "What do different evaluation metrics tell us about saliency models?"): each
// comes with what a mere centre bias gets, and, where several people looked, with what these say of each other. The package
// predicts nothing itself.
package gaze
