package stability

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is the service's address.
const Base = "https://api.stability.ai"

// Engine asks the service. It is safe for concurrent use.
type Engine struct {
	service wire.Service
	client  *wire.Client
	models  []model
	info    engine.Info
}

// New makes an engine without asking the service anything.
func New(s wire.Service) (*Engine, error) {
	client, err := s.Client(http.Header{"Authorization": {"Bearer " + s.Key}})
	if err != nil {
		return nil, err
	}
	e := &Engine{service: s, client: client, models: models()}
	var known []engine.Model
	for _, m := range e.models {
		known = append(known, e.capabilities(m))
	}
	e.info = s.Info(known)
	return e, nil
}

// Info tells what the engine can do.
func (e *Engine) Info() engine.Info { return e.info }

// Ping implements engine.Pinger: it asks how many credits are left.
func (e *Engine) Ping(ctx context.Context) error {
	return e.service.Ping(ctx, e.client, "/v1/user/balance")
}

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	p, err := engine.Run(ctx, e, "", r, progress)
	if err == nil && progress != nil {
		progress(1, 1)
	}
	return p, err
}

// filtered is the word for a picture that was made, charged and blurred. It stands in a ticket in place of a job.
const filtered = "CONTENT_FILTERED"

// Start asks for a picture. Most services answer with it; the creative upscaler begins a job.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	begun := e.service.Now()
	m, err := e.check(r)
	if err == nil {
		err = e.service.Ready(ctx)
	}
	if err != nil {
		return engine.Ticket{}, err
	}
	request, err := e.request(ctx, m, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	got, err := e.client.Do(ctx, request)
	if err != nil {
		return engine.Ticket{}, e.refusal(err)
	}
	t := engine.Ticket{Name: name}
	if m.async {
		var said struct {
			ID string `json:"id"`
		}
		if err := e.client.Read(got, true, &said); err != nil {
			return engine.Ticket{}, err
		}
		if said.ID == "" {
			return engine.Ticket{}, fmt.Errorf("%s: an answer without a job: %w: %w", e.service.Name, art.ErrUnavailable, engine.ErrUnknown)
		}
		t.Job = said.ID
		return t, nil
	}
	if got.Header.Get("Finish-Reason") == filtered {
		t.Job = filtered
		return t, nil
	}
	p, err := e.picture(got)
	if err != nil {
		return engine.Ticket{}, fmt.Errorf("%w: the answer was paid for: %w", err, engine.ErrUnknown)
	}
	p = wire.Asked(p, r)
	p.Elapsed = e.service.Now().Sub(begun)
	t.Picture = &p
	return t, nil
}

// refusal tells moderation from other refusals: both are forbidden, but a key isn't at fault.
func (e *Engine) refusal(err error) error {
	if said := (*wire.Error)(nil); errors.As(err, &said) && said.Code == "content_moderation" {
		return &wire.Error{Engine: said.Engine, Code: said.Code, Message: said.Message, Kind: art.ErrRefused}
	}
	return err
}

func (e *Engine) picture(got wire.Answer) (engine.Picture, error) {
	p, err := e.client.Picture(got.Body)
	if seed := got.Header.Get("Seed"); err == nil && seed != "" {
		p.Notes = append(p.Notes, "the service says that its seed was "+seed)
	}
	return p, err
}

// Wait watches a job of the creative upscaler, tells the refusal of a blurred picture, and has nothing to wait for
// otherwise: a ticket whose picture is gone can't be redeemed.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, _ engine.Progress) (engine.Picture, error) {
	switch t.Job {
	case "":
		return engine.Picture{}, fmt.Errorf("%s: the service keeps no pictures: %w", e.service.Name, art.ErrNotFound)
	case filtered:
		return engine.Picture{}, e.blurred()
	}
	begun := e.service.Now()
	var got wire.Answer
	err := e.service.Pauses.Poll(ctx, func(ctx context.Context) (bool, error) {
		var err error
		got, err = e.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: "/v2beta/results/" + url.PathEscape(t.Job), Header: http.Header{"Accept": {"*/*"}}})
		return got.Status == http.StatusOK, err
	})
	switch {
	case errors.Is(err, art.ErrUnavailable):
		return engine.Picture{}, fmt.Errorf("%w: the job may have ended well: %w", err, engine.ErrUnknown)
	case err != nil:
		return engine.Picture{}, err
	case got.Header.Get("Finish-Reason") == filtered:
		return engine.Picture{}, e.blurred()
	}
	p, err := e.picture(got)
	if err != nil {
		return p, fmt.Errorf("%w: it was paid for: %w", err, engine.ErrUnknown)
	}
	p.Elapsed = e.service.Now().Sub(begun)
	return p, nil
}

func (e *Engine) blurred() error {
	return &wire.Error{Engine: e.service.Name, Code: filtered, Message: "the picture broke the service's rules and came blurred; it was charged", Kind: art.ErrRefused}
}

// Cancel is not offered by the service.
func (e *Engine) Cancel(context.Context, engine.Ticket) error {
	return fmt.Errorf("%s: a job can't be cancelled: %w", e.service.Name, art.ErrUnsupported)
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: jobs have no names of ours: %w", e.service.Name, art.ErrUnsupported)
}
