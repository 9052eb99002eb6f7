package adobestock

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Deal is one licence of one picture, as an engine that the ledger buys from. It belongs to no registry: nothing plans with it.
type Deal struct {
	agency  *Agency
	file    File
	license string
	beyond  bool
}

// Deal makes a deal. Beyond agrees to be billed for what the plan doesn't hold.
func (a *Agency) Deal(f File, license string, beyond bool) *Deal { return &Deal{a, f, license, beyond} }

// Recipe is how the deal stands in the books.
func (d *Deal) Recipe() art.Recipe {
	return art.Recipe{Engine: Name, EngineVersion: Revision, Model: art.ModelRef{Name: d.license}, Prompt: d.file.Title, Width: d.file.Width, Height: d.file.Height, Options: map[string]any{"content_id": number(d.file.ID)}}
}

// Key tells deals about the same thing, whatever they are for: a licence is bought once.
func (d *Deal) Key() string { return fmt.Sprintf("stock/%s/%d/%s", Name, d.file.ID, d.license) }

// Info tells that licences cost something, and that only a price list of the workspace knows what.
func (d *Deal) Info() engine.Info {
	return d.agency.options.Info([]engine.Model{{Capabilities: art.Capabilities{
		Engine: Name, EngineVersion: Revision, Model: art.ModelRef{Name: d.license},
		Service: &art.Service{Operator: "Adobe", Region: "unknown", Dated: "2026-11-26", Pricing: "licences or credits of a plan, by contract"},
	}}})
}

// Close does nothing: no connection is kept.
func (*Deal) Close() error { return nil }

// Render buys and fetches, without books. Ledgers don't use it.
func (d *Deal) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, d, "", r, progress)
}

// Start buys. What the account has already gives art.ErrConflict, what its plan doesn't hold art.ErrRefused; neither costs
// anything.
func (d *Deal) Start(ctx context.Context, name string, _ art.Recipe) (engine.Ticket, error) {
	a, id := d.agency, d.file.ID
	if err := d.file.Usable(); err != nil {
		return engine.Ticket{}, err
	}
	_, owned, err := a.Owned(ctx, id, d.license)
	if err != nil {
		return engine.Ticket{}, err
	}
	if owned {
		return engine.Ticket{}, fmt.Errorf("%s: the account has a %s licence of %d already: %w", Name, d.license, id, art.ErrConflict)
	}
	offer, err := a.Ask(ctx, id, d.license)
	if err != nil {
		return engine.Ticket{}, err
	}
	if err := offer.Allows(d.beyond); err != nil {
		return engine.Ticket{}, err
	}
	var said contents
	if err := a.ask(ctx, wire.Request{Method: http.MethodGet, Path: a.path("/Rest/Libraries/1/Content/License", about(id, d.license)), Paid: true}, &said); err != nil {
		return engine.Ticket{}, fmt.Errorf("buying a %s licence of %d: %w", d.license, id, err)
	}
	return d.ticket(name, said.of(id))
}

func (d *Deal) ticket(name string, said details) (engine.Ticket, error) {
	switch said.State {
	case justBought, bought:
		t := engine.Ticket{Name: name, Job: number(d.file.ID), Links: map[string]string{"file": said.URL}, Size: art.Size{Width: said.Width, Height: said.Height}}
		return t, nil
	case cancelled:
		return engine.Ticket{}, fmt.Errorf("%s: the order of %d did not go through: %w", Name, d.file.ID, art.ErrUnavailable)
	case notPossible:
		return engine.Ticket{}, fmt.Errorf("%s: the account can't buy %d: %w", Name, d.file.ID, art.ErrRefused)
	}
	return engine.Ticket{}, fmt.Errorf("%s: an answer that doesn't say whether %d was bought (%q): %w: %w", Name, d.file.ID, said.State, art.ErrUnavailable, engine.ErrUnknown)
}

// Wait fetches the licensed file. Whatever keeps it from coming may pass, and the licence is bought: art.ErrUnavailable.
func (d *Deal) Wait(ctx context.Context, t engine.Ticket, _ engine.Progress) (engine.Picture, error) {
	width, height := t.Size.Width, t.Size.Height
	if max(width, height) == 0 {
		width, height = d.file.Width, d.file.Height
	}
	var p engine.Picture
	err := art.ErrNotFound
	if t.Links["file"] != "" {
		p, err = d.agency.licensed(ctx, t.Links["file"], width, height, d.license)
	}
	if gone := errors.Is(err, art.ErrNotFound) || errors.Is(err, art.ErrRefused); gone { // its address has ended; the history has another
		p, err = d.agency.FetchBought(ctx, d.file.ID, d.license)
	}
	if err != nil && ctx.Err() == nil {
		return p, fmt.Errorf("it is bought, and can be fetched again: %w: %w", plain{err}, art.ErrUnavailable)
	}
	return p, err
}

// plain is an error's sentence without its kind.
type plain struct{ error }

// Unwrap gives nothing, so that the kind isn't found.
func (plain) Unwrap() error { return nil }

// Cancel is not offered by the service.
func (*Deal) Cancel(context.Context, engine.Ticket) error {
	return fmt.Errorf("%s: what is bought is bought: %w", Name, art.ErrUnsupported)
}

// Find looks for the licence in the account's history, which knows no names of ours. A history without it proves nothing, as a line
// may come late: then a person has to look.
func (d *Deal) Find(ctx context.Context, name string) (engine.Ticket, error) {
	p, err := d.agency.Bought(ctx, d.file.ID, d.license)
	switch {
	case errors.Is(err, art.ErrNotFound):
		return engine.Ticket{}, fmt.Errorf("%w, which may come late: %w", plain{err}, art.ErrUnsupported)
	case err != nil:
		return engine.Ticket{}, err
	}
	return engine.Ticket{Name: name, Job: number(p.ID), Links: map[string]string{"file": p.URL}, Size: art.Size{Width: p.Width, Height: p.Height}}, nil
}
