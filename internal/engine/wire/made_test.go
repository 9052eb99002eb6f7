package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

func drawn(t testing.TB) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A service answers looks and gives files; what is heard of it is what happens to a job that was paid for.
func TestJobsAreWatched(t *testing.T) {
	file := drawn(t)
	for name, test := range map[string]struct {
		looks   []string // answers to looks; the last one stays
		want    error
		says    string
		unknown bool
		told    []int
	}{
		"well":          {[]string{"0", "0.4", "0.2", "done"}, nil, "", false, []int{40, 100}},
		"a page":        {[]string{"page", "done"}, nil, "", false, []int{100}},
		"slow":          {[]string{"slow", "done"}, nil, "", false, []int{100}},
		"always slow":   {[]string{"slow"}, art.ErrUnavailable, "no answer for", true, nil},
		"lost":          {[]string{"0", "404"}, art.ErrNotFound, "status 404", false, nil},
		"key taken":     {[]string{"401"}, art.ErrRefused, "key", false, nil},
		"failed":        {[]string{"0.9", "failed"}, art.ErrUnavailable, "out of memory", false, []int{90}},
		"another file":  {[]string{"text"}, art.ErrUnavailable, "no picture", true, []int{100}},
		"expired":       {[]string{"old"}, art.ErrNotFound, "no longer", false, []int{100, 100}},
		"expired, once": {[]string{"old", "done"}, nil, "", false, []int{100, 100}},
	} {
		var c *Client
		var looks atomic.Int32
		c = serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/look" {
				give(w, r.URL.Path, file)
				return
			}
			word := test.looks[min(int(looks.Add(1))-1, len(test.looks)-1)]
			answer(w, r, word)
		})
		var told []int
		patience := time.Minute
		if strings.Contains(name, "slow") {
			patience = 20 * time.Millisecond
		}
		look := func(ctx context.Context) (State, error) { return see(ctx, c) }
		w := Service{Now: time.Now, Pauses: Pauses{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}, Patience: patience}.
			Watcher(c, func(step, _ int) { told = append(told, step) }, look)
		p, err := w.Picture(context.Background(), art.Size{Width: 3, Height: 4})
		if !errors.Is(err, test.want) || test.says != "" && !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) != test.unknown {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (len(p.Notes) != 1 || p.Width != 3) {
			t.Errorf("%s: notes %q", name, p.Notes)
		}
		if !slices.Equal(told, test.told) {
			t.Errorf("%s: told %v, want %v", name, told, test.told)
		}
	}
}

func give(w http.ResponseWriter, path string, file []byte) {
	switch path {
	case "/done":
		_, _ = w.Write(file)
	case "/text":
		_, _ = w.Write([]byte("hello"))
	default:
		w.WriteHeader(http.StatusForbidden)
	}
}

func answer(w http.ResponseWriter, r *http.Request, word string) {
	switch word {
	case "page":
		_, _ = w.Write([]byte("<html>"))
	case "slow":
		<-r.Context().Done()
	case "404":
		w.WriteHeader(http.StatusNotFound)
	case "401":
		w.WriteHeader(http.StatusUnauthorized)
	default:
		fmt.Fprintf(w, "%q", word)
	}
}

func see(ctx context.Context, c *Client) (State, error) {
	var word string
	if err := c.JSON(ctx, http.MethodGet, "/look", nil, &word); err != nil {
		return State{}, err
	}
	switch word {
	case "failed":
		return State{Failure: &Error{Engine: "example", Message: "out of memory", Kind: art.ErrUnavailable}}, nil
	case "done", "text", "old":
		return State{Done: true, Files: []string{"/" + word}}, nil
	}
	var progress float64
	_, err := fmt.Sscan(word, &progress)
	return State{Progress: progress}, err
}

// Who stops waiting hears that, and not that something is lost.
func TestWatchingEnds(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	})
	w := Service{Now: time.Now, Pauses: Pauses{Sleep: Sleep}}.Watcher(c, nil, func(ctx context.Context) (State, error) { return see(ctx, c) })
	if _, err := w.Clip(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("%v", err)
	}
}

func TestPercent(t *testing.T) {
	for log, want := range map[string]float64{
		"": 0, "loading": 0, "  4%|▍ | 1/28\n 42%|████▏ | 12/28": 0.42, "100%|███| 28/28": 1, "900%|": 1, "50% of memory": 0,
	} {
		if got := Percent(log); got != want {
			t.Errorf("%q: %v, want %v", log, got, want)
		}
	}
}

func TestRetired(t *testing.T) {
	now := time.Date(2026, 8, 17, 0, 0, 0, 0, time.UTC)
	for day, gone := range map[string]bool{"": false, "2026-08-16": true, "2026-08-17": true, "2026-08-18": false} {
		err := Retired("old", day, "new", now)
		if (err != nil) != gone || gone && (!errors.Is(err, art.ErrUnsupported) || !strings.Contains(err.Error(), "names new instead")) {
			t.Errorf("%q: %v", day, err)
		}
	}
}

func TestPicturesInsideRequests(t *testing.T) {
	file := drawn(t)
	s := Service{Name: "example", Open: func(_ context.Context, sum string) ([]byte, error) {
		switch sum {
		case "ab":
			return file, nil
		case "cd":
			return []byte("text"), nil
		}
		return nil, art.ErrNotFound
	}}
	if uri, err := s.DataURI(context.Background(), "init_image", "sha256:ab", 1000); err != nil || !strings.HasPrefix(uri, "data:image/png;base64,iVBOR") {
		t.Errorf("%.40s, %v", uri, err)
	}
	for sum, want := range map[string]error{"sha256:cd": art.ErrInvalid, "sha256:ef": art.ErrNotFound} {
		if _, err := s.DataURI(context.Background(), "init_image", sum, 1000); !errors.Is(err, want) {
			t.Errorf("%s: %v", sum, err)
		}
	}
	if _, err := s.DataURI(context.Background(), "init_image", "sha256:ab", 50); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "init_image") {
		t.Errorf("one that is too large: %v", err)
	}
	s.Open = nil
	if _, err := s.DataURI(context.Background(), "init_image", "sha256:ab", 1000); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("nobody opens: %v", err)
	}
}

func TestBases(t *testing.T) {
	for _, base := range []string{"", "example.com", "ftp://example.com", "https://"} {
		if _, err := (Service{Name: "example", Base: base}).Client(nil); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%q: %v", base, err)
		}
	}
}
