package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/factory"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// judgeCmd scores pictures, and clips by their frames, or compares two sets of pictures, or a prediction with what people did.
type judgeCmd struct {
	Files  []string `arg:"" optional:"" help:"${arg_files}"`
	Brand  string   `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	Texts  []string `name:"text" sep:"none" placeholder:"WORDS" help:"${flag_text}"`
	Prompt string   `name:"prompt" placeholder:"WORDS" help:"${flag_judge_prompt}"`

	Fixations string `name:"fixations" placeholder:"FILE.csv" help:"${flag_fixations}"`

	Set       string `name:"set" placeholder:"DIR" help:"${flag_set}"`
	Against   string `name:"against" placeholder:"DIR" help:"${flag_against}"`
	Features  string `name:"features" placeholder:"NAME" help:"${flag_features}"`
	Resamples int    `name:"resamples" default:"100" help:"${flag_resamples}"`
}

// judged is one picture's scores. A file that cannot be judged says why and stops no other.
type judged struct {
	File    string      `json:"file"`
	Error   string      `json:"error,omitempty"`
	Scores  []art.Score `json:"scores"`
	Verdict art.Verdict `json:"verdict"`
}

// Run scores every file; exit 1 when one failed a gate, 2 when one is no picture.
func (c *judgeCmd) Run(ctx context.Context, g *globals) error {
	if c.Set != "" || c.Against != "" {
		return c.runSets(ctx, g)
	}
	if c.Fixations != "" {
		return c.runGaze(ctx, g)
	}
	if len(c.Files) == 0 {
		return art.Invalid("files", "there is none", "name pictures to judge, or --set DIR --against DIR to compare sets")
	}
	kit, subject, err := rules(ctx, g, c.Brand)
	if err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	panel := t.panel()
	all := []judged{}
	var worst error
	subject.Texts, subject.Prompt = c.Texts, c.Prompt
	for _, file := range c.Files {
		j, err := t.judged(ctx, panel, file, subject, kit.Rubric)
		if err != nil {
			j.Error, worst = err.Error(), err
		} else if !j.Verdict.Pass && worst == nil {
			worst = errNo
		}
		all = append(all, j)
	}
	err = g.answer(struct {
		Pictures []judged `json:"pictures"`
	}{all}, func(w io.Writer) { judgeText(w, g.words, all) })
	return errors.Join(err, worst)
}

// rules are the brand's where one is named, else none: the scores then speak for themselves.
func rules(ctx context.Context, g *globals, id string) (k brand.Kit, s judge.Subject, err error) {
	if id == "" {
		return k, s, nil
	}
	ws, err := g.workspace("")
	if err != nil {
		return k, s, err
	}
	if k, err = ws.ReadKit(id); err != nil {
		return k, s, err
	}
	files, err := ws.Files(&k)
	if err != nil {
		return k, s, err
	}
	var eyes factory.Eyes
	s, err = eyes.Look(ctx, k, func(_ context.Context, sum string) ([]byte, error) {
		if data, ok := files[sum]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("the kit %s names a picture that isn't in the workspace's files: %w", k.ID, art.ErrNotFound)
	})
	return k, s, err
}

// judged scores a file; all of the subject but its picture is given.
func (t *tools) judged(ctx context.Context, panel judge.Panel, file string, subject judge.Subject, rubric []art.Gate) (judged, error) {
	j := judged{File: file, Scores: []art.Score{}}
	data, err := os.ReadFile(file)
	if err != nil {
		return j, fmt.Errorf("reading %s: %w: %w", file, err, art.ErrInvalid)
	}
	if kind := http.DetectContentType(data); kind == "video/mp4" || kind == "video/webm" {
		panel = slices.Concat(panel, judge.ClipPanel())
		subject.Picture, subject.Reel, err = t.reel(ctx, data)
	} else {
		subject.Picture, _, err = readApart(ctx, data, imaging.Limits{})
	}
	if err != nil {
		return j, fmt.Errorf("%s: %w", file, err)
	}
	j.Scores = panel.Score(ctx, subject)
	j.Verdict = judge.Decide(j.Scores, rubric)
	j.Verdict.Scores = nil
	return j, nil
}

func judgeText(w io.Writer, words words, all []judged) {
	for _, j := range all {
		fmt.Fprintln(w, cmp.Or(j.Error, j.File))
		for _, s := range j.Scores {
			if s.Available {
				fmt.Fprintf(w, "  %-14s %8.3f %-14s %s\n", s.Scorer, s.Value, s.Unit, s.Meaning.In(words.lang))
			} else {
				fmt.Fprintf(w, "  %-14s %8s %s\n", s.Scorer, "–", s.Reason)
			}
		}
		for _, f := range j.Verdict.Failures {
			fmt.Fprintf(w, "  ✗ %s\n", f.Reason.In(words.lang))
		}
	}
}
