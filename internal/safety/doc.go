// Package safety is the policy for words: what must not be asked for, what needs a person, and what needs a clearance.
//
// Its nouns: a Concept is something that a policy has an opinion about, with the words for it in several languages; a
// Lexicon is all of them; a Policy says block, person or pass for each concept, for one sector; a Guide is both together, and
// looks at texts. A Concern (in package art) is what it found, with the place in the original text. A Suite is what a red
// team tries against a guide.
//
//	guide, err := safety.NewGuide(lexicon, policy, clearances)
//	for _, c := range guide.Look([]safety.Field{{Name: "prompt.subject.words.en", Words: words}}, now) { … }
//	report := safety.RedTeam(suite, guide)
//
// It is pure: it reads no files (see workspace), renders nothing (see factory) and sees no picture (see judge).
package safety
