package fal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is where fal's queue lives.
const Base = "https://queue.fal.run"

// Engine asks fal. It is safe for concurrent use.
type Engine struct {
	service  wire.Service
	client   *wire.Client
	families []family
	info     engine.Info
	films    []film
}

// New makes an engine without asking the service anything.
func New(s wire.Service) (*Engine, error) {
	client, err := s.Client(http.Header{"Authorization": {"Key " + s.Key}})
	if err != nil {
		return nil, err
	}
	e := &Engine{service: s, client: client, families: families(), films: films()}
	var known []engine.Model
	for _, f := range e.families {
		known = append(known, capabilities(s, f))
	}
	e.info = s.Info(known)
	return e, nil
}

// Info tells what the engine can do with pictures.
func (e *Engine) Info() engine.Info { return e.info }

// Ping implements engine.Pinger: it can't try the key: the queue knows nothing that is free.
func (e *Engine) Ping(ctx context.Context) error { return e.service.Ping(ctx, e.client, "") }

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, e, "", r, progress)
}

// Start puts a request for a picture into the queue. Fal takes no name of ours.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	f, err := e.check(r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	endpoint, body, err := e.request(ctx, f, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	return e.submit(ctx, name, endpoint, body, art.Size{Width: r.Width, Height: r.Height})
}

// status is QueueStatus.
type status struct {
	Status   string `json:"status"`
	Request  string `json:"request_id"`
	Response string `json:"response_url"`
	Look     string `json:"status_url"`
	Cancel   string `json:"cancel_url"`
	Logs     []struct {
		Message string `json:"message"`
	} `json:"logs"`
	Error     string `json:"error"`
	ErrorType string `json:"error_type"`
}

func (s status) log() string {
	var all strings.Builder
	for _, line := range s.Logs {
		all.WriteString(line.Message + "\n")
	}
	return all.String()
}

func (e *Engine) submit(ctx context.Context, name, endpoint string, body map[string]any, size art.Size) (engine.Ticket, error) {
	var said status
	if err := e.client.Pay(ctx, "/"+endpoint, body, &said); err != nil {
		return engine.Ticket{}, sorted(err)
	}
	if said.Look == "" || said.Response == "" {
		return engine.Ticket{}, fmt.Errorf("%s: the answer has no addresses: %w: the request may have been taken: %w", e.service.Name, art.ErrUnavailable, engine.ErrUnknown)
	}
	links := map[string]string{"status": said.Look, "response": said.Response, "cancel": said.Cancel}
	return engine.Ticket{Name: name, Job: said.Request, Links: links, Size: size}, nil
}

// Wait gives the picture of a request.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	w, err := e.watcher(t, progress)
	if err != nil {
		return engine.Picture{}, err
	}
	return w.Picture(ctx, t.Size)
}

func (e *Engine) watcher(t engine.Ticket, progress engine.Progress) (wire.Watcher, error) {
	if t.Links["status"] == "" || t.Links["response"] == "" {
		return wire.Watcher{}, fmt.Errorf("%s: the ticket of request %q has no addresses: %w", e.service.Name, t.Job, art.ErrNotFound)
	}
	look := func(ctx context.Context) (wire.State, error) { return e.look(ctx, t.Links) }
	return e.service.Watcher(e.client, progress, look), nil
}

// look asks where a request is, and for what it made once it has ended.
func (e *Engine) look(ctx context.Context, links map[string]string) (wire.State, error) {
	var said status
	address := links["status"]
	if strings.Contains(address, "?") {
		address += "&logs=1"
	} else {
		address += "?logs=1"
	}
	if err := e.client.JSON(ctx, http.MethodGet, address, nil, &said); err != nil {
		return wire.State{}, err
	}
	switch {
	case said.Error != "":
		return wire.State{Failure: e.failed(said)}, nil
	case said.Status == "COMPLETED":
		return e.result(ctx, links["response"])
	case said.Status == "IN_PROGRESS":
		return wire.State{Progress: wire.Percent(said.log())}, nil
	}
	return wire.State{}, nil
}

// failed is a request that ended without a result, through no fault of the input's.
func (e *Engine) failed(said status) error {
	return sorted(&wire.Error{Engine: e.service.Name, Code: said.ErrorType, Message: string(e.client.Redact([]byte(said.Error))), Kind: art.ErrUnavailable})
}

// output is what models for pictures and for clips give.
type output struct {
	Images []file   `json:"images"`
	Video  *file    `json:"video"`
	Seed   *float64 `json:"seed"`
	Unsafe []bool   `json:"has_nsfw_concepts"`
}

type file struct {
	URL string `json:"url"`
}

// result asks for what a request made. An error with a type is the model's own, so the request has ended with it.
func (e *Engine) result(ctx context.Context, address string) (wire.State, error) {
	var made wire.Heard[output]
	err := e.client.JSON(ctx, http.MethodGet, address, nil, &made)
	if said := (*wire.Error)(nil); errors.As(err, &said) && (said.Code != "" || said.Status == http.StatusUnprocessableEntity) {
		return wire.State{Failure: sorted(err)}, nil
	}
	if err != nil {
		return wire.State{}, err
	}
	state := e.state(made.Said)
	state.Answer = made.Bytes
	return state, nil
}

// state reads what a request made.
func (e *Engine) state(made output) wire.State {
	if len(made.Unsafe) > 0 && made.Unsafe[0] {
		return wire.State{Failure: &wire.Error{Engine: e.service.Name, Code: "has_nsfw_concepts", Message: "the safety checker blackened the picture", Kind: art.ErrRefused}}
	}
	state := wire.State{Done: true}
	for _, image := range made.Images {
		state.Files = append(state.Files, image.URL)
	}
	if made.Video != nil {
		state.Files = append(state.Files, made.Video.URL)
	}
	if made.Seed != nil {
		state.Notes = append(state.Notes, fmt.Sprintf("the service says that it used seed %.0f", *made.Seed))
	}
	return state
}

// sorted knows a refusal of content by its type.
func sorted(err error) error {
	if said := (*wire.Error)(nil); errors.As(err, &said) && said.Code == "content_policy_violation" {
		said.Kind = art.ErrRefused
	}
	return err
}

// Cancel ends a request that waits in the queue or is at work; one that has ended stays as it is.
func (e *Engine) Cancel(ctx context.Context, t engine.Ticket) error {
	if t.Links["cancel"] == "" {
		return fmt.Errorf("%s: the ticket of request %q has no address to cancel it: %w", e.service.Name, t.Job, art.ErrNotFound)
	}
	err := e.client.JSON(ctx, http.MethodPut, t.Links["cancel"], nil, nil)
	if said := (*wire.Error)(nil); errors.As(err, &said) && said.Status == http.StatusBadRequest {
		return nil // it had ended
	}
	return err
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: the service takes no names for requests: %w", e.service.Name, art.ErrUnsupported)
}
