package judge

import (
	"context"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Fingerprint is the perceptual hash of a picture made earlier.
type Fingerprint struct {
	Candidate string
	Hash      imaging.Hash
}

// Known finds the picture made earlier that looks most alike. It is safe for concurrent use.
type Known interface {
	// Nearest gives the picture whose hash differs in the fewest bits from any of some hashes.
	Nearest(hashes ...imaging.Hash) Resemblance
}

// Resemblance is the picture most alike that is known.
type Resemblance struct {
	Match    string // "" is none
	Distance int    // in bits of 256; 256 where there is none
	Which    int    // of the hashes
	Compared int    // how many pictures are known
}

// Fingerprints are few pictures known by their hash, the first made first.
type Fingerprints []Fingerprint

// Nearest implements Known.
func (all Fingerprints) Nearest(hashes ...imaging.Hash) Resemblance {
	r := Resemblance{Distance: 8 * len(imaging.Hash{}), Compared: len(all)}
	for k, h := range hashes {
		for _, f := range all {
			if d := h.Distance(f.Hash); d < r.Distance {
				r.Match, r.Distance, r.Which = f.Candidate, d, k
			}
		}
	}
	return r
}

// Subject is what a panel looks at.
type Subject struct {
	Picture    *imaging.RGB
	SHA256     string       // of the picture's bytes; a Memory remembers nothing of a picture without
	Prompt     string       // what was asked for; "" where nobody knows
	Texts      []string     // words that shall stand in the picture; nil says nothing of words
	Palette    []art.Colour // the brand's colours
	Background string       // "#rrggbb" that was asked for; "" takes the nearest colour of the palette
	Forbidden  []art.Colour // colours that the brand excludes
	Layout     art.Layout   // how the brand's pictures are built
	Logo       *Logo        // the brand's; nil where it has none
	Identity   *Reference   // the product or character that it is to show; nil where nobody names one
	Looks      []Look       // what engines' pictures look like by default; nil where nobody says
	Earlier    Known        // everything made before; nil is nothing
	References Known        // pictures given as references; nil where nobody named any
	Excluded   Known        // pictures that nothing may resemble; nil where nobody named any
	Reel       *Reel        // of a clip, whose poster is the picture; nil for pictures

	// Embedded is told the picture's unit vector and the SHA-256 of its network, where some scorer makes it; nil isn't told.
	Embedded func(model string, vector []float32)

	made *made
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

// Dependent scorers look at more of a subject than its picture.
type Dependent interface {
	// Depends gives what else the number depends on, as something that JSON writes in one way only; ok is false where that
	// can't be told, and the score is then never remembered.
	Depends(s Subject) (facts any, ok bool)
}

// Batcher scorers look at several pictures at a time for less than at one after the other.
type Batcher interface {
	// ScoreAll gives one finding for each subject, in their order.
	ScoreAll(ctx context.Context, subjects []Subject) []Finding
}

// Finding is what a scorer says of one picture.
type Finding struct {
	Value    float64
	Evidence *art.Evidence
	Err      error
}

// Scale is what a score's number means.
type Scale struct {
	Version   string
	Model     string // SHA-256 of the network that looks; "" where none does
	Unit      string
	Low, High float64
	Direction art.Direction
	Meaning   art.Text
}

// Panel is a list of scorers.
type Panel []Scorer

// DefaultPanel needs no model and no network.
func DefaultPanel() Panel {
	return Panel{
		sharpness{},
		contrast{},
		noise{},
		palette{},
		background{},
		subjectSize{},
		centring{},
		duplicate{},
		onBrand{},
		forbidden{},
		thirds{},
		headroom{},
		copySpace{},
		references(),
		excluded(),
		blocking{},
		banding{},
		halos{},
		oversaturation{},
		clipping{},
		moire{},
		seams{},
		tilingSeam{},
		onSubject{},
		onProduct{},
	}
}
