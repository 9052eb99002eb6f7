package vision_test

import (
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"presswerk/internal/imaging"
)

// edgeCase is one expected picture that trainer/reference/make_edges.py wrote.
type edgeCase struct {
	Scene, Function, Expected string
	Low, High                 int
	Ends                      [][4]int
}

// edgeCases gives the cases of one function.
func edgeCases(t *testing.T, function string) []edgeCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "edges", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []edgeCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var found []edgeCase
	for _, c := range file.Cases {
		if c.Function == function {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no case of %s", function)
	}
	return found
}

func readPNG(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "edges", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func readRGB(t *testing.T, name string) *imaging.RGB {
	t.Helper()
	from := readPNG(t, name)
	p, err := imaging.NewRGB(from.Bounds().Dx(), from.Bounds().Dy())
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			r, g, b, _ := from.At(x, y).RGBA()
			p.Set(x, y, uint8(r>>8), uint8(g>>8), uint8(b>>8))
		}
	}
	return p
}

func readGrey(t *testing.T, name string) *imaging.Grey {
	t.Helper()
	p := readRGB(t, name)
	g, err := imaging.NewGrey(p.Width, p.Height)
	if err != nil {
		t.Fatal(err)
	}
	for i := range g.Pix {
		g.Pix[i] = p.Pix[3*i]
	}
	return g
}

// differences counts unequal pixels and gives the largest difference.
func differences(t *testing.T, got, want *imaging.Grey) (count, worst int) {
	t.Helper()
	if got.Width != want.Width || got.Height != want.Height || len(got.Pix) != len(want.Pix) {
		t.Fatalf("the picture has %d×%d pixels, want %d×%d", got.Width, got.Height, want.Width, want.Height)
	}
	for i := range got.Pix {
		if got.Pix[i] != want.Pix[i] {
			count++
			worst = max(worst, int(max(got.Pix[i], want.Pix[i]))-int(min(got.Pix[i], want.Pix[i])))
		}
	}
	return count, worst
}
