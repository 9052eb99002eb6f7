package replicate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is where Replicate's API lives.
const Base = "https://api.replicate.com/v1"

// Engine asks Replicate. It is safe for concurrent use.
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
		known = append(known, capabilities(s, m))
	}
	e.info = s.Info(known)
	return e, nil
}

// Info tells what the engine can do.
func (e *Engine) Info() engine.Info { return e.info }

// Ping implements engine.Pinger: it asks whose key it is.
func (e *Engine) Ping(ctx context.Context) error { return e.service.Ping(ctx, e.client, "/account") }

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, e, "", r, progress)
}

// prediction is schemas_prediction_response.
type prediction struct {
	ID     string          `json:"id"`
	Status string          `json:"status"`
	Error  string          `json:"error"`
	Logs   string          `json:"logs"`
	Output json.RawMessage `json:"output"`
	Gone   bool            `json:"data_removed"`
	URLs   struct {
		Get    string `json:"get"`
		Cancel string `json:"cancel"`
	} `json:"urls"`
}

// Start starts a prediction. Replicate takes no name of ours.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	m, err := e.check(r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	in, err := e.input(ctx, m, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	path, body := "/models/"+m.name+"/predictions", map[string]any{"input": in}
	if m.version != "" {
		path, body["version"] = "/predictions", m.name+":"+m.version
	}
	var said prediction
	if err := e.client.Pay(ctx, path, body, &said); err != nil {
		return engine.Ticket{}, err
	}
	if said.ID == "" {
		return engine.Ticket{}, fmt.Errorf("%s: the answer has no id: %w: the prediction may have been started: %w", e.service.Name, art.ErrUnavailable, engine.ErrUnknown)
	}
	links := map[string]string{"get": said.URLs.Get, "cancel": said.URLs.Cancel}
	return engine.Ticket{Name: name, Job: said.ID, Links: links, Size: art.Size{Width: r.Width, Height: r.Height}}, nil
}

// Wait gives the picture of a prediction.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	look := func(ctx context.Context) (wire.State, error) { return e.look(ctx, t) }
	return e.service.Watcher(e.client, progress, look).Picture(ctx, t.Size)
}

// link is an address that the service gave, or the documented one.
func link(t engine.Ticket, name, rest string) string {
	if t.Links[name] != "" {
		return t.Links[name]
	}
	return "/predictions/" + url.PathEscape(t.Job) + rest
}

// look asks where a prediction is.
func (e *Engine) look(ctx context.Context, t engine.Ticket) (wire.State, error) {
	var heard wire.Heard[prediction]
	if err := e.client.JSON(ctx, http.MethodGet, link(t, "get", ""), nil, &heard); err != nil {
		return wire.State{}, err
	}
	switch said := heard.Said; said.Status {
	case "succeeded":
		state, err := e.made(said)
		state.Answer = heard.Bytes
		return state, err
	case "failed":
		return wire.State{Failure: e.failed(said.Error)}, nil
	case "canceled", "aborted":
		return wire.State{Failure: fmt.Errorf("%s: prediction %s was %s: %w", e.service.Name, t.Job, said.Status, art.ErrConflict)}, nil
	}
	return wire.State{Progress: wire.Percent(heard.Said.Logs)}, nil
}

// made reads what a prediction made: an address or a list of them.
func (e *Engine) made(said prediction) (wire.State, error) {
	state := wire.State{Done: true}
	if said.Gone || len(said.Output) == 0 || string(said.Output) == "null" {
		state.Failure = fmt.Errorf("%s: the service keeps the result of prediction %s no longer: %w", e.service.Name, said.ID, art.ErrNotFound)
		return state, nil
	}
	var one string
	if json.Unmarshal(said.Output, &one) == nil {
		state.Files = []string{one}
	} else if err := json.Unmarshal(said.Output, &state.Files); err != nil {
		return wire.State{}, fmt.Errorf("%s: the output of prediction %s is no address: %w", e.service.Name, said.ID, art.ErrUnavailable)
	}
	if seed := regexp.MustCompile(`(?i)using seed: (\d+)`).FindStringSubmatch(said.Logs); seed != nil {
		state.Notes = append(state.Notes, "the service says that it used seed "+seed[1])
	}
	return state, nil
}

// failed sorts what a model says of its failure; it has no codes for what it finds unsafe.
func (e *Engine) failed(message string) error {
	said := &wire.Error{Engine: e.service.Name, Message: string(e.client.Redact([]byte(message))), Kind: art.ErrUnavailable}
	said.Code = regexp.MustCompile(`\bE\d{3,4}\b`).FindString(message)
	for _, word := range []string{"nsfw", "sensitive", "safety", "flagged", "moderat"} {
		if strings.Contains(strings.ToLower(message), word) {
			said.Kind = art.ErrRefused
		}
	}
	return said
}

// Cancel ends a prediction; one that has ended stays as it is.
func (e *Engine) Cancel(ctx context.Context, t engine.Ticket) error {
	err := e.client.JSON(ctx, http.MethodPost, link(t, "cancel", "/cancel"), nil, nil)
	if errors.Is(err, art.ErrConflict) {
		return nil
	}
	return err
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: the service takes no names for predictions: %w", e.service.Name, art.ErrUnsupported)
}
