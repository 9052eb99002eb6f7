// Package judge looks at candidates so that people need to look at fewer: it scores them with evidence, applies a
// brand's rubric, and picks the best share.
//
// Its nouns: a Scorer gives one number with its unit, range and evidence; a Panel is a list of scorers; a gate (in
// package art) is one rule of a rubric; a verdict is what the rubric says; a selection is the word of the pre-selection.
//
//	scores := judge.DefaultPanel().Score(ctx, judge.Subject{Picture: p, Palette: kit.Colours})
//	verdict := judge.Decide(scores, kit.Rubric)
//	selections := judge.Preselect(verdicts, judge.PreselectOptions{Share: 0.1})
//
// Decide and Preselect are pure. A gate whose score is missing fails. The package never decides in a person's place: a
// selection is a suggestion with a reason.
package judge
