package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Word is what a person has found out about a call.
type Word struct {
	By      string
	Charged *bool           // whether the service has charged it; nil where a job is named that will tell
	Amount  *art.Amount     // what was charged, in the currency of the quote; nil takes the estimate
	Picture *engine.Picture // that the service made, where a person has it
	Job     string          // the service's own name of the job, where a person has found it
	Anew    bool            // what was charged and has no picture is to be bought once more
}

// Resolve writes a person's word down. With a picture the call is done. With a job it is accepted, and waited for by the next
// order. Charged without a picture is lost; not charged is failed, so that it may be asked for once more. A call that has its
// picture already gives art.ErrConflict.
func (l *Ledger) Resolve(ctx context.Context, c art.Call, word Word) (art.Call, error) {
	if word.By == "" {
		return c, art.Invalid("by", "nobody is named", "say who has found it out: --by NAME")
	}
	if (word.Charged == nil) == (word.Job == "") || word.Job != "" && word.Picture != nil {
		return c, art.Invalid("charged", "it isn't clear what happened", "say one of --charged, --not-charged and --job; --picture goes with the first two")
	}
	o := art.CallOutcome{By: word.By, Reason: "found out by " + word.By}
	if word.Job != "" {
		ticket, err := json.Marshal(engine.Ticket{Name: c.ID, Job: word.Job})
		if err != nil {
			return c, fmt.Errorf("ledger: writing the ticket of call %s: %w", c.ID, err)
		}
		o.State, o.Ticket = art.CallAccepted, ticket
		return l.settle(ctx, c, o)
	}
	amount := art.Amount(0)
	if *word.Charged {
		amount = c.Quote.Amount
		if word.Amount != nil {
			amount = *word.Amount
		}
	}
	o.Charged, o.Currency, o.Basis = &amount, c.Quote.Currency, art.BasisPerson
	switch {
	case word.Picture != nil:
		image, err := l.Blobs.Put(ctx, word.Picture.Bytes)
		if err != nil {
			return c, fmt.Errorf("ledger: keeping the picture of call %s: %w", c.ID, err)
		}
		o.State, o.Picture = art.CallDone, pictureOf(image, *word.Picture)
	case *word.Charged:
		o.State = art.CallLost
	default:
		o.State = art.CallFailed
	}
	return l.settle(ctx, c, o)
}
