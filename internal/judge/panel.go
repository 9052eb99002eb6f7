package judge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"presswerk/internal/art"
)

// Memory remembers scores by keys, so that each version of a scorer looks at a picture once. It is safe for concurrent use.
type Memory interface {
	// Recall gives a score that was kept; art.ErrNotFound means that there is none.
	Recall(ctx context.Context, key string) (art.Score, error)
	Keep(ctx context.Context, key string, s art.Score) error
}

// Names are those by which rubrics refer to the panel's scores.
func (p Panel) Names() []string {
	names := make([]string, len(p))
	for i, s := range p {
		names[i] = s.Name()
	}
	return names
}

// Score asks every scorer. One that fails, or gives no finite number, is marked as not available with the reason and
// stops nobody else.
func (p Panel) Score(ctx context.Context, s Subject) []art.Score {
	return p.ScoreAll(ctx, []Subject{s}, nil)[0]
}

// ScoreAll asks every scorer about every subject, several at a time, and gives the scores of each subject in the panel's
// order. What memory knows isn't looked at again; nil remembers nothing. A picture that can't be scored stops no other.
func (p Panel) ScoreAll(ctx context.Context, subjects []Subject, memory Memory) [][]art.Score {
	all := make([][]art.Score, len(subjects))
	shared := make([]Subject, len(subjects))
	turns := make(turns, runtime.GOMAXPROCS(0))
	for i, s := range subjects {
		all[i] = make([]art.Score, len(p))
		s.made = &made{known: map[string]*once{}, turns: turns}
		shared[i] = s
	}
	var workers sync.WaitGroup
	for k, scorer := range slices.Backward(p) { // the panel ends with what takes longest: begun first, it leaves nobody waiting at the end
		var open []int // subjects whose score nobody remembers
		for i, s := range shared {
			if known, ok := recall(ctx, memory, scorer, s); ok {
				all[i][k] = known
			} else {
				open = append(open, i)
			}
		}
		look := func(some []int) func() {
			return func() {
				turns.take()
				defer turns.give()
				for n, score := range ask(ctx, scorer, pick(shared, some)) {
					all[some[n]][k] = score
					keep(ctx, memory, scorer, shared[some[n]], score)
				}
			}
		}
		if _, together := scorer.(Batcher); together && len(open) > 0 {
			workers.Go(look(open))
			continue
		}
		for _, i := range open {
			workers.Go(look([]int{i}))
		}
	}
	workers.Wait()
	return all
}

func pick(all []Subject, some []int) []Subject {
	picked := make([]Subject, len(some))
	for n, i := range some {
		picked[n] = all[i]
	}
	return picked
}

// ask has one scorer look at some subjects.
func ask(ctx context.Context, scorer Scorer, subjects []Subject) []art.Score {
	scale, begun := scorer.Scale(), time.Now()
	findings := make([]Finding, len(subjects))
	if b, ok := scorer.(Batcher); ok {
		findings = b.ScoreAll(ctx, subjects)
	} else {
		for i, s := range subjects {
			f := &findings[i]
			f.Value, f.Evidence, f.Err = scorer.Score(ctx, s)
		}
	}
	scores := make([]art.Score, len(subjects))
	for i, f := range findings {
		scores[i] = art.Score{
			Scorer: scorer.Name(), Version: scale.Version, ModelSHA256: scale.Model, Unit: scale.Unit, Low: scale.Low, High: scale.High,
			Direction: scale.Direction, Meaning: scale.Meaning, Elapsed: time.Since(begun) / time.Duration(len(findings)),
		}
		switch {
		case ctx.Err() != nil:
			scores[i].Reason = ctx.Err().Error()
		case f.Err != nil:
			scores[i].Reason = f.Err.Error()
		case math.IsNaN(f.Value) || math.IsInf(f.Value, 0):
			scores[i].Reason = fmt.Sprintf("%s gave %v, which is no number to judge by", scorer.Name(), f.Value)
		default:
			scores[i].Available, scores[i].Value, scores[i].Evidence = true, f.Value, f.Evidence
		}
	}
	return scores
}

// recall gives the score that memory has. A memory that fails is a memory that has none.
func recall(ctx context.Context, m Memory, scorer Scorer, s Subject) (art.Score, bool) {
	key, ok := key(scorer, s)
	if m == nil || !ok {
		return art.Score{}, false
	}
	score, err := m.Recall(ctx, key)
	return score, err == nil
}

// keep remembers a score that is one. One that couldn't be measured is tried again next time.
func keep(ctx context.Context, m Memory, scorer Scorer, s Subject, score art.Score) {
	key, ok := key(scorer, s)
	if m == nil || !ok || !score.Available {
		return
	}
	_ = m.Keep(ctx, key, score) // it's measured again then
}

// key names what a score depends on: scorer, version, model, picture, and whatever else the scorer looks at.
func key(scorer Scorer, s Subject) (string, bool) {
	if s.SHA256 == "" {
		return "", false
	}
	scale := scorer.Scale()
	parts := []any{scorer.Name(), scale.Version, scale.Model, s.SHA256}
	if d, ok := scorer.(Dependent); ok {
		facts, known := d.Depends(s)
		if !known {
			return "", false
		}
		parts = append(parts, facts)
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), true
}
