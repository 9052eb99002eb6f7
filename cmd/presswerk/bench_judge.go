package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// benchJudgeCmd measures what looking at pictures takes. The comparison with Python is bench/judge.
type benchJudgeCmd struct {
	Files    []string `arg:"" type:"existingfile" help:"${arg_files}"`
	Rounds   int      `name:"rounds" default:"3" help:"${flag_rounds}"`
	Networks bool     `name:"networks" help:"${flag_networks}"`
	Brand    string   `name:"brand" placeholder:"ID" help:"${flag_brand}"`
	Texts    []string `name:"text" sep:"none" placeholder:"WORDS" help:"${flag_text}"`
}

// judgeBench is the answer of bench judge. Reading files is counted apart.
type judgeBench struct {
	Pictures int           `json:"pictures"`
	Scorers  []scorerBench `json:"scorers"`
	Alone    []float64     `json:"alone_seconds"`    // of each look of the whole panel at one picture
	Median   float64       `json:"median_seconds"`   // of these
	Together []float64     `json:"together_seconds"` // of each round over all pictures at once, divided by their number
	Each     float64       `json:"each_seconds"`     // the median of these
	Read     float64       `json:"read_seconds"`     // of reading and decoding a picture's file, in this process, as the line does
	CPU      float64       `json:"cpu_seconds"`      // of all cores, of a picture when there are many: what other work on the machine doesn't change
}

// scorerBench is what one scorer takes when it is the only one, with all the work that it would else share.
type scorerBench struct {
	Scorer string  `json:"scorer"`
	Median float64 `json:"median_ms"`
	Reason string  `json:"reason,omitempty"` // why it gave no score; its time is then worth nothing
}

// Run loads every network first, since that isn't looking.
func (c *benchJudgeCmd) Run(ctx context.Context, g *globals) error {
	if c.Rounds < 1 {
		return art.Invalid("rounds", fmt.Sprintf("%d are none", c.Rounds), "ask for one or more")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	var pictures []*imaging.RGB
	var reading []float64
	for _, path := range c.Files {
		begun := time.Now()
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		p, err := imaging.Decode(ctx, data, imaging.Limits{})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		pictures, reading = append(pictures, p), append(reading, time.Since(begun).Seconds())
	}
	panel := t.panel()
	if c.Networks {
		panel = slices.DeleteFunc(panel, func(s judge.Scorer) bool { return s.Scale().Model == "" })
	}
	_, subject, err := rules(ctx, g, c.Brand)
	if err != nil {
		return err
	}
	subject.Texts = c.Texts
	answer := c.measure(ctx, panel, subject, pictures)
	answer.Read = middle(reading)
	if err := ctx.Err(); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		for _, s := range answer.Scorers {
			fmt.Fprintf(w, "%-18s %8.1f ms  %s\n", s.Scorer, s.Median, s.Reason)
		}
		fmt.Fprintln(w, g.words.say("bench_judged", answer.Median, answer.Pictures, answer.Each, answer.CPU, answer.Read))
	})
}

func (c *benchJudgeCmd) measure(ctx context.Context, panel judge.Panel, subject judge.Subject, pictures []*imaging.RGB) judgeBench {
	subjects := make([]judge.Subject, len(pictures))
	for i, p := range pictures {
		subjects[i] = subject
		subjects[i].Picture = p
	}
	panel.Score(ctx, subjects[0])
	answer := judgeBench{Pictures: len(pictures)}
	for range c.Rounds {
		for _, s := range subjects {
			answer.Alone = append(answer.Alone, seconds(func() { panel.Score(ctx, s) }))
		}
		before := cpuTime()
		all := seconds(func() { panel.ScoreAll(ctx, subjects, nil) })
		answer.CPU += (cpuTime() - before).Seconds() / float64(c.Rounds*len(subjects))
		answer.Together = append(answer.Together, all/float64(len(subjects)))
	}
	for _, scorer := range panel {
		b := scorerBench{Scorer: scorer.Name()}
		var took []float64
		for _, s := range subjects {
			took = append(took, 1000*seconds(func() { b.Reason = judge.Panel{scorer}.Score(ctx, s)[0].Reason }))
		}
		b.Median = middle(took)
		answer.Scorers = append(answer.Scorers, b)
	}
	answer.Median, answer.Each = middle(answer.Alone), middle(answer.Together)
	return answer
}

// seconds is how long something takes.
func seconds(do func()) float64 {
	begun := time.Now()
	do()
	return time.Since(begun).Seconds()
}

// middle is the median.
func middle(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
