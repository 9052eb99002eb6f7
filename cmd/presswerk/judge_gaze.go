package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/judge/gaze"
)

// gazeSide is the longer side of the maps that are compared: fine enough to tell fixations apart.
const gazeSide = 256

// gazeAnswer is the answer of judge --fixations.
type gazeAnswer struct {
	Picture      string         `json:"picture"`
	Fixations    string         `json:"fixations"`
	Kind         gaze.Kind      `json:"kind"`
	Rows         int            `json:"rows"`    // on the picture
	Outside      int            `json:"outside"` // beside it
	Participants int            `json:"participants,omitempty"`
	Seconds      float64        `json:"seconds,omitempty"`
	Ignored      []string       `json:"ignored,omitempty"` // columns and remarks that nothing is known of
	Heat         *art.Heat      `json:"heat"`              // the prediction
	Measures     []gaze.Measure `json:"measures"`
}

// runGaze compares what the judge predicts of a picture with what people did.
func (c *judgeCmd) runGaze(ctx context.Context, g *globals) error {
	if len(c.Files) != 1 {
		return art.Invalid("files", fmt.Sprintf("there are %d, and fixations are of one picture", len(c.Files)), "name one picture")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	data, err := os.ReadFile(c.Files[0])
	if err != nil {
		return fmt.Errorf("reading %s: %w: %w", c.Files[0], err, art.ErrInvalid)
	}
	p, _, err := readApart(ctx, data, imaging.Limits{})
	if err != nil {
		return fmt.Errorf("%s: %w", c.Files[0], err)
	}
	f, err := os.Open(c.Fixations)
	if err != nil {
		return fmt.Errorf("reading fixations: %w: %w", err, art.ErrInvalid)
	}
	defer f.Close()
	record, err := gaze.Read(f, p.Width, p.Height)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Fixations, err)
	}
	predicted := judge.Attention(p)
	long := max(p.Width, p.Height)
	fine := predicted.Map.Resize(max(1, p.Width*gazeSide/long), max(1, p.Height*gazeSide/long))
	answer := gazeAnswer{
		Picture: c.Files[0], Fixations: c.Fixations, Kind: record.Kind, Rows: len(record.Points) + len(record.Depths), Outside: record.Outside,
		Participants: record.Participants, Seconds: record.Seconds, Ignored: record.Ignored, Heat: judge.HeatOf(predicted),
	}
	if answer.Measures, err = gaze.Compare(ctx, fine, record); err != nil {
		return fmt.Errorf("%s: %w", c.Files[0], err)
	}
	return g.answer(answer, func(w io.Writer) { gazeText(w, g.words, answer) })
}

func gazeText(w io.Writer, words words, a gazeAnswer) {
	fmt.Fprintln(w, words.say("gaze_read_"+string(a.Kind), a.Rows, a.Outside))
	for _, name := range a.Ignored {
		fmt.Fprintln(w, words.say("gaze_ignored", name))
	}
	for _, m := range a.Measures {
		people := "–"
		if m.People != nil {
			people = fmt.Sprintf("%.3f", *m.People)
		}
		fmt.Fprintf(w, "  %-10s %8.3f  %s  %s\n", m.Name, m.Value, words.say("gaze_beside", m.Centre, people), m.Meaning.In(words.lang))
	}
}
