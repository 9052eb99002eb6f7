package google

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Revision of this adapter; it goes up when equal recipes are asked for in another way.
const Revision = "1"

// Base is where the Gemini API lives.
const Base = "https://generativelanguage.googleapis.com/v1beta"

// Engine asks the Gemini API. It is safe for concurrent use.
type Engine struct {
	service wire.Service
	client  *wire.Client
	models  []model
	info    engine.Info
}

// New makes an engine without asking the service anything.
func New(s wire.Service) (*Engine, error) {
	client, err := s.Client(http.Header{"X-Goog-Api-Key": {s.Key}})
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

// Ping implements engine.Pinger: it asks for one of the list of models.
func (e *Engine) Ping(ctx context.Context) error {
	return e.service.Ping(ctx, e.client, "/models?pageSize=1")
}

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render makes one picture.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	ticket, err := e.Start(ctx, "", r)
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
	begun := e.service.Now()
	m, err := e.check(r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Ticket{}, err
	}
	body, err := e.request(ctx, m, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	var heard wire.Heard[answer]
	err = e.client.Pay(ctx, "/models/"+m.name+":generateContent", body, &heard)
	if said := (*wire.Error)(nil); errors.As(err, &said) && said.Status == http.StatusBadRequest && strings.Contains(said.Message, "API key") {
		said.Kind = art.ErrRefused // which other services say with 401
	}
	if errors.Is(err, art.ErrNotFound) && m.instead != "" {
		err = fmt.Errorf("%w; Google names %s in place of %s", err, m.instead, m.name)
	}
	if err != nil {
		return engine.Ticket{}, err
	}
	p, err := e.picture(heard.Said)
	if err != nil {
		return engine.Ticket{}, err
	}
	p = wire.Asked(p, r)
	p.Elapsed, p.Answer = e.service.Now().Sub(begun), e.client.Keep(heard.Bytes)
	return engine.Ticket{Name: name, Picture: &p, Size: art.Size{Width: r.Width, Height: r.Height}}, nil
}

// Wait has nothing to wait for: a ticket whose picture is gone can't be redeemed.
func (e *Engine) Wait(context.Context, engine.Ticket, engine.Progress) (engine.Picture, error) {
	return engine.Picture{}, fmt.Errorf("%s: the service keeps no pictures: %w", e.service.Name, art.ErrNotFound)
}

// Cancel is not offered by the service.
func (e *Engine) Cancel(context.Context, engine.Ticket) error {
	return fmt.Errorf("%s: a call can't be cancelled: %w", e.service.Name, art.ErrUnsupported)
}

// Find is not offered by the service.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, fmt.Errorf("%s: the service keeps no list of calls: %w", e.service.Name, art.ErrUnsupported)
}

// part is a piece of a request or an answer.
type part struct {
	Text    string `json:"text,omitempty"`
	Data    *blob  `json:"inlineData,omitempty"`
	Thought bool   `json:"thought,omitempty"`
}

type blob struct {
	MIME string `json:"mimeType"`
	Data string `json:"data"` // base64
}

