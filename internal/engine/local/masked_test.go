package local

import (
	"context"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// TestMaskedRegion holds what diffusers 0.39's VaeImageProcessor.get_crop_region gives.
func TestMaskedRegion(t *testing.T) {
	for name, x := range map[string]struct {
		box           region // that is white
		width, height int
		padding       int
		want          region
	}{
		"square":               {region{40, 40, 60, 60}, 64, 64, 0, region{40, 40, 60, 60}},
		"padded":               {region{40, 40, 60, 60}, 64, 64, 10, region{30, 30, 70, 70}},
		"wide":                 {region{20, 50, 80, 60}, 64, 64, 0, region{20, 25, 80, 85}},
		"tall, to a wide size": {region{45, 20, 55, 70}, 128, 64, 0, region{0, 20, 100, 70}},
		"at the edge":          {region{0, 90, 20, 100}, 64, 64, 5, region{0, 75, 25, 100}},
	} {
		mask, err := imaging.NewRGB(100, 100)
		if err != nil {
			t.Fatal(err)
		}
		for y := x.box.top; y < x.box.bottom; y++ {
			for cx := x.box.left; cx < x.box.right; cx++ {
				mask.Set(cx, y, 255, 255, 255)
			}
		}
		if got, ok := maskedRegion(mask, x.width, x.height, x.padding); !ok || got != x.want {
			t.Errorf("%s: %v, not %v", name, got, x.want)
		}
	}
}

func TestOnlyMaskedLeavesTheRestAlone(t *testing.T) {
	e := newEngine(t, Options{})
	picture, err := imaging.NewRGB(200, 150)
	if err != nil {
		t.Fatal(err)
	}
	mask, err := imaging.NewRGB(200, 150)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 150 {
		for x := range 200 {
			picture.Set(x, y, uint8(x), uint8(y), 90)
			if x >= 120 && x < 150 && y >= 60 && y < 90 {
				mask.Set(x, y, 255, 255, 255)
			}
		}
	}
	r, padding := tinyRecipe(), 8
	r.Mode, r.MaskPadding, r.MaskBlur = art.ModeInpaint, &padding, 2
	got, err := e.RenderArrays(context.Background(), r, Inputs{Init: picture, Mask: mask}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sameShape(got.Image.Shape, []int{1, 150, 200, 3}) {
		t.Fatalf("the picture has shape %v", got.Image.Shape)
	}
	changed := 0
	for y := range 150 {
		for x := range 200 {
			i := 3 * (y*200 + x)
			same := got.Image.Data[i] == float32(picture.Pix[i])/255
			if far := x < 110 || x >= 160 || y < 50 || y >= 100; far && !same {
				t.Fatalf("%d,%d has changed", x, y)
			}
			if !same {
				changed++
			}
		}
	}
	if changed < 800 {
		t.Errorf("only %d pixels have changed", changed)
	}
	black, err := imaging.NewRGB(200, 150)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.RenderArrays(context.Background(), r, Inputs{Init: picture, Mask: black}, nil); err == nil {
		t.Error("a black mask was rendered")
	}
}

// TestOutpaintFades: with a blur the picture's middle stays as it was to the bit, its edge fades, and what is new is new.
func TestOutpaintFades(t *testing.T) {
	e := newEngine(t, Options{})
	picture := checkered(t, 48, 64)
	r := tinyRecipe()
	r.Mode, r.Width, r.MaskBlur = art.ModeOutpaint, 128, 3
	got, err := e.RenderArrays(context.Background(), r, Inputs{Init: picture}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sameShape(got.Image.Shape, []int{1, 64, 128, 3}) {
		t.Fatalf("the picture has shape %v", got.Image.Shape)
	}
	faded := 0
	for y := range 64 { // the picture lies at 40 … 88, and fades 6 pixels into it, and as far again
		for x := range 128 {
			v := got.Image.Data[3*(y*128+x)]
			switch {
			case x >= 56 && x < 72:
				if want, _, _ := picture.At(x-40, y); v != float32(want)/255 {
					t.Fatalf("%d,%d has changed", x, y)
				}
			case x >= 40 && x < 46:
				if want, _, _ := picture.At(x-40, y); v != float32(want)/255 {
					faded++
				}
			}
		}
	}
	if faded < 100 {
		t.Errorf("only %d pixels of the edge have changed", faded)
	}
	r.MaskBlur = 0
	if _, err := e.RenderArrays(context.Background(), r, Inputs{Init: picture}, nil); err != nil {
		t.Error(err)
	}
}
