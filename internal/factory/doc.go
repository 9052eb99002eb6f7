// Package factory is the shell around the stages: it introduces them to each other. For each kind of job it has one
// handler, which fetches what the stage needs, asks the stage, and returns an art.Change with what is to be written.
//
//	render → judge → select → finish → publish
//
// Before the selection, what failed only where the judge shows it may be mended by rule: a part is made anew as a candidate
// of its own, which is rendered and judged in turn.
//
// The factory also answers for the people around the line: it starts a run from a brief, takes decisions, and makes an
// asset again from its record.
//
//	f := factory.New(factory.Options{…})
//	run, err := f.Start(ctx, factory.Order{Brief: brief, Kit: kit, Styles: styles, Commit: commit})
//
// It sees neither SQL nor files nor a particular engine: it states the few methods that it needs as interfaces. It
// keeps no state of its own; every answer comes from the records.
package factory
