// Package ledger buys pictures: it writes every call down before it is made, keeps to budgets, and never pays twice for
// what may have been paid already.
//
// A Call is one request to an engine that costs something, or whose jobs outlive the process. It is requested, accepted,
// running, and then done, failed, unknown or lost. Calls with one Key are attempts at the same thing; whoever asks for it again,
// after a crash or in another run, goes on with the newest attempt:
//
//	done               the stored picture is taken
//	failed, lost       it may be asked for once more
//	accepted, running  the job is waited for, by its stored ticket
//	unknown            refused, until a person has found out what happened (Resolve)
//	requested          the engine is asked for the job under our name; where it can't tell, the call becomes unknown
//
// An unknown outcome is never repeated by itself. What costs nothing may be, and what an engine turned away without looking at
// it is asked for again with growing pauses, or when the engine says so (Patience).
//
//	l := ledger.New(ledger.Options{Book: store, Blobs: blobs, Prices: prices, Budgets: budgets, …})
//	if ledger.Takes(e, quote) {
//		picture, call, err := l.Render(ctx, e, ledger.Order{Key: "recipe/" + id, Recipe: r, Brand: "acme", Run: run}, progress)
//	}
//
// The package knows no particular engine, no files and no SQL. What a person must decide, it leaves to a person.
package ledger
