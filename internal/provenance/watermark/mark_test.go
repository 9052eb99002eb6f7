package watermark

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"presswerk/internal/imaging"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

// scene is something like a photograph: soft light, shapes with edges, and texture that falls off with frequency.
func scene(t testing.TB, width, height int, seed uint64) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(width, height)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(seed, 7))
	texture := make([]float32, width*height)
	for _, sigma := range []float64{1, 3, 9, 27} {
		layer := make([]float32, width*height)
		for i := range layer {
			layer[i] = float32(dice.NormFloat64() * sigma * 14)
		}
		for i, v := range blur(layer, width, height, sigma) {
			texture[i] += v
		}
	}
	type disc struct{ x, y, r, v float64 }
	var discs []disc
	for range 12 {
		discs = append(discs, disc{dice.Float64() * float64(width), dice.Float64() * float64(height), (0.03 + 0.12*dice.Float64()) * float64(width), 120*dice.Float64() - 60})
	}
	for y := range height {
		for x := range width {
			v := 90 + 60*float64(y)/float64(height) + float64(texture[y*width+x])
			for _, d := range discs {
				if math.Hypot(float64(x)-d.x, float64(y)-d.y) < d.r {
					v += d.v
				}
			}
			p.Set(x, y, level(v), level(v*0.9+10), level(v*0.8+30))
		}
	}
	return p
}

func level(v float64) uint8 { return uint8(math.Max(0, math.Min(255, v))) }

// drawing is flat: one ground, a few flat shapes.
func drawing(t testing.TB, side int) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(side, side)
	if err != nil {
		t.Fatal(err)
	}
	for y := range side {
		for x := range side {
			switch d := math.Hypot(float64(x-side/2), float64(y-side/2)) / float64(side); {
			case d < 0.2:
				p.Set(x, y, 214, 48, 49)
			case d < 0.3:
				p.Set(x, y, 250, 214, 60)
			default:
				p.Set(x, y, 186, 218, 250)
			}
		}
	}
	return p
}

func psnr(a, b *imaging.RGB) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}

// attack is something that happens to pictures.
type attack struct {
	name string
	do   func(t testing.TB, p *imaging.RGB) *imaging.RGB
	s    Search
}

