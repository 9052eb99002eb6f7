package judge

import (
	"context"
	"fmt"
	"math"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Fingerprint is the perceptual hash of a picture made earlier.
type Fingerprint struct {
	Candidate string
	Hash      imaging.Hash
}

// Subject is what a panel looks at.
type Subject struct {
	Picture    *imaging.RGB
	Palette    []art.Colour  // the brand's colours
	Background string        // "#rrggbb" that was asked for; "" takes the nearest colour of the palette
	Earlier    []Fingerprint // everything made before
	Reel       *Reel         // of a clip, whose poster is the picture; nil for pictures
}

// Scorer gives one number about a picture. Implementations are safe for concurrent use.
type Scorer interface {
	// Name is how rubrics refer to the score.
	Name() string
	// Score looks at the subject. It fills Value and Evidence; the panel fills in the rest from Scale.
	Score(ctx context.Context, s Subject) (value float64, evidence *art.Evidence, err error)
	// Scale says what the number means.
	Scale() Scale
}

// Scale is what a score's number means.
type Scale struct {
	Version   string
	Unit      string
	Low, High float64
	Direction art.Direction
	Meaning   art.Text
}

// Panel is a list of scorers.
type Panel []Scorer

// DefaultPanel needs no model and no network.
func DefaultPanel() Panel {
	return Panel{sharpness{}, contrast{}, noise{}, palette{}, background{}, subjectSize{}, centring{}, duplicate{}}
}

// Score asks every scorer. One that fails, or gives no finite number, is marked as not available with the reason and
// stops nobody else.
func (p Panel) Score(ctx context.Context, s Subject) []art.Score {
	scores := make([]art.Score, len(p))
	for i, scorer := range p {
		scores[i] = one(ctx, scorer, s)
	}
	return scores
}

func one(ctx context.Context, scorer Scorer, s Subject) art.Score {
	scale, begun := scorer.Scale(), time.Now()
	score := art.Score{
		Scorer: scorer.Name(), Version: scale.Version, Unit: scale.Unit, Low: scale.Low, High: scale.High,
		Direction: scale.Direction, Meaning: scale.Meaning,
	}
	value, evidence, err := scorer.Score(ctx, s)
	switch {
	case ctx.Err() != nil:
		score.Reason = ctx.Err().Error()
	case err != nil:
		score.Reason = err.Error()
	case math.IsNaN(value) || math.IsInf(value, 0):
		score.Reason = fmt.Sprintf("%s gave %v, which is no number to judge by", scorer.Name(), value)
	default:
		score.Available, score.Value, score.Evidence = true, value, evidence
	}
	score.Elapsed = time.Since(begun)
	return score
}
