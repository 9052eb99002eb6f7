package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// State is what a look at a job shows.
type State struct {
	Done     bool
	Failure  error    // the job ended without a result, for certain
	Progress float64  // 0..1
	Files    []string // addresses of what was made
	Notes    []string
	Price    float64 // what the service says that it charged; 0 where it says nothing
	Currency string  // of Price, ISO 4217
	Answer   []byte  // as it came, for the record
}

// Watcher looks at jobs and fetches what they made.
type Watcher struct {
	Client   *Client
	Pauses   Pauses
	Patience time.Duration // for one look
	Now      func() time.Time
	Progress engine.Progress // nil: nobody listens
	Look     func(ctx context.Context) (State, error)
}

// steps are what a job's progress is told in.
const steps = 100

// Picture waits for the one picture of a job. What was asked for, as far as somebody knows, is compared.
func (w Watcher) Picture(ctx context.Context, asked art.Size) (engine.Picture, error) {
	begun := w.Now()
	data, state, err := w.file(ctx)
	if err != nil {
		return engine.Picture{}, err
	}
	p, err := w.Client.Picture(data)
	if err != nil {
		return p, paid(err)
	}
	p.Notes, p.Elapsed = state.Notes, w.Now().Sub(begun)
	p.Price, p.Currency, p.Answer = state.Price, state.Currency, w.Client.Keep(state.Answer)
	if asked != (art.Size{}) {
		p = Asked(p, art.Recipe{Width: asked.Width, Height: asked.Height})
	}
	return p, nil
}

// Clip waits for the one clip of a job. Its bytes stay as they are.
func (w Watcher) Clip(ctx context.Context) (engine.Clip, error) {
	begun := w.Now()
	data, state, err := w.file(ctx)
	if err != nil {
		return engine.Clip{}, err
	}
	if len(data) < 12 || !bytes.Equal(data[4:8], []byte("ftyp")) {
		return engine.Clip{}, paid(fmt.Errorf("%s: what it sent is no MP4 (%s): %w", w.Client.Name, w.Client.redact(beginning(data)), art.ErrUnavailable))
	}
	return engine.Clip{Bytes: data, MIME: "video/mp4", Notes: state.Notes, Elapsed: w.Now().Sub(begun)}, nil
}

// paid marks the loss of what a job had made: asking for it again would cost again.
func paid(err error) error { return fmt.Errorf("%w: it was paid for: %w", err, engine.ErrUnknown) }

// file waits for a job's end and fetches its file. A link that has expired is asked for anew, once.
func (w Watcher) file(ctx context.Context) (data []byte, state State, err error) {
	for range 2 {
		if state, err = w.end(ctx); err != nil {
			return nil, state, err
		}
		if len(state.Files) != 1 {
			return nil, state, paid(fmt.Errorf("%s: the job made %d files instead of one: %w", w.Client.Name, len(state.Files), art.ErrUnavailable))
		}
		if data, err = w.fetch(ctx, state.Files[0]); err == nil {
			return data, state, nil
		} else if !errors.Is(err, art.ErrNotFound) {
			return nil, state, err
		}
	}
	return nil, state, fmt.Errorf("%s: the service keeps the result no longer: %w", w.Client.Name, art.ErrNotFound)
}

// end watches a job until it has ended.
func (w Watcher) end(ctx context.Context) (state State, err error) {
	told := 0
	err = w.Pauses.Poll(ctx, func(ctx context.Context) (bool, error) {
		seen, err := patient(ctx, w.Patience, w.Look)
		if err != nil {
			return false, err
		}
		state = seen
		if state.Done && state.Failure == nil {
			state.Progress = 1
		}
		if step := int(min(max(state.Progress, 0), 1) * steps); step > told && w.Progress != nil {
			told = step
			w.Progress(step, steps)
		}
		return state.Done || state.Failure != nil, nil
	})
	if err == nil {
		return state, state.Failure
	}
	if errors.Is(err, art.ErrUnavailable) {
		return state, fmt.Errorf("%w: the job may have ended well: %w", err, engine.ErrUnknown)
	}
	return state, err
}

// patient makes an unavailability of what takes too long, as long as the caller himself isn't in a hurry.
func patient[T any](ctx context.Context, most time.Duration, call func(context.Context) (T, error)) (T, error) {
	limited, stop := context.WithTimeout(ctx, most)
	defer stop()
	v, err := call(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no answer for %s: %s: %w", most, err.Error(), art.ErrUnavailable) // the end of our patience isn't the caller's
	}
	return v, err
}

// Percent finds how far a model says that it is, in the progress bars that it logs: 0..1, and 0 where it says nothing.
func Percent(log string) float64 {
	found := regexp.MustCompile(`(\d{1,3})%\|`).FindAllStringSubmatch(log, -1)
	if len(found) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(found[len(found)-1][1]) // up to three digits
	return min(float64(n)/100, 1)
}

// fetch gets a file that a job made. Art.ErrNotFound says that its link leads nowhere any more.
func (w Watcher) fetch(ctx context.Context, address string) (data []byte, err error) {
	err = w.Pauses.Poll(ctx, func(ctx context.Context) (bool, error) {
		got, err := patient(ctx, 10*w.Patience, func(ctx context.Context) (Answer, error) {
			return w.Client.Do(ctx, Request{Method: http.MethodGet, Path: address})
		})
		data = got.Body
		return err == nil, err
	})
	var said *Error
	switch {
	case err == nil:
		return data, nil
	case errors.As(err, &said) && (said.Status == http.StatusForbidden || said.Status == http.StatusNotFound || said.Status == http.StatusGone || said.Status == http.StatusUnauthorized):
		return nil, fmt.Errorf("%s: the link to the result has expired: %w", w.Client.Name, art.ErrNotFound)
	case errors.Is(err, art.ErrUnavailable):
		return nil, paid(err)
	}
	return nil, err
}
