// Package engine says what it means to make a picture, whoever makes it.
//
// An Engine turns one art.Recipe into one Picture. Info tells, without I/O, what an engine can do, so that the
// planner can refuse what nobody could honour. A Registry is a value built from a list of engines in main; tests
// build their own. Powers that not every engine has are separate interfaces (Batcher, Warmer, Previewer, Jobber, Filmer), found
// with As, which looks through wrappers. Wrap puts things around whatever an engine is asked to make: Break leaves one alone
// that fails, Record tells of each request. What was turned away is asked for again by whoever keeps the books, package
// ledger. Look asks engines how they are. Check refuses what an engine's capabilities don't offer.
//
//	reg, err := engine.NewRegistry(local, comfy)
//	e, err := reg.Get("local")
//	pic, err := e.Render(ctx, recipe, nil)
//	if b, ok := engine.As[engine.Batcher](e); ok { … }
//
// The package opens no files and no connections, and knows no particular engine.
package engine
