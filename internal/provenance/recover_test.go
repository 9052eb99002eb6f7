package provenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

func TestAManifestIsTakenOutOfEveryKindOfFile(t *testing.T) {
	for _, name := range []string{"signed.jpg", "signed.png", "signed.webp", "signed.avif", "ts.jpg", "adobe_CA.jpg"} {
		m, err := ManifestOf(fixture(t, name))
		if err != nil || !strings.Contains(m.Label, "urn:") {
			t.Errorf("%s: %q, %v", name, m.Label, err)
			continue
		}
		one, err := m.ActiveOnly()
		if err != nil || one.Label != m.Label || len(one.Data) > len(m.Data) {
			t.Errorf("%s: the active manifest alone is %q of %d bytes, %v", name, one.Label, len(one.Data), err)
		}
		if again, err := ParseManifest(one.Data); err != nil || again.Label != m.Label {
			t.Errorf("%s: the active manifest alone reads %q, %v", name, again.Label, err)
		}
	}
	for name, data := range map[string][]byte{"no manifest": picture(t, imaging.PNG), "no picture": []byte("hello"), "nothing": nil} {
		if _, err := ManifestOf(data); !errors.Is(err, art.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseManifest([]byte("\x00\x00\x00\x08jumb")); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an empty box: %v", err)
	}
}

// TestADetachedManifestSaysThatTheFileChanged: taken off before a file is encoded anew, it still says what was signed, and that this is
// no longer it.
func TestADetachedManifestSaysThatTheFileChanged(t *testing.T) {
	l, root := library(t), string(fixture(t, "root.pem"))
	for _, name := range []string{"signed.jpg", "signed.png", "signed.webp"} {
		signed := fixture(t, name)
		m, err := ManifestOf(signed)
		if err != nil {
			t.Fatal(err)
		}
		p, err := imaging.Decode(t.Context(), signed, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		bare, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 50})
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.ReadDetached(t.Context(), "image/jpeg", bare, m, root)
		if err != nil || !r.OnlyTheFileChanged() || !slices.Contains(r.Codes, "assertion.dataHash.mismatch") || r.Signer == "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		before, err := l.Read(t.Context(), "image/"+strings.Replace(strings.TrimPrefix(name, "signed."), "jpg", "jpeg", 1), signed, root)
		if err != nil || !slices.Equal(before.Actions, r.Actions) {
			t.Errorf("%s says %v in its file and %v apart from it", name, before.Actions, r.Actions)
		}
		forged := Manifest{m.Label, slices.Clone(m.Data)}
		at := strings.Index(string(forged.Data), "trainedAlgorithmicMedia")
		forged.Data[at] ^= 1
		if r, err := l.ReadDetached(t.Context(), "image/jpeg", bare, forged, root); err != nil || r.OnlyTheFileChanged() {
			t.Errorf("%s, forged: %+v, %v", name, r, err)
		}
	}
}

func TestAHistoryShowsEveryStateWithItsPicture(t *testing.T) {
	steps, err := library(t).History(t.Context(), "image/jpeg", fixture(t, "adobe_CA.jpg"), Manifest{})
	if err != nil || len(steps) < 2 {
		t.Fatalf("%+v, %v", steps, err)
	}
	if steps[0].Depth != 0 || steps[0].Relation != "" || len(steps[0].Actions) == 0 || !strings.HasPrefix(steps[0].Thumbnail, "data:image/jpeg;base64,/9j/") {
		t.Errorf("the newest: %.300v", fmt.Sprintf("%+v", steps[0]))
	}
	if steps[1].Depth != 1 || steps[1].Relation != "parentOf" || steps[1].Title == "" {
		t.Errorf("before it: %.300v", fmt.Sprintf("%+v", steps[1]))
	}
	if none, err := library(t).History(t.Context(), "image/png", picture(t, imaging.PNG), Manifest{}); err != nil || len(none) != 0 {
		t.Errorf("without a manifest: %v, %v", none, err)
	}
}

