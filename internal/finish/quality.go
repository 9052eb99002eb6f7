package finish

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/imaging/ssimulacra2"
)

// Scores of SSIMULACRA 2 that decide about files.
const (
	defaultScore = 82.0 // what lossy files reach where the brand says nothing: not told apart side by side at 1:1
	equalScore   = 90.0 // what a palette must reach to pass for the picture itself
	leastScore   = 60.0 // where a byte budget gives up instead of making a picture ugly
	nearScore    = 0.8  // how far above the target the search is content
)

// trial is a way to encode a picture and what came of it on the sample.
type trial struct {
	imaging.Encoding
	bytes int
	score float64 // 100 where nothing is lost; NaN where the picture is too small to be measured
}

// lossless tells whether no quality had to be chosen.
func (t trial) lossless() bool {
	return t.Lossless || t.Format == imaging.PNG && !t.Palette || t.Format == imaging.TIFF
}

// coding is what the record says beside quality and score.
func (t trial) coding() string {
	switch {
	case t.lossless():
		return "lossless"
	case t.Palette:
		return "palette"
	case t.Format == imaging.JPEG && t.Subsample:
		return "4:2:0"
	case t.Format == imaging.JPEG:
		return "4:4:4"
	default:
		return ""
	}
}

// ruler measures encodings of one picture: trials on its sample, and files on all of it.
type ruler struct {
	sample   sample
	small    *imaging.RGB
	original *ssimulacra2.Reference // of the sample; nil where the picture is too small
	full     *ssimulacra2.Reference // of all of the picture; nil where the sample is all of it, or where it is too large
	flatters float64                // by how many points the sample scores better than the whole picture
	flat     bool                   // most neighbours are equal: lossless coding may be the smaller one
	grained  bool                   // files carry a hidden number, which is grain that lossless coding and palettes are bad at
}

// Above mostWhole pixels a picture is measured on its sample only, and what samples flatter by is taken off unseen: it was
// 2 points of a photograph and 6 of a drawing.
const (
	mostWhole   = 16 << 20
	flatteredBy = 4.0
)

func newRuler(ctx context.Context, p *imaging.RGB, grained bool) (*ruler, error) {
	r := &ruler{sample: sampleOf(p), grained: grained}
	r.small = r.sample.of(p)
	r.flat = flatness(r.small) > 0.5
	if min(r.small.Width, r.small.Height) < 8 {
		return r, nil
	}
	var err error
	if r.original, err = ssimulacra2.New(r.small); err != nil || len(r.sample.corners) == 0 {
		return r, err
	}
	if p.Width*p.Height > mostWhole {
		r.flatters = flatteredBy
		return r, nil
	}
	if r.full, err = ssimulacra2.New(p); err == nil {
		err = r.compare(ctx, p)
	}
	return r, err
}

// compare finds what the sample flatters by: the seams between its tiles hide faults at coarse scales. One JPEG file tells, as it is
// much the same for all formats.
func (r *ruler) compare(ctx context.Context, p *imaging.RGB) error {
	e := start(imaging.JPEG, imaging.Web)
	t, err := r.try(ctx, e)
	if err != nil {
		return err
	}
	data, err := imaging.Encode(p, e)
	if err != nil {
		return err
	}
	whole, err := r.whole(ctx, data)
	r.flatters = t.score - whole
	return err
}

// flatness is the share of pixels that equal the one before.
func flatness(p *imaging.RGB) float64 {
	equal := 0
	for i := 3; i < len(p.Pix); i += 3 {
		if p.Pix[i] == p.Pix[i-3] && p.Pix[i+1] == p.Pix[i-2] && p.Pix[i+2] == p.Pix[i-1] {
			equal++
		}
	}
	return float64(equal) / float64(max(1, p.Width*p.Height))
}

// whole measures a file of the picture.
func (r *ruler) whole(ctx context.Context, data []byte) (float64, error) {
	if r.original == nil {
		return math.NaN(), nil
	}
	p, err := imaging.Decode(ctx, data, imaging.Limits{})
	if err != nil {
		return 0, err
	}
	return r.copied(p)
}

// copied measures a copy of the picture.
func (r *ruler) copied(p *imaging.RGB) (float64, error) {
	switch {
	case r.original == nil:
		return math.NaN(), nil
	case r.full != nil:
		return r.full.Score(p)
	default:
		score, err := r.original.Score(r.sample.of(p))
		return score - r.flatters, err
	}
}

// part measures a file of the sample.
func (r *ruler) part(ctx context.Context, data []byte) (float64, error) {
	if r.original == nil {
		return math.NaN(), nil
	}
	p, err := imaging.Decode(ctx, data, imaging.Limits{})
	if err != nil {
		return 0, err
	}
	score, err := r.original.Score(p)
	return score - r.flatters, err
}

// try encodes the sample.
func (r *ruler) try(ctx context.Context, e imaging.Encoding) (trial, error) {
	e.XMP = nil
	data, err := imaging.Encode(r.small, e)
	if err != nil {
		return trial{}, err
	}
	t := trial{Encoding: e, bytes: len(data), score: 100}
	if !t.lossless() {
		t.score, err = r.part(ctx, data)
	}
	return t, err
}

