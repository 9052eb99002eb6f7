// Package ssimulacra2 says how much of a picture a lossy copy has lost, as people see it: SSIMULACRA 2 by Jon Sneyers, the
// measure of the JPEG XL project.
//
// Its nouns: Reference, the original made ready for many comparisons; a score, 100 for an equal picture and less for a worse
// one: 90 can't be told apart in a flicker test, 80 not side by side at 1:1, 70 hardly, 50 is middling, below 30 poor.
//
//	original, err := ssimulacra2.New(picture)
//	score, err := original.Score(copy)
//
// Numbers agree with the Python package ssimulacra2 to a few thousandths, near 100 to a few hundredths. The package knows nothing of files.
package ssimulacra2
