package judge

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// texture is smooth noise that repeats nowhere within a picture.
func texture(seed uint64, w, h int) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	const cell = 6
	grid := make([]float64, (w/cell+2)*(h/cell+2))
	for i := range grid {
		grid[i] = 70 + 110*r.Float64()
	}
	v := make([]float64, w*h)
	for y := range h {
		for x := range w {
			gx, gy, fx, fy := x/cell, y/cell, float64(x%cell)/cell, float64(y%cell)/cell
			at := func(i, j int) float64 { return grid[(gy+j)*(w/cell+2)+gx+i] }
			v[y*w+x] = (at(0, 0)*(1-fx)+at(1, 0)*fx)*(1-fy) + (at(0, 1)*(1-fx)+at(1, 1)*fx)*fy
		}
	}
	return v
}

// frame is a window of a texture, lighter by some levels.
func frame(t *testing.T, v []float64, across, left int, light float64) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(256, 144)
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			g := uint8(math.Round(v[y*across+x+left] + light))
			p.Set(x, y, g, g, g)
		}
	}
	return p
}

// film makes three groups of four frames by their number.
func film(make func(n int) *imaging.RGB) *Reel {
	r := &Reel{FPS: 25, Starts: []int{0, 20, 40}}
	for _, at := range r.Starts {
		var group []*imaging.RGB
		for i := range 4 {
			group = append(group, make(at+i))
		}
		r.Groups = append(r.Groups, group)
	}
	return r
}

func scoresOf(t *testing.T, r *Reel) map[string]art.Score {
	t.Helper()
	all := map[string]art.Score{}
	for _, s := range ClipPanel().Score(t.Context(), Subject{Reel: r}) {
		all[s.Scorer] = s
	}
	return all
}

// Known answers: what stands still, what strobes, what pans and what fades have the numbers that they were made with.
func TestClipsHaveTheNumbersTheyWereMadeWith(t *testing.T) {
	const across = 512
	v := texture(7, across, 144)
	other := texture(8, across, 144)
	for name, c := range map[string]struct {
		make                      func(n int) *imaging.RGB
		flicker, identity, motion float64
	}{
		"still":     {func(int) *imaging.RGB { return frame(t, v, across, 0, 0) }, 0, 1, 0},
		"strobing":  {func(n int) *imaging.RGB { return frame(t, v, across, 0, float64(n%2*40)) }, 40, 1, 0},
		"panning":   {func(n int) *imaging.RGB { return frame(t, v, across, 3*n, 0) }, 0, 0, 100 * 3 * 25.0 / 256},
		"fading":    {func(n int) *imaging.RGB { return frame(t, v, across, 0, float64(n)) }, 0, 1, 0},
		"exchanged": {func(n int) *imaging.RGB { return frame(t, [][]float64{v, other}[min(n/20, 1)], across, 0, 0) }, 0, 0, 0},
	} {
		got := scoresOf(t, film(c.make))
		for scorer, want := range map[string]float64{"flicker": c.flicker, "identity": c.identity, "motion": c.motion} {
			s, within := got[scorer], map[string]float64{"flicker": 0.3, "identity": 0.15, "motion": 0.3}[scorer]
			if scorer == "identity" && want == 0 {
				within = 0.35
			}
			if !s.Available || math.Abs(s.Value-want) > within {
				t.Errorf("%s: %s is %v (%s), want %v", name, scorer, s.Value, s.Reason, want)
			}
		}
	}
}

func TestWhatCannotBeToldOfAClipIsSaid(t *testing.T) {
	flat := film(func(int) *imaging.RGB { p, _ := imaging.NewRGB(256, 144); return p })
	if s := scoresOf(t, flat); s["identity"].Available || !strings.Contains(s["identity"].Reason, "too little") || s["flicker"].Value != 0 {
		t.Errorf("%+v", s)
	}
	small := film(func(int) *imaging.RGB { p, _ := imaging.NewRGB(20, 20); return p })
	if s := scoresOf(t, small); s["flicker"].Available || s["motion"].Available {
		t.Errorf("%+v", s)
	}
	for name, s := range scoresOf(t, nil) {
		if s.Available || !strings.Contains(s.Reason, "no clip") {
			t.Errorf("%s of a picture: %+v", name, s)
		}
	}
}
