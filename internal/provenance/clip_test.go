package provenance

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

func mp4(t testing.TB) []byte {
	return testkit.Film(t, "a.mp4", "testsrc2=size=64x64:rate=12:duration=1", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
}

// What is said of pictures is said of an MP4 file, and a change of it is seen.
func TestAClipIsSignedAndVerified(t *testing.T) {
	l, id := library(t), identity(t)
	raw := mp4(t)
	o := VerifyOptions{Library: l, Anchors: id.Root}
	if v, err := Verify(t.Context(), raw, o); err != nil || v.Verdict != Unknown || v.Layers.C2PA.State != Absent {
		t.Fatalf("unmarked: %+v, %v", v, err)
	}
	marked, err := WithXMP(raw, Metadata{SourceType: Generated, Credit: "Test", Alt: art.Text{"en": "a test card"}}.Packet())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(t.Context(), marked, o); err != nil || v.Verdict != AIGenerated || v.Layers.Metadata.Alt != "a test card" {
		t.Errorf("marked: %+v, %v", v, err)
	}
	claim := generated()
	claim.Ingredients = []Ingredient{{Label: "first", Title: "first frame", MIME: "image/png", Data: picture(t, imaging.PNG)}}
	claim.Actions[0].Ingredients = []string{"first"}
	signed, err := sign(t.Context(), l, id, "video/mp4", marked, claim)
	if err != nil {
		t.Fatal(err)
	}
	o.Poster = func(context.Context, []byte) (*imaging.RGB, error) { return imaging.NewRGB(64, 64) }
	v, err := Verify(t.Context(), signed, o)
	if err != nil || v.Verdict != AIGenerated || v.Layers.C2PA.State != Trusted || v.Layers.Metadata.Credit != "Test" || v.Layers.Fingerprint.Hash == "" {
		t.Errorf("signed: %+v, %v", v, err)
	}
	spoilt := bytes.Clone(signed)
	spoilt[bytes.Index(spoilt, []byte("mdat"))+200] ^= 1
	if v, err := Verify(t.Context(), spoilt, o); err != nil || v.Verdict != Tampered {
		t.Errorf("spoilt: %+v, %v", v, err)
	}
}

func TestAnEncodedClipCarriesItsSourcesChain(t *testing.T) {
	l, id := library(t), identity(t)
	source, err := sign(t.Context(), l, id, "video/mp4", mp4(t), generated())
	if err != nil {
		t.Fatal(err)
	}
	claim := generated()
	claim.Ingredients = []Ingredient{{Label: "source", Title: "from the service", Parent: true, MIME: "video/mp4", Data: source}}
	claim.Actions = []Action{{Action: "c2pa.opened", Ingredients: []string{"source"}}, {Action: "c2pa.transcoded"}}
	signed, err := sign(t.Context(), l, id, "video/mp4", mp4(t), claim)
	if err != nil {
		t.Fatal(err)
	}
	if !Claimed(source) || Claimed(mp4(t)) || Claimed(picture(t, imaging.PNG)) {
		t.Error("what has a manifest isn't told from what has none")
	}
	r, err := l.Read(t.Context(), "video/mp4", signed, id.Root)
	if err != nil || r.State != Trusted || !slices.Contains(r.Parents, "from the service") || !slices.Contains(r.SourceTypes, Generated) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWebMHoldsNoManifest(t *testing.T) {
	webm := testkit.Film(t, "a.webm", "testsrc2=size=64x64:rate=12:duration=1", "-c:v", "libvpx", "-f", "webm")
	v, err := Verify(t.Context(), webm, VerifyOptions{Library: library(t)})
	if err != nil || v.Verdict != Unknown || v.Layers.C2PA.State != Absent {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := WithXMP(webm, []byte("x")); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func TestXMPIsWrittenOnceAndIntoWholeFilesOnly(t *testing.T) {
	raw := mp4(t)
	marked, err := WithXMP(raw, []byte("<x/>"))
	if err != nil || string(clipXMP(marked)) != "<x/>" || !bytes.HasPrefix(marked, raw) {
		t.Fatalf("%q, %v", clipXMP(marked), err)
	}
	if _, err := WithXMP(marked, []byte("<x/>")); !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "already") {
		t.Errorf("%v", err)
	}
	if _, err := WithXMP(raw[:len(raw)-9], []byte("<x/>")); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// FuzzBoxes: whatever a file says of its boxes, what is read lies inside of it.
func FuzzBoxes(f *testing.F) {
	f.Add(testkit.MP4())
	f.Add([]byte("\x00\x00\x00\x01uuid\x00\x00\x00\x00\x00\x00\x00\x20"))
	f.Add(binary.BigEndian.AppendUint32(nil, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := boxes(data)
		n := 0
		for _, b := range all {
			n += 8 + len(b.body)
		}
		if n > len(data) {
			t.Errorf("%d bytes of boxes in %d", n, len(data))
		}
		_ = clipXMP(data)
		_ = clipType(data)
	})
}
