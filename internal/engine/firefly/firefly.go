package firefly

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/adobe"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is the service's address.
const Base = "https://firefly-api.adobe.io"

const scope = "openid,AdobeID,session,additional_info,read_organizations,firefly_api,ff_apis"

// Options say which service is asked, and how. Key is the client's secret.
type Options struct {
	wire.Service
	ClientID string
	Tokens   string   // address of the identity service, adobe.Tokens
	Custom   []string // custom models: "image4_custom/ID", "image3_custom/ID", or an ID of the former
}

// Engine asks the service. It is safe for concurrent use.
type Engine struct {
	options Options
	door    *adobe.Door
	links   *wire.Client // fetches pictures, without keys
	models  []model
	info    engine.Info
}

// New makes an engine without asking the service anything.
func New(o Options) (*Engine, error) {
	if o.ClientID == "" {
		o.Key = "" // neither is of use alone
	}
	door, err := adobe.NewDoor(adobe.Options{Service: o.Service, ClientID: o.ClientID, Tokens: o.Tokens, Scope: scope})
	if err != nil {
		return nil, err
	}
	links, err := o.Client(nil)
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, door: door, links: links, models: o.models()}
	var known []engine.Model
	for _, m := range e.models {
		known = append(known, o.capabilities(m))
	}
	e.info = o.Service.Info(known)
	return e, nil
}

// Info tells what the engine can do.
func (e *Engine) Info() engine.Info { return e.info }

// Ping implements engine.Pinger: it asks for a token, which is free.
func (e *Engine) Ping(ctx context.Context) error {
	if err := e.options.Ready(ctx); err != nil {
		return err
	}
	_, _, err := e.door.Ask(ctx)
	return err
}

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, e, "", r, progress)
}

// Start uploads pictures and begins a job. The service takes no name for it.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	m, err := e.check(r)
	if err == nil {
		err = e.options.Ready(ctx)
	}
	if err != nil {
		return engine.Ticket{}, err
	}
	request, err := e.request(ctx, m, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	type link struct {
		To string `json:"href"`
	}
	var said struct { // the upscaler answers in a way of its own
		Job    string `json:"jobId"`
		Status string `json:"statusUrl"`
		Cancel string `json:"cancelUrl"`
		Links  struct {
			Result link `json:"result"`
			Cancel link `json:"cancel"`
		} `json:"links"`
	}
	if _, err := e.door.Call(ctx, request, &said); err != nil {
		return engine.Ticket{}, err
	}
	t := engine.Ticket{Name: name, Job: said.Job, Links: map[string]string{"status": said.Status, "cancel": said.Cancel}}
	if said.Links.Result.To != "" {
		t.Links = map[string]string{"status": said.Links.Result.To, "cancel": said.Links.Cancel.To}
	}
	if t.Links["status"] == "" {
		return engine.Ticket{}, fmt.Errorf("%s: an answer without a job: %w: %w", e.options.Name, art.ErrUnavailable, engine.ErrUnknown)
	}
	if m.place != larger {
		t.Size = art.Size{Width: r.Width, Height: r.Height}
	}
	return t, nil
}

// Wait watches a job and fetches its picture.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	return e.options.Watcher(e.links, progress, func(ctx context.Context) (wire.State, error) { return e.look(ctx, t) }).Picture(ctx, t.Size)
}

// status is what a job says of itself.
type status struct {
	Status   string  `json:"status"`
	Progress float64 `json:"progress"` // percent
	Code     string  `json:"error_code"`
	Message  string  `json:"message"`
	Result   struct {
		Outputs []struct {
			Seed  *int64 `json:"seed"`
			Image struct {
				URL string `json:"url"`
			} `json:"image"`
			URL string `json:"presignedUrl"` // of the upscaler
		} `json:"outputs"`
		Artists bool `json:"promptHasBlockedArtists"`
		Words   bool `json:"promptHasDeniedWords"`
	} `json:"result"`
}

// look asks for a job's state.
func (e *Engine) look(ctx context.Context, t engine.Ticket) (wire.State, error) {
	if t.Links["status"] == "" {
		return wire.State{}, fmt.Errorf("%s: the ticket of job %q has no address: %w", e.options.Name, t.Job, art.ErrNotFound)
	}
	var heard wire.Heard[status]
	client, err := e.door.Call(ctx, wire.Request{Method: http.MethodGet, Path: t.Links["status"]}, &heard)
	if err != nil {
		return wire.State{}, err
	}
	state, err := e.state(client, heard.Said)
	state.Answer = client.Redact(heard.Bytes) // whose secrets are another client's than the one that fetches the picture
	return state, err
}

func (e *Engine) state(client *wire.Client, said status) (wire.State, error) {
	plain := func(text string) string { return string(client.Redact([]byte(text))) }
	switch said.Status {
	case "pending", "running", "cancel_pending":
		return wire.State{Progress: said.Progress / 100}, nil
	case "succeeded":
		return said.made(), nil
	case "failed", "cancelled", "canceled", "timeout":
		return wire.State{Done: true, Failure: &wire.Error{Engine: e.options.Name, Code: plain(said.Code), Message: plain(said.Status + ": " + said.Message), Kind: said.kind()}}, nil
	}
	return wire.State{}, fmt.Errorf("%s: nobody knows the state %q: %w", e.options.Name, plain(said.Status), art.ErrUnavailable)
}

func (s status) made() wire.State {
	state := wire.State{Done: true}
	for _, one := range s.Result.Outputs {
		if one.Image.URL+one.URL != "" {
			state.Files = append(state.Files, one.Image.URL+one.URL)
		}
		if one.Seed != nil {
			state.Notes = append(state.Notes, fmt.Sprintf("the service says that its seed was %d", *one.Seed))
		}
	}
	if s.Result.Words {
		state.Notes = append(state.Notes, "the service left words out of the prompt that it denies")
	}
	if s.Result.Artists {
		state.Notes = append(state.Notes, "the service left artists out of the prompt that it blocks")
	}
	return state
}

// kind sorts how a job failed.
func (s status) kind() error {
	if s.Status == "cancelled" || s.Status == "canceled" {
		return art.ErrConflict
	}
	switch s.Code {
	case "legal_error", "prompt_unsafe", "prompt_entity_denied", "image_unsafe", "reference_image_unsafe_error", "input_media_unsafe", "cai_assertion_violation_error":
		return art.ErrRefused
	case "validation_error", "bad_request":
		return art.ErrInvalid
	}
	return art.ErrUnavailable
}

// Cancel ends a job; one that has ended stays as it is.
func (e *Engine) Cancel(ctx context.Context, t engine.Ticket) error {
	if t.Links["cancel"] == "" {
		return fmt.Errorf("%s: the ticket of job %q has no address: %w", e.options.Name, t.Job, art.ErrNotFound)
	}
	_, err := e.door.Call(ctx, wire.Request{Method: http.MethodPut, Path: t.Links["cancel"]}, nil)
	if said := (*wire.Error)(nil); errors.As(err, &said) && (said.Status == http.StatusConflict || said.Status == http.StatusGone) {
		return nil
	}
	return err
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: jobs have no names of ours: %w", e.options.Name, art.ErrUnsupported)
}
