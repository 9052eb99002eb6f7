package ledger

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// cinema makes clips by jobs, and counts how often one was asked for.
type cinema struct {
	engine.Engine
	asked  int
	lost   bool // the answer to a request gets lost
	unripe bool // nothing is done yet
}

func (*cinema) Info() engine.Info { return engine.Info{Name: "cinema", Version: "1", Ready: true} }

func (*cinema) Films() []engine.FilmModel {
	return []engine.FilmModel{{Name: "reel", Seconds: []int{5}, Service: &art.Service{Operator: "x", Pricing: "each second"}}}
}

func (c *cinema) Film(_ context.Context, name string, _ engine.Shot) (engine.Ticket, error) {
	if c.asked++; c.lost {
		return engine.Ticket{}, fmt.Errorf("the line was cut: %w: %w", art.ErrUnavailable, engine.ErrUnknown)
	}
	return engine.Ticket{Name: name, Job: "1", Price: 0.25, Currency: "USD"}, nil
}

func (c *cinema) Develop(_ context.Context, t engine.Ticket, _ engine.Progress) (engine.Clip, error) {
	if c.unripe {
		return engine.Clip{}, fmt.Errorf("the service is away: %w", art.ErrUnavailable)
	}
	return engine.Clip{Bytes: []byte("clip " + t.Job), MIME: "video/mp4"}, nil
}

func (*cinema) Start(context.Context, string, art.Recipe) (engine.Ticket, error) {
	return engine.Ticket{}, art.ErrConflict
}

func (*cinema) Wait(context.Context, engine.Ticket, engine.Progress) (engine.Picture, error) {
	return engine.Picture{}, art.ErrConflict
}
func (*cinema) Cancel(context.Context, engine.Ticket) error { return nil }
func (*cinema) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, art.ErrUnsupported
}

// film orders a clip of a new ledger, as a new process would.
func (d *desk) film(c *cinema) (engine.Picture, art.Call, error) {
	e, err := engine.Filming(c)
	if err != nil {
		return engine.Picture{}, art.Call{}, err
	}
	r := art.Recipe{Mode: art.ModeTextToVideo, Engine: "cinema", Model: art.ModelRef{Name: "reel"}, Clip: &art.ClipRecipe{Seconds: 5}}
	return New(d.options()).Render(context.Background(), e, Order{Key: "recipe/clip", Recipe: r, Brand: "acme"}, nil)
}

func clipDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.prices = art.Prices{{Engine: "cinema", Currency: "USD", Prices: []art.Price{{Price: 0.1, Per: art.PerSecond}}}}
	return d
}

// A clip's job is come back to by its ticket, and bought once.
func TestAClipIsBoughtOnce(t *testing.T) {
	d, c := clipDesk(t), &cinema{unripe: true}
	if _, call, err := d.film(c); !errors.Is(err, art.ErrUnavailable) || call.State != art.CallAccepted || call.Quote.Amount != art.AmountOf(0.5) {
		t.Fatalf("%+v, %v", call, err)
	}
	c.unripe = false
	for range 2 {
		p, call, err := d.film(c)
		if err != nil || string(p.Bytes) != "clip 1" || p.MIME != "video/mp4" || call.State != art.CallDone || *call.Charged != art.AmountOf(0.25) || c.asked != 1 {
			t.Fatalf("%q, %+v, %v after %d requests", p.Bytes, call, err, c.asked)
		}
	}
}

// A request whose answer got lost may have been charged: it is never sent again by itself.
func TestAClipOfWhichNobodyKnowsIsNotAskedForAgain(t *testing.T) {
	d, c := clipDesk(t), &cinema{lost: true}
	for range 3 {
		if _, call, err := d.film(c); !errors.Is(err, art.ErrRefused) || !errors.Is(err, engine.ErrUnknown) || call.State != art.CallUnknown {
			t.Fatalf("%+v, %v", call, err)
		}
		c.lost = false
	}
	if c.asked != 1 {
		t.Errorf("it was asked for %d times", c.asked)
	}
}

// A budget that a clip would exceed keeps it from being asked for.
func TestAClipKeepsToTheBudget(t *testing.T) {
	d, c := clipDesk(t), &cinema{}
	most := 0.4
	d.budgets = art.Budgets{Workspace: []art.Budget{{Currency: "USD", Day: &most}}}
	if _, _, err := d.film(c); !errors.Is(err, art.ErrRefused) || c.asked != 0 {
		t.Errorf("%v after %d requests", err, c.asked)
	}
}
