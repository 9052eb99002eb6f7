package engine

import (
	"context"
	"errors"
	"image"

	"presswerk/internal/art"
)

// ErrUnknown marks a call of which nobody knows whether it was carried out: the request had left and no answer came. What
// may have been paid for must not be asked for again until somebody or something has found that out.
var ErrUnknown = errors.New("outcome unknown")

// ErrNotTaken marks a call that was turned away without being looked at, or never left: asking again later can't cost twice.
var ErrNotTaken = errors.New("not taken")

// Jobber is the power of an engine whose pictures are made by jobs that outlive the call: a service's, or another
// program's. Whoever keeps the ticket can come back to it after a crash.
//
//	ticket, err := j.Start(ctx, "7f3a…", recipe)   // the name was written down before
//	…
//	picture, err := j.Wait(ctx, ticket, progress)
type Jobber interface {
	// Start asks for a picture under a name of ours, which is new for each call and is handed on where the service takes
	// one. A definite refusal gives any error but ErrUnknown; then nothing was charged. Services that answer at once put
	// the picture into the ticket.
	Start(ctx context.Context, name string, r art.Recipe) (Ticket, error)

	// Wait gives the picture of a job, watching it while it runs. A second Wait for the same ticket gives the same
	// picture as long as the service keeps it. A job that the service has lost gives art.ErrNotFound; one that may have
	// ended well while its picture can't be had gives ErrUnknown, so that nobody asks for it anew. When ctx ends the
	// job goes on.
	Wait(ctx context.Context, t Ticket, progress Progress) (Picture, error)

	// Cancel ends a job that isn't wanted any more; one that has ended stays as it is. What can't be cancelled gives
	// art.ErrUnsupported.
	Cancel(ctx context.Context, t Ticket) error

	// Find looks for the job that was started under a name and whose ticket was lost. Art.ErrNotFound says that there
	// is none, for certain; art.ErrUnsupported that this service can't tell.
	Find(ctx context.Context, name string) (Ticket, error)
}

// Watcher is the power of a Jobber to show the picture of a job in the making.
type Watcher interface {
	// WaitSeen is Wait that also gives small pictures of what is coming, as RenderSeen of a Previewer does.
	WaitSeen(ctx context.Context, t Ticket, progress Progress, see func(image.Image)) (Picture, error)
}

// Ticket names a job at its engine. It is kept as JSON.
type Ticket struct {
	Name     string            `json:"name"`               // ours
	Job      string            `json:"job,omitempty"`      // the service's
	Links    map[string]string `json:"links,omitempty"`    // addresses that the service gave, such as "status" and "cancel"
	Picture  *Picture          `json:"-"`                  // of services that answer at once
	Price    float64           `json:"price,omitempty"`    // what the service says that it charges; 0 where it says nothing
	Currency string            `json:"currency,omitempty"` // of Price
	Size     art.Size          `json:"size,omitzero"`      // asked for, so that who comes back to it can tell
}

// Run starts a job, waits for it, and cancels it when ctx ends before. Engines that are Jobbers build Render with it.
func Run(ctx context.Context, j Jobber, name string, r art.Recipe, progress Progress) (Picture, error) {
	ticket, err := j.Start(ctx, name, r)
	if err != nil {
		return Picture{}, err
	}
	if ticket.Picture != nil {
		return *ticket.Picture, nil
	}
	picture, err := j.Wait(ctx, ticket, progress)
	if ctx.Err() != nil {
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelLimit)
		defer stop()
		if failed := j.Cancel(last, ticket); failed != nil && !errors.Is(failed, art.ErrUnsupported) {
			err = errors.Join(err, failed)
		}
	}
	return picture, err
}
