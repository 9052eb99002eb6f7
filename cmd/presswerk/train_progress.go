package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// estimated is what the trainer says before it learns, from a few measured steps.
type estimated struct {
	Step           int     `json:"step"` // where it goes on
	Steps          int     `json:"steps"`
	Resumed        bool    `json:"resumed"`
	SecondsPerStep float64 `json:"seconds_per_step"`
	SecondsLeft    float64 `json:"seconds_left"`
	Cost           float64 `json:"cost,omitempty"` // at the price of an hour that was named
	Parameters     int     `json:"parameters"`     // numbers that are learnt
	Pictures       int     `json:"pictures"`
	HeldOut        int     `json:"held_out"`
}

// courseProgress shows a training: a bar with the loss on a terminal, a line now and then elsewhere.
type courseProgress struct {
	g        *globals
	job      *job
	price    float64
	begun    *estimated
	progress *mpb.Progress // nil elsewhere than on a terminal
	bar      *mpb.Bar
	loss     float64 // a moving average
	said     time.Time
}

func newCourseProgress(g *globals, j *job, price float64) *courseProgress {
	return &courseProgress{g: g, job: j, price: price, said: time.Now()}
}

// hear shows one event.
func (p *courseProgress) hear(e event) {
	switch e.Event {
	case "estimate":
		p.estimate(e)
	case "step":
		p.step(e)
	case "validation":
		p.say(p.g.words.say("train_validation", e.Step, e.Loss, e.Best))
	case "sheet":
		p.say(p.g.words.say("train_sheet", e.Path))
	case "prior":
		p.say(p.g.words.say("train_prior", e.Done, e.Total))
	}
}

func (p *courseProgress) estimate(e event) {
	p.begun = &estimated{}
	if json.Unmarshal(e.raw, p.begun) != nil {
		return // an estimate that isn't one is no reason to stop
	}
	b := p.begun
	b.Cost = p.price * b.SecondsLeft / 3600
	if b.Resumed {
		p.say(p.g.words.say("train_resumed", b.Step))
	}
	p.say(p.g.words.say("train_estimate", b.Pictures, b.HeldOut, b.Steps-b.Step, b.SecondsPerStep, duration(b.SecondsLeft)))
	if p.price > 0 {
		p.say(p.g.words.say("train_cost", b.Cost, p.price))
	}
	if f, ok := p.g.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.progress = mpb.New(mpb.WithOutput(p.g.err), mpb.WithWidth(40))
		p.bar = p.progress.AddBar(int64(b.Steps),
			mpb.PrependDecorators(decor.CountersNoUnit("%d/%d"), decor.Any(func(decor.Statistics) string { return fmt.Sprintf("  loss %.4f", p.loss) })),
			mpb.AppendDecorators(decor.OnComplete(decor.AverageETA(decor.ET_STYLE_MMSS), "✓")),
		)
	}
}

// smooth is how much of the moving average a step leaves.
const smooth = 0.95

func (p *courseProgress) step(e event) {
	if p.loss == 0 {
		p.loss = e.Loss
	}
	p.loss = smooth*p.loss + (1-smooth)*e.Loss
	if p.bar != nil {
		p.bar.SetCurrent(int64(e.Step))
		return
	}
	if time.Since(p.said) >= pause || e.Step == e.Steps {
		p.g.note("%s", p.g.words.say("train_step", e.Step, e.Steps, p.loss, duration(e.SecondsLeft)))
		p.said = time.Now()
	}
}

// say writes a message above the bar.
func (p *courseProgress) say(text string) {
	if p.progress == nil {
		p.g.note("%s", text)
		return
	}
	_, _ = p.progress.Write([]byte(text + "\n")) // for people; when the terminal is gone nobody is left to tell
}

// close leaves the bar as it is and gives the terminal back.
func (p *courseProgress) close() {
	if p.progress == nil {
		return
	}
	p.bar.Abort(false) // it may have stopped early
	p.progress.Wait()
}
