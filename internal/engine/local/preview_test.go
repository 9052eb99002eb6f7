package local

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"math"
	"testing"
)

// TestPreviews: watching changes nothing, there is one preview for each step, and the last one is the picture in small.
func TestPreviews(t *testing.T) {
	e := houseEngine(t)
	recipe := houseRecipe("a lemon, cartoon style, on a mint background", 2)
	recipe.Steps = 8
	want, err := e.Render(context.Background(), recipe, nil)
	if err != nil {
		t.Fatal(err)
	}
	var previews []image.Image
	steps := 0
	got, err := e.RenderSeen(context.Background(), recipe, func(step, _ int) {
		if steps++; step != steps || len(previews) != steps {
			t.Errorf("step %d with %d previews", step, len(previews))
		}
	}, func(p image.Image) { previews = append(previews, p) })
	if err != nil {
		t.Fatal(err)
	}
	if got.PixelsSHA256 != want.PixelsSHA256 {
		t.Error("a watched picture is another one")
	}
	if len(previews) != 8 {
		t.Fatalf("%d previews of 8 steps", len(previews))
	}
	first, last := difference(t, previews[0], want.Bytes), difference(t, previews[7], want.Bytes)
	if last > 20 || first < 2*last {
		t.Errorf("the first preview is %.1f levels off and the last %.1f", first, last)
	}
}

// difference is the mean difference of a preview to the picture's means over its pixels, in 8-bit levels.
func difference(t *testing.T, preview image.Image, file []byte) float64 {
	t.Helper()
	large, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	size := preview.Bounds().Size()
	factor := large.Bounds().Dx() / size.X
	sum := 0.0
	for y := range size.Y {
		for x := range size.X {
			var mean [3]float64
			for dy := range factor {
				for dx := range factor {
					r, g, b, _ := large.At(x*factor+dx, y*factor+dy).RGBA()
					for c, v := range []uint32{r, g, b} {
						mean[c] += float64(v>>8) / float64(factor*factor)
					}
				}
			}
			r, g, b, _ := preview.At(x, y).RGBA()
			for c, v := range []uint32{r, g, b} {
				sum += math.Abs(float64(v>>8) - mean[c])
			}
		}
	}
	return sum / float64(3*size.X*size.Y)
}
