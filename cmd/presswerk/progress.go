package main

import (
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"presswerk/internal/art"
)

// bars shows a run's progress: bars with estimates on a terminal, a line now and then elsewhere.
type bars struct {
	g        *globals
	progress *mpb.Progress // nil elsewhere than on a terminal
	bar      map[string]*mpb.Bar
	last     map[string]int
	said     time.Time
}

// pause is how long the plain lines wait for each other.
const pause = 5 * time.Second

func newBars(g *globals, run art.RunView) *bars {
	b := &bars{g: g, bar: map[string]*mpb.Bar{}, last: map[string]int{}, said: time.Now()}
	f, ok := g.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return b
	}
	b.progress = mpb.New(mpb.WithOutput(g.err), mpb.WithWidth(40))
	b.add("stage_render", run.Progress.Candidates, run.Progress.Rendered)
	b.add("stage_judge", run.Progress.Candidates, run.Progress.Judged)
	return b
}

func (b *bars) add(stage string, total, done int) {
	b.bar[stage] = b.progress.AddBar(int64(total),
		mpb.PrependDecorators(decor.Name(b.g.words.say(stage), decor.WCSyncSpaceR), decor.CountersNoUnit("%d/%d", decor.WCSyncSpace)),
		mpb.AppendDecorators(decor.OnComplete(decor.AverageETA(decor.ET_STYLE_MMSS), "✓")),
	)
	b.bar[stage].SetRefill(int64(done))
	b.bar[stage].SetCurrent(int64(done))
}

// show brings the bars to where the run is.
func (b *bars) show(p art.Progress) {
	stages := []struct {
		name        string
		done, total int
	}{
		{"stage_render", p.Rendered, p.Candidates},
		{"stage_judge", p.Judged, p.Candidates},
		{"stage_finish", p.Assets, p.Approved},
	}
	plain := b.progress == nil && time.Since(b.said) >= pause
	for _, s := range stages {
		if s.total == 0 {
			continue
		}
		if b.progress != nil {
			if b.bar[s.name] == nil {
				b.add(s.name, s.total, s.done)
			}
			b.bar[s.name].SetTotal(int64(s.total), false)
			b.bar[s.name].SetCurrent(int64(s.done))
			continue
		}
		if s.done != b.last[s.name] && (plain || s.done == s.total) {
			b.g.note("%s %d/%d", b.g.words.say(s.name), s.done, s.total)
			b.last[s.name], b.said = s.done, time.Now()
		}
	}
}

// close leaves the bars as they are and gives the terminal back.
func (b *bars) close() {
	if b.progress == nil {
		return
	}
	for _, bar := range b.bar {
		bar.Abort(false)
	}
	b.progress.Wait()
}
