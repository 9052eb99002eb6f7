// Package brand holds what a brand has decided once, so that no brief has to say it again: colours, channels, the
// rubric, what must never appear, which parameters a production has to pin, and whose the pictures are.
//
// The nouns: a Kit is one brand's rules with the person who owns them. A Style is a style token: a named, versioned
// bundle of prompt parts, negatives and parameters. A brief is checked against its kit here, before anyone plans it.
//
//	problems := kit.Check()                     // every problem, not only the first
//	problems = brand.CheckBrief(brief, kit)     // what the brief lacks, or asks for and the kit doesn't know
//	channels, err := kit.ChannelsNamed(brief.Channels)
//
// Package brand reads no files (see workspace) and plans nothing (see plan).
package brand
