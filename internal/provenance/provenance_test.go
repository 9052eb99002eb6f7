package provenance

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

func library(t testing.TB) *Library {
	t.Helper()
	path := testkit.Native(t, "c2pa/libc2pa_c.so")
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func identity(t testing.TB) *Identity {
	t.Helper()
	id, err := LoadOrCreate(filepath.Join(t.TempDir(), "signing"), "Test & Co", time.Now(), rand.Reader, Keys{})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sign gives the signed file alone.
func sign(ctx context.Context, l *Library, id *Identity, mime string, data []byte, claim Claim) ([]byte, error) {
	s, err := l.Sign(ctx, id, mime, data, claim)
	return s.Data, err
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func picture(t testing.TB, f imaging.Format) []byte {
	t.Helper()
	p, err := imaging.NewRGB(160, 120)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = uint8(i / 7)
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: f, Quality: 80, Effort: 1, XMP: Metadata{SourceType: Generated}.Packet()})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func generated() Claim {
	return Claim{
		Title: "a red apple", Generator: Software{"Presswerk", "test"},
		Actions: []Action{{
			Action: "c2pa.created", SourceType: Generated, Software: &Software{"house", "0"},
			Parameters: map[string]any{"com.presswerk.seed": 42, "com.presswerk.promptSha256": strings.Repeat("ab", 32)},
		}},
		ModelName: "house", NoMining: true, Metadata: map[string]string{"photoshop:Credit": "Test & Co"},
	}
}

func TestEveryFormatIsSignedAndReadBack(t *testing.T) {
	l, id, ctx := library(t), identity(t), context.Background()
	for _, f := range []imaging.Format{imaging.PNG, imaging.JPEG, imaging.WebP, imaging.AVIF, imaging.TIFF, imaging.JXL} {
		signed, err := sign(ctx, l, id, f.MIME(), picture(t, f), generated())
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		v, err := Verify(ctx, signed, VerifyOptions{Library: l, Anchors: id.Root})
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		c := v.Layers.C2PA
		if v.Verdict != AIGenerated || c.State != Trusted || c.Title != "a red apple" || c.Generator != "Presswerk test" {
			t.Errorf("%s: %+v", f, v)
		}
		if got := c.Parameters["com.presswerk.seed"]; got != float64(42) {
			t.Errorf("%s: seed reads %v", f, got)
		}
		if v.Layers.Metadata.SourceType != Generated {
			t.Errorf("%s: metadata says %q", f, v.Layers.Metadata.SourceType)
		}
		stranger, err := l.Read(ctx, f.MIME(), signed, "")
		if err != nil || stranger.State != Valid {
			t.Errorf("%s: without our root it is %q, %v; want valid", f, stranger.State, err)
		}
	}
}

func TestARenditionCarriesItsMastersChain(t *testing.T) {
	l, id, ctx := library(t), identity(t), context.Background()
	master, err := sign(ctx, l, id, "image/png", picture(t, imaging.PNG), generated())
	if err != nil {
		t.Fatal(err)
	}
	claim := Claim{
		Title: "small", Generator: Software{"Presswerk", "test"},
		Actions:     []Action{{Action: "c2pa.opened", Ingredients: []string{"master"}}, {Action: "c2pa.resized.proportional"}, {Action: "c2pa.transcoded"}},
		Ingredients: []Ingredient{{Label: "master", Title: "the master", Parent: true, MIME: "image/png", Data: master}},
	}
	signed, err := sign(ctx, l, id, "image/webp", picture(t, imaging.WebP), claim)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Read(ctx, "image/webp", signed, id.Root)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != Trusted || !cmp.Equal(r.Parents, []string{"the master"}) || !cmp.Equal(r.SourceTypes, []string{Generated}) {
		t.Errorf("read back: %+v", r)
	}
	if want := []string{"c2pa.opened", "c2pa.resized.proportional", "c2pa.transcoded"}; !cmp.Equal(r.Actions, want) {
		t.Errorf("actions %v, want %v", r.Actions, want)
	}
}

func TestUnmarkedMarkedAndBroken(t *testing.T) {
	l, id, ctx := library(t), identity(t), context.Background()
	p, err := imaging.NewRGB(64, 64)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 80})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := sign(ctx, l, id, "image/jpeg", picture(t, imaging.JPEG), generated())
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(signed)
	flipped[len(flipped)-40] ^= 0x55 // in the coded pixels
	for _, c := range []struct {
		name string
		data []byte
		want Answer
	}{
		{"unmarked", plain, Unknown},
		{"metadata only", picture(t, imaging.WebP), AIGenerated},
		{"one byte flipped", flipped, Tampered},
	} {
		v, err := Verify(ctx, c.data, VerifyOptions{Library: l, Anchors: id.Root})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if v.Verdict != c.want {
			t.Errorf("%s: %s (%+v), want %s", c.name, v.Verdict, v.Layers.C2PA, c.want)
		}
	}
	if _, err := Verify(ctx, []byte("no picture"), VerifyOptions{Library: l}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("no picture: %v", err)
	}
}