// request writes what the recipe asks for: the words, then the picture to be changed, then those that are referred to.
func (e *Engine) request(ctx context.Context, m model, r art.Recipe) (map[string]any, error) {
	parts := []part{{Text: r.Prompt}}
	files := []struct{ field, sum string }{}
	if r.InitImage != "" {
		files = append(files, struct{ field, sum string }{"init_image", r.InitImage})
	}
	for i, reference := range r.References {
		files = append(files, struct{ field, sum string }{fmt.Sprintf("references[%d].image", i), reference.Image})
	}
	for _, file := range files {
		data, kind, err := e.service.File(ctx, file.field, file.sum)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{Data: &blob{kind, base64.StdEncoding.EncodeToString(data)}})
	}
	all := m.sizes()
	size := all[slices.IndexFunc(all, func(s sized) bool { return s.Width == r.Width && s.Height == r.Height })]
	image := map[string]any{"aspectRatio": size.ratio}
	if size.tier != "" {
		image["imageSize"] = size.tier
	}
	config := map[string]any{"responseModalities": []string{"IMAGE"}, "imageConfig": image}
	if r.Seed != 0 {
		config["seed"] = int32(uint32(r.Seed)) // 2^31 and more become negative: the service has a sign where we have none
	}
	if t, given := r.Options["temperature"]; given {
		config["temperature"] = t
	}
	if level, given := r.Options["thinking_level"]; given {
		config["thinkingConfig"] = map[string]any{"thinkingLevel": level}
	}
	body := map[string]any{"contents": []any{map[string]any{"role": "user", "parts": parts}}, "generationConfig": config}
	if threshold, given := r.Options["safety"]; given {
		var settings []any
		for _, category := range []string{"HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT"} {
			settings = append(settings, map[string]any{"category": "HARM_CATEGORY_" + category, "threshold": threshold})
		}
		body["safetySettings"] = settings
	}
	return body, nil
}

// answer is GenerateContentResponse.
type answer struct {
	Candidates []struct {
		Content struct {
			Parts []part `json:"parts"`
		} `json:"content"`
		FinishReason  string `json:"finishReason"`
		FinishMessage string `json:"finishMessage"`
	} `json:"candidates"`
	Feedback struct {
		BlockReason string `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage struct {
		Total int `json:"totalTokenCount"`
	} `json:"usageMetadata"`
}

// picture takes the picture out of an answer: the last one that isn't a thought.
func (e *Engine) picture(said answer) (engine.Picture, error) {
	if said.Feedback.BlockReason != "" {
		return engine.Picture{}, e.refused(said.Feedback.BlockReason, "the prompt was blocked")
	}
	if len(said.Candidates) == 0 {
		return engine.Picture{}, fmt.Errorf("%s: an answer without content: %w: it was paid for: %w", e.service.Name, art.ErrUnavailable, engine.ErrUnknown)
	}
	first := said.Candidates[0]
	var pictures []*blob
	var words []string
	for _, p := range first.Content.Parts {
		switch {
		case p.Thought:
		case p.Data != nil && strings.HasPrefix(p.Data.MIME, "image/"):
			pictures = append(pictures, p.Data)
		case p.Text != "":
			words = append(words, p.Text)
		}
	}
	if len(pictures) == 0 {
		return engine.Picture{}, e.refused(first.FinishReason, without(first.FinishMessage, words))
	}
	data, err := base64.StdEncoding.DecodeString(pictures[len(pictures)-1].Data)
	if err != nil {
		err = fmt.Errorf("%s: reading the picture: %w: %w", e.service.Name, err, art.ErrUnavailable)
	}
	var p engine.Picture
	if err == nil {
		p, err = e.client.Picture(data)
	}
	if err != nil {
		return p, fmt.Errorf("%w: it was paid for: %w", err, engine.ErrUnknown)
	}
	if len(pictures) > 1 {
		p.Notes = append(p.Notes, fmt.Sprintf("the service made %d pictures; this is the last", len(pictures)))
	}
	if said.Usage.Total > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d tokens were used", said.Usage.Total))
	}
	return p, nil
}

func (e *Engine) refused(code, message string) error {
	return &wire.Error{Engine: e.service.Name, Code: code, Message: string(e.client.Redact([]byte(message))), Kind: art.ErrRefused}
}

// without says why there is no picture, in the service's words where it has some.
func without(message string, words []string) string {
	const most = 200
	if message == "" {
		message = strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	}
	if message == "" {
		return "no picture was made"
	}
	if runes := []rune(message); len(runes) > most {
		message = string(runes[:most]) + "…"
	}
	return "no picture was made: " + message
}

var _ interface {
	engine.Engine
	engine.Jobber
} = (*Engine)(nil)