func encoded(format imaging.Format, quality int) func(testing.TB, *imaging.RGB) *imaging.RGB {
	return func(t testing.TB, p *imaging.RGB) *imaging.RGB {
		t.Helper()
		data, err := imaging.Encode(p, imaging.Encoding{Format: format, Quality: quality})
		if err != nil {
			t.Fatal(err)
		}
		out, err := imaging.Decode(context.Background(), data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func resized(share float64) func(testing.TB, *imaging.RGB) *imaging.RGB {
	return func(t testing.TB, p *imaging.RGB) *imaging.RGB {
		t.Helper()
		out, err := imaging.Resize(p, int(float64(p.Width)*share), int(float64(p.Height)*share))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// cut takes a share off each side.
func cut(share float64) func(testing.TB, *imaging.RGB) *imaging.RGB {
	return func(t testing.TB, p *imaging.RGB) *imaging.RGB {
		t.Helper()
		left, top := int(share*float64(p.Width)), int(share*float64(p.Height))
		out, err := imaging.NewRGB(p.Width-2*left, p.Height-2*top)
		if err != nil {
			t.Fatal(err)
		}
		for y := range out.Height {
			from := 3 * ((top+y)*p.Width + left)
			copy(out.Pix[3*y*out.Width:3*(y+1)*out.Width], p.Pix[from:from+3*out.Width])
		}
		return out
	}
}

// pointwise changes each pixel by its place.
func pointwise(of func(p *imaging.RGB, x, y int) (r, g, b uint8)) func(testing.TB, *imaging.RGB) *imaging.RGB {
	return func(t testing.TB, p *imaging.RGB) *imaging.RGB {
		t.Helper()
		out, err := imaging.NewRGB(p.Width, p.Height)
		if err != nil {
			t.Fatal(err)
		}
		for y := range p.Height {
			for x := range p.Width {
				r, g, b := of(p, x, y)
				out.Set(x, y, r, g, b)
			}
		}
		return out
	}
}

func turned(degrees float64) func(testing.TB, *imaging.RGB) *imaging.RGB {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return pointwise(func(p *imaging.RGB, x, y int) (r, g, b uint8) {
		u, v := float64(x)-float64(p.Width)/2, float64(y)-float64(p.Height)/2
		sx, sy := int(math.Round(u*cos-v*sin+float64(p.Width)/2)), int(math.Round(u*sin+v*cos+float64(p.Height)/2))
		return p.At(min(p.Width-1, max(0, sx)), min(p.Height-1, max(0, sy)))
	})
}

func after(all ...func(testing.TB, *imaging.RGB) *imaging.RGB) func(testing.TB, *imaging.RGB) *imaging.RGB {
	return func(t testing.TB, p *imaging.RGB) *imaging.RGB {
		t.Helper()
		for _, do := range all {
			p = do(t, p)
		}
		return p
	}
}

func attacks() []attack {
	dice := rand.New(rand.NewPCG(5, 5))
	return []attack{
		{"nothing", after(), Search{}},
		{"JPEG 75", encoded(imaging.JPEG, 75), Search{}},
		{"JPEG 50", encoded(imaging.JPEG, 50), Search{}},
		{"WebP 50", encoded(imaging.WebP, 50), Search{}},
		{"half the size", resized(0.5), Search{}},
		{"twice the size", resized(2), Search{}},
		{"brighter", pointwise(func(p *imaging.RGB, x, y int) (uint8, uint8, uint8) {
			r, g, b := p.At(x, y)
			return level(1.2 * float64(r)), level(1.2 * float64(g)), level(1.2 * float64(b))
		}), Search{}},
		{"noise", pointwise(func(p *imaging.RGB, x, y int) (uint8, uint8, uint8) {
			r, g, b := p.At(x, y)
			return level(float64(r) + 5*dice.NormFloat64()), level(float64(g) + 5*dice.NormFloat64()), level(float64(b) + 5*dice.NormFloat64())
		}), Search{}},
		{"mirrored", pointwise(func(p *imaging.RGB, x, y int) (uint8, uint8, uint8) { return p.At(p.Width-1-x, y) }), Search{Mirror: true}},
		{"an eighth off each side", cut(0.125), Search{Scales: true}},
		{"JPEG 50, then an eighth off each side", after(encoded(imaging.JPEG, 50), cut(0.125)), Search{Scales: true}},
		{"cropped, smaller, JPEG 75", after(cut(0.125), resized(0.7), encoded(imaging.JPEG, 75)), Search{Scales: true}},
		{"turned by two degrees", turned(2), Search{Angles: true}},
		{"turned the other way", turned(-1.5), Search{Angles: true}},
	}
}

func TestAMarkSurvivesOrdinaryUse(t *testing.T) {
	m, dice := New([]byte("ours")), rand.New(rand.NewPCG(9, 9))
	for name, c := range map[string]struct {
		p   *imaging.RGB
		few int // attacks that this one goes through; searches take long
	}{"landscape": {scene(t, 1280, 960, 1), 99}, "portrait": {scene(t, 900, 1200, 2), 5}} {
		p := c.p
		id := dice.Uint64() & MaxID
		marked, err := m.Embed(p, id, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := psnr(p, marked); got < 43.5 || got > 44.8 {
			t.Errorf("%s: %.2f dB", name, got)
		}
		for _, a := range attacks()[:min(c.few, len(attacks()))] {
			if got := m.Detect(t.Context(), a.do(t, marked), a.s); !got.Found || got.ID != id {
				t.Errorf("%s, %s: %+v, not %x", name, a.name, got, id)
			}
		}
	}
}

func TestADrawingCarriesAMark(t *testing.T) {
	m, p := New([]byte("ours")), drawing(t, 1024)
	marked, err := m.Embed(p, 42, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attacks()[:3] {
		if got := m.Detect(t.Context(), a.do(t, marked), a.s); !got.Found || got.ID != 42 {
			t.Errorf("%s: %+v", a.name, got)
		}
	}
}

func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	m, other := New([]byte("ours")), New([]byte("theirs"))
	p := scene(t, 1024, 768, 3)
	marked, err := other.Embed(p, 7, Options{PSNR: 40})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		p *imaging.RGB
		s Search
	}{"unmarked": {p, Search{Mirror: true}}, "another key": {marked, Search{Scales: true}}, "flat": {drawing(t, 300), Search{Angles: true}}} {
		if got := m.Detect(t.Context(), c.p, c.s); got.Found {
			t.Errorf("%s: %+v", name, got)
		}
	}
	dice, most := rand.New(rand.NewPCG(4, 4)), 0.0
	for range 60 {
		side := 200 + dice.IntN(300)
		x, y := dice.IntN(p.Width-side), dice.IntN(p.Height-side)
		crop, err := imaging.NewRGB(side, side)
		if err != nil {
			t.Fatal(err)
		}
		for j := range side {
			copy(crop.Pix[3*j*side:3*(j+1)*side], p.Pix[3*((y+j)*p.Width+x):][:3*side])
		}
		got := m.Detect(t.Context(), crop, Search{})
		most = math.Max(most, got.Peak)
		if got.Found {
			t.Errorf("a crop of %d at %d, %d: %+v", side, x, y, got)
		}
	}
	if most > leastPeak {
		t.Errorf("an unmarked crop has a peak of %.2f", most)
	}
}

func TestWhatCantBeMarkedSaysSo(t *testing.T) {
	m := New(nil)
	for name, do := range map[string]func() error{
		"a number too large": func() error { _, err := m.Embed(scene(t, 300, 300, 1), MaxID+1, Options{}); return err },
		"too loud":           func() error { _, err := m.Embed(scene(t, 300, 300, 1), 1, Options{PSNR: 20}); return err },
		"no strength":        func() error { _, err := m.Embed(scene(t, 300, 300, 1), 1, Options{PSNR: math.NaN()}); return err },
		"too small":          func() error { _, err := m.Embed(scene(t, 200, 100, 1), 1, Options{}); return err },
	} {
		if do() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for _, size := range [][2]int{{1, 1}, {1, 4000}, {7, 3}, {70, 65}} {
		if got := m.Detect(t.Context(), scene(t, size[0], size[1], 1), Everything()); got.Found {
			t.Errorf("%v: %+v", size, got)
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	m, p := New([]byte("ours")), scene(b, 1024, 1024, 1)
	for b.Loop() {
		if _, err := m.Embed(p, 1, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	m := New([]byte("ours"))
	p, err := m.Embed(scene(b, 1024, 1024, 1), 1, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !m.Detect(b.Context(), p, Search{}).Found {
			b.Fatal("not found")
		}
	}
}