// ceiling is the quality above which a format spends bytes on nothing that is seen: what it cannot keep then, such as the colour
// resolution that WebP halves, it never keeps.
func ceiling(f imaging.Format) int {
	return map[imaging.Format]int{imaging.AVIF: 95, imaging.WebP: 94, imaging.JPEG: 96, imaging.JXL: 98}[f]
}

// start is the encoding that a search begins with, at a usual quality for about 82.
func start(f imaging.Format, use imaging.Use) imaging.Encoding {
	quality := map[imaging.Format]int{imaging.AVIF: 68, imaging.WebP: 86, imaging.JPEG: 86, imaging.JXL: 84}[f]
	return imaging.Encoding{Format: f, Quality: quality, Effort: use.Effort(f)}
}

// best finds the encoding of a format with the fewest bytes that reaches the target, beginning at from.
func (r *ruler) best(ctx context.Context, from imaging.Encoding, target float64) (trial, error) {
	switch from.Format {
	case imaging.AVIF, imaging.JXL:
		return r.seek(ctx, from, target)
	case imaging.WebP:
		return r.bestWebP(ctx, from, target)
	case imaging.JPEG:
		return r.bestJPEG(ctx, from, target)
	case imaging.PNG:
		return r.bestPNG(ctx, from)
	default:
		return trial{Encoding: from, score: 100}, nil
	}
}

// bestWebP takes lossless coding where it is the smaller one.
func (r *ruler) bestWebP(ctx context.Context, from imaging.Encoding, target float64) (trial, error) {
	lossy, err := r.seek(ctx, from, target)
	if err != nil || !r.flat || r.grained {
		return lossy, err
	}
	from.Lossless = true
	exact, err := r.try(ctx, from)
	if err != nil || exact.bytes >= lossy.bytes {
		return lossy, err
	}
	exact.Quality = 0
	return exact, nil
}

// bestJPEG decides about colour resolution by bytes, which edges between flat colours decide otherwise than photographs.
func (r *ruler) bestJPEG(ctx context.Context, from imaging.Encoding, target float64) (trial, error) {
	full, err := r.seek(ctx, from, target)
	if err != nil {
		return full, err
	}
	from.Subsample = true
	half, err := r.seek(ctx, from, target)
	if err != nil || half.score < min(target, full.score) || half.bytes >= full.bytes {
		return full, err
	}
	return half, nil
}

// bestPNG takes a palette where nobody sees it and it is smaller.
func (r *ruler) bestPNG(ctx context.Context, from imaging.Encoding) (trial, error) {
	exact, err := r.try(ctx, from)
	if err != nil || r.original == nil || r.grained {
		return exact, err
	}
	from.Palette, from.Quality = true, 100
	few, err := r.try(ctx, from)
	if err != nil || few.score < equalScore || few.bytes >= exact.bytes {
		return exact, err
	}
	return few, nil
}

// seek finds the lowest quality of an encoding that reaches the target.
func (r *ruler) seek(ctx context.Context, e imaging.Encoding, target float64) (trial, error) {
	if r.original == nil {
		return r.try(ctx, e)
	}
	var found trial
	err := secant(e.Quality, ceiling(e.Format), target, func(quality int) (float64, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		e.Quality = quality
		t, err := r.try(ctx, e)
		if better(t.score, found.score, target) {
			found = t
		}
		return t.score, err
	})
	return found, err
}

// better prefers what reaches the target with the least to spare, and short of it what comes nearest.
func better(score, best, target float64) bool {
	if best >= target {
		return score >= target && score < best
	}
	return score > best
}

// A search takes at most this many encodings; scores rise by about two thirds of a point for each point of quality.
const (
	mostTrials = 5
	usualSlope = 0.7
)

// secant looks for the lowest quality up to most whose score reaches the target, in few trials. It ends where a score is at most
// nearScore above; try remembers what is wanted of what it saw.
func secant(quality, most int, target float64, try func(quality int) (float64, error)) error {
	low, high := 0, most+1 // qualities known to miss and to reach the target
	lowScore, highScore := 0.0, 0.0
	for n := 1; ; n++ {
		score, err := try(quality)
		if err != nil {
			return err
		}
		if score >= target {
			high, highScore = quality, score
		} else {
			low, lowScore = quality, score
		}
		if high-low <= 1 || n == mostTrials || high == quality && score-target <= nearScore {
			return nil
		}
		slope := usualSlope
		if low > 0 && high <= most {
			slope = max(0.05, (highScore-lowScore)/float64(high-low))
		}
		step := (target + nearScore/2 - score) / slope
		quality = min(high-1, max(low+1, quality+int(math.Round(step)), quality-25))
	}
}

// cheaper finds the best quality whose sample has at most share of the bytes of the one before. One that falls below what can
// be shown gives art.ErrInvalid.
func (r *ruler) cheaper(ctx context.Context, t trial, share float64) (trial, error) {
	low, high := 1, t.Quality // low is taken where nothing better fits
	limit, found := int(share*float64(t.bytes)), trial{}
	for low < high {
		e := t.Encoding
		e.Quality = (low + high) / 2
		next, err := r.try(ctx, e)
		if err != nil {
			return t, err
		}
		if next.bytes <= limit {
			low, found = e.Quality+1, next
		} else {
			high = e.Quality
		}
	}
	if found.bytes == 0 || found.score < leastScore {
		return t, fmt.Errorf("the picture would score below %.0f: %w", leastScore, art.ErrInvalid)
	}
	return found, nil
}
