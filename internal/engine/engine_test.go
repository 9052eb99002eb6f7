package engine

import (
	"context"
	"errors"
	"slices"
	"testing"

	"presswerk/internal/art"
)

// fake renders by calling a function; it is a Batcher too.
type fake struct {
	name   string
	render func(context.Context, art.Recipe) (Picture, error)
	closed error
}

func (f *fake) Info() Info {
	model := Model{Capabilities: art.Capabilities{Model: art.ModelRef{Name: "m", Version: "1", SHA256: "ab"}}}
	return Info{Name: f.name, Models: []Model{model}}
}

func (f *fake) Render(ctx context.Context, r art.Recipe, _ Progress) (Picture, error) {
	return f.render(ctx, r)
}

func (f *fake) RenderBatch(context.Context, []art.Recipe, Progress) ([]Picture, error) {
	return nil, nil
}

func (f *fake) Close() error { return f.closed }

func TestRegistry(t *testing.T) {
	a, b := &fake{name: "a"}, &fake{name: "b", closed: errors.New("stuck")}
	reg, err := NewRegistry(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reg.Get("b"); err != nil || got != Engine(b) {
		t.Errorf("Get gives %v, %v", got, err)
	}
	if _, err := reg.Get("c"); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("unknown engine gives %v", err)
	}
	if _, err := NewRegistry(a, &fake{name: "a"}); !errors.Is(err, art.ErrConflict) {
		t.Errorf("two of a name give %v", err)
	}
	if !slices.Equal(reg.All(), []Engine{a, b}) {
		t.Error("the order is lost")
	}
	if err := reg.Close(); !errors.Is(err, b.closed) {
		t.Errorf("Close gives %v", err)
	}
}

func TestModelIsFound(t *testing.T) {
	info := (&fake{name: "a"}).Info()
	for _, ref := range []art.ModelRef{{Name: "m"}, {Name: "m", Version: "1"}, {SHA256: "ab"}, {Name: "other", SHA256: "ab"}} {
		if _, err := info.Model(ref); err != nil {
			t.Errorf("%+v: %v", ref, err)
		}
	}
	for _, ref := range []art.ModelRef{{}, {Name: "x"}, {Name: "m", Version: "2"}, {Name: "m", SHA256: "cd"}} {
		if _, err := info.Model(ref); !errors.Is(err, art.ErrNotFound) {
			t.Errorf("%+v: %v", ref, err)
		}
	}
}
