package provenance

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

// Answer is what all layers of a file say together.
type Answer string

// The answers. Unknown says neither yes nor no: no layer knows anything.
const (
	AIGenerated Answer = "ai-generated"
	AIEdited    Answer = "ai-edited"
	Unknown     Answer = "unknown"
	Tampered    Answer = "tampered"
)

// Verification is the answer with what each layer says.
type Verification struct {
	Verdict   Answer     `json:"verdict"`
	Layers    Layers     `json:"layers"`
	Recovered *Recovered `json:"recovered,omitempty"` // the manifest that the file has lost, where it was kept
	History   []Step     `json:"history"`             // as the file's own manifest tells it
	Findings  []Finding  `json:"findings"`            // each layer, and how sure what it says is
	Unsure    []string   `json:"unsure"`              // what nobody knows in spite of all that; see Doubts
}

// Layers are the four places where a file can say where it comes from.
type Layers struct {
	C2PA        C2PALayer        `json:"c2pa"`
	Metadata    MetadataLayer    `json:"metadata"`
	Watermark   WatermarkLayer   `json:"watermark"`
	Fingerprint FingerprintLayer `json:"fingerprint"`
}

// C2PALayer is the signed manifest. Available is false when the library is missing; the state is then Absent.
type C2PALayer struct {
	Available bool   `json:"available"`
	Reason    string `json:"reason,omitempty"`
	Report
}

// MetadataLayer is the XMP packet, which anybody can write or remove.
type MetadataLayer struct {
	SourceType string `json:"digital_source_type"`
	System     string `json:"ai_system,omitempty"`
	Credit     string `json:"credit,omitempty"`
	License    string `json:"license,omitempty"`
	Alt        string `json:"alt,omitempty"`
	DataMining string `json:"data_mining,omitempty"`
	Prompt     string `json:"prompt,omitempty"`
	AIGC       *AIGC  `json:"aigc,omitempty"`   // China's implicit label
	Reason     string `json:"reason,omitempty"` // why it could not be read
}

// WatermarkLayer is the invisible mark in the pixels.
type WatermarkLayer struct {
	Available  bool    `json:"available"`
	Reason     string  `json:"reason,omitempty"` // why it could not be looked for
	Found      bool    `json:"found"`
	ID         string  `json:"id"`              // the number, in hexadecimal
	Asset      string  `json:"asset,omitempty"` // the asset of this workspace that has it
	Confidence float64 `json:"confidence"`      // that it isn't chance
	Scale      float64 `json:"scale,omitempty"` // canonical pixels for each pixel of the file
	Angle      float64 `json:"angle,omitempty"` // degrees by which it was turned
	Mirrored   bool    `json:"mirrored,omitempty"`
}

// FingerprintLayer compares the picture with those that were made here.
type FingerprintLayer struct {
	Available bool   `json:"available"`
	Reason    string `json:"reason,omitempty"` // why it could not be taken
	Hash      string `json:"hash,omitempty"`
	Match     string `json:"match"`    // the candidate that looks the same, or ""
	Distance  int    `json:"distance"` // bits of 256 to it; −1 without a match
}

// Lookup finds the picture made here whose fingerprint is nearest, with the distance in bits.
type Lookup func(ctx context.Context, hash imaging.Hash) (match string, distance int, err error)

// VerifyOptions tells what to verify against. All may be missing; the layer concerned then says so.
type VerifyOptions struct {
	Library *Library
	Anchors string // PEM of trusted roots
	Lookup  Lookup
	Mark    *watermark.Mark                                                // looks for numbers in pixels; nil looks for none
	Search  watermark.Search                                               // how far it looks
	Numbers func(ctx context.Context, id uint64) (asset string, err error) // whose number it is, "" where nobody knows; nil knows none
	Read    imaging.Read                                                   // reads pictures, which may be anybody's; nil reads them in this process
	Poster  func(ctx context.Context, clip []byte) (*imaging.RGB, error)   // the frame of a clip that was fingerprinted
	Recover func(ctx context.Context, c Clues) (Kept, error)               // finds a kept manifest, or gives art.ErrNotFound; nil keeps none
}

// nearEnough is Meta's threshold for two PDQ hashes of the same picture.
const nearEnough = 31

// Verify asks every layer of a file and sums them up: a broken manifest is Tampered, whatever else is said; a manifest
// or metadata that names a model gives AIGenerated or AIEdited; else the answer is Unknown. A file that is neither a picture
// nor a clip (MP4, WebM) gives art.ErrInvalid.
func Verify(ctx context.Context, data []byte, o VerifyOptions) (Verification, error) {
	kind, xmp, look := clipType(data), clipXMP(data), o.Poster
	if kind == "" {
		p, info, damage := o.Read.OrHere()(ctx, data, imaging.Limits{})
		if damage != nil && info.Format == "" {
			return Verification{}, fmt.Errorf("provenance: verifying: %w", damage)
		}
		kind, xmp = info.Format.MIME(), info.XMP
		look = func(context.Context, []byte) (*imaging.RGB, error) { return p, damage } // a damaged file still has the other layers
	}
	v := Verification{Verdict: Unknown, History: []Step{}}
	var err error
	if v.Layers.C2PA, err = manifestLayer(ctx, data, kind, o); err != nil {
		return v, err
	}
	v.Layers.Metadata = metadataLayer(xmp)
	look = once(look)
	if v.Layers.Fingerprint, err = fingerprintLayer(ctx, data, look, o.Lookup); err != nil {
		return v, err
	}
	if v.Layers.C2PA.State == Trusted || v.Layers.C2PA.State == Valid {
		o.Search = watermark.Search{} // nobody has turned or cut it since it was signed, so the long search would find nothing more than the manifest says
	}
	if v.Layers.Watermark, err = watermarkLayer(ctx, data, look, o); err != nil {
		return v, err
	}
	if err := v.past(ctx, data, kind, look, o); err != nil {
		return v, err
	}
	v.Verdict = sumUp(v)
	v.Findings, v.Unsure = findings(v), doubts(v)
	return v, nil
}

