package judge

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// duplicate is the distance to the picture made earlier that looks most alike.
type duplicate struct{}

// Name implements Scorer.
func (duplicate) Name() string { return "duplicate" }

// Scale implements Scorer.
func (duplicate) Scale() Scale {
	return Scale{Version: "1", Unit: "bits of 256", Low: 0, High: 256, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "PDQ distance to the most similar picture made earlier; up to 31 they count as the same picture.",
		"de": "PDQ-Abstand zum ähnlichsten früheren Bild; bis 31 gelten sie als dasselbe Bild.",
	}}
}

// Depends implements Dependent: what was made earlier grows, so the word on duplicates isn't remembered.
func (duplicate) Depends(Subject) (any, bool) { return nil, false }

// Score implements Scorer.
func (duplicate) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	hashes, err := pdqOf(s)
	if err != nil {
		return 0, nil, err
	}
	hash, quality := hashes.turned[0], hashes.quality
	best := Resemblance{Distance: 8 * len(hash)}
	if s.Earlier != nil {
		best = s.Earlier.Nearest(hash)
	}
	return float64(best.Distance), &art.Evidence{Match: best.Match, Details: map[string]any{"pdq": hash.String(), "pdq_quality": quality, "compared": best.Compared}}, nil
}

// likeness is the distance to the picture most alike of named sets, however a candidate is turned.
type likeness struct {
	name    string
	set     func(s Subject) Known
	missing string // what to do where there is no set
	meaning art.Text
}

// excluded looks at sets of pictures that nothing may resemble, such as other brands' works.
func excluded() likeness {
	return likeness{
		"excluded", func(s Subject) Known { return s.Excluded }, "no set of pictures is excluded; make one with 'presswerk duplicates add --exclude SET FILE...'",
		art.Text{
			"en": "PDQ distance to the most similar of the pictures that nothing may resemble, turned and mirrored too; up to 31 it is one of them.",
			"de": "PDQ-Abstand zum ähnlichsten der Bilder, denen nichts gleichen darf, auch gedreht und gespiegelt; bis 31 ist es eines davon.",
		},
	}
}

// references looks at sets of pictures that were given as references.
func references() likeness {
	return likeness{
		"references", func(s Subject) Known { return s.References }, "there is no set of references; make one with 'presswerk duplicates add SET FILE...'",
		art.Text{
			"en": "PDQ distance to the most similar reference, turned and mirrored too; up to 31 it is a copy of it.",
			"de": "PDQ-Abstand zur ähnlichsten Vorlage, auch gedreht und gespiegelt; bis 31 ist es eine Kopie davon.",
		},
	}
}

// Name implements Scorer.
func (l likeness) Name() string { return l.name }

// Scale implements Scorer.
func (l likeness) Scale() Scale {
	return Scale{Version: "1", Unit: "bits of 256", Low: 0, High: 256, Direction: art.HigherIsBetter, Meaning: l.meaning}
}

// Depends implements Dependent: sets grow, so the word on them isn't remembered.
func (likeness) Depends(Subject) (any, bool) { return nil, false }

// Score implements Scorer.
func (l likeness) Score(_ context.Context, s Subject) (float64, *art.Evidence, error) {
	set := l.set(s)
	if set == nil {
		return 0, nil, fmt.Errorf("judge: %s: %w", l.missing, art.ErrUnavailable)
	}
	hashes, err := pdqOf(s)
	if err != nil {
		return 0, nil, err
	}
	best := set.Nearest(hashes.turned[:]...)
	return float64(best.Distance), &art.Evidence{Match: best.Match, Details: map[string]any{
		"turned": imaging.Turns()[best.Which], "pdq_quality": hashes.quality, "compared": best.Compared,
	}}, nil
}

// hashed are a picture's hashes in the order of imaging.Turns.
type hashed struct {
	turned  [8]imaging.Hash
	quality int
}

func pdqOf(s Subject) (hashed, error) {
	return of(s, "pdq", func() (h hashed, err error) {
		h.turned, h.quality, err = imaging.PDQTurned(s.Picture)
		return h, err
	})
}
