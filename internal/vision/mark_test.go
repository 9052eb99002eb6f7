package vision_test

import (
	"math"
	"os"
	"testing"

	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// emblem is a logo without text: an arc, a bar and a tooth, in two colours.
const emblem = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 80">
<path d="M8 60a32 32 0 0 1 64 0z" fill="#d63031"/><path d="M24 60a16 16 0 0 1 32 0z" fill="#fad63c"/>
<path d="M92 16h20v28h24v-28h20v48h-64z" fill="#1e3799"/><path d="M176 64l24-48 32 48h-20l-12-22-8 22z" fill="#1e3799"/>
<path d="M6 68h228v6h-228z" fill="#1e3799"/></svg>`

func drawn(t testing.TB, svg string, side int) *imaging.Layer {
	t.Helper()
	l, err := imaging.DecodeLayer(t.Context(), []byte(svg), side, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// laid puts a layer into a picture, its middle at a place, by what a step along its width and height does; flat gives one colour.
func laid(p *imaging.RGB, l *imaging.Layer, x, y float64, a, b [2]float64, flat *[3]uint8) {
	det := a[0]*b[1] - b[0]*a[1]
	const fine = 3 // samples on a side of each pixel
	for j := range p.Height {
		for i := range p.Width {
			var sum [3]float64
			cover := 0.0
			for n := range fine * fine {
				dx, dy := float64(i)+(float64(n%fine)+0.5)/fine-x, float64(j)+(float64(n/fine)+0.5)/fine-y
				u, v := (dx*b[1]-dy*b[0])/det+float64(l.Width)/2, (dy*a[0]-dx*a[1])/det+float64(l.Height)/2
				if u < 0 || v < 0 || u >= float64(l.Width) || v >= float64(l.Height) {
					continue
				}
				at := int(v)*l.Width + int(u)
				alpha := float64(l.Alpha[at]) / 255 / fine / fine
				cover += alpha
				for c := range sum {
					level := float64(l.Pix[3*at+c])
					if flat != nil {
						level = float64(flat[c])
					}
					sum[c] += alpha * level
				}
			}
			for c := range sum {
				k := 3*(j*p.Width+i) + c
				p.Pix[k] = uint8(math.Round(sum[c] + (1-cover)*float64(p.Pix[k])))
			}
		}
	}
}

func ground(t testing.TB, w, h int, level func(x, y int) [3]uint8) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			c := level(x, y)
			p.Set(x, y, c[0], c[1], c[2])
		}
	}
	return p
}

func plain(_, _ int) [3]uint8 { return [3]uint8{245, 238, 220} }
func dark(_, _ int) [3]uint8  { return [3]uint8{24, 40, 30} }
func wavy(x, y int) [3]uint8 {
	v := uint8(150 + 60*math.Sin(float64(x)/17+math.Cos(float64(y)/23)*2)*math.Cos(float64(y)/11))
	return [3]uint8{v, 255 - v/2, v/2 + 60}
}

func grainy(x, y int) [3]uint8 {
	n := uint32(x*73856093) ^ uint32(y*19349663)
	n = (n ^ n>>13) * 1274126177
	return [3]uint8{uint8(90 + n>>8&63), uint8(100 + n>>16&63), uint8(110 + n>>24&63)}
}

func photograph(t testing.TB, side int) *imaging.RGB {
	t.Helper()
	data, err := os.ReadFile("testdata/poses/astronaut.png")
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.Decode(t.Context(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = imaging.Resize(p, side, side); err != nil {
		t.Fatal(err)
	}
	return p
}

// A mark is found where it was laid, as large, turned and stretched as it was, in its colours or in white.
func TestAMarkIsFoundAsItWasLaid(t *testing.T) {
	l := drawn(t, emblem, vision.MarkSide)
	m, err := vision.NewMark(l)
	if err != nil {
		t.Fatal(err)
	}
	white := &[3]uint8{255, 255, 255}
	for _, c := range []struct {
		name                 string
		ground               func(x, y int) [3]uint8 // nil is a photograph
		width, turn, stretch float64
		flat                 *[3]uint8
	}{
		{"small", plain, 90, 0, 1, nil},
		{"large, white on dark", dark, 500, 0, 1, white},
		{"turned, on waves", wavy, 200, -25, 1, nil},
		{"turned a little and stretched", dark, 160, 5, 1.1, white},
		{"wide", plain, 300, 0, 1.3, nil},
		{"narrow, on grain", grainy, 300, 0, 0.75, white},
		{"on a photograph", nil, 160, 12, 1, white},
	} {
		p := photograph(t, 640)
		if c.ground != nil {
			p = ground(t, 640, 480, c.ground)
		}
		k := c.width / float64(l.Width)
		sin, cos := math.Sincos(c.turn * math.Pi / 180)
		sx, sy := k*math.Sqrt(c.stretch), k/math.Sqrt(c.stretch)
		laid(p, l, 330, 230, [2]float64{sx * cos, sx * sin}, [2]float64{-sy * sin, sy * cos}, c.flat)
		f := m.Find(vision.NewScene(p))
		width, _ := f.Size()
		stretch := f.Stretch()
		if c.stretch < 1 {
			stretch = 1 / stretch
		}
		if f.Likeness < 0.75 || math.Hypot(f.X-330, f.Y-230) > 2 || math.Abs(width/(float64(l.Width)*sx)-1) > 0.03 ||
			math.Abs(f.Turn()*180/math.Pi-c.turn) > 1.5 || math.Abs(stretch-c.stretch) > 0.06 {
			t.Errorf("%s: %.2f at %.1f, %.1f, %.0f wide, turned by %.1f°, stretched by %.3f", c.name, f.Likeness, f.X, f.Y, width, f.Turn()*180/math.Pi, stretch)
		}
	}
}

func TestAMarkIsNotFoundWhereItIsNot(t *testing.T) {
	m, err := vision.NewMark(drawn(t, emblem, vision.MarkSide))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*imaging.RGB{
		"nothing": ground(t, 640, 480, plain), "waves": ground(t, 320, 480, wavy), "grain": ground(t, 480, 320, grainy), "a photograph": photograph(t, 640),
		"a dot": ground(t, 1, 1, plain), "a line": ground(t, 300, 2, dark),
	} {
		if f := m.Find(vision.NewScene(p)); f.Likeness > 0.62 {
			t.Errorf("%s: %.2f at %+v", name, f.Likeness, f.Box())
		}
	}
}

func TestWhatIsNoLogoIsRefused(t *testing.T) {
	for name, svg := range map[string]string{
		"empty":     `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"></svg>`,
		"very long": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 10"><path d="M0 0h400v10h-400z"/></svg>`,
	} {
		if _, err := vision.NewMark(drawn(t, svg, vision.MarkSide)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

func BenchmarkMark(b *testing.B) {
	m, err := vision.NewMark(drawn(b, emblem, vision.MarkSide))
	if err != nil {
		b.Fatal(err)
	}
	p := photograph(b, 1024)
	b.Run("scene", func(b *testing.B) {
		for b.Loop() {
			vision.NewScene(p)
		}
	})
	s := vision.NewScene(p)
	b.Run("find", func(b *testing.B) {
		for b.Loop() {
			m.Find(s)
		}
	})
}
