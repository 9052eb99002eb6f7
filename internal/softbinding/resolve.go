package softbinding

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/library"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
)

// FingerprintAlgorithm is how answers call the fingerprint: Meta's PDQ, 256 bits, most significant bit first. It does not stand on C2PA's
// list of algorithms, as PDQ itself does not.
const FingerprintAlgorithm = "com.presswerk.pdq.1"

// Records is what a resolver asks of the store.
type Records interface {
	Manifest(ctx context.Context, id string) (art.Manifest, error)
	ManifestsOf(ctx context.Context, asset string) ([]art.Manifest, error)
	ManifestsMarked(ctx context.Context, mark uint64) ([]art.Manifest, error)
	ManifestsShowing(ctx context.Context, pixels string) ([]art.Manifest, error)
	ManifestsAfter(ctx context.Context, after int64, count int) ([]art.Manifest, int64, error)
}

// Options introduce a resolver's parts.
type Options struct {
	Records Records
	Blobs   interface {
		Get(ctx context.Context, sum string) ([]byte, error)
	}
	Mark   *watermark.Mark // looks for numbers; nil looks for none
	Search watermark.Search
	// Decode reads the pixels of a picture from elsewhere; nil takes imaging.Decode.
	Decode func(ctx context.Context, data []byte) (*imaging.RGB, error)
	// Alike names the asset whose picture a network finds most like another, with the cosine, or gives art.ErrNotFound; nil asks none.
	// It is asked last, when neither pixels, watermark nor fingerprint lead anywhere.
	Alike func(ctx context.Context, p *imaging.RGB) (asset string, cosine float64, err error)
}

// Resolver is safe for concurrent use.
type Resolver struct {
	o     Options
	index index
}

// New makes a resolver of its parts.
func New(o Options) *Resolver { return &Resolver{o: o} }

// Binding is a soft binding as manifests and queries have it.
type Binding struct {
	Algorithm string
	Value     string // in base64, or as the manifest's own assertion writes it
}

// Match is a manifest that a query leads to.
type Match struct {
	ID    string // label of the manifest
	Score int    // 0..100, 100 for the same
}

// Algorithms are the bindings that can be asked for.
func Algorithms() (watermarks, fingerprints []string) {
	return []string{watermark.Algorithm}, []string{FingerprintAlgorithm}
}

// Check tells what can't be asked for: an unknown algorithm or a value that is none of its own gives art.ErrInvalid.
func (b Binding) Check() error {
	switch b.Algorithm {
	case watermark.Algorithm:
		_, err := b.mark()
		return err
	case FingerprintAlgorithm:
		_, err := b.hash()
		return err
	}
	return art.Invalid("alg", fmt.Sprintf("%q is not supported", b.Algorithm), "ask /services/supportedAlgorithms")
}

// mark reads a watermark's number: 6 bytes in base64, most significant first, or its 12 hexadecimal digits, plain or in base64.
func (b Binding) mark() (uint64, error) {
	raw, err := b.bytes(6)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(append([]byte{0, 0}, raw...)), nil
}

func (b Binding) hash() (h imaging.Hash, err error) {
	raw, err := b.bytes(len(h))
	copy(h[:], raw)
	return h, err
}

// bytes reads a value of so many bytes in base64, in hexadecimal digits, or in hexadecimal digits in base64. The three are never of the
// same length.
func (b Binding) bytes(size int) ([]byte, error) {
	digits := []byte(b.Value)
	if raw, err := base64.StdEncoding.DecodeString(b.Value); err == nil {
		if len(raw) == size {
			return raw, nil
		}
		if len(raw) == 2*size {
			digits = raw
		}
	}
	if len(digits) == 2*size {
		if raw, err := hex.DecodeString(string(digits)); err == nil {
			return raw, nil
		}
	}
	return nil, art.Invalid("value", fmt.Sprintf("is no value of %s", b.Algorithm), fmt.Sprintf("send its %d bytes in base64", size))
}

// ByBinding lists the manifests that a binding leads to, the best first, at most count.
func (r *Resolver) ByBinding(ctx context.Context, b Binding, count int) ([]Match, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	if b.Algorithm == watermark.Algorithm {
		mark, err := b.mark()
		if err != nil {
			return nil, err
		}
		all, err := r.o.Records.ManifestsMarked(ctx, mark)
		return matches(all, count), err
	}
	h, err := b.hash()
	if err != nil {
		return nil, err
	}
	found, err := r.index.within(ctx, r.o.Records, [8]imaging.Hash{h, h, h, h, h, h, h, h}, library.Radius)
	return scored(found, count), err
}

// ByContent lists the manifests that a picture itself leads to: all ways of looking, or one algorithm. What is no picture gives
// art.ErrInvalid. Nothing of the picture is kept.
func (r *Resolver) ByContent(ctx context.Context, data []byte, algorithm string, hint *Binding, count int) ([]Match, error) {
	if algorithm != "" && algorithm != watermark.Algorithm && algorithm != FingerprintAlgorithm {
		return nil, Binding{Algorithm: algorithm}.Check()
	}
	p, err := r.decode(ctx, data)
	if err != nil {
		return nil, err
	}
	if hint != nil {
		if found, err := r.ByBinding(ctx, *hint, count); err != nil || len(found) > 0 {
			return found, err
		}
	}
	hashes, quality, err := imaging.PDQTurned(p)
	if err != nil {
		return nil, fmt.Errorf("softbinding: taking the fingerprint: %w", err)
	}
	c := provenance.Clues{Pixels: provenance.PixelsDigest(p), Hashes: hashes, Quality: quality, Picture: p}
	if algorithm != FingerprintAlgorithm && r.o.Mark != nil {
		found := r.o.Mark.Detect(ctx, p, r.o.Search)
		c.Marked, c.Mark = found.Found, found.ID
	}
	switch algorithm {
	case watermark.Algorithm:
		if !c.Marked {
			return nil, nil
		}
		all, err := r.o.Records.ManifestsMarked(ctx, c.Mark)
		return matches(all, count), err
	case FingerprintAlgorithm:
		found, err := r.alike(ctx, c)
		return scored(found, count), err
	}
	_, found, err := r.ways(ctx, c)
	return scored(found, count), err
}

func (r *Resolver) decode(ctx context.Context, data []byte) (*imaging.RGB, error) {
	if r.o.Decode != nil {
		return r.o.Decode(ctx, data)
	}
	return imaging.Decode(ctx, data, imaging.Limits{})
}

// Manifest gives a kept manifest by its label, the whole store or the active manifest alone.
func (r *Resolver) Manifest(ctx context.Context, id string, activeOnly bool) ([]byte, error) {
	m, err := r.o.Records.Manifest(ctx, id)
	if err != nil {
		return nil, err
	}
	data, err := r.o.Blobs.Get(ctx, m.SHA256)
	if err != nil || !activeOnly {
		return data, err
	}
	whole, err := provenance.ParseManifest(data)
	if err != nil {
		return nil, err
	}
	one, err := whole.ActiveOnly()
	return one.Data, err
}

func matches(all []art.Manifest, count int) []Match {
	hits := make([]hit, len(all))
	for i, m := range all {
		hits[i] = hit{m, 0}
	}
	return scored(hits, count)
}

func scored(all []hit, count int) []Match {
	found := []Match{}
	for _, h := range all[:min(count, len(all))] {
		found = append(found, Match{h.ID, 100 - (h.distance*100+128)/256})
	}
	return found
}

func byDistance(best map[int]int) []int {
	return slices.SortedFunc(maps.Keys(best), func(a, b int) int { return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b)) })
}
