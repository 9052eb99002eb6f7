package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"presswerk/internal/art"
)

// How often a live page looks: at once when something happens in this process, but not more often than pause; and
// every beat for what other processes do.
const (
	livePause = 200 * time.Millisecond
	liveBeat  = time.Second
)

// live sends whatever has changed on a run's page, as server-sent events, until the listener leaves. Each look compares
// what the page would be now with what was sent, so a missed event costs nothing.
//
// Source: WHATWG HTML, section 9.2, server-sent events.
func (s *Studio) live(w http.ResponseWriter, r *http.Request) {
	ctx, id := r.Context(), chi.URLParam(r, "run")
	if _, err := s.Line.Run(ctx, id); err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	flush := http.NewResponseController(w)
	events := s.Line.Subscribe(ctx)
	page := livePage{studio: s, run: id, words: words{languageOf(r)}, steps: map[string]making{}, sent: map[string]string{}}
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	for {
		message, err := page.look(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.Logger.Error("live page", "run", id, "error", err)
			}
			return
		}
		if message == "" {
			message = ":\n\n" // keeps proxies from closing the connection
		}
		if _, err := w.Write([]byte(message)); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		if !page.wait(ctx, events, beat.C) {
			return
		}
	}
}

// livePage is what one listener has been sent.
type livePage struct {
	studio *Studio
	run    string
	words  words
	steps  map[string]making // of renderings in progress
	sent   map[string]string // part of the page → its digest
}

// wait returns when there may be something new; false when the listener has left.
func (p *livePage) wait(ctx context.Context, events <-chan art.Event, beat <-chan time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-beat:
		return true
	case e, open := <-events:
		if !open {
			return false
		}
		p.note(e)
	}
	settle := time.NewTimer(livePause)
	defer settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case e, open := <-events:
			if !open {
				return false
			}
			p.note(e)
		case <-settle.C:
			return true
		}
	}
}

// note remembers how far a rendering is: that stands in no record.
func (p *livePage) note(e art.Event) {
	switch {
	case e.Run != p.run || e.Candidate == "":
	case e.Kind == "step":
		p.steps[e.Candidate] = making{e.Step, e.Steps, e.Preview}
	default:
		delete(p.steps, e.Candidate)
	}
}

// look renders the page's parts and gives those that differ from what was sent, as one event; "" when none does. A
// tile that was never sent brings the whole sheet along: so the first look does, and one after a picture was sent back.
func (p *livePage) look(ctx context.Context) (string, error) {
	run, tiles, err := p.studio.sheet(ctx, p.run, p.words, p.steps)
	if err != nil {
		return "", err
	}
	var changed, whole []tile
	for _, t := range tiles {
		if _, known := p.sent[t.ID]; !known {
			whole = tiles
		}
		fresh, err := p.differs(ctx, t.ID, tileView(t))
		if err != nil {
			return "", err
		}
		if fresh {
			changed = append(changed, t)
		}
	}
	if whole != nil {
		changed = nil
	}
	head := &run
	fresh, err := p.differs(ctx, "summary", summary(p.words, run))
	if err != nil {
		return "", err
	}
	if !fresh {
		head = nil
	}
	if head == nil && len(changed)+len(whole) == 0 {
		return "", nil
	}
	var out bytes.Buffer
	if err := changes(p.words, head, changed, whole).Render(ctx, &out); err != nil {
		return "", fmt.Errorf("web: rendering the changes of %s: %w", p.run, err)
	}
	return message(out.String()), nil
}

// differs tells whether a part of the page is not what was sent, and takes it for sent.
func (p *livePage) differs(ctx context.Context, part string, c templ.Component) (bool, error) {
	var out bytes.Buffer
	if err := c.Render(ctx, &out); err != nil {
		return false, fmt.Errorf("web: rendering %s: %w", part, err)
	}
	sum := art.Digest(out.Bytes())
	if p.sent[part] == sum {
		return false, nil
	}
	p.sent[part] = sum
	return true, nil
}

// message writes text as one unnamed server-sent event.
func message(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString("data: " + strings.TrimSuffix(line, "\r") + "\n")
	}
	b.WriteString("\n")
	return b.String()
}
