package judge_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

const sceneSide = 384

// scene is a picture without defects: a dithered slope, a few round things with edges as a lens draws them, and texture
// in the lower third.
func scene(t testing.TB) *imaging.RGB {
	r := rand.New(rand.NewPCG(7, 11))
	type disc struct{ x, y, radius, r, g, b float64 }
	discs := []disc{{90, 100, 50, 150, 90, 70}, {280, 120, 70, 70, 110, 130}, {190, 220, 36, 190, 170, 110}, {330, 300, 30, 90, 120, 70}}
	return drawn(t, sceneSide, sceneSide, func(x, y int) [3]uint8 {
		fx, fy := float64(x), float64(y)
		c := [3]float64{90 + 60*fy/sceneSide + 20*fx/sceneSide, 110 + 50*fy/sceneSide, 150 + 20*fy/sceneSide}
		for _, d := range discs {
			inside := 1 / (1 + math.Exp((math.Hypot(fx-d.x, fy-d.y)-d.radius)/0.4))
			for i, v := range [3]float64{d.r, d.g, d.b} {
				c[i] += inside * (v - c[i])
			}
		}
		grain := 1.2 * r.NormFloat64()
		if y > 2*sceneSide/3 {
			grain = 9 * r.NormFloat64()
		}
		return level3(c[0]+grain, c[1]+grain, c[2]+grain)
	})
}

func level3(r, g, b float64) [3]uint8 {
	level := func(v float64) uint8 { return uint8(max(0, min(255, math.Round(v)))) }
	return [3]uint8{level(r), level(g), level(b)}
}

// changed gives a picture with other pixels.
func changed(t testing.TB, p *imaging.RGB, to func(x, y int, c [3]float64) [3]float64) *imaging.RGB {
	return drawn(t, p.Width, p.Height, func(x, y int) [3]uint8 {
		r, g, b := p.At(x, y)
		c := to(x, y, [3]float64{float64(r), float64(g), float64(b)})
		return level3(c[0], c[1], c[2])
	})
}

// corner takes the lower right quarter from one picture and the rest from another.
func corner(t testing.TB, rest, quarter *imaging.RGB) *imaging.RGB {
	return drawn(t, rest.Width, rest.Height, func(x, y int) [3]uint8 {
		p := rest
		if x >= rest.Width/2 && y >= rest.Height/2 {
			p = quarter
		}
		r, g, b := p.At(x, y)
		return [3]uint8{r, g, b}
	})
}

