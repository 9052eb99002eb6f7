package finish_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/testkit"
)

// printer opens the printing condition that make setup builds.
func printer(t *testing.T) func(*finish.Options) {
	t.Helper()
	data, err := os.ReadFile(testkit.Native(t, "icc/fogra39.icc"))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *finish.Options) {
		o.Press = func(profile string) (*press.Press, error) {
			if profile != "fogra39" {
				return nil, art.ErrUnavailable
			}
			lib, err := icc.Open("")
			if err != nil {
				return nil, err
			}
			return press.New(lib, press.Condition{Name: "FOGRA39", Profile: data})
		}
	}
}

func card() art.Channel {
	return art.Channel{Name: "card", Print: &art.Print{WidthMM: 40, HeightMM: 30, BleedMM: 2, MinPPI: 200}}
}

func TestChannelsOnPaperGetAPageAndAProof(t *testing.T) {
	out, err := finisher(printer(t)).Finish(context.Background(), input(t, 96, 64, card(), channel("web", "", []int{100}, "jpeg")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.Renditions {
		got = append(got, fmt.Sprintf("%s %s %s %s %t", r.Role, r.Name, r.MIME, r.C2PA, len(r.Checks) > 0 && press.Passed(r.Checks)))
	}
	if d := cmp.Diff([]string{
		" red-apple-01234567-100.jpg image/jpeg unsigned: no library false",
		"print red-apple-01234567-card.pdf application/pdf unsigned: the C2PA library writes no manifests into PDF true",
		"proof red-apple-01234567-card-proof.png image/png unsigned: no library false",
	}, got); d != "" {
		t.Error(d)
	}
	page := out.Renditions[1]
	if page.SHA256 != art.Digest(page.Data) || page.Bytes != int64(len(page.Data)) || !strings.HasPrefix(page.ColourSpace, "cmyk FOGRA39") {
		t.Errorf("the record of the page is %+v", page.Rendition)
	}
	for _, want := range []string{"Apple &lt;b&gt;", "trainedAlgorithmicMedia", `GTS_PDFXVersion="PDF/X-4"`} {
		if !strings.Contains(string(page.Data), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	step := out.Steps[len(out.Steps)-1]
	if step.Name != "print" || step.Parameters["card"] == nil {
		t.Errorf("the last step is %+v", step)
	}
}

// TestMastersAreLargeEnoughForPaper: 154 mm at 200 pixels an inch are 1213 pixels.
func TestMastersAreLargeEnoughForPaper(t *testing.T) {
	c := art.Channel{Name: "large", Print: &art.Print{WidthMM: 148, HeightMM: 14, BleedMM: 3, MinPPI: 200}}
	out, err := finisher(func(o *finish.Options) {
		o.Press = func(string) (*press.Press, error) { return nil, art.ErrUnavailable }
	}).Finish(context.Background(), input(t, 64, 64, c))
	if !errors.Is(err, art.ErrUnavailable) || out.Master.Data != nil {
		t.Fatalf("without a printing condition: %v", err)
	}
	out, err = finisher(printer(t)).Finish(context.Background(), input(t, 64, 64, c))
	if err != nil {
		t.Fatal(err)
	}
	if out.Master.Width != 1213 || !press.Passed(out.Renditions[0].Checks) {
		t.Errorf("the master has %d pixels; the checks are %+v", out.Master.Width, out.Renditions[0].Checks)
	}
}

// TestALicensedPictureThatIsTooCoarseSaysSo: nothing enlarges it, and the page is kept with the check that fails.
func TestALicensedPictureThatIsTooCoarseSaysSo(t *testing.T) {
	in := input(t, 96, 64, card())
	in.License = &art.PictureLicense{Source: "Agency X", Content: "4711"}
	out, err := finisher(printer(t)).Finish(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range out.Renditions[0].Checks {
		if c.Passed == (c.Name == press.CheckResolution) {
			t.Errorf("%+v", c)
		}
	}
}

func colours(o *finish.Options) { o.Colours = func() (*icc.Library, error) { return icc.Open("") } }

// TestArchivesKeepWhatPicturesCameWith: 16 bits and a colour beyond sRGB live on where no network changes the picture.
func TestArchivesKeepWhatPicturesCameWith(t *testing.T) {
	d := &imaging.Deep{Width: 1024, Height: 4, Channels: 3, Bits: 16, Profile: icc.DisplayP3(), Pix: make([]uint16, 3*1024*4)}
	for i := range 1024 * 4 {
		d.Pix[3*i+1] = uint16(i%1024*61 + 7) // green of Display P3, in steps that 8 bits lack
	}
	data, err := imaging.EncodeDeep(d, imaging.DeepEncoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"png", "tiff"} {
		in := input(t, 8, 8)
		in.Picture, in.Finishing.Archive = data, &art.Archive{Format: format, Profile: "display-p3"}
		out, err := finisher(colours).Finish(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		f := out.Renditions[0]
		got, err := imaging.DecodeDeep(context.Background(), f.Data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if f.Role != art.RoleArchive || f.Format != format || f.ColourSpace != "display-p3" || f.SHA256 != art.Digest(f.Data) || got.Bits != 16 || !cmp.Equal(got.Profile, icc.DisplayP3()) {
			t.Errorf("%s: %+v with %d bits", format, f.Rendition, got.Bits)
		}
		for i, want := range d.Pix {
			if diff := int(got.Pix[i]) - int(want); diff < -4 || diff > 4 {
				t.Fatalf("%s: number %d is %d instead of %d", format, i, got.Pix[i], want)
			}
		}
	}
}

// TestArchivesOfEnlargedPicturesHaveTheirNumber: what hiding it changes in 8 bits is in the 16, too.
func TestArchivesOfEnlargedPicturesHaveTheirNumber(t *testing.T) {
	in := input(t, 384, 384)
	in.Finishing.Archive, in.Finishing.Watermark = &art.Archive{}, 42
	out, err := finisher(func(o *finish.Options) {
		colours(o)
		o.Mark = watermark.New([]byte("a key of the tests, long enough to"))
	}).Finish(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	deep, err := imaging.DecodeDeep(context.Background(), out.Renditions[0].Data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	flat, err := deep.Flat()
	if err != nil {
		t.Fatal(err)
	}
	master, err := imaging.Decode(context.Background(), out.Master.Data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	finer := 0
	for i := range master.Pix {
		if d := int(flat.Pix[i]) - int(master.Pix[i]); d < -1 || d > 1 {
			t.Fatalf("value %d is %d in the archive and %d in the master", i, flat.Pix[i], master.Pix[i])
		}
		if deep.Pix[i]%257 != 0 {
			finer++
		}
	}
	if finer == 0 {
		t.Error("the archive has no more steps than the master")
	}
}
