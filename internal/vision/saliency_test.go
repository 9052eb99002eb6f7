package vision

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"presswerk/internal/imaging"
)

// TestSpectralResidualIsOpenCVs compares with numbers of trainer/reference/make_saliency.py, whose "exact" ones are OpenCV's steps
// in double precision.
func TestSpectralResidualIsOpenCVs(t *testing.T) {
	data, err := os.ReadFile("testdata/saliency.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Seed, Noise   uint64
		OpenCV, Exact []float64
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		state, grey := c.Seed, imaging.NewPlane(residualSide, residualSide)
		for i := range grey.Pix {
			x, y := i%residualSide, i/residualSide
			state = state*6364136223846793005 + 1442695040888963407
			level := 40 + x + int(state>>40%c.Noise)
			if x >= 10 && x < 18 && y >= 40 && y < 46 {
				level += 90
			}
			if x >= 44 && x < 58 && y >= 8 && y < 20 {
				level += 50
			}
			grey.Pix[i] = float32(level)
		}
		got := spectralResidual(grey)
		for k, want := range c.Exact {
			v := float64(got.Pix[16*k])
			if math.Abs(v-want) > 1e-5 || math.Abs(v-c.OpenCV[k]) > 0.005 {
				t.Fatalf("noise %d: at %d %v, want %v, and OpenCV's %v", c.Noise, 16*k, v, want, c.OpenCV[k])
			}
		}
	}
}

// field is a picture of one colour.
func field(t testing.TB, width, height int, r, g, b uint8) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(p.Pix); i += 3 {
		p.Pix[i], p.Pix[i+1], p.Pix[i+2] = r, g, b
	}
	return p
}

// disc paints a disc; places and radius are shares of width and height.
func disc(p *imaging.RGB, x, y, radius float64, r, g, b uint8) {
	for row := range p.Height {
		for column := range p.Width {
			if math.Hypot(float64(column)-x*float64(p.Width), float64(row)-y*float64(p.Height)) < radius*float64(min(p.Width, p.Height)) {
				p.Set(column, row, r, g, b)
			}
		}
	}
}

// What is unlike all others of its kind is found at once, wherever it is: the answer that experiments with people give.
func TestTheOddOneOutIsFixatedFirst(t *testing.T) {
	for _, odd := range [][2]int{{1, 1}, {3, 2}, {4, 0}, {0, 3}} {
		p := field(t, 600, 480, 225, 225, 225)
		for j := range 4 {
			for i := range 5 {
				r, g, b := uint8(40), uint8(90), uint8(200)
				if [2]int{i, j} == odd {
					r, g, b = 220, 40, 40
				}
				disc(p, (float64(i)+0.5)/5, (float64(j)+0.5)/4, 0.06, r, g, b)
			}
		}
		path := FindSaliency(p).ScanPath(1)
		if len(path) != 1 || math.Abs(path[0].X-(float64(odd[0])+0.5)/5) > 0.08 || math.Abs(path[0].Y-(float64(odd[1])+0.5)/4) > 0.1 {
			t.Errorf("the odd one is %v, the eye goes to %v", odd, path)
		}
	}
}

func TestAFlatPictureDrawsTheEyeNowhere(t *testing.T) {
	p := field(t, 300, 200, 90, 140, 200)
	for i := range p.Pix {
		p.Pix[i] += uint8(i * 7919 % 3) // a shimmer that nobody sees
	}
	s := FindSaliency(p)
	if !s.Flat() || len(s.ScanPath(5)) != 0 || slices.Max(s.Map.Pix) != 0 {
		t.Errorf("contrast %v, path %v", s.Contrast, s.ScanPath(5))
	}
	if c := s.Centred(0.5); slices.Max(c.Map.Pix) != 0 {
		t.Error("a centre bias sees something in a flat picture")
	}
}

// The eye goes to the same places whatever size the picture is kept in, and a mirrored picture is looked at mirrored.
func TestSaliencyDependsOnWhatIsSeenAlone(t *testing.T) {
	draw := func(width, height int, mirrored bool) Saliency {
		p := field(t, width, height, 240, 235, 220)
		x := 0.25
		if mirrored {
			x = 0.75
		}
		disc(p, x, 0.6, 0.12, 200, 60, 30)
		return FindSaliency(p)
	}
	one := draw(1024, 768, false).ScanPath(1)[0]
	for _, size := range [][2]int{{2048, 1536}, {512, 384}, {200, 150}} {
		if got := draw(size[0], size[1], false).ScanPath(1)[0]; math.Hypot(got.X-one.X, got.Y-one.Y) > 0.06 {
			t.Errorf("%v: %v, want %v", size, got, one)
		}
	}
	a, b := draw(1024, 768, false), draw(1024, 768, true)
	for i, v := range a.Map.Pix {
		w := a.Map.Width
		if d := math.Abs(float64(v - b.Map.Pix[i/w*w+w-1-i%w])); d > 0.12 {
			t.Fatalf("place %d differs by %v from its mirror image", i, d)
		}
	}
	if again := draw(1024, 768, false); !slices.Equal(again.Map.Pix, a.Map.Pix) {
		t.Error("the same picture gave another map")
	}
}

func TestScanPathsDoNotReturn(t *testing.T) {
	s := Saliency{Map: imaging.NewPlane(60, 48), Contrast: 100}
	s.Map.Pix[10*60+10], s.Map.Pix[10*60+12], s.Map.Pix[40*60+50], s.Map.Pix[5*60+40] = 1, 0.9, 0.6, 0.1
	path := s.ScanPath(9)
	if len(path) != 2 || path[0].Value != 1 || math.Abs(path[1].X-50.5/60) > 1e-9 || math.Abs(path[1].Y-40.5/48) > 1e-9 {
		t.Errorf("the path is %v", path)
	}
	if got := s.ScanPath(1); len(got) != 1 {
		t.Errorf("%d fixations, want one", len(got))
	}
}

func TestTheMiddleCountsMoreWithACentreBias(t *testing.T) {
	s := Saliency{Map: imaging.NewPlane(33, 33), Contrast: 100}
	s.Map.Pix[16*33+16], s.Map.Pix[0] = 1, 1
	c := s.Centred(0.5)
	if c.Map.Pix[16*33+16] != 1 || !(c.Map.Pix[0] > 0.49 && c.Map.Pix[0] < 0.52) {
		t.Errorf("middle %v, corner %v", c.Map.Pix[16*33+16], c.Map.Pix[0])
	}
	if c := s.Centred(0); c.Map.Pix[0] != 1 {
		t.Errorf("without a bias the corner counts %v", c.Map.Pix[0])
	}
}

// Pictures of any shape are looked at.
func TestSaliencyTakesAnySize(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 900}, {2000, 5}, {64, 64}} {
		p := field(t, size[0], size[1], 10, 10, 10)
		p.Set(size[0]/2, size[1]/2, 255, 255, 255)
		s := FindSaliency(p)
		for _, v := range s.Map.Pix {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("%v: a value of %v", size, v)
			}
		}
	}
}

func BenchmarkSaliency(b *testing.B) {
	p := field(b, 1024, 1024, 230, 220, 200)
	disc(p, 0.3, 0.4, 0.2, 180, 30, 60)
	for b.Loop() {
		FindSaliency(p)
	}
}
