package judge

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Reference is a picture of something that other pictures are to show. It is safe for concurrent use.
type Reference struct {
	SHA256  string
	Picture *imaging.RGB
	once    sync.Once
	vector  []float32
	err     error
}

// unit is the picture's unit vector. All who ask have the same network.
func (r *Reference) unit(ctx context.Context, e Embedding) ([]float32, error) {
	r.once.Do(func() {
		v, err := e.Pictures.Embed(context.WithoutCancel(ctx), r.Picture)
		if r.err = err; err == nil {
			r.vector, r.err = unit(v)
		}
	})
	return r.vector, r.err
}

// sameness is how much a picture is like the reference for a product or character.
type sameness struct{ e Embedders }

// Name implements Scorer.
func (sameness) Name() string { return "series_identity" }

// Scale implements Scorer.
func (i sameness) Scale() Scale {
	return Scale{Version: "1", Model: i.e.Embedder().SHA256, Unit: "cosine", Low: 0, High: 1, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How close the picture lies to the reference for product or character, as cosine; what counts as the same differs by network, so calibrate it.",
		"de": "Wie nah das Bild der Vorlage für Produkt oder Figur liegt, als Kosinus; was als dasselbe gilt, hängt vom Netz ab und ist zu kalibrieren.",
	}}
}

// Depends implements Dependent.
func (sameness) Depends(s Subject) (any, bool) {
	if s.Identity == nil {
		return "", true
	}
	return s.Identity.SHA256, true
}

// Score implements Scorer.
func (i sameness) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Identity == nil {
		return 0, nil, fmt.Errorf("judge: nobody names a reference; write its path as identity into brief or kit: %w", art.ErrUnavailable)
	}
	open, err := i.e.Open()
	if err != nil {
		return 0, nil, err
	}
	reference, err := s.Identity.unit(ctx, open)
	if err != nil {
		return 0, nil, err
	}
	v, err := embeddingOf(ctx, s, i.e)
	if err != nil {
		return 0, nil, err
	}
	cos, err := cosine(v, reference)
	if err != nil {
		return 0, nil, err
	}
	return max(0, cos), &art.Evidence{Match: "sha256:" + s.Identity.SHA256, Details: map[string]any{"embedder": i.e.Embedder().Name, "embedder_sha256": i.e.Embedder().SHA256, "cosine": round(cos, 4)}}, nil
}

// Look is what an engine's pictures look like where nobody says how they should: unit vectors of one network.
type Look struct {
	Name    string // of the set
	Model   string // SHA-256 of the network
	Names   []string
	Vectors [][]float32
}

// Bounds of a look: how many neighbours are taken, and how few pictures say nothing.
const (
	lookNeighbours = 3
	leastLook      = 8
)

// houseLook is how typical a picture is of an engine's default look.
type houseLook struct{ e Embedders }

// Name implements Scorer.
func (houseLook) Name() string { return "house_look" }

// Scale implements Scorer.
func (h houseLook) Scale() Scale {
	return Scale{Version: "1", Model: h.e.Embedder().SHA256, Unit: "rank", Low: 0, High: 1, Direction: art.LowerIsBetter, Meaning: art.Text{
		"en": "How typical the picture is of an engine's default look: the share of that look's own pictures that lie farther from the rest than this one does. 0 is unlike all of them; from 0.5 on it could be one.",
		"de": "Wie typisch das Bild für das Standardaussehen einer Engine ist: Anteil ihrer Bilder, die weiter von den übrigen liegen als dieses. 0 gleicht keinem; ab 0,5 könnte es eines sein.",
	}}
}

// Depends implements Dependent: sets grow, so the word on them isn't remembered.
func (houseLook) Depends(Subject) (any, bool) { return nil, false }

// Score implements Scorer. How near a picture is to a look is its mean cosine to the three nearest of its pictures; its rank
// is that among the same numbers of the look's own pictures, each against the others. The highest of all looks counts.
func (h houseLook) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	if len(s.Looks) == 0 {
		return 0, nil, fmt.Errorf("judge: nobody says what engines' pictures look like; keep some that were made from plain prompts with 'presswerk duplicates add --look SET FILE...': %w", art.ErrUnavailable)
	}
	v, err := embeddingOf(ctx, s, h.e)
	if err != nil {
		return 0, nil, err
	}
	best, evidence, few := -1.0, &art.Evidence{}, 0
	for _, look := range s.Looks {
		if len(look.Vectors) < leastLook || look.Model != h.e.Embedder().SHA256 {
			few++
			continue
		}
		near, at, err := look.near(v, -1)
		if err != nil {
			return 0, nil, err
		}
		rank := 0.0
		for n, own := range look.Vectors {
			if other, _, err := look.near(own, n); err == nil && other < near {
				rank += 1 / float64(len(look.Vectors))
			}
		}
		if rank > best {
			best, evidence.Match = rank, look.Name+"/"+look.Names[at]
			evidence.Details = map[string]any{"look": look.Name, "cosine": round(near, 4), "pictures": len(look.Vectors), "embedder": h.e.Embedder().Name}
		}
	}
	if best < 0 {
		return 0, nil, fmt.Errorf("judge: %d looks have fewer than %d pictures, or were kept with another network: %w", few, leastLook, art.ErrUnavailable)
	}
	return best, evidence, nil
}

// near is the mean cosine to the nearest pictures of a look but one, and which is the nearest.
func (l Look) near(v []float32, but int) (mean float64, at int, err error) {
	var all []float64
	best := -2.0
	for n, o := range l.Vectors {
		if n == but {
			continue
		}
		cos, err := cosine(v, o)
		if err != nil {
			return 0, 0, err
		}
		if cos > best {
			best, at = cos, n
		}
		all = append(all, cos)
	}
	slices.Sort(all)
	all = all[max(0, len(all)-lookNeighbours):]
	for _, cos := range all {
		mean += cos / float64(len(all))
	}
	return mean, at, nil
}