func TestNothingIsFetchedForAStrangersFile(t *testing.T) {
	l, ctx := library(t), context.Background()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	packet := strings.Replace(string(Metadata{SourceType: Generated}.Packet()), "<rdf:Description",
		"<rdf:Description xmlns:dcterms=\"http://purl.org/dc/terms/\" dcterms:provenance=\""+server.URL+"/manifest.c2pa\"", 1)
	p, err := imaging.NewRGB(32, 32)
	if err != nil {
		t.Fatal(err)
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 80, XMP: []byte(packet)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(ctx, data, VerifyOptions{Library: l}); err != nil {
		t.Fatal(err)
	}
	if asked != 0 {
		t.Errorf("%d requests were made", asked)
	}
}

func TestManyAtOnce(t *testing.T) {
	l, id, ctx := library(t), identity(t), context.Background()
	data := picture(t, imaging.JPEG)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				signed, err := sign(ctx, l, id, "image/jpeg", data, generated())
				if err != nil {
					t.Error(err)
					return
				}
				if r, err := l.Read(ctx, "image/jpeg", signed, id.Root); err != nil || r.State != Trusted {
					t.Errorf("%s %v", r.State, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAnIdentityStaysAndAHalfOneIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys", "signing")
	first, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{})
	if err != nil || !cmp.Equal(first, again, cmpopts.IgnoreFields(Identity{}, "key", "external", "Authority")) {
		t.Errorf("the second time another identity came: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(dir, "", time.Now(), rand.Reader, Keys{}); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("without its key: %v; a new identity must not take its place silently", err)
	}
}

func TestAMissingLibraryIsSaidToBeMissing(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none.so")); !errors.Is(err, art.ErrUnavailable) || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("got %v", err)
	}
	v, err := Verify(context.Background(), picture(t, imaging.PNG), VerifyOptions{})
	if err != nil || v.Layers.C2PA.Available || v.Layers.C2PA.Reason == "" || v.Verdict != AIGenerated {
		t.Errorf("verifying without it: %+v, %v", v, err)
	}
}

func TestPacketsReadBack(t *testing.T) {
	words := rapid.StringMatching(`[ -~äöüß€<>&"']{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return strings.TrimSpace(words.Draw(t, name)) }
		m := Metadata{
			Creator: text("creator"), Credit: text("credit"), Copyright: text("copyright"), WebStatement: text("web"),
			LicensorName: text("licensor"), LicensorURL: text("url"), SourceType: Generated, System: text("system"),
			SystemVersion: text("version"), Prompt: text("prompt"), PromptWriter: text("writer"), DataMining: "DMI-PROHIBITED",
		}
		if en := text("alt"); en != "" {
			m.Alt = art.Text{"en": en, "de": "Ein Apfel"}
		}
		got, err := ParsePacket(m.Packet())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestTheReferencePacketIsRead(t *testing.T) {
	m, err := ParsePacket(fixture(t, "ai.xmp"))
	if err != nil {
		t.Fatal(err)
	}
	want := Metadata{
		Description: art.Text{"en": "Red bicycle"}, Alt: art.Text{"en": "A red bicycle leaning on a wall"},
		Creator: "Art Factory GmbH", Credit: "Art Factory GmbH", Copyright: "(c) 2026 Art Factory GmbH",
		WebStatement: "https://example.com/license", LicensorName: "Art Factory GmbH", LicensorURL: "https://example.com/buy",
		SourceType: Generated, System: "Stable Diffusion Turbo", SystemVersion: "1.0",
		Prompt: "a red bicycle; negative: text", PromptWriter: "Anna Muster", DataMining: "DMI-PROHIBITED-AIMLTRAINING",
	}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
}

func FuzzParsePacket(f *testing.F) {
	f.Add(fixture(f, "ai.xmp"))
	f.Add([]byte(`<a xmlns="b"><rdf:li xmlns:rdf="` + nsRDF + `">x</rdf:li></a>`))
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := ParsePacket(packet)
		if err != nil {
			if !errors.Is(err, art.ErrInvalid) {
				t.Fatalf("another error than ErrInvalid: %v", err)
			}
			return
		}
		if _, err := ParsePacket(m.Packet()); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}
