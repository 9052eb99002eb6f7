package finish_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

// file encodes a picture.
func file(t testing.TB, w, h int, at func(x, y int) (r, g, b uint8)) []byte {
	t.Helper()
	p, err := imaging.NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			r, g, b := at(x, y)
			p.Set(x, y, r, g, b)
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func visible() *art.VisibleLabel {
	return &art.VisibleLabel{Words: art.Text{"en": "AI", "de": "KI"}, Share: 0.05}
}

// labelStep is the record of the drawn label.
func labelStep(t *testing.T, out finish.Output) map[string]any {
	t.Helper()
	for _, s := range out.Steps {
		if s.Name == "label" {
			return s.Parameters
		}
	}
	t.Fatalf("no label among %v", out.Steps)
	return nil
}

// changed counts the pixels of a part that are not as in another picture.
func changed(t *testing.T, a, b []byte, x, y, w, h int) (inside, outside int) {
	t.Helper()
	p, err := imaging.Decode(context.Background(), a, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	q, err := imaging.Decode(context.Background(), b, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(p.Pix); i += 3 {
		if p.Pix[i] == q.Pix[i] && p.Pix[i+1] == q.Pix[i+1] && p.Pix[i+2] == q.Pix[i+2] {
			continue
		}
		if px, py := i/3%p.Width, i/3/p.Width; px >= x && px < x+w && py >= y && py < y+h {
			inside++
		} else {
			outside++
		}
	}
	return inside, outside
}

func TestAVisibleLabelStandsWhereThePictureIsCalmAndIsReadable(t *testing.T) {
	stripes := func(x, _ int) uint8 { return uint8(x / 4 % 2 * 255) }
	for name, c := range map[string]struct {
		at     func(x, y int) (r, g, b uint8)
		change func(*art.VisibleLabel)
		corner string
		plate  bool
	}{
		"a dark ground":                          {func(int, int) (uint8, uint8, uint8) { return 20, 30, 60 }, nil, "top-right", false},
		"a light ground":                         {func(int, int) (uint8, uint8, uint8) { return 255, 208, 178 }, nil, "top-right", false},
		"black and white":                        {func(x, y int) (uint8, uint8, uint8) { v := stripes(x, y); return v, v, v }, nil, "top-right", true},
		"red: white is not enough, and black is": {func(int, int) (uint8, uint8, uint8) { return 255, 0, 0 }, nil, "top-right", false},
		"lively at the top": {func(x, y int) (uint8, uint8, uint8) {
			if y < 512 {
				return stripes(x, y), 200, 40
			}
			return 250, 250, 250
		}, nil, "bottom-right", false},
		"the corner that the brand wants": {func(int, int) (uint8, uint8, uint8) { return 20, 30, 60 }, func(v *art.VisibleLabel) { v.Corner = "bottom-left" }, "bottom-left", false},
		"words will stand at the right":   {func(int, int) (uint8, uint8, uint8) { return 20, 30, 60 }, func(v *art.VisibleLabel) { v.Keep = []art.Region{{X: 0.5, Width: 0.5, Height: 1}} }, "top-left", false},
	} {
		in := input(t, 1024, 1024)
		in.Picture = file(t, 1024, 1024, c.at)
		if in.Label = visible(); c.change != nil {
			c.change(in.Label)
		}
		out, err := finisher(func(*finish.Options) {}).Finish(context.Background(), in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		said := labelStep(t, out)
		if said["corner"] != c.corner || said["plate"] != c.plate || said["contrast"].(float64) < 4.5 || said["share"].(float64) < 0.05 || said["capitals"].(int) > 56 || said["words"] != "AI" {
			t.Errorf("%s: %v", name, said)
		}
		inside, outside := changed(t, in.Picture, out.Master.Data, said["x"].(int), said["y"].(int), said["width"].(int), said["height"].(int))
		if inside < 500 || outside != 0 {
			t.Errorf("%s: %d pixels within the label are new, and %d outside", name, inside, outside)
		}
	}
}

func TestEveryCropHasALabelOfItsOwn(t *testing.T) {
	in := input(t, 1024, 1024, channel("hero", "16:9", []int{320, 1024}, "png"), channel("story", "9:16", []int{576}, "png"), channel("same", "1:1", []int{512}, "png"))
	in.Label, in.Languages = visible(), []art.Language{"de"}
	out, err := finisher(func(o *finish.Options) { o.Signer = marker{} }).Finish(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	said := labelStep(t, out)
	crops := said["crops"].(map[string]any)
	if said["words"] != "KI" || len(crops) != 2 || said["share"].(float64) < 0.05 {
		t.Errorf("%v", said)
	}
	hero := crops["16:9"].(map[string]any)
	if x, y := hero["x"].(int), hero["y"].(int); x < 900 || y > 40 || hero["capitals"].(int) < 29 || hero["capitals"].(int) > 33 {
		t.Errorf("the label on 16:9, which is 576 pixels high: %v", hero)
	}
	if manifest := string(out.Master.Data[len(out.Master.Data)-120:]); !strings.Contains(manifest, "c2pa.edited") {
		t.Errorf("the master's claim doesn't say that a label was drawn: %s", manifest)
	}
}

func TestNoLabelIsDrawnWhereNoneIsAskedOrItStandsBeside(t *testing.T) {
	in := input(t, 64, 64)
	for _, v := range []*art.VisibleLabel{nil, {Words: art.Text{"en": "AI"}, Share: 0.05, Beside: true}} {
		in.Label = v
		out, err := finisher(func(*finish.Options) {}).Finish(context.Background(), in)
		if err != nil || strings.Contains(fmt.Sprint(out.Steps), "capitals") {
			t.Errorf("%+v: %v, %v", v, out.Steps, err)
		}
	}
	in.Label = &art.VisibleLabel{Words: art.Text{"en": strings.Repeat("AI-generated ", 9)}, Share: 0.05}
	if _, err := finisher(func(*finish.Options) {}).Finish(context.Background(), in); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("words without room: %v", err)
	}
}

// The hidden number is put in after the label, and into crops as well.
func TestAWatermarkIsFoundBesideTheLabel(t *testing.T) {
	mark := watermark.New([]byte("a key of a test, long enough 32b"))
	in := input(t, 1024, 1024, channel("hero", "16:9", []int{1024}, "png"))
	in.Label, in.Finishing.Watermark = visible(), 44
	out, err := finisher(func(o *finish.Options) { o.Mark = mark }).Finish(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []finish.File{out.Master, out.Renditions[0]} {
		p, err := imaging.Decode(context.Background(), f.Data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if found := mark.Detect(context.Background(), p, watermark.Search{Scales: true}); found.ID != art.MarkID(in.AssetID) {
			t.Errorf("%s: %+v", f.Name, found)
		}
	}
}
