package bfl

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is the address that chooses a region itself; https://api.eu.bfl.ai and https://api.us.bfl.ai stay in theirs.
const Base = "https://api.bfl.ai"

// Engine asks the service. It is safe for concurrent use.
type Engine struct {
	service wire.Service
	client  *wire.Client
	models  []model
	info    engine.Info
}

// New makes an engine without asking the service anything.
func New(s wire.Service) (*Engine, error) {
	client, err := s.Client(http.Header{"X-Key": {s.Key}})
	if err != nil {
		return nil, err
	}
	client.Own = func(host string) bool { return strings.HasPrefix(host, "api.") && strings.HasSuffix(host, ".bfl.ai") }
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
func (e *Engine) Ping(ctx context.Context) error { return e.service.Ping(ctx, e.client, "/v1/credits") }

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, e, "", r, progress)
}

// Start begins a job. The service takes no name for it.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	m, err := e.check(r)
	if err == nil {
		err = e.service.Ready(ctx)
	}
	if err != nil {
		return engine.Ticket{}, err
	}
	body, err := e.body(ctx, m, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	var said struct {
		ID   string  `json:"id"`
		Link string  `json:"polling_url"`
		Cost float64 `json:"cost"` // credits
	}
	if err := e.client.Pay(ctx, "/v1/"+m.name, body, &said); err != nil {
		return engine.Ticket{}, err
	}
	if said.ID == "" || said.Link == "" {
		return engine.Ticket{}, fmt.Errorf("%s: an answer without a job: %w: %w", e.service.Name, art.ErrUnavailable, engine.ErrUnknown)
	}
	t := engine.Ticket{Name: name, Job: said.ID, Links: map[string]string{"status": said.Link}, Size: art.Size{Width: r.Width, Height: r.Height}}
	if said.Cost > 0 {
		const credit = 0.01 // USD
		t.Price, t.Currency = said.Cost*credit, "USD"
	}
	return t, nil
}

// Wait watches a job and fetches its picture.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	return e.service.Watcher(e.client, progress, func(ctx context.Context) (wire.State, error) { return e.look(ctx, t) }).Picture(ctx, t.Size)
}

// look asks for a job's state.
func (e *Engine) look(ctx context.Context, t engine.Ticket) (wire.State, error) {
	if t.Links["status"] == "" {
		return wire.State{}, fmt.Errorf("%s: the ticket of job %q has no address: %w", e.service.Name, t.Job, art.ErrNotFound)
	}
	var heard wire.Heard[result]
	if err := e.client.JSON(ctx, http.MethodGet, t.Links["status"], nil, &heard); err != nil {
		return wire.State{}, err
	}
	state, err := e.state(heard.Said)
	state.Answer = heard.Bytes
	return state, err
}

// result is what a job says of itself.
type result struct {
	Status   string  `json:"status"`
	Progress float64 `json:"progress"`
	Details  any     `json:"details"`
	Result   struct {
		Sample string `json:"sample"`
		Seed   *int64 `json:"seed"`
	} `json:"result"`
}

func (e *Engine) state(said result) (wire.State, error) {
	failed := func(kind error) (wire.State, error) {
		message := "the job gave no picture"
		if said.Details != nil {
			message = string(e.client.Redact(fmt.Appendf(nil, "%v", said.Details)))
		}
		return wire.State{Done: true, Failure: &wire.Error{Engine: e.service.Name, Code: said.Status, Message: message, Kind: kind}}, nil
	}
	switch said.Status {
	case "Pending", "Reasoning", "Generating":
		return wire.State{Progress: said.Progress}, nil
	case "Request Moderated", "Content Moderated":
		return failed(art.ErrRefused)
	case "Task not found":
		return failed(art.ErrNotFound)
	case "Error":
		return failed(art.ErrUnavailable)
	case "Ready":
		state := wire.State{Done: true}
		if said.Result.Sample != "" {
			state.Files = []string{said.Result.Sample}
		}
		if said.Result.Seed != nil {
			state.Notes = []string{fmt.Sprintf("the service says that its seed was %d", *said.Result.Seed)}
		}
		return state, nil
	}
	return wire.State{}, fmt.Errorf("%s: nobody knows the state %q: %w", e.service.Name, e.client.Redact([]byte(said.Status)), art.ErrUnavailable)
}

// Cancel is not offered by the service.
func (e *Engine) Cancel(context.Context, engine.Ticket) error {
	return fmt.Errorf("%s: a job can't be cancelled: %w", e.service.Name, art.ErrUnsupported)
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: jobs have no names of ours: %w", e.service.Name, art.ErrUnsupported)
}
