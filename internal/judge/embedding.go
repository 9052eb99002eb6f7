package judge

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/model"
	"presswerk/internal/vision"
)

// Embedding is a network that turns pictures into vectors and, where it has a side for words, words into the same space.
type Embedding struct {
	Pictures *vision.Embedder
	Words    *vision.TextEmbedder // nil where the network reads nothing
}

// Taste is a head that rates pictures, and the network over whose unit vectors it was trained.
type Taste struct {
	Pictures *vision.Embedder
	Head     model.Linear
}

// EmbedderName says which network embeds.
type EmbedderName struct {
	Name   string
	SHA256 string // of the network for pictures; "" where it isn't here
	Words  string // SHA-256 of the network for words; "" where there is none
}

// Embedders open the networks that embed. It is safe for concurrent use.
type Embedders interface {
	// Embedder is the one that is configured, or the first that is here.
	Embedder() EmbedderName
	// Open gives it. None gives art.ErrUnavailable and what to do.
	Open() (Embedding, error)
	// Taste gives the head for aesthetics. None gives art.ErrUnavailable and what to do.
	Taste() (Taste, error)
	// TasteSHA256 is that of the head's file; "" where it isn't here.
	TasteSHA256() string
}

// embeddingScorers are those that look at pictures as one vector.
func embeddingScorers(e Embedders) Panel {
	return Panel{promptFit{e}, aesthetic{e}, sameness{e}, houseLook{e}}
}

// embeddingOf is the picture's unit vector.
func embeddingOf(ctx context.Context, s Subject, e Embedders) ([]float32, error) {
	return of(s, "embedding", func() ([]float32, error) {
		v, err := Vector(ctx, s.Picture, e)
		if err == nil && s.Embedded != nil {
			s.Embedded(e.Embedder().SHA256, v)
		}
		return v, err
	})
}

// Vector is a picture's unit vector. Without a network it gives art.ErrUnavailable and what to do.
func Vector(ctx context.Context, p *imaging.RGB, e Embedders) ([]float32, error) {
	open, err := e.Open()
	if err != nil {
		return nil, err
	}
	v, err := open.Pictures.Embed(ctx, p)
	if err != nil {
		return nil, err
	}
	return unit(v)
}

// unit brings a vector to length 1.
func unit(v []float32) ([]float32, error) {
	squares := 0.0
	for _, f := range v {
		squares += float64(f) * float64(f)
	}
	if !(squares > 0) || math.IsInf(squares, 0) {
		return nil, fmt.Errorf("judge: the network for embeddings gave no direction: %w", art.ErrUnsupported)
	}
	u := make([]float32, len(v))
	for i, f := range v {
		u[i] = float32(float64(f) / math.Sqrt(squares))
	}
	return u, nil
}

// cosine is that of the angle between unit vectors of one network.
func cosine(a, b []float32) (float64, error) {
	if len(a) != len(b) {
		return 0, fmt.Errorf("judge: vectors of %d and %d numbers aren't of one network: %w", len(a), len(b), art.ErrUnsupported)
	}
	sum := 0.0
	for i, f := range a {
		sum += float64(f) * float64(b[i])
	}
	return sum, nil
}

// promptFit is how well a picture fits the words that were asked for.
type promptFit struct{ e Embedders }

// Name implements Scorer.
func (promptFit) Name() string { return "clip" }

// Scale implements Scorer.
func (c promptFit) Scale() Scale {
	return Scale{Version: "1", Model: c.e.Embedder().SHA256, Unit: "cosine × 100", Low: 0, High: 100, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "CLIPScore: how close the picture lies to the words that were asked for, max(100·cosine, 0). Real pairs seldom reach 40; compare only with the same network.",
		"de": "CLIPScore: wie nah das Bild den verlangten Worten liegt, max(100·Kosinus, 0). Echte Paare erreichen selten 40; nur mit demselben Netz vergleichbar.",
	}}
}

// Depends implements Dependent.
func (c promptFit) Depends(s Subject) (any, bool) {
	return []string{s.Prompt, c.e.Embedder().Words}, true
}

// Score implements Scorer: max(100·cos, 0), as in torchmetrics' CLIPScore. Hessel et al. 2021, "CLIPScore: a reference-free
// evaluation metric for image captioning", give w·max(cos, 0) with w = 2.5, which is this number by 40.
func (c promptFit) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	if s.Prompt == "" {
		return 0, nil, fmt.Errorf("judge: nobody says what was asked for: %w", art.ErrUnavailable)
	}
	open, err := c.e.Open()
	if err != nil {
		return 0, nil, err
	}
	if open.Words == nil {
		return 0, nil, fmt.Errorf("judge: the network %s reads no words: %w", c.e.Embedder().Name, art.ErrUnavailable)
	}
	picture, err := embeddingOf(ctx, s, c.e)
	if err != nil {
		return 0, nil, err
	}
	raw, dropped, err := open.Words.Embed(ctx, s.Prompt)
	if err != nil {
		return 0, nil, err
	}
	words, err := unit(raw)
	if err != nil {
		return 0, nil, err
	}
	cos, err := cosine(picture, words)
	if err != nil {
		return 0, nil, err
	}
	name := c.e.Embedder()
	details := map[string]any{"embedder": name.Name, "embedder_sha256": name.SHA256, "words_sha256": name.Words, "cosine": round(cos, 4)}
	if dropped != "" {
		details["words_that_did_not_fit"] = dropped
	}
	return math.Max(100*cos, 0), &art.Evidence{Text: s.Prompt, Details: details}, nil
}

// aesthetic is how well people would like a picture, as LAION's head says.
type aesthetic struct{ e Embedders }

// Name implements Scorer.
func (aesthetic) Name() string { return "aesthetic" }

// Scale implements Scorer.
func (a aesthetic) Scale() Scale {
	return Scale{Version: "1", Model: a.e.TasteSHA256(), Unit: "points", Low: 1, High: 10, Direction: art.HigherIsBetter, Meaning: art.Text{
		"en": "How much people would like the picture, foretold by LAION's head; most pictures have 4 to 6. It knows the taste of its voters only.",
		"de": "Wie sehr das Bild gefallen würde, vorhergesagt von LAIONs Kopf; die meisten Bilder haben 4 bis 6. Er kennt nur den Geschmack derer, die abstimmten.",
	}}
}

// Score implements Scorer: the head over the unit vector of CLIP ViT-L/14, as in christophschuhmann/improved-aesthetic-predictor.
func (a aesthetic) Score(ctx context.Context, s Subject) (float64, *art.Evidence, error) {
	taste, err := a.e.Taste()
	if err != nil {
		return 0, nil, err
	}
	v, err := taste.Pictures.Embed(ctx, s.Picture)
	if err != nil {
		return 0, nil, err
	}
	if v, err = unit(v); err != nil {
		return 0, nil, err
	}
	points, err := taste.Head.Of(v)
	if err != nil {
		return 0, nil, err
	}
	return points, &art.Evidence{Details: map[string]any{"head_sha256": a.e.TasteSHA256()}}, nil
}
