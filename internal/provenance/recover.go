package provenance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Clues are what a picture itself says about which one it is, when everything beside the pixels is gone.
type Clues struct {
	Pixels  string // see PixelsDigest
	Marked  bool   // whether a watermark was found
	Mark    uint64 // its number
	Hashes  [8]imaging.Hash
	Quality int          // of the hashes, 0..100; below 50 they say little
	Picture *imaging.RGB // for those who look at it in another way
}

// Kept is a manifest out of a store, with what led to it.
type Kept struct {
	Manifest
	Asset    string // of the workspace
	File     string // the file that it was made for
	Pixels   string // digest of that file's pixels; "" where nobody took it
	By       string // FoundByPixels, FoundByMark, FoundByPrint or FoundByLook
	Distance int    // bits of 256 between the fingerprints, where it was found by them
}

// How a kept manifest is found.
const (
	FoundByPixels = "pixels"      // every pixel is the same
	FoundByMark   = "watermark"   // the number in the pixels
	FoundByPrint  = "fingerprint" // PDQ
	FoundByLook   = "embedding"   // a network finds the pictures alike
)

// Recovered is a manifest that a file has lost and a store has kept.
type Recovered struct {
	ID       string `json:"id"` // label of the manifest
	Asset    string `json:"asset"`
	File     string `json:"file"` // the published file that it was signed for
	By       string `json:"by"`   // what led to it
	Distance int    `json:"distance,omitempty"`
	// PixelsChanged tells whether the pixels are others than those that were signed. Without it only what stood beside them is gone.
	PixelsChanged bool   `json:"pixels_changed"`
	Manifest      Report `json:"manifest"` // as validated against this file: its hash never fits
	Holds         bool   `json:"holds"`    // whether nothing else is wrong with it
	History       []Step `json:"history"`  // as the manifest tells it
}

// Sentence names what is to be said of it: that the pixels were changed, that they are the same, or that the manifest doesn't hold.
func (r Recovered) Sentence() string {
	switch {
	case !r.Holds:
		return "recovered_broken"
	case r.PixelsChanged:
		return "recovered_changed"
	}
	return "recovered_same"
}

// PixelsDigest is the SHA-256 of 8-bit RGB pixels with their size, in lower-case hex: equal for equal pictures in whatever file.
func PixelsDigest(p *imaging.RGB) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d×%d\n", p.Width, p.Height)
	h.Write(p.Pix)
	return hex.EncodeToString(h.Sum(nil))
}

// cluesOf collects what can be looked up.
func cluesOf(p *imaging.RGB, mark WatermarkLayer, number uint64) (Clues, error) {
	hashes, quality, err := imaging.PDQTurned(p)
	if err != nil {
		return Clues{}, fmt.Errorf("provenance: taking the fingerprint: %w", err)
	}
	return Clues{PixelsDigest(p), mark.Found, number, hashes, quality, p}, nil
}

// recovered asks the store for the manifest that a file has lost; nil where it has none.
func recovered(ctx context.Context, file []byte, mime string, clues Clues, o VerifyOptions) (*Recovered, error) {
	kept, err := o.Recover(ctx, clues)
	if errors.Is(err, art.ErrNotFound) {
		return nil, nil //nolint:nilnil // nothing is found, which is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("provenance: looking for a kept manifest: %w", err)
	}
	r := &Recovered{
		ID: kept.Label, Asset: kept.Asset, File: kept.File, By: kept.By, Distance: kept.Distance,
		PixelsChanged: kept.By != FoundByPixels && kept.Pixels != clues.Pixels, History: []Step{},
		Manifest: Report{State: Absent, Codes: []string{}},
	}
	if o.Library == nil {
		return r, nil
	}
	if r.Manifest, err = o.Library.ReadDetached(ctx, mime, file, kept.Manifest, o.Anchors); err != nil {
		return nil, err
	}
	r.Holds = r.Manifest.OnlyTheFileChanged() || r.Manifest.State == Trusted
	history, err := o.Library.History(ctx, mime, file, kept.Manifest)
	r.History = append(r.History, history...)
	return r, err
}
