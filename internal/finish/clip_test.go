package finish_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/clip"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/testkit"
)

func clips(t testing.TB) *clip.Tool {
	var o clip.Options
	o.FFmpeg, o.FFprobe = testkit.FFmpeg(t)
	return clip.New(o)
}

// filmed is the input of a clip with its poster.
func filmed(t testing.TB, data []byte, want art.ClipBrief) finish.Input {
	t.Helper()
	tool := clips(t)
	file, _, err := tool.Probe(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tool.Poster(t.Context(), data, file)
	if err != nil {
		t.Fatal(err)
	}
	in := input(t, 8, 8, channel("web", "1:1", []int{32, 640}, "webp", "jpeg"))
	if in.Picture, err = imaging.Encode(p, imaging.Encoding{Format: imaging.PNG}); err != nil {
		t.Fatal(err)
	}
	in.Clip = &finish.Clip{Data: data, File: file, Want: want, Languages: []art.Language{"en", "de"}, Frames: []finish.Frame{{Label: "first", MIME: "image/png", Data: in.Picture}}}
	return in
}

// sounding is a clip whose picture drifts and which hums.
func sounding(t testing.TB) []byte {
	return testkit.Film(t, "a.mp4", "testsrc2=size=96x54:rate=24:duration=2", "-f", "lavfi", "-i", "sine=duration=2", "-pix_fmt", "yuv420p", "-shortest")
}

func signing(t testing.TB) (*provenance.Library, *provenance.Identity) {
	t.Helper()
	lib, err := provenance.Open(testkit.Native(t, "c2pa/libc2pa_c.so"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := provenance.LoadOrCreate(filepath.Join(t.TempDir(), "signing"), "Test", time.Now(), rand.Reader, provenance.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	return lib, id
}

type signs struct {
	lib *provenance.Library
	id  *provenance.Identity
}

func (s signs) Sign(ctx context.Context, mime string, data []byte, claim provenance.Claim) (provenance.Signed, error) {
	return s.lib.Sign(ctx, s.id, mime, data, claim)
}

// A clip becomes MP4 and WebM, its poster stays as large as it is, and its tracks say what is heard and seen.
func TestAClipIsFinishedWithItsPosterAndItsTracks(t *testing.T) {
	lib, id := signing(t)
	f := finisher(func(o *finish.Options) { o.Clips, o.Signer = clips(t), signs{lib, id} })
	out, err := f.Finish(t.Context(), filmed(t, sounding(t), art.ClipBrief{
		Seconds: 2, Sound: true, FPS: 12, Captions: []art.Cue{{From: 0, To: 1.5, Text: art.Text{"en": "A hum -->\n\n& more", "de": "Ein Summen"}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if out.Master.Width != 96 || !slices.Equal(list(out), []string{
		"red-apple-01234567-32.webp 32×18 image/webp for web", "red-apple-01234567-96.webp 96×54 image/webp for web",
		"red-apple-01234567-32.jpg 32×18 image/jpeg for web", "red-apple-01234567-96.jpg 96×54 image/jpeg for web",
	}) {
		t.Errorf("%d, %q", out.Master.Width, list(out))
	}
	c := out.Clip
	if len(c.Files) != 2 || c.Files[0].MIME != "video/mp4" || c.Files[0].C2PA != "signed" || !strings.Contains(c.Files[1].C2PA, "WebM") || !c.Sound || c.FPS != 12 {
		t.Errorf("%+v", c)
	}
	texts := map[string]string{}
	for _, track := range c.Tracks {
		texts[track.Kind+" "+track.Language] = string(track.Data)
	}
	if len(texts) != 4 || texts["captions en"] != "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA hum --&gt; &amp; more\n" || !strings.Contains(texts["descriptions de"], "ein roter Apfel") {
		t.Errorf("%q", texts)
	}
	r, err := lib.Read(t.Context(), "video/mp4", c.Files[0].Data, id.Root)
	if err != nil || r.State != provenance.Trusted || !slices.Equal(r.Actions, []string{"c2pa.created", "c2pa.edited", "c2pa.transcoded"}) || !slices.Contains(r.SourceTypes, provenance.Generated) {
		t.Errorf("%+v, %v", r, err)
	}
}

// What the service has signed stays in the chain, of the clip and of its poster.
func TestTheServicesManifestStaysInTheChain(t *testing.T) {
	lib, id := signing(t)
	theirs, err := lib.Sign(t.Context(), id, "video/mp4", sounding(t), provenance.Claim{
		Title: "theirs", Generator: provenance.Software{Name: "service"}, Actions: []provenance.Action{{Action: "c2pa.created", SourceType: provenance.Generated, Software: &provenance.Software{Name: "service"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := finisher(func(o *finish.Options) { o.Clips, o.Signer = clips(t), signs{lib, id} })
	out, err := f.Finish(t.Context(), filmed(t, theirs.Data, art.ClipBrief{Seconds: 2, Loop: true}))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []finish.File{out.Clip.Files[0], out.Master} {
		r, err := lib.Read(t.Context(), file.MIME, file.Data, id.Root)
		if err != nil || r.State != provenance.Trusted || r.Actions[0] != "c2pa.opened" || len(r.Parents) != 1 || !slices.Contains(r.SourceTypes, provenance.Generated) {
			t.Errorf("%s: %+v, %v", file.Name, r, err)
		}
	}
	if out.Clip.Sound || out.Clip.Seconds > 1.6 || out.Clip.Seconds < 1.4 {
		t.Errorf("a loop that jumped is %+v", out.Clip)
	}
}

func TestWithoutFFmpegNoClipIsFinished(t *testing.T) {
	in := filmed(t, sounding(t), art.ClipBrief{Seconds: 2})
	if _, err := finisher(func(*finish.Options) {}).Finish(t.Context(), in); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