// TestHistoriesEnd: manifests that name each other, or thousands, are no way to keep a reader busy.
func TestHistoriesEnd(t *testing.T) {
	s := fullStore{manifestStore: manifestStore{Active: "a", Manifests: map[string]manifest{"a": {Title: "A"}, "b": {Title: "B"}}}}
	type ingredients = []struct {
		Title        string   `json:"title"`
		Relationship string   `json:"relationship"`
		Manifest     string   `json:"active_manifest"`
		Thumbnail    resource `json:"thumbnail"`
	}
	s.links.Manifests = map[string]struct {
		Thumbnail resource `json:"thumbnail"`
		Signature struct {
			Time string `json:"time"`
		} `json:"signature_info"`
		Ingredients ingredients `json:"ingredients"`
	}{}
	a, b := s.links.Manifests["a"], s.links.Manifests["b"]
	a.Ingredients, b.Ingredients = make(ingredients, 500), make(ingredients, 1)
	a.Ingredients[0].Manifest, b.Ingredients[0].Manifest = "b", "a"
	s.links.Manifests["a"], s.links.Manifests["b"] = a, b
	steps := s.history(Manifest{})
	if len(steps) != maxSteps || steps[1].Title != "B" || steps[2].Manifest != "a" || steps[3].Depth != 1 {
		t.Errorf("%d steps: %+v", len(steps), steps[:4])
	}
}

func TestALostManifestIsRecoveredAndItsDoubtsAreTold(t *testing.T) {
	l, root, signed := library(t), string(fixture(t, "root.pem")), fixture(t, "signed.jpg")
	m, err := ManifestOf(signed)
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.Decode(t.Context(), signed, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	same, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	p.Pix[0] ^= 0x80
	other, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	p.Pix[0] ^= 0x80
	kept := Kept{Manifest: m, Asset: "apple", File: "apple.jpg", Pixels: PixelsDigest(p), By: FoundByPrint, Distance: 3}
	o := VerifyOptions{Library: l, Anchors: root, Recover: func(_ context.Context, c Clues) (Kept, error) {
		if len(c.Pixels) != 64 || c.Picture == nil {
			t.Errorf("clues %+v", c)
		}
		return kept, nil
	}}
	for name, c := range map[string]struct {
		data    []byte
		changed bool
		doubt   string
	}{"the same pixels": {same, false, DoubtStripped}, "other pixels": {other, true, DoubtChanged}} {
		v, err := Verify(t.Context(), c.data, o)
		if err != nil || v.Recovered == nil {
			t.Fatalf("%s: %+v, %v", name, v, err)
		}
		r := v.Recovered
		if v.Verdict != AIGenerated || r.ID != m.Label || !r.Holds || r.PixelsChanged != c.changed || len(r.History) == 0 || !slices.Contains(v.Unsure, c.doubt) {
			t.Errorf("%s: %s, %+v, unsure %v", name, v.Verdict, r, v.Unsure)
		}
	}
	o.Recover = func(context.Context, Clues) (Kept, error) { return Kept{}, art.ErrNotFound }
	if v, err := Verify(t.Context(), same, o); err != nil || v.Recovered != nil || v.Verdict != Unknown || !slices.Contains(v.Unsure, DoubtNothing) {
		t.Errorf("nothing kept: %+v, %v", v, err)
	}
	o.Recover = func(context.Context, Clues) (Kept, error) {
		t.Error("a file with its manifest was looked up")
		return Kept{}, nil
	}
	if v, err := Verify(t.Context(), signed, o); err != nil || v.Findings[0].Sure != Proven || len(v.History) == 0 {
		t.Errorf("the signed file: %+v, %v", v, err)
	}
}

// FuzzManifestOf: whatever a stranger sends, the reader ends, and what it takes for a manifest is within the file.
func FuzzManifestOf(f *testing.F) {
	for _, name := range []string{"signed.jpg", "signed.png", "signed.webp", "signed.avif"} {
		data := fixture(f, name)
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ManifestOf(data)
		if err != nil {
			if !errors.Is(err, art.ErrNotFound) && !errors.Is(err, art.ErrInvalid) {
				t.Errorf("%v", err)
			}
			return
		}
		if m.Label == "" || len(m.Data) > len(data) {
			t.Errorf("%q, %d of %d bytes", m.Label, len(m.Data), len(data))
		}
		if _, err := m.ActiveOnly(); err != nil {
			t.Errorf("%v", err)
		}
		m.thumbnail(resource{Identifier: "self#jumbf=c2pa.assertions/c2pa.thumbnail.claim"}, m.Label)
	})
}
