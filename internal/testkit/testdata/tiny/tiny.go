package tiny

import (
	"context"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Base is where the service lives, and Revision the version of this adapter.
const (
	Base     = "https://tiny.invalid"
	Revision = "1"
)

// Engine asks the service. It is safe for concurrent use.
type Engine struct {
	service wire.Service
	client  *wire.Client
}

// New makes an engine without asking the service anything.
func New(s wire.Service) (*Engine, error) {
	client, err := s.Client(map[string][]string{"X-Key": {s.Key}})
	return &Engine{s, client}, err
}

func (e *Engine) model() engine.Model {
	return engine.Model{Capabilities: art.Capabilities{
		Engine: e.service.Name, EngineVersion: e.service.Version, Model: art.ModelRef{Name: "dot"}, Modes: []string{art.ModeTextToImage},
		MinSize: 64, MaxSize: 64, SizeStep: 1, NativeWidth: 64, NativeHeight: 64, Dialect: "plain", PricePerPicture: 0.01, Currency: "EUR",
		Service: &art.Service{Operator: "Tiny", Region: "EU", Pricing: "each picture", Dated: "2026-11-26"},
	}}
}

// Info tells what the engine can do.
func (e *Engine) Info() engine.Info { return e.service.Info([]engine.Model{e.model()}) }

// Close does nothing: no connection is kept.
func (e *Engine) Close() error { return nil }

// Render buys one picture, which comes with the answer.
func (e *Engine) Render(ctx context.Context, r art.Recipe, _ engine.Progress) (engine.Picture, error) {
	if err := engine.Check(e.model().Capabilities, r); err != nil {
		return engine.Picture{}, err
	}
	if err := e.service.Ready(ctx); err != nil {
		return engine.Picture{}, err
	}
	var said struct {
		Picture []byte `json:"picture"`
	}
	if err := e.client.Pay(ctx, "/draw", map[string]string{"prompt": r.Prompt}, &said); err != nil {
		return engine.Picture{}, err
	}
	return e.client.Picture(said.Picture)
}
