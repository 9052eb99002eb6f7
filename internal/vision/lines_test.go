package vision_test

import (
	"slices"
	"testing"

	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// The annotators of sd-webui-controlnet, up to what the order of float additions changes: one level in a few pixels of
// a drawing in shades, and a few pixels at the threshold of one in black and white.
func TestLinesAreTheFieldsAnnotators(t *testing.T) {
	for _, function := range []string{"scribble_xdog", "lineart_standard"} {
		for _, c := range edgeCases(t, function) {
			t.Run(c.Expected, func(t *testing.T) {
				p := readRGB(t, c.Scene)
				got, most := vision.ScribbleXDoG(p, 32), 255
				if function == "lineart_standard" {
					got, most = vision.LineartDoG(p), 1
				}
				count, worst := differences(t, got, readGrey(t, c.Expected))
				if count > len(got.Pix)/500 || worst > most {
					t.Errorf("%d of %d pixels differ, by up to %d", count, len(got.Pix), worst)
				}
			})
		}
	}
}

func TestLinesOfOpenCV(t *testing.T) {
	for _, c := range edgeCases(t, "lines") {
		want := readGrey(t, c.Expected)
		got, err := imaging.NewGrey(want.Width, want.Height)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Ends {
			got.Line(e[0], e[1], e[2], e[3], 255)
		}
		if count, _ := differences(t, got, want); count > 0 {
			t.Errorf("%d pixels differ", count)
		}
	}
}

func TestShrinkingIsOpenCVsArea(t *testing.T) {
	for _, c := range edgeCases(t, "area") {
		p, want := readRGB(t, c.Scene), readRGB(t, c.Expected)
		for channel := range 3 {
			wanted := want.Plane(channel)
			for i, v := range p.Plane(channel).Resize(want.Width, want.Height).Pix {
				if d := v - wanted.Pix[i]; d > 0.501 || d < -0.501 {
					t.Fatalf("%s, channel %d: pixel %d is %v, want %v", c.Scene, channel, i, v, wanted.Pix[i])
				}
			}
		}
	}
}

// A flat picture has no lines, and a higher threshold leaves fewer strokes.
func TestScribbles(t *testing.T) {
	flat, err := imaging.NewRGB(31, 17)
	if err != nil {
		t.Fatal(err)
	}
	for i := range flat.Pix {
		flat.Pix[i] = 90
	}
	for name, drawn := range map[string]*imaging.Grey{
		"scribble": vision.Scribble(flat, 32), "scribble-xdog": vision.ScribbleXDoG(flat, 32), "lineart-dog": vision.LineartDoG(flat),
	} {
		if slices.ContainsFunc(drawn.Pix, func(v uint8) bool { return v > 0 }) {
			t.Errorf("%s finds lines in a flat picture", name)
		}
	}
	p := readRGB(t, "noise.png")
	more, fewer := vision.ScribbleXDoG(p, 20), vision.ScribbleXDoG(p, 60)
	for i := range more.Pix {
		if fewer.Pix[i] > more.Pix[i] {
			t.Fatalf("pixel %d became a stroke with a higher threshold", i)
		}
	}
	if shapes := vision.Scribble(readRGB(t, "shapes.png"), 32); !slices.Contains(shapes.Pix, 255) || !slices.Contains(shapes.Pix, 0) {
		t.Error("the scribble of shapes is flat")
	}
}
