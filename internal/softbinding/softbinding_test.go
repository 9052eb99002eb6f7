package softbinding_test

import (
	"context"
	"encoding/base64"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/softbinding"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

// shelf keeps records and bytes in memory.
type shelf struct {
	all   []art.Manifest
	bytes map[string][]byte
}

func (s *shelf) Put(_ context.Context, data []byte) (string, error) {
	s.bytes[art.Digest(data)] = data
	return art.Digest(data), nil
}

func (s *shelf) Get(_ context.Context, sum string) ([]byte, error) {
	if data, ok := s.bytes[sum]; ok {
		return data, nil
	}
	return nil, art.ErrNotFound
}

func (s *shelf) where(is func(art.Manifest) bool) (all []art.Manifest) {
	for _, m := range s.all {
		if is(m) {
			all = append(all, m)
		}
	}
	return all
}

func (s *shelf) Manifest(_ context.Context, id string) (art.Manifest, error) {
	if all := s.where(func(m art.Manifest) bool { return m.ID == id }); len(all) > 0 {
		return all[0], nil
	}
	return art.Manifest{}, art.ErrNotFound
}

func (s *shelf) ManifestsOf(_ context.Context, asset string) ([]art.Manifest, error) {
	return s.where(func(m art.Manifest) bool { return m.Asset == asset }), nil
}

func (s *shelf) ManifestsMarked(_ context.Context, mark uint64) ([]art.Manifest, error) {
	return s.where(func(m art.Manifest) bool { return m.Mark == mark }), nil
}

func (s *shelf) ManifestsShowing(_ context.Context, pixels string) ([]art.Manifest, error) {
	return s.where(func(m art.Manifest) bool { return m.Pixels == pixels }), nil
}

func (s *shelf) ManifestsAfter(_ context.Context, after int64, count int) ([]art.Manifest, int64, error) {
	some := s.all[min(int(after), len(s.all)):]
	some = some[:min(count, len(some))]
	return some, after + int64(len(some)), nil
}

// scene draws something that a fingerprint can hold on to.
func scene(t *testing.T, n float64) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(512, 512)
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			u, v := float64(x)/512, float64(y)/512
			a := math.Sin(11*n*u+3*v) + math.Cos(7*v*n-5*u*u)
			b := math.Sin(17*u*v*n) + math.Cos(23*(u-v))
			p.Set(x, y, uint8(128+60*a), uint8(128+60*b), uint8(128+30*a+30*b))
		}
	}
	return p
}

