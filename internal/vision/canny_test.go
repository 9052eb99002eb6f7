package vision_test

import (
	"slices"
	"testing"

	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// Pixel for pixel what OpenCV finds: in colour, in grey, with thresholds the wrong way round, down to 1×1.
func TestCannyIsOpenCVs(t *testing.T) {
	for _, c := range edgeCases(t, "canny") {
		t.Run(c.Expected, func(t *testing.T) {
			got := vision.Canny(readRGB(t, c.Scene), c.Low, c.High)
			if count, _ := differences(t, got, readGrey(t, c.Expected)); count > 0 {
				t.Errorf("%d of %d pixels differ", count, len(got.Pix))
			}
		})
	}
}

func TestAFlatPictureHasNoEdges(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {9, 1}, {1, 9}, {17, 12}} {
		p, err := imaging.NewRGB(size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Pix {
			p.Pix[i] = 140
		}
		if edges := vision.Canny(p, 0, 0); slices.Contains(edges.Pix, 255) {
			t.Errorf("%v: there are edges in a flat picture", size)
		}
	}
}

// Raising either threshold only takes edges away.
func TestHigherThresholdsFindFewerEdges(t *testing.T) {
	p := readRGB(t, "noise.png")
	for _, step := range [][4]int{{20, 200, 60, 200}, {20, 200, 20, 400}, {60, 300, 80, 500}, {0, 0, 0, 2040}} {
		more, fewer := vision.Canny(p, step[0], step[1]), vision.Canny(p, step[2], step[3])
		for i := range more.Pix {
			if fewer.Pix[i] > more.Pix[i] {
				t.Fatalf("%v: pixel %d became an edge with higher thresholds", step, i)
			}
		}
	}
	if slices.Contains(vision.Canny(p, 100, 2040).Pix, 255) {
		t.Error("no magnitude is above 2040, and yet there are edges")
	}
}

// fuzzed makes a picture of any size from 1×1 out of a fuzzer's bytes.
func fuzzed(t *testing.T, width, height uint8, data []byte) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(1+int(width)%48, 1+int(height)%48)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Pix {
		if len(data) > 0 {
			p.Pix[i] = data[i%len(data)]
		}
	}
	return p
}

// Every size and every threshold gives a picture of that size in black and white.
func FuzzCanny(f *testing.F) {
	f.Add(uint8(0), uint8(0), 100, 200, []byte{1})
	f.Add(uint8(7), uint8(0), -5, 0, []byte{0, 255, 3})
	f.Add(uint8(20), uint8(33), 1<<62, -1<<62, []byte("presswerk"))
	f.Fuzz(func(t *testing.T, width, height uint8, low, high int, data []byte) {
		p := fuzzed(t, width, height, data)
		edges := vision.Canny(p, low, high)
		if edges.Width != p.Width || edges.Height != p.Height || len(edges.Pix) != p.Width*p.Height {
			t.Fatalf("%d×%d became %d×%d", p.Width, p.Height, edges.Width, edges.Height)
		}
		for _, v := range edges.Pix {
			if v != 0 && v != 255 {
				t.Fatalf("there is a %d", v)
			}
		}
	})
}
