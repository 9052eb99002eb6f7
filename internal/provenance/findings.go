package provenance

// Sureness is how far a layer's word reaches.
type Sureness string

// The degrees. Proven is what a key that we know has signed over these very bytes. Strong is what can't well be chance, although
// nobody signed these bytes. Said is what anybody could have written. Broken is a signature that doesn't fit. None was looked for and
// not found, and NotAsked was not looked for.
const (
	Proven   Sureness = "proven"
	Strong   Sureness = "strong"
	Said     Sureness = "claimed"
	Broken   Sureness = "broken"
	None     Sureness = "none"
	NotAsked Sureness = "not-asked"
)

// Finding is one layer in short.
type Finding struct {
	Layer string   `json:"layer"` // "c2pa", "metadata", "watermark", "fingerprint", "recovered"
	Sure  Sureness `json:"sure"`
	// Confidence is, of a watermark, the chance that it isn't chance; of a fingerprint, the share of bits that are equal. Of all else it
	// can't be told, and is 0.
	Confidence float64 `json:"confidence,omitempty"`
}

// Doubts, in the order in which they are told.
const (
	DoubtNothing   = "nothing_found"    // no layer knows the picture: neither a yes nor a no
	DoubtSigner    = "signer_unknown"   // the signature holds, and nobody here knows who signed
	DoubtClaimOnly = "only_claimed"     // only metadata say so, which anybody can write
	DoubtChanged   = "what_was_changed" // the pixels were changed; where and by whom isn't known
	DoubtStripped  = "who_stripped"     // the pixels are untouched; who took off the rest isn't known
	DoubtAlike     = "only_alike"       // only likeness led here: it may be another picture's copy or draft
	DoubtNoRecord  = "mark_unknown"     // a mark of this workspace, and no record of the asset
	DoubtBroken    = "why_broken"       // the manifest doesn't fit the file: by an accident or on purpose isn't known
	DoubtNotAsked  = "not_all_asked"    // a layer could not be looked at
)

// printConfidence is how alike two fingerprints are, of 1: unrelated pictures lie at 100 bits and more.
func printConfidence(distance int) float64 { return 1 - float64(distance)/256 }

func findings(v Verification) []Finding {
	l := v.Layers
	c2pa := Finding{Layer: "c2pa", Sure: map[State]Sureness{Trusted: Proven, Valid: Strong, Invalid: Broken, Absent: None}[l.C2PA.State]}
	if !l.C2PA.Available {
		c2pa.Sure = NotAsked
	}
	meta := Finding{Layer: "metadata", Sure: None}
	if l.Metadata.SourceType != "" || l.Metadata.System != "" || l.Metadata.AIGC != nil {
		meta.Sure = Said
	}
	mark := Finding{Layer: "watermark", Sure: None}
	switch {
	case l.Watermark.Found:
		mark.Sure, mark.Confidence = Strong, l.Watermark.Confidence
	case !l.Watermark.Available:
		mark.Sure = NotAsked
	}
	print := Finding{Layer: "fingerprint", Sure: None}
	switch {
	case l.Fingerprint.Match != "":
		print.Sure, print.Confidence = Strong, printConfidence(l.Fingerprint.Distance)
	case !l.Fingerprint.Available:
		print.Sure = NotAsked
	}
	all := []Finding{c2pa, meta, mark, print}
	if r := v.Recovered; r != nil {
		f := Finding{Layer: "recovered", Sure: Broken}
		if r.Holds {
			f.Sure = Strong
		}
		all = append(all, f)
	}
	return all
}

// doubts says what the layers leave open.
func doubts(v Verification) []string {
	l, r := v.Layers, v.Recovered
	all := []string{}
	tell := func(doubt string, is bool) {
		if is {
			all = append(all, doubt)
		}
	}
	found := l.Watermark.Found || l.Fingerprint.Match != "" || r != nil
	tell(DoubtNothing, v.Verdict == Unknown && !found)
	tell(DoubtSigner, l.C2PA.State == Valid)
	tell(DoubtBroken, l.C2PA.State == Invalid)
	tell(DoubtClaimOnly, l.Metadata.SourceType != "" && l.C2PA.State == Absent && !found)
	tell(DoubtChanged, r != nil && r.PixelsChanged)
	tell(DoubtStripped, r != nil && !r.PixelsChanged)
	tell(DoubtAlike, !l.Watermark.Found && (r != nil && (r.By == FoundByPrint || r.By == FoundByLook) || r == nil && l.Fingerprint.Match != "" && l.C2PA.State != Trusted))
	tell(DoubtNoRecord, l.Watermark.Found && l.Watermark.Asset == "" && r == nil)
	tell(DoubtNotAsked, !l.C2PA.Available || !l.Watermark.Available || !l.Fingerprint.Available)
	return all
}
