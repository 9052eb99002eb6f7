package main

import (
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// transfers shows files on their way: a bar for each on a terminal, a line now and then elsewhere.
type transfers struct {
	g        *globals
	progress *mpb.Progress // nil elsewhere than on a terminal
	bars     map[string]*mpb.Bar
	said     time.Time
}

func newTransfers(g *globals) *transfers {
	t := &transfers{g: g, bars: map[string]*mpb.Bar{}, said: time.Now()}
	if f, ok := g.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.progress = mpb.New(mpb.WithOutput(g.err), mpb.WithWidth(40))
	}
	return t
}

// show implements modelstore.Progress.
func (t *transfers) show(file string, done, total int64) {
	if t.progress == nil {
		if time.Since(t.said) >= pause && total > 0 {
			t.g.note("%s %d/%d MB", file, done/1e6, total/1e6)
			t.said = time.Now()
		}
		return
	}
	bar := t.bars[file]
	if bar == nil {
		bar = t.progress.AddBar(total,
			mpb.PrependDecorators(decor.Name(file, decor.WCSyncSpaceR), decor.CountersKibiByte("% .1f / % .1f", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.OnComplete(decor.AverageETA(decor.ET_STYLE_MMSS), "✓")),
		)
		t.bars[file] = bar
	}
	bar.SetTotal(total, total >= 0 && done >= total)
	bar.SetCurrent(done)
}

// say writes a message above the bars.
func (t *transfers) say(text string) {
	if t.progress == nil {
		t.g.note("%s", text)
		return
	}
	_, _ = t.progress.Write([]byte(text + "\n")) // for people; when the terminal is gone nobody is left to tell
}

// close leaves the bars as they are and gives the terminal back.
func (t *transfers) close() {
	if t.progress == nil {
		return
	}
	for _, bar := range t.bars {
		bar.Abort(false)
	}
	t.progress.Wait()
	t.progress = nil
}
