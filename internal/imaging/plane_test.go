package imaging_test

import (
	"math"
	"slices"
	"testing"

	"presswerk/internal/imaging"
)

func plane(width, height int, at func(x, y int) float32) *imaging.Plane {
	p := imaging.NewPlane(width, height)
	for i := range p.Pix {
		p.Pix[i] = at(i%width, i/width)
	}
	return p
}

func TestAFlatPlaneStaysFlat(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 1}, {1, 7}, {5, 40}} {
		flat := plane(size[0], size[1], func(_, _ int) float32 { return 77 })
		for name, got := range map[string]*imaging.Plane{
			"blurred": flat.Gaussian(6), "not blurred": flat.Gaussian(0), "smaller": flat.Resize(1, 1), "larger": flat.Resize(9, 50),
		} {
			for _, v := range got.Pix {
				if math.Abs(float64(v)-77) > 1e-3 {
					t.Fatalf("%v %s: a flat 77 became %v", size, name, v)
				}
			}
		}
	}
}

func TestABlurKeepsTheSum(t *testing.T) {
	p := plane(61, 61, func(x, y int) float32 {
		if x == 30 && y == 30 {
			return 1000
		}
		return 0
	})
	got := p.Gaussian(3)
	sum := 0.0
	for _, v := range got.Pix {
		sum += float64(v)
	}
	if math.Abs(sum-1000) > 0.01 {
		t.Errorf("1000 became %v", sum)
	}
	if want := 1000 / (2 * math.Pi * 9); math.Abs(float64(got.Pix[30*61+30])-want) > 0.05 {
		t.Errorf("the peak is %v, want %v", got.Pix[30*61+30], want)
	}
}

func TestShrinkingTakesTheMeanOfTheArea(t *testing.T) {
	got := plane(3, 2, func(x, y int) float32 { return float32(10*x + 100*y) }).Resize(2, 1)
	want := []float32{50 + (0+10*0.5)/1.5, 50 + (10*0.5+20)/1.5}
	for i := range want {
		if math.Abs(float64(got.Pix[i]-want[i])) > 1e-4 {
			t.Errorf("pixel %d is %v, want %v", i, got.Pix[i], want[i])
		}
	}
}

// A line is the same from either end, eight-connected, and may leave the picture.
func TestLines(t *testing.T) {
	for _, ends := range [][4]int{{0, 0, 9, 3}, {9, 0, 0, 9}, {4, 2, 4, 8}, {3, 3, 3, 3}, {-5, -2, 20, 14}, {2, 9, 5, 0}} {
		there, back := &imaging.Grey{Width: 10, Height: 10, Pix: make([]uint8, 100)}, &imaging.Grey{Width: 10, Height: 10, Pix: make([]uint8, 100)}
		there.Line(ends[0], ends[1], ends[2], ends[3], 255)
		back.Line(ends[2], ends[3], ends[0], ends[1], 255)
		if ends[0] != ends[2] && !slices.Equal(there.Pix, back.Pix) {
			t.Errorf("%v: the way back differs", ends)
		}
		if !slices.Contains(there.Pix, 255) {
			t.Errorf("%v: nothing was drawn", ends)
		}
	}
}

func TestThinLeavesLines(t *testing.T) {
	g := &imaging.Grey{Width: 40, Height: 30, Pix: make([]uint8, 1200)}
	for y := 8; y < 15; y++ {
		for x := 4; x < 36; x++ {
			g.Pix[y*40+x] = 255
		}
	}
	thin := g.Thin()
	if again := thin.Thin(); !slices.Equal(again.Pix, thin.Pix) {
		t.Error("thinning twice is not thinning once")
	}
	total := 0
	for i, v := range thin.Pix {
		if v > g.Pix[i] {
			t.Fatalf("pixel %d was not there", i)
		}
		if v > 0 {
			total++
		}
	}
	if total < 24 || total > 40 {
		t.Errorf("a bar of 32×7 was thinned to %d pixels", total)
	}
	if empty := (&imaging.Grey{Width: 1, Height: 1, Pix: []uint8{0}}).Thin(); empty.Pix[0] != 0 {
		t.Error("something came of nothing")
	}
}

// All channels at once are what each is alone, to the last bit.
func TestPlanesAreTheChannelsScaled(t *testing.T) {
	p := &imaging.RGB{Width: 61, Height: 43, Pix: make([]byte, 3*61*43)}
	for i := range p.Pix {
		p.Pix[i] = byte(i*i + i/7)
	}
	for _, size := range [][2]int{{61, 43}, {30, 20}, {100, 90}, {17, 80}, {1, 1}} {
		for channel, got := range p.Planes(size[0], size[1]) {
			if want := p.Plane(channel).Resize(size[0], size[1]); !slices.Equal(got.Pix, want.Pix) {
				t.Errorf("channel %d of %v is another", channel, size)
			}
		}
	}
}
