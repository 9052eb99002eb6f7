package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"presswerk/internal/art"
)

// studio makes clips by jobs.
type studio struct {
	Engine
	shot   Shot
	ticket Ticket
}

func (*studio) Info() Info { return Info{Name: "studio", Version: "3", Models: []Model{{}}} }
func (*studio) Films() []FilmModel {
	return []FilmModel{{Name: "reel", Sizes: []art.Size{{Width: 1280, Height: 720}, {Width: 720, Height: 1280}}, Seconds: []int{5}, First: art.FrameMay, Seeds: true, Service: &art.Service{Operator: "x"}}}
}

func (s *studio) Film(_ context.Context, name string, shot Shot) (Ticket, error) {
	s.shot, s.ticket = shot, Ticket{Name: name, Job: "1"}
	return s.ticket, nil
}

func (s *studio) Develop(_ context.Context, t Ticket, _ Progress) (Clip, error) {
	if t.Job != s.ticket.Job {
		return Clip{}, art.ErrNotFound
	}
	return Clip{Bytes: []byte("clip"), MIME: "video/mp4", Notes: []string{"n"}}, nil
}

func (*studio) Start(context.Context, string, art.Recipe) (Ticket, error) {
	return Ticket{}, art.ErrConflict
}

func (*studio) Wait(context.Context, Ticket, Progress) (Picture, error) {
	return Picture{}, art.ErrConflict
}
func (*studio) Cancel(context.Context, Ticket) error                { return nil }
func (*studio) Find(_ context.Context, name string) (Ticket, error) { return Ticket{Name: name}, nil }

func TestAClipIsBoughtAsAPictureIs(t *testing.T) {
	s := &studio{}
	e, err := Filming(Wrap(s, Break(3, time.Minute, time.Now)))
	if err != nil {
		t.Fatal(err)
	}
	r := art.Recipe{
		Mode: art.ModeImageToVideo, Engine: "studio", Model: art.ModelRef{Name: "reel"}, Prompt: "it rolls", Width: 1280, Height: 720, Seed: 7,
		Clip: &art.ClipRecipe{Seconds: 5, First: "sha256:aa"}, Options: map[string]any{"audio": false},
	}
	p, err := e.Render(t.Context(), r, nil)
	if err != nil || string(p.Bytes) != "clip" || p.MIME != "video/mp4" || len(p.Notes) != 1 || p.Width != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if s.shot.Seconds != 5 || s.shot.First != "sha256:aa" || s.shot.Seed != 7 || s.shot.Model != "reel" || len(s.shot.Options) != 1 {
		t.Errorf("%+v", s.shot)
	}
	m, err := e.Info().Model(r.Model)
	if err != nil || m.Clip == nil || m.NativeWidth != 1280 || m.MaxSize != 1280 || m.MinSize != 720 || !m.TakesSeed() || m.Seeds || len(m.Modes) != 2 {
		t.Errorf("%+v, %v", m, err)
	}
	if _, ok := As[Jobber](e); !ok {
		t.Error("its jobs can't be come back to")
	}
}

func TestWhoMakesNoClipsIsNotAskedForOne(t *testing.T) {
	e := Wrap(&still{}, Break(3, time.Minute, time.Now))
	if _, err := Filming(e); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if all := Films(e); all != nil {
		t.Errorf("%v", all)
	}
}

type still struct{ Engine }

func (still) Info() Info { return Info{Name: "still"} }
