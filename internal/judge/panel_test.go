package judge_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

// counting counts how often it looks, and gives the length of the prompt. It dislikes pictures called "bad".
type counting struct {
	looks *atomic.Int32
	scale judge.Scale
}

func (counting) Name() string         { return "counting" }
func (c counting) Scale() judge.Scale { return c.scale }

func (c counting) Depends(s judge.Subject) (any, bool) { return s.Prompt, s.Prompt != "secret" }

func (c counting) Score(_ context.Context, s judge.Subject) (float64, *art.Evidence, error) {
	c.looks.Add(1)
	if s.SHA256 == "bad" {
		return 0, nil, errors.New("can't look at it")
	}
	return float64(len(s.Prompt)), &art.Evidence{Text: s.Prompt}, nil
}

// together gives each subject the number of those that came with it.
type together struct{ counting }

func (together) Name() string { return "together" }

func (c together) ScoreAll(_ context.Context, subjects []judge.Subject) []judge.Finding {
	c.looks.Add(1)
	all := make([]judge.Finding, len(subjects))
	for i := range all {
		all[i].Value = float64(len(subjects))
	}
	return all
}

// memory is a judge.Memory.
type memory struct {
	mu    sync.Mutex
	known map[string]art.Score
}

func (m *memory) Recall(_ context.Context, key string) (art.Score, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.known[key]
	if !ok {
		return s, fmt.Errorf("no score: %w", art.ErrNotFound)
	}
	return s, nil
}

func (m *memory) Keep(_ context.Context, key string, s art.Score) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[key] = s
	return nil
}

func TestAPictureIsLookedAtOnceByEachVersion(t *testing.T) {
	var looks atomic.Int32
	m := &memory{known: map[string]art.Score{}}
	ask := func(scale judge.Scale, s judge.Subject) art.Score {
		return judge.Panel{counting{&looks, scale}}.ScoreAll(t.Context(), []judge.Subject{s}, m)[0][0]
	}
	one := judge.Scale{Version: "1", Model: "a"}
	for i, c := range []struct {
		scale judge.Scale
		s     judge.Subject
		looks int32
	}{
		{one, judge.Subject{SHA256: "x", Prompt: "fox"}, 1},
		{one, judge.Subject{SHA256: "x", Prompt: "fox"}, 1},
		{one, judge.Subject{SHA256: "y", Prompt: "fox"}, 2},                                   // another picture
		{one, judge.Subject{SHA256: "x", Prompt: "wolf"}, 3},                                  // something else that it looks at
		{judge.Scale{Version: "2", Model: "a"}, judge.Subject{SHA256: "x", Prompt: "fox"}, 4}, // another version
		{judge.Scale{Version: "1", Model: "b"}, judge.Subject{SHA256: "x", Prompt: "fox"}, 5}, // another network
		{one, judge.Subject{Prompt: "fox"}, 6},                                                // nobody knows which picture it is
		{one, judge.Subject{Prompt: "fox"}, 7},
		{one, judge.Subject{SHA256: "x", Prompt: "secret"}, 8}, // what it depends on can't be told
		{one, judge.Subject{SHA256: "x", Prompt: "secret"}, 9},
		{one, judge.Subject{SHA256: "bad", Prompt: "fox"}, 10},
		{one, judge.Subject{SHA256: "bad", Prompt: "fox"}, 11}, // a failure isn't remembered
	} {
		got := ask(c.scale, c.s)
		if looks.Load() != c.looks {
			t.Fatalf("question %d: looked %d times, not %d", i, looks.Load(), c.looks)
		}
		if want := c.s.SHA256 != "bad"; got.Available != want || want && got.Value != float64(len(c.s.Prompt)) {
			t.Errorf("question %d: %+v", i, got)
		}
	}
}

func TestABadPictureStopsNoOther(t *testing.T) {
	var looks atomic.Int32
	all := judge.Panel{counting{&looks, judge.Scale{Version: "1"}}}.ScoreAll(t.Context(), []judge.Subject{{SHA256: "a", Prompt: "x"}, {SHA256: "bad"}, {SHA256: "b", Prompt: "xyz"}}, nil)
	if a, bad, b := all[0][0], all[1][0], all[2][0]; !a.Available || bad.Available || bad.Reason == "" || b.Value != 3 {
		t.Errorf("%+v", all)
	}
}

func TestABatchLooksAtWhatIsNewTogether(t *testing.T) {
	var looks atomic.Int32
	m := &memory{known: map[string]art.Score{}}
	panel := judge.Panel{together{counting{&looks, judge.Scale{Version: "1"}}}}
	panel.ScoreAll(t.Context(), []judge.Subject{{SHA256: "a"}}, m)
	all := panel.ScoreAll(t.Context(), []judge.Subject{{SHA256: "a"}, {SHA256: "b"}, {SHA256: "c"}}, m)
	if looks.Load() != 2 || all[0][0].Value != 1 || all[1][0].Value != 2 || all[2][0].Value != 2 {
		t.Errorf("looked %d times: %+v", looks.Load(), all)
	}
}
