package engine

import (
	"errors"
	"testing"

	"presswerk/internal/art"
)

func TestShotsAreChecked(t *testing.T) {
	models := []FilmModel{
		{Name: "both", Sizes: []art.Size{{Width: 1280, Height: 720}}, Seconds: []int{5, 10}, First: art.FrameMust, Last: art.FrameMust, Promptless: true, Options: []string{"audio"}},
		{Name: "words", Sizes: []art.Size{{Width: 1280, Height: 720}}, Seconds: []int{5}, Negative: true, Seeds: true},
		{Name: "may", Sizes: []art.Size{{Width: 1280, Height: 720}}, Seconds: []int{5}, First: art.FrameMay, Last: art.FrameMay},
	}
	for name, test := range map[string]struct {
		shot  Shot
		want  error
		field string
	}{
		"both":           {Shot{Model: "both", First: "a", Last: "b", Seconds: 10, Options: map[string]any{"audio": true}}, nil, ""},
		"words":          {Shot{Model: "words", Prompt: "p", NegativePrompt: "n", Seed: 7, Seconds: 5}, nil, ""},
		"may":            {Shot{Model: "may", Prompt: "p", Seconds: 5}, nil, ""},
		"model":          {Shot{Model: "none", Prompt: "p", Seconds: 5}, art.ErrNotFound, "model"},
		"no prompt":      {Shot{Model: "words", Seconds: 5}, art.ErrUnsupported, "prompt"},
		"negative":       {Shot{Model: "may", Prompt: "p", NegativePrompt: "n", Seconds: 5}, art.ErrUnsupported, "negative_prompt"},
		"no first":       {Shot{Model: "both", Last: "b", Seconds: 5}, art.ErrUnsupported, "first"},
		"no last":        {Shot{Model: "both", First: "a", Seconds: 5}, art.ErrUnsupported, "last"},
		"first":          {Shot{Model: "words", Prompt: "p", First: "a", Seconds: 5}, art.ErrUnsupported, "first"},
		"last alone":     {Shot{Model: "may", Prompt: "p", Last: "b", Seconds: 5}, art.ErrUnsupported, "first"},
		"seed":           {Shot{Model: "may", Prompt: "p", Seed: 7, Seconds: 5}, art.ErrUnsupported, "seed"},
		"seconds":        {Shot{Model: "may", Prompt: "p", Seconds: 6}, art.ErrUnsupported, "seconds"},
		"size":           {Shot{Model: "may", Prompt: "p", Seconds: 5, Width: 3}, art.ErrUnsupported, "width"},
		"unknown option": {Shot{Model: "may", Prompt: "p", Seconds: 5, Options: map[string]any{"fps": 24}}, art.ErrUnsupported, "options.fps"},
	} {
		shot := test.shot
		if shot.Width == 0 {
			shot.Width, shot.Height = 1280, 720
		}
		m, err := CheckShot("example", models, shot)
		var field *art.FieldError
		if !errors.Is(err, test.want) || err != nil && (!errors.As(err, &field) || field.Field != test.field) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && m.Name != shot.Model {
			t.Errorf("%s: found %q", name, m.Name)
		}
	}
}
