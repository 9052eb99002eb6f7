package provenance

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// overwritten replaces bytes of a file.
func overwritten(data []byte, at int, text string) []byte {
	data = bytes.Clone(data)
	copy(data[at:], text)
	return data
}

// Files of others, whole and tampered with: what each must be, with C2PA's own codes. The changes to Adobe's file are those of C2PA's
// public test files E-dat-CA, E-sig-CA and E-uri-CA.
func TestFilesOfOthers(t *testing.T) {
	l, root := library(t), string(fixture(t, "root.pem"))
	ours, adobe := identity(t), fixture(t, "adobe_CA.jpg")
	own, err := sign(t.Context(), l, ours, "image/png", picture(t, imaging.PNG), generated())
	if err != nil {
		t.Fatal(err)
	}
	const untrusted = "signingCredential.untrusted"
	for name, c := range map[string]struct {
		data    []byte
		anchors string
		verdict Answer
		state   State
		codes   []string // all that was found, but for the responder that nobody asked
	}{
		"an AI picture, unknown signer": {fixture(t, "signed.jpg"), "", AIGenerated, Valid, []string{untrusted}},
		"an AI picture, another root":   {fixture(t, "signed.jpg"), ours.Root, AIGenerated, Valid, []string{untrusted}},
		"JPEG":                          {fixture(t, "signed.jpg"), root, AIGenerated, Trusted, nil},
		"PNG":                           {fixture(t, "signed.png"), root, AIGenerated, Trusted, nil},
		"WebP":                          {fixture(t, "signed.webp"), root, AIGenerated, Trusted, nil},
		"AVIF":                          {fixture(t, "signed.avif"), root, AIGenerated, Trusted, []string{"assertion.bmffHash.additionalExclusionsPresent"}},
		"time-stamped":                  {fixture(t, "ts.jpg"), root + string(fixture(t, "tsa_root.pem")), AIGenerated, Trusted, nil},
		"time-stamped by somebody":      {fixture(t, "ts.jpg"), root, AIGenerated, Trusted, []string{"timeStamp.untrusted"}},
		"pixels changed":                {fixture(t, "tampered.jpg"), root, Tampered, Invalid, []string{"assertion.dataHash.mismatch"}},
		"metadata changed":              {fixture(t, "xmp_edited_after_signing.jpg"), root, Tampered, Invalid, []string{"assertion.dataHash.mismatch"}},
		"another picture's manifest":    {onePixel(t, own), ours.Root, Tampered, Invalid, []string{"assertion.dataHash.mismatch"}},
		"Adobe's, edited by people":     {adobe, "", Unknown, Valid, []string{untrusted}},
		"Adobe's, data changed":         {overwritten(adobe, 126650, "deadbeef"), "", Tampered, Invalid, []string{"assertion.dataHash.mismatch", untrusted}},
		"Adobe's, signature changed":    {overwritten(adobe, 107821, "xxxxxx"), "", Tampered, Invalid, []string{"claimSignature.mismatch", untrusted, "timeStamp.mismatch"}},
		"Adobe's, an assertion changed": {overwritten(adobe, 107467, "deadbeef"), "", Tampered, Invalid, []string{"assertion.hashedURI.mismatch", untrusted}},
		"a manifest cut off":            {own[:len(own)/2], ours.Root, Tampered, Invalid, nil},
		"a picture with no word":        {picture(t, imaging.WebP), ours.Root, AIGenerated, Absent, nil},
	} {
		v, err := Verify(t.Context(), c.data, VerifyOptions{Library: l, Anchors: c.anchors})
		if err != nil {
			if name != "a manifest cut off" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var codes []string
		for _, code := range v.Layers.C2PA.Codes {
			if !strings.HasPrefix(code, "signingCredential.ocsp.") && !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
		slices.Sort(codes)
		if v.Verdict != c.verdict || v.Layers.C2PA.State != c.state || (len(codes) > 0 || len(c.codes) > 0) && name != "a manifest cut off" && !slices.Equal(codes, c.codes) {
			t.Errorf("%s: %s, %s %v; want %s, %s %v", name, v.Verdict, v.Layers.C2PA.State, v.Layers.C2PA.Codes, c.verdict, c.state, c.codes)
		}
	}
}

func TestACertificateThatHasEndedSignsNothing(t *testing.T) {
	l := library(t)
	ended, err := LoadOrCreate(filepath.Join(t.TempDir(), "signing"), "Test", time.Now().AddDate(-3, 0, 0), rand.Reader, Keys{})
	if err != nil {
		t.Fatal(err)
	}
	claim := generated()
	claim.When = time.Now()
	if _, err := l.Sign(t.Context(), ended, "image/jpeg", picture(t, imaging.JPEG), claim); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "presswerk sign") {
		t.Errorf("%v", err)
	}
	if left, soon := ended.Ending(time.Now()); left > 0 || !soon {
		t.Errorf("%v %v", left, soon)
	}
	if left, soon := identity(t).Ending(time.Now()); left < 300*24*time.Hour || soon {
		t.Errorf("%v %v", left, soon)
	}
}

// A service's signed file is the parent of what is made of it, with its own chain.
func TestAProvidersManifestStaysInTheChain(t *testing.T) {
	l, id, adobe := library(t), identity(t), fixture(t, "adobe_CA.jpg")
	claim := Claim{
		Title: "ours", Generator: Software{"Presswerk", "test"},
		Actions:     []Action{{Action: "c2pa.opened", Ingredients: []string{"theirs"}}, {Action: "c2pa.edited", SourceType: Composite, Software: &Software{Name: "house"}, Ingredients: nil}},
		Ingredients: []Ingredient{{Label: "theirs", Title: "from Adobe", Parent: true, MIME: "image/jpeg", Data: adobe}},
	}
	signed, err := sign(t.Context(), l, id, "image/webp", picture(t, imaging.WebP), claim)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Read(t.Context(), "image/webp", signed, id.Root)
	if err != nil || r.State != Trusted || !slices.Equal(r.Parents, []string{"from Adobe"}) {
		t.Errorf("%+v, %v", r, err)
	}
	crjson, err := l.CrJSON(t.Context(), "image/webp", signed, id.Root)
	if err != nil || !bytes.Contains(crjson, []byte("make_test_images")) {
		t.Errorf("Adobe's claim generator isn't in the chain: %v", err)
	}
	broken := overwritten(adobe, 126650, "deadbeef")
	claim.Ingredients[0].Data = broken
	if signed, err = sign(t.Context(), l, id, "image/webp", picture(t, imaging.WebP), claim); err != nil {
		t.Fatal(err)
	}
	// Our own signature holds; that what was opened had been tampered with stands in the ingredient, as it was found.
	crjson, err = l.CrJSON(t.Context(), "image/webp", signed, id.Root)
	if err != nil || !bytes.Contains(crjson, []byte("assertion.dataHash.mismatch")) {
		t.Errorf("what was opened was broken, and the chain doesn't say so: %v", err)
	}
}

// FuzzVerify: a stranger's file, whatever is in it, is verified without a crash, and nothing that isn't ours is trusted.
func FuzzVerify(f *testing.F) {
	for _, name := range []string{"signed.jpg", "signed.png", "signed.webp", "signed.avif", "tampered.jpg"} {
		f.Add(fixture(f, name), uint16(5000), byte(1))
	}
	l, ours := library(f), identity(f)
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		if len(data) > 0 {
			data[int(at)%len(data)] ^= flip
		}
		v, err := Verify(context.Background(), data, VerifyOptions{Library: l, Anchors: ours.Root})
		if err == nil && v.Layers.C2PA.State == Trusted {
			t.Error("a stranger's file is trusted")
		}
	})
}
