// Package sets measures how two sets of pictures differ, and how varied one is, over the features that a network gave.
//
// Its nouns: a Set is features, one row a picture; a Measure is one number with its interval.
//
//	measures, err := sets.Compare(ctx, made, wanted, sets.Options{})
//
// A number says something only beside others over the same features of the same network, and about as many pictures: FID in
// another network's features isn't the FID of papers. The package never looks at pictures itself.
package sets
