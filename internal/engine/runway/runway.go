package runway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is where Runway's API lives.
const Base = "https://api.dev.runwayml.com"

// version of the API that is spoken.
const version = "2024-11-06"

// seldom is how long Runway wants to be left alone between two looks at a task.
const seldom = 5 * time.Second

// maxInside is how many bytes a picture inside a request may take.
const maxInside = 5 << 20

// credit is what one costs in USD.
const credit = 0.01

// Engine asks Runway. It is safe for concurrent use.
type Engine struct {
	service wire.Service
	client  *wire.Client
	models  []model
	info    engine.Info
	films   []film
}

// New makes an engine without asking the service anything.
func New(s wire.Service) (*Engine, error) {
	client, err := s.Client(http.Header{"Authorization": {"Bearer " + s.Key}, "X-Runway-Version": {version}})
	if err != nil {
		return nil, err
	}
	s.Pauses.First, s.Pauses.Most = max(s.Pauses.First, seldom), max(s.Pauses.Most, seldom)
	e := &Engine{service: s, client: client, models: models(), films: films()}
	var known []engine.Model
	for _, m := range e.models {
		known = append(known, capabilities(s, m))
	}
	e.info = s.Info(known)
	return e, nil
}

// Info tells what the engine can do with pictures.
func (e *Engine) Info() engine.Info { return e.info }

// Ping implements engine.Pinger: it asks whose key it is.
func (e *Engine) Ping(ctx context.Context) error {
	return e.service.Ping(ctx, e.client, "/v1/organization")
}

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, e, "", r, progress)
}

// Start starts a task that makes a picture. Runway takes no name of ours.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	m, err := e.check(r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	body := map[string]any{"model": m.name, "promptText": r.Prompt, "ratio": ratio(r.Width, r.Height)}
	maps.Copy(body, r.Options)
	if r.Seed != 0 {
		body["seed"] = int64(r.Seed)
	}
	references, err := e.references(ctx, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if len(references) > 0 {
		body["referenceImages"] = references
	}
	return e.submit(ctx, name, "/v1/text_to_image", body, art.Size{Width: r.Width, Height: r.Height})
}

func ratio(width, height int) string { return fmt.Sprintf("%d:%d", width, height) }

// reference is a picture that goes along.
type reference struct {
	URI string `json:"uri"`
	Tag string `json:"tag"`
}

// references are the picture to be changed and those that are referred to.
func (e *Engine) references(ctx context.Context, r art.Recipe) (all []reference, err error) {
	sums, fields := []string{}, []string{}
	if r.InitImage != "" {
		sums, fields = append(sums, r.InitImage), append(fields, "init_image")
	}
	for i, one := range r.References {
		sums, fields = append(sums, one.Image), append(fields, fmt.Sprintf("references[%d].image", i))
	}
	for i, tag := range tags(r) {
		uri, err := e.service.DataURI(ctx, fields[i], sums[i], maxInside)
		if err != nil {
			return nil, err
		}
		all = append(all, reference{uri, tag})
	}
	return all, nil
}

// task is TaskRetrieveResponse in all its states, and what creating one gives.
type task struct {
	ID       string   `json:"id"`
	Status   string   `json:"status"`
	Progress float64  `json:"progress"`
	Output   []string `json:"output"`
	Failure  string   `json:"failure"`
	Code     string   `json:"failureCode"`
	Estimate credits  `json:"estimatedCost"`
	Cost     credits  `json:"cost"`
}

type credits struct {
	Credits float64 `json:"credits"`
}

func (e *Engine) submit(ctx context.Context, name, path string, body map[string]any, size art.Size) (engine.Ticket, error) {
	var said task
	if err := e.client.Pay(ctx, path, body, &said); err != nil {
		return engine.Ticket{}, err
	}
	if said.ID == "" {
		return engine.Ticket{}, fmt.Errorf("%s: the answer has no id: %w: the task may have been started: %w", e.service.Name, art.ErrUnavailable, engine.ErrUnknown)
	}
	return engine.Ticket{Name: name, Job: said.ID, Price: said.Estimate.Credits * credit, Currency: "USD", Size: size}, nil
}

// Wait gives the picture of a task.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	return e.watcher(t, progress).Picture(ctx, t.Size)
}

func (e *Engine) watcher(t engine.Ticket, progress engine.Progress) wire.Watcher {
	look := func(ctx context.Context) (wire.State, error) {
		heard, err := e.look(ctx, t)
		if err != nil {
			return wire.State{}, err
		}
		state := e.state(heard.Said)
		state.Answer = heard.Bytes
		return state, nil
	}
	return e.service.Watcher(e.client, progress, look)
}

func (e *Engine) look(ctx context.Context, t engine.Ticket) (heard wire.Heard[task], err error) {
	err = e.client.JSON(ctx, http.MethodGet, "/v1/tasks/"+url.PathEscape(t.Job), nil, &heard)
	return heard, err
}

// state reads where a task is.
func (e *Engine) state(said task) wire.State {
	switch said.Status {
	case "SUCCEEDED":
		return wire.State{
			Done: true, Files: said.Output, Notes: []string{fmt.Sprintf("%.0f credits were charged", said.Cost.Credits)},
			Price: said.Cost.Credits * credit, Currency: "USD",
		}
	case "FAILED":
		return wire.State{Failure: e.failed(said)}
	case "CANCELLED":
		return wire.State{Failure: fmt.Errorf("%s: task %s was cancelled, and %.0f credits were charged: %w", e.service.Name, said.ID, said.Cost.Credits, art.ErrConflict)}
	}
	return wire.State{Progress: said.Progress} // PENDING, THROTTLED, RUNNING
}

// failed sorts a failure by its code. Trying again by itself is only for what kept no credits.
func (e *Engine) failed(said task) error {
	failure := &wire.Error{Engine: e.service.Name, Code: said.Code, Message: string(e.client.Redact([]byte(said.Failure))), Kind: art.ErrUnavailable}
	switch {
	case strings.HasPrefix(said.Code, "SAFETY"):
		failure.Kind = art.ErrRefused
	case strings.HasPrefix(said.Code, "INPUT") || strings.HasPrefix(said.Code, "ASSET"):
		failure.Kind = art.ErrInvalid
	case said.Cost.Credits > 0:
		failure.Kind = art.ErrRefused
	}
	if said.Cost.Credits > 0 {
		failure.Message += fmt.Sprintf(" (%.0f credits were charged)", said.Cost.Credits)
	}
	return failure
}

// Cancel ends a task. As the service deletes what has ended when it is asked to end it, that is looked at before; between look
// and order a task may end, and is deleted then.
func (e *Engine) Cancel(ctx context.Context, t engine.Ticket) error {
	heard, err := e.look(ctx, t)
	if err != nil {
		return err
	}
	if slices.Contains([]string{"SUCCEEDED", "FAILED", "CANCELLED"}, heard.Said.Status) {
		return nil
	}
	err = e.client.JSON(ctx, http.MethodDelete, "/v1/tasks/"+url.PathEscape(t.Job), nil, nil)
	if errors.Is(err, art.ErrNotFound) {
		return nil // somebody was faster
	}
	return err
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: the service takes no names for tasks: %w", e.service.Name, art.ErrUnsupported)
}