func asJPEG(t testing.TB, p *imaging.RGB, quality int) *imaging.RGB {
	t.Helper()
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: quality})
	if err != nil {
		t.Fatal(err)
	}
	back, err := imaging.Decode(context.Background(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// sharpened is an unsharp mask of a radius of 1.5 pixels.
func sharpened(t testing.TB, p *imaging.RGB, amount float64) *imaging.RGB {
	var soft [3]*imaging.Plane
	for i := range soft {
		soft[i] = p.Plane(i).Gaussian(1.5)
	}
	return changed(t, p, func(x, y int, c [3]float64) [3]float64 {
		for i := range c {
			c[i] += amount * (c[i] - float64(soft[i].Pix[y*p.Width+x]))
		}
		return c
	})
}

func smoothSlope(t testing.TB, step float64) *imaging.RGB {
	r := rand.New(rand.NewPCG(3, 4))
	return drawn(t, sceneSide, sceneSide, func(x, _ int) [3]uint8 {
		v := 60 + 120*float64(x)/sceneSide
		if step > 0 {
			v = step * math.Round(v/step)
		} else {
			v += r.Float64() - 0.5
		}
		return level3(v, v, v)
	})
}

// defects are pictures with a defect, by how strong it is; 0 is without.
func defects(t testing.TB) map[string]func(strength int) *imaging.RGB {
	clean := scene(t)
	pick := func(made func(strength int) *imaging.RGB) func(int) *imaging.RGB {
		return func(strength int) *imaging.RGB {
			if strength == 0 {
				return clean
			}
			return made(strength)
		}
	}
	return map[string]func(int) *imaging.RGB{
		"blocking": pick(func(s int) *imaging.RGB { return asJPEG(t, clean, []int{0, 50, 25, 8}[s]) }),
		"banding":  func(s int) *imaging.RGB { return smoothSlope(t, []float64{0, 3, 6, 12}[s]) },
		"halos":    pick(func(s int) *imaging.RGB { return sharpened(t, clean, []float64{0, 0.5, 1, 2}[s]) }),
		"oversaturation": pick(func(s int) *imaging.RGB {
			return changed(t, clean, func(_, _ int, c [3]float64) [3]float64 {
				grey := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]
				for i := range c {
					c[i] = grey + []float64{1, 2.5, 4, 8}[s]*(c[i]-grey)
				}
				return c
			})
		}),
		"clipping": pick(func(s int) *imaging.RGB {
			return changed(t, clean, func(_, _ int, c [3]float64) [3]float64 {
				for i := range c {
					c[i] *= []float64{1, 1.55, 1.75, 2}[s]
				}
				return c
			})
		}),
		"moire": pick(func(s int) *imaging.RGB {
			return changed(t, clean, func(x, y int, c [3]float64) [3]float64 {
				for i := range c {
					c[i] += []float64{0, 3, 6, 12}[s] * math.Sin(2*math.Pi*(float64(x)/7.3+float64(y)/11.9))
				}
				return c
			})
		}),
		"seams": pick(func(s int) *imaging.RGB {
			return changed(t, clean, func(x, _ int, c [3]float64) [3]float64 {
				for i := range c {
					if x >= 251 {
						c[i] += []float64{0, 4, 8, 14}[s]
					}
				}
				return c
			})
		}),
		"tiling": func(s int) *imaging.RGB {
			r := rand.New(rand.NewPCG(5, 6))
			return drawn(t, sceneSide, sceneSide, func(x, y int) [3]uint8 {
				fx, fy := float64(x)/sceneSide, float64(y)/sceneSide
				v := 120 + 40*math.Sin(2*math.Pi*(fx+2*fy)) + 15*float64(s)*fx + 2*r.NormFloat64()
				return level3(v, v, v)
			})
		},
	}
}

func TestEachDefectIsOrderedByItsStrength(t *testing.T) {
	cleanBelow := map[string]float64{
		"blocking": 0.1, "banding": 0.05, "halos": 0.03, "oversaturation": 0.02, "clipping": 0.005, "moire": 0.01, "seams": 0.01, "tiling": 0.6,
	}
	for name, made := range defects(t) {
		before := -1.0
		for strength := range 4 {
			got := score(t, name, judge.Subject{Picture: made(strength)})
			if !got.Available {
				t.Fatalf("%s: %s", name, got.Reason)
			}
			t.Logf("%s %d: %.3f %v", name, strength, got.Value, got.Evidence.Details)
			if strength == 0 && got.Value > cleanBelow[name] {
				t.Errorf("%s: %v without the defect, want at most %v", name, got.Value, cleanBelow[name])
			}
			if got.Value <= before || strength > 0 && got.Value <= cleanBelow[name] {
				t.Errorf("%s of strength %d: %v, want more than %v", name, strength, got.Value, max(before, cleanBelow[name]))
			}
			before = got.Value
		}
	}
}

func TestEachDefectIsFoundWhereItIs(t *testing.T) {
	for name, made := range defects(t) {
		if name == "seams" || name == "tiling" {
			continue // a seam isn't an area: it has a test of its own
		}
		got := score(t, name, judge.Subject{Picture: corner(t, made(0), made(3))})
		heat := got.Evidence.Heat
		if heat == nil || len(heat.Values) != heat.Width*heat.Height {
			t.Errorf("%s shows no map: %+v", name, got.Evidence)
			continue
		}
		var inside, outside, n, m float64
		for i, v := range heat.Values {
			if i%heat.Width >= heat.Width/2 && i/heat.Width >= heat.Height/2 {
				inside, n = inside+float64(v), n+1
			} else {
				outside, m = outside+float64(v), m+1
			}
		}
		if inside/n < 4*outside/m || inside == 0 {
			t.Errorf("%s: heat %.1f where the defect is, %.1f elsewhere", name, inside/n, outside/m)
		}
	}
}

func TestBlocksAreFoundWhereverTheirGridBegins(t *testing.T) {
	blocky := asJPEG(t, scene(t), 15)
	whole := score(t, "blocking", judge.Subject{Picture: blocky}).Value
	for _, shift := range [][2]int{{0, 0}, {3, 0}, {5, 6}, {1, 7}} {
		p, err := imaging.Crop(blocky, shift[0], shift[1], 320, 320)
		if err != nil {
			t.Fatal(err)
		}
		got := score(t, "blocking", judge.Subject{Picture: p})
		x, y := got.Evidence.Details["grid_x"], got.Evidence.Details["grid_y"]
		if x != (8-shift[0])%8 || y != (8-shift[1])%8 || got.Value < whole/2 {
			t.Errorf("cropped by %v: %v, grid at %v, %v; uncropped %v", shift, got.Value, x, y, whole)
		}
	}
}

func TestASeamIsShownInItsPlace(t *testing.T) {
	got := score(t, "seams", judge.Subject{Picture: defects(t)["seams"](2)})
	if b := got.Evidence.Boxes; len(b) == 0 || b[0].X != 250 || b[0].Height < 256 {
		t.Errorf("%+v, want a seam along column 251", got.Evidence)
	}
	if math.Abs(got.Value-8) > 1.5 {
		t.Errorf("a seam of 8 levels counts %v", got.Value)
	}
	turned := defects(t)["seams"](2)
	p := drawn(t, turned.Height, turned.Width, func(x, y int) [3]uint8 { r, g, b := turned.At(y, x); return [3]uint8{r, g, b} })
	if b := score(t, "seams", judge.Subject{Picture: p}).Evidence.Boxes; len(b) == 0 || b[0].Y != 250 || b[0].Width < 256 {
		t.Errorf("%+v, want a seam along row 251", b)
	}
}

// TestWhatLooksLikeADefectAndIsNone keeps wanted properties out of the scores.
func TestWhatLooksLikeADefectAndIsNone(t *testing.T) {
	for _, c := range []struct {
		scorer, why string
		subject     judge.Subject
		most        float64
	}{
		{"clipping", "a white ground with a hard black square", judge.Subject{Picture: drawn(t, 128, 128, square(30, 40, 50))}, 0},
		{"banding", "flat colours side by side", judge.Subject{Picture: drawn(t, 128, 128, func(x, _ int) [3]uint8 { return grey(60 * (x / 32)) })}, 0},
		{"oversaturation", "the brand's own red", judge.Subject{Picture: drawn(t, 64, 64, func(int, int) [3]uint8 { return [3]uint8{255, 0, 0} }), Palette: []art.Colour{red}}, 0},
		{"halos", "a thin black line on white", judge.Subject{Picture: drawn(t, 64, 64, square(30, 0, 2))}, 0},
		{"seams", "JPEG's blocks", judge.Subject{Picture: asJPEG(t, scene(t), 10)}, 0},
		{"seams", "the outline of an object", judge.Subject{Picture: drawn(t, 256, 256, square(60, 60, 60))}, 0},
		{"moire", "hard edges", judge.Subject{Picture: drawn(t, 256, 256, square(60, 60, 120))}, 0},
		{"moire", "a slanted edge", judge.Subject{Picture: drawn(t, 256, 256, func(x, y int) [3]uint8 { return grey(255 * min(1, (3*x+y)/400)) })}, 0},
	} {
		got := score(t, c.scorer, c.subject)
		if !got.Available || got.Value > c.most+1e-9 {
			t.Errorf("%s: %s counts %v %s", c.scorer, c.why, got.Value, got.Reason)
		}
	}
	if got := score(t, "oversaturation", judge.Subject{Picture: drawn(t, 64, 64, func(int, int) [3]uint8 { return [3]uint8{255, 0, 0} })}); got.Value != 1 {
		t.Errorf("pure red counts %v, want 1", got.Value)
	}
}

func TestColourfulnessIsThePapersFormula(t *testing.T) {
	// Half red, half green: rg is ±255 with mean 0 and deviation 255, yb is 127.5 with none.
	p := drawn(t, 64, 64, func(x, _ int) [3]uint8 { return [3]uint8{uint8(255 * (x / 32)), uint8(255 * (1 - x/32)), 0} })
	want := math.Round((255+0.3*127.5)*10) / 10
	if got := score(t, "oversaturation", judge.Subject{Picture: p}).Evidence.Details["colourfulness"]; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func BenchmarkDefects(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	p := drawn(b, 1024, 1024, func(x, y int) [3]uint8 {
		v := 100 + 60*math.Sin(float64(x)/90) + 40*math.Cos(float64(y)/70) + 4*r.NormFloat64()
		return level3(v, v*0.8, v*0.6)
	})
	for _, s := range judge.DefaultPanel() {
		b.Run(s.Name(), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Score(context.Background(), judge.Subject{Picture: p}); err != nil {
					b.Skip(err)
				}
			}
		})
	}
}
