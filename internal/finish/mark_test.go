package finish_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/testkit"
)

// TestAStrippedAndCroppedFileIsStillNamed: all metadata gone, JPEG 50, an eighth off each side.
func TestAStrippedAndCroppedFileIsStillNamed(t *testing.T) {
	lib, err := provenance.Open(testkit.Native(t, "c2pa/libc2pa_c.so"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "signing")
	id, err := provenance.LoadOrCreate(dir, "Acme", time.Now(), rand.Reader, provenance.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := provenance.MarkKeyOrNew(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := finisher(func(o *finish.Options) { o.Signer, o.Mark = signer{lib, id}, watermark.New(key) })
	in := input(t, 256, 256, channel("web", "", []int{1024}, "jpeg"))
	in.Finishing.Watermark = 44
	out, err := f.Finish(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(out.Steps, func(s art.StepRecord) bool { return s.Name == "watermark" })
	if at < 0 || out.Steps[at].Parameters["id"] != watermark.Name(art.MarkID(in.AssetID)) {
		t.Errorf("%+v", out.Steps)
	}
	options := provenance.VerifyOptions{
		Library: lib, Anchors: id.Root, Mark: watermark.New(key), Search: watermark.Search{Scales: true},
		Numbers: func(_ context.Context, n uint64) (string, error) {
			if n == art.MarkID(in.AssetID) {
				return in.AssetID, nil
			}
			return "", nil
		},
	}
	whole, err := provenance.Verify(t.Context(), out.Renditions[0].Data, options)
	if err != nil || whole.Layers.C2PA.State != provenance.Trusted || !whole.Layers.Watermark.Found {
		t.Errorf("the file as it was published: %+v, %v", whole.Layers, err)
	}
	p, err := imaging.Decode(t.Context(), out.Renditions[0].Data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = imaging.Crop(roughened(t, p), 128, 128, 768, 768); err != nil {
		t.Fatal(err)
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 90})
	if err != nil {
		t.Fatal(err)
	}
	v, err := provenance.Verify(t.Context(), data, options)
	l := v.Layers.Watermark
	if err != nil || v.Verdict != provenance.AIGenerated || v.Layers.C2PA.State != provenance.Absent || !l.Found || l.Asset != in.AssetID || l.Confidence < 0.99 {
		t.Errorf("%+v, %v", v, err)
	}
	options.Mark = watermark.New([]byte("another workspace's"))
	if v, err := provenance.Verify(t.Context(), data, options); err != nil || v.Layers.Watermark.Found || v.Verdict != provenance.Unknown {
		t.Errorf("another key: %+v, %v", v, err)
	}
}

func TestWithoutAKeyNoMarkIsPretended(t *testing.T) {
	in := input(t, 64, 64, channel("web", "", []int{64}, "jpeg"))
	in.Finishing.Watermark = 44
	if _, err := finisher(func(*finish.Options) {}).Finish(t.Context(), in); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// The grain of a number is nothing that bytes are spent on beyond what keeps it: files of a flat drawing stay lossy, and the number is
// in each of them, crops too; at 1024 pixels after JPEG 50 and with an eighth cut off each side.
func TestTheFilesOfAMarkedDrawingCarryTheNumber(t *testing.T) {
	key := watermark.New([]byte("ours"))
	f := finisher(func(o *finish.Options) { o.Mark = key })
	in := input(t, 256, 256, channel("web", "", []int{640, 1024}, "avif", "webp", "jpeg", "png"), channel("wide", "16:9", []int{1024}, "webp"))
	plain, err := f.Finish(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.Finishing.Watermark = 44
	marked, err := f.Finish(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range marked.Renditions {
		bare := plain.Renditions[i]
		if file.Coding == "palette" || file.Format == "webp" && file.Coding == "lossless" {
			t.Errorf("%s: %s", file.Name, file.Coding)
		}
		if file.Metric != "" && !(file.Quality >= bare.Quality && file.Score > 50) {
			t.Errorf("%s: quality %d scores %.1f, and quality %d is enough without a number", file.Name, file.Quality, file.Score, bare.Quality)
		}
		p, err := imaging.Decode(t.Context(), file.Data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if file.Width >= 1024 { // of so plain a drawing at 640 pixels not even a file without loss outlives JPEG 50
			if p, err = imaging.Crop(roughened(t, p), p.Width/8, p.Height/8, p.Width*3/4, p.Height*3/4); err != nil {
				t.Fatal(err)
			}
		}
		if got := key.Detect(t.Context(), p, watermark.Search{Scales: true}); !got.Found || got.ID != art.MarkID(in.AssetID) {
			t.Errorf("%s (quality %d): %+v", file.Name, file.Quality, got)
		}
	}
}

// roughened is a picture after JPEG 50.
func roughened(t *testing.T, p *imaging.RGB) *imaging.RGB {
	t.Helper()
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 50})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = imaging.Decode(t.Context(), data, imaging.Limits{}); err != nil {
		t.Fatal(err)
	}
	return p
}
