// Package robustness measures what invisible marks survive: it marks pictures, does to them what happens to pictures, looks for the
// marks, and counts. Unmarked crops say how often a mark is found where none is.
//
//	plan := robustness.Plan{Subjects: []robustness.Subject{{Scheme: own}}, Attacks: robustness.Attacks(), Pictures: pictures, Side: 1024}
//	err := plan.Run(ctx, known, keep)              // keep gets each Record as soon as it is measured; known ones are left out
//	report := robustness.NewReport(settings, records)
//
// A [Scheme] hides numbers in pictures and finds them; the house's own is [Own]. An [Attack] is something that is done to a
// picture: ordinary use, or what an adversary does who has no key. A [Report] has shares with Wilson's intervals, and of false
// finds the upper bound of Clopper and Pearson. The package reads no files; where pictures come from and where records are kept is
// the caller's.
package robustness
