package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"presswerk/internal/art"
)

// Shot is one clip, exactly: what a Filmer is asked for.
type Shot struct {
	Engine         string         `json:"engine"`
	Model          string         `json:"model"`
	Prompt         string         `json:"prompt,omitempty"`
	NegativePrompt string         `json:"negative_prompt,omitempty"`
	First          string         `json:"first,omitempty"` // picture that it begins with, "sha256:…"
	Last           string         `json:"last,omitempty"`  // picture that it ends with, "sha256:…"
	Width          int            `json:"width"`           // pixels
	Height         int            `json:"height"`          // pixels
	Seconds        int            `json:"seconds"`
	Seed           art.Seed       `json:"seed,omitempty"` // 0 lets the service choose
	Options        map[string]any `json:"options,omitempty"`
}

// Clip is what a Filmer made.
type Clip struct {
	Bytes   []byte // the encoded file, exactly as the engine gave it
	MIME    string // "video/mp4"
	Notes   []string
	Elapsed time.Duration // wall-clock time
}

// FilmModel is what a model that makes clips honours.
type FilmModel struct {
	Name        string       `json:"name"`
	Sizes       []art.Size   `json:"sizes"`              // the only ones
	OfWords     []art.Size   `json:"of_words,omitempty"` // the only sizes of clips that begin with no picture; none means all of Sizes
	Seconds     []int        `json:"seconds"`            // the only lengths
	First       art.Frame    `json:"first,omitempty"`
	Last        art.Frame    `json:"last,omitempty"`
	Promptless  bool         `json:"promptless,omitempty"` // does without words
	Negative    bool         `json:"negative_prompt,omitempty"`
	Seeds       bool         `json:"seeds,omitempty"` // takes one, though equal pixels aren't promised
	Options     []string     `json:"options,omitempty"`
	Service     *art.Service `json:"service,omitempty"`
	ShapeOfLead bool         `json:"shape_of_lead,omitempty"` // its shape is the first frame's, only the resolution is the size's
}

// Filmer is the power to make clips. Tickets are those of Jobber, whose Cancel ends clips, too.
//
//	ticket, err := f.Film(ctx, "7f3a…", shot)   // the name was written down before
//	…
//	clip, err := f.Develop(ctx, ticket, progress)
type Filmer interface {
	// Films tells which models there are. It does no I/O.
	Films() []FilmModel

	// Film asks for a clip under a name of ours, as Jobber.Start does for a picture.
	Film(ctx context.Context, name string, s Shot) (Ticket, error)

	// Develop gives the clip of a job, as Jobber.Wait does with pictures.
	Develop(ctx context.Context, t Ticket, progress Progress) (Clip, error)
}

// CheckShot finds the shot's model and refuses what that doesn't offer, naming the field.
func CheckShot(engine string, models []FilmModel, s Shot) (FilmModel, error) {
	var names []string
	for _, m := range models {
		if m.Name == s.Model {
			return m, m.check(engine, s)
		}
		names = append(names, m.Name)
	}
	return FilmModel{}, &art.FieldError{
		Field: "model", Reason: fmt.Sprintf("engine %s makes no clips with %q", engine, s.Model),
		Remedy: "use " + oneOf(names), Kind: art.ErrNotFound,
	}
}

func (m FilmModel) check(engine string, s Shot) error {
	var sizes, seconds []string
	for _, size := range m.Sizes {
		sizes = append(sizes, fmt.Sprintf("%d×%d", size.Width, size.Height))
	}
	for _, n := range m.Seconds {
		seconds = append(seconds, fmt.Sprint(n))
	}
	c := art.Capabilities{Engine: engine, Model: art.ModelRef{Name: m.Name}}
	for _, rule := range []struct {
		wrong                 bool
		field, reason, remedy string
	}{
		{s.Prompt == "" && !m.Promptless, "prompt", "is empty", "write what is to be seen"},
		{s.NegativePrompt != "" && !m.Negative, "negative_prompt", "is not known", "take it out, or say it in the prompt"},
		{s.First != "" && m.First == art.FrameNone, "first", "is not taken", "take it out"},
		{s.First == "" && m.First == art.FrameMust, "first", "is missing", "name the picture that it begins with"},
		{s.Last != "" && m.Last == art.FrameNone, "last", "is not taken", "take it out"},
		{s.Last == "" && m.Last == art.FrameMust, "last", "is missing", "name the picture that it ends with"},
		{s.Last != "" && s.First == "", "first", "is missing where there is a last", "name the picture that it begins with"},
		{s.Seed != 0 && !m.Seeds, "seed", "is not taken", "use 0"},
		{!slices.Contains(m.Sizes, art.Size{Width: s.Width, Height: s.Height}), "width", fmt.Sprintf("%d×%d is not made", s.Width, s.Height), "use " + oneOf(sizes)},
		{s.First == "" && len(m.OfWords) > 0 && !slices.Contains(m.OfWords, art.Size{Width: s.Width, Height: s.Height}), "width", fmt.Sprintf("%d×%d is made only of a picture", s.Width, s.Height), "name a first frame, or use another size"},
		{!slices.Contains(m.Seconds, s.Seconds), "seconds", fmt.Sprintf("%d are not made", s.Seconds), "use " + oneOf(seconds)},
	} {
		if rule.wrong {
			return refuse(c, rule.field, rule.reason, rule.remedy)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		if !slices.Contains(m.Options, name) {
			return refuse(c, "options."+name, "is not known", "use "+oneOf(m.Options))
		}
	}
	return nil
}