// past finds out how the picture came to be: from its own manifest, or from one that was kept where it has lost it.
func (v *Verification) past(ctx context.Context, data []byte, kind string, look looker, o VerifyOptions) error {
	if o.Library != nil && v.Layers.C2PA.State != Absent {
		history, err := o.Library.History(ctx, kind, data, Manifest{})
		if err != nil {
			return err
		}
		v.History = append(v.History, history...)
	}
	if o.Recover == nil || look == nil || v.Layers.C2PA.State == Trusted || v.Layers.C2PA.State == Valid {
		return nil
	}
	p, err := look(ctx, data)
	if err != nil {
		return nil //nolint:nilerr // a damaged file has no clues; its layers say so
	}
	number, _ := strconv.ParseUint(v.Layers.Watermark.ID, 16, 64) // without a mark there is none
	clues, err := cluesOf(p, v.Layers.Watermark, number)
	if err != nil {
		return err
	}
	v.Recovered, err = recovered(ctx, data, kind, clues, o)
	return err
}

// looker reads a file's pixels.
type looker = func(context.Context, []byte) (*imaging.RGB, error)

// once reads the pixels a single time for all layers, which ask one after the other.
func once(look looker) looker {
	if look == nil {
		return nil
	}
	var p *imaging.RGB
	var err error
	asked := false
	return func(ctx context.Context, data []byte) (*imaging.RGB, error) {
		if !asked {
			p, err = look(ctx, data)
			asked = true
		}
		return p, err
	}
}

func sumUp(v Verification) Answer {
	l := v.Layers
	if l.C2PA.State == Invalid {
		return Tampered
	}
	said := slices.Concat(l.C2PA.SourceTypes, []string{l.Metadata.SourceType})
	if v.Recovered != nil && v.Recovered.Holds {
		said = append(said, v.Recovered.Manifest.SourceTypes...)
	}
	switch {
	case slices.Contains(said, Composite):
		return AIEdited
	case slices.Contains(said, Generated), l.Watermark.Found:
		return AIGenerated
	default:
		return Unknown
	}
}

func watermarkLayer(ctx context.Context, data []byte, look looker, o VerifyOptions) (WatermarkLayer, error) {
	if o.Mark == nil || look == nil {
		return WatermarkLayer{Reason: "there is no key to look with"}, nil
	}
	p, err := look(ctx, data)
	if err != nil {
		return WatermarkLayer{Reason: err.Error()}, nil //nolint:nilerr // the other layers still say what they know
	}
	found := o.Mark.Detect(ctx, p, o.Search)
	l := WatermarkLayer{Available: true, Found: found.Found}
	if !found.Found {
		return l, nil
	}
	l.ID, l.Confidence, l.Scale, l.Angle, l.Mirrored = watermark.Name(found.ID), found.Confidence(), found.Scale, found.Angle, found.Mirrored
	if o.Numbers != nil {
		l.Asset, err = o.Numbers(ctx, found.ID)
	}
	return l, err
}

func manifestLayer(ctx context.Context, data []byte, kind string, o VerifyOptions) (C2PALayer, error) {
	if o.Library == nil {
		return C2PALayer{Reason: "the C2PA library is missing; run 'make setup'", Report: Report{State: Absent, Codes: []string{}}}, nil
	}
	r, err := o.Library.Read(ctx, kind, data, o.Anchors)
	if err != nil {
		return C2PALayer{}, err
	}
	if r.Codes == nil {
		r.Codes = []string{}
	}
	return C2PALayer{Available: true, Report: r}, nil
}

func metadataLayer(packet []byte) MetadataLayer {
	if len(packet) == 0 {
		return MetadataLayer{}
	}
	m, err := ParsePacket(packet)
	if err != nil {
		return MetadataLayer{Reason: err.Error()}
	}
	l := MetadataLayer{
		SourceType: m.SourceType, System: m.System, Credit: m.Credit, License: m.WebStatement, Alt: m.Alt.In("en"),
		DataMining: m.DataMining, Prompt: m.Prompt,
	}
	if m.AIGC.Label != "" {
		l.AIGC = &m.AIGC
	}
	return l
}

func fingerprintLayer(ctx context.Context, data []byte, look looker, lookup Lookup) (FingerprintLayer, error) {
	if look == nil {
		return FingerprintLayer{Reason: "nobody looks into clips here", Distance: -1}, nil
	}
	p, err := look(ctx, data)
	if err != nil {
		if ctx.Err() != nil {
			return FingerprintLayer{}, fmt.Errorf("provenance: taking the fingerprint: %w", err)
		}
		return FingerprintLayer{Reason: err.Error(), Distance: -1}, nil // a damaged file still has the other layers
	}
	hash, _, err := imaging.PDQ(p)
	if err != nil {
		return FingerprintLayer{}, fmt.Errorf("provenance: taking the fingerprint: %w", err)
	}
	layer := FingerprintLayer{Hash: hash.String(), Distance: -1}
	if lookup == nil {
		return layer, nil
	}
	layer.Available = true
	match, distance, err := lookup(ctx, hash)
	if err != nil {
		return layer, fmt.Errorf("provenance: looking the fingerprint up: %w", err)
	}
	if match != "" && distance <= nearEnough {
		layer.Match, layer.Distance = match, distance
	}
	return layer, nil
}
