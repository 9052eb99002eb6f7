package openai

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"net/http"
	"net/url"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Options say which service is asked, and how. Its base goes up to and with the version: "https://api.openai.com/v1",
// "https://NAME.openai.azure.com/openai/v1".
type Options struct {
	wire.Service
	Azure  bool     // the key goes into Azure's header
	Models []string // what the server has beside OpenAI's own, such as an Azure deployment's name
}

// Engine asks one service. It is safe for concurrent use.
type Engine struct {
	options Options
	client  *wire.Client
	models  []model
	info    engine.Info
}

// New makes an engine without asking the service anything.
func New(o Options) (*Engine, error) {
	header := http.Header{"Authorization": {"Bearer " + o.Key}}
	if o.Azure {
		header = http.Header{"Api-Key": {o.Key}}
	}
	client, err := o.Client(header)
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, client: client}
	for _, name := range o.Models {
		e.models = append(e.models, model{name: name, free: true, fidelity: true})
	}
	e.models = append(e.models, models()...)
	var known []engine.Model
	for _, m := range e.models {
		known = append(known, o.capabilities(m))
	}
	e.info = o.Service.Info(known)
	return e, nil
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// Info tells what the engine can do.
func (e *Engine) Info() engine.Info { return e.info }

// Ping implements engine.Pinger: it asks for the list of models.
func (e *Engine) Ping(ctx context.Context) error {
	return e.options.Service.Ping(ctx, e.client, "/models")
}

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return e.RenderSeen(ctx, r, progress, nil)
}

// RenderSeen is Render that also gives the service's own sketches of the picture in the making, two at most.
func (e *Engine) RenderSeen(ctx context.Context, r art.Recipe, progress engine.Progress, see func(image.Image)) (engine.Picture, error) {
	ticket, err := e.start(ctx, "", r, see)
	if err != nil {
		return engine.Picture{}, err
	}
	if progress != nil {
		progress(1, 1)
	}
	return *ticket.Picture, nil
}

// Start makes the picture: the service answers at once. It takes no name, so nothing can be found by it afterwards.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	return e.start(ctx, name, r, nil)
}

// Wait has nothing to wait for: a ticket whose picture is gone can't be redeemed.
func (e *Engine) Wait(context.Context, engine.Ticket, engine.Progress) (engine.Picture, error) {
	return engine.Picture{}, fmt.Errorf("%s: the service keeps no pictures: %w", e.options.Name, art.ErrNotFound)
}

// Cancel is not offered by the service.
func (e *Engine) Cancel(context.Context, engine.Ticket) error {
	return fmt.Errorf("%s: a call can't be cancelled: %w", e.options.Name, art.ErrUnsupported)
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: the service keeps no list of calls: %w", e.options.Name, art.ErrUnsupported)
}

// answer is ImagesResponse.
type answer struct {
	Data []struct {
		B64     string `json:"b64_json"`
		URL     string `json:"url"`
		Revised string `json:"revised_prompt"`
	} `json:"data"`
	Usage struct {
		TotalTokens int `json:"total_tokens"`
	} `json:"usage"`

	raw []byte // as it came; nil of a stream
}

func (e *Engine) start(ctx context.Context, name string, r art.Recipe, see func(image.Image)) (engine.Ticket, error) {
	begun := e.options.Now()
	if _, err := e.check(r); err != nil {
		return engine.Ticket{}, err
	}
	if err := e.options.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	request, err := e.request(ctx, r, see != nil)
	if err != nil {
		return engine.Ticket{}, err
	}
	said, err := e.ask(ctx, request, see)
	if err != nil {
		return engine.Ticket{}, err
	}
	p, err := e.picture(ctx, said)
	if err != nil {
		return engine.Ticket{}, fmt.Errorf("%w: the answer was paid for: %w", err, engine.ErrUnknown)
	}
	p = wire.Asked(p, r)
	p.Elapsed, p.Answer = e.options.Now().Sub(begun), e.client.Keep(said.raw)
	return engine.Ticket{Name: name, Picture: &p}, nil
}

func (e *Engine) ask(ctx context.Context, request wire.Request, see func(image.Image)) (said answer, err error) {
	if see != nil {
		return e.stream(ctx, request, see)
	}
	got, err := e.client.Do(ctx, request)
	if err != nil {
		return said, err
	}
	err = e.client.Read(got, true, &said)
	said.raw = got.Body
	return said, err
}

// picture takes the one picture out of an answer.
func (e *Engine) picture(ctx context.Context, said answer) (engine.Picture, error) {
	if len(said.Data) != 1 {
		return engine.Picture{}, fmt.Errorf("%s: %d pictures instead of one: %w", e.options.Name, len(said.Data), art.ErrUnavailable)
	}
	one := said.Data[0]
	data, err := base64.StdEncoding.DecodeString(one.B64)
	if one.B64 == "" && one.URL != "" { // of servers that only speak alike
		var got wire.Answer
		got, err = e.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: one.URL})
		data = got.Body
	}
	if err != nil {
		return engine.Picture{}, fmt.Errorf("%s: reading the picture: %w", e.options.Name, errors.Join(err, art.ErrUnavailable))
	}
	p, err := e.client.Picture(data)
	if err != nil {
		return p, err
	}
	if one.Revised != "" {
		p.Notes = append(p.Notes, "the service rewrote the prompt: "+one.Revised)
	}
	if said.Usage.TotalTokens > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d tokens were used", said.Usage.TotalTokens))
	}
	return p, nil
}

// event is one of ImageGenStreamEvent and ImageEditStreamEvent.
type event struct {
	Type  string          `json:"type"`
	B64   string          `json:"b64_json"`
	Usage json.RawMessage `json:"usage"`
	Error *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}