// kept is a shelf with the manifest of a signed fixture as that of a scene, and of another one.
func kept(t *testing.T) (*shelf, *imaging.RGB) {
	t.Helper()
	s := &shelf{bytes: map[string][]byte{}}
	for i, name := range []string{"signed.jpg", "signed.png"} {
		data, err := os.ReadFile(filepath.Join("..", "provenance", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := s.Put(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		asset := art.Asset{ID: name, Master: art.Rendition{Name: name, MIME: "image/" + filepath.Ext(name)[1:], SHA256: sum, C2PA: "signed"}, Steps: []art.StepRecord{{Name: "watermark"}}}
		all, err := softbinding.Keeper{Blobs: s, Now: time.Now}.Keep(t.Context(), asset)
		if err != nil || len(all) != 1 || all[0].ID == "" || len(all[0].Pixels) != 64 || all[0].Mark != art.MarkID(name) {
			t.Fatalf("%+v, %v", all, err)
		}
		h, _, err := imaging.PDQ(scene(t, float64(i+1)))
		if err != nil {
			t.Fatal(err)
		}
		all[0].PDQ = h.String()
		s.all = append(s.all, all...)
	}
	return s, scene(t, 1)
}

func encoded(t *testing.T, p *imaging.RGB, quality int) []byte {
	t.Helper()
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: quality})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestABindingLeadsToItsManifests(t *testing.T) {
	s, p := kept(t)
	r := softbinding.New(softbinding.Options{Records: s, Blobs: s})
	number := watermark.Name(art.MarkID("signed.png"))
	raw := make([]byte, 6)
	for i := range raw {
		raw[i] = byte(art.MarkID("signed.png") >> (8 * (5 - i)))
	}
	h, _, err := imaging.PDQ(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ alg, value, want string }{
		"a number's bytes":               {watermark.Algorithm, base64.StdEncoding.EncodeToString(raw), s.all[1].ID},
		"a number as its assertion says": {watermark.Algorithm, number, s.all[1].ID},
		"the same in base64":             {watermark.Algorithm, base64.StdEncoding.EncodeToString([]byte(number)), s.all[1].ID},
		"a fingerprint":                  {softbinding.FingerprintAlgorithm, base64.StdEncoding.EncodeToString(h[:]), s.all[0].ID},
		"a fingerprint in digits":        {softbinding.FingerprintAlgorithm, h.String(), s.all[0].ID},
		"another workspace's number":     {watermark.Algorithm, "AAAAAAAB", ""},
	} {
		got, err := r.ByBinding(t.Context(), softbinding.Binding{Algorithm: c.alg, Value: c.value}, 10)
		if err != nil || (c.want == "") != (len(got) == 0) || len(got) > 0 && (got[0].ID != c.want || got[0].Score != 100) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, b := range map[string]softbinding.Binding{
		"no algorithm": {}, "another's": {Algorithm: "com.adobe.trustmark.Q", Value: "AAAAAAAB"}, "no value": {Algorithm: watermark.Algorithm},
		"a short one": {Algorithm: watermark.Algorithm, Value: "AAAA"}, "no base64": {Algorithm: softbinding.FingerprintAlgorithm, Value: "*"},
	} {
		if _, err := r.ByBinding(t.Context(), b, 10); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestContentLeadsToItsManifest: encoded anew, mirrored, as the pixels themselves, by likeness; and another picture nowhere.
func TestContentLeadsToItsManifest(t *testing.T) {
	s, p := kept(t)
	r := softbinding.New(softbinding.Options{Records: s, Blobs: s})
	mirrored, err := imaging.NewRGB(p.Width, p.Height)
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			a, b, c := p.At(x, y)
			mirrored.Set(p.Width-1-x, y, a, b, c)
		}
	}
	for name, data := range map[string][]byte{"encoded anew": encoded(t, p, 50), "mirrored": encoded(t, mirrored, 80)} {
		got, err := r.ByContent(t.Context(), data, "", nil, 10)
		if err != nil || len(got) != 1 || got[0].ID != s.all[0].ID || got[0].Score < 88 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	other := encoded(t, scene(t, 3.7), 80)
	if got, err := r.ByContent(t.Context(), other, "", nil, 10); err != nil || len(got) != 0 {
		t.Errorf("another picture: %+v, %v", got, err)
	}
	if got, err := r.ByContent(t.Context(), other, "", &softbinding.Binding{Algorithm: watermark.Algorithm, Value: watermark.Name(art.MarkID("signed.png"))}, 10); err != nil || len(got) != 1 || got[0].ID != s.all[1].ID {
		t.Errorf("with a hint: %+v, %v", got, err)
	}
	signed, err := os.ReadFile(filepath.Join("..", "provenance", "testdata", "signed.png"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.ByContent(t.Context(), signed, "", nil, 10); err != nil || len(got) != 1 || got[0].Score != 100 {
		t.Errorf("the very pixels: %+v, %v", got, err)
	}
	seen := softbinding.New(softbinding.Options{Records: s, Blobs: s, Alike: func(context.Context, *imaging.RGB) (string, float64, error) { return "signed.png", 0.9, nil }})
	if got, err := seen.ByContent(t.Context(), other, "", nil, 10); err != nil || len(got) != 1 || got[0].ID != s.all[1].ID {
		t.Errorf("by likeness: %+v, %v", got, err)
	}
	if _, err := r.ByContent(t.Context(), []byte("no picture"), "", nil, 10); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("no picture: %v", err)
	}
}

func TestWhatIsDeletedLeadsNowhere(t *testing.T) {
	s, p := kept(t)
	r := softbinding.New(softbinding.Options{Records: s, Blobs: s})
	data := encoded(t, p, 70)
	if got, err := r.ByContent(t.Context(), data, "", nil, 10); err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	s.all = slices.Delete(s.all, 0, 1)
	for range 2 { // the index still has it, and then not any more
		if got, err := r.ByContent(t.Context(), data, "", nil, 10); err != nil || len(got) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := r.ByContent(t.Context(), encoded(t, scene(t, 2), 70), "", nil, 10); err != nil || len(got) != 1 || got[0].ID != s.all[0].ID {
		t.Errorf("what stays is found: %+v, %v", got, err)
	}
}

func TestAManifestIsGivenWholeOrActive(t *testing.T) {
	s, _ := kept(t)
	r := softbinding.New(softbinding.Options{Records: s, Blobs: s})
	for _, activeOnly := range []bool{false, true} {
		data, err := r.Manifest(t.Context(), s.all[0].ID, activeOnly)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := provenance.ParseManifest(data); err != nil || m.Label != s.all[0].ID {
			t.Errorf("active only %t: %q, %v", activeOnly, m.Label, err)
		}
	}
	if _, err := r.Manifest(t.Context(), "urn:c2pa:nobody", false); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// FuzzByContent: whatever is uploaded, the answer is a list or art.ErrInvalid.
func FuzzByContent(f *testing.F) {
	for _, name := range []string{"signed.jpg", "signed.png", "signed.webp"} {
		data, err := os.ReadFile(filepath.Join("..", "provenance", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/3])
		f.Add(append(slices.Clone(data), "<script>alert(1)</script>PK\x03\x04"...))
	}
	f.Add([]byte("GIF89a\xff\xff\xff\xff"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\x00\x00\x00"))
	s := &shelf{bytes: map[string][]byte{}}
	r := softbinding.New(softbinding.Options{Records: s, Blobs: s})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := r.ByContent(context.Background(), data, "", nil, 5); err != nil && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}
