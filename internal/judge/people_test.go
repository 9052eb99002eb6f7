package judge_test

import (
	"context"
	"image/color"
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

func astronaut(t testing.TB) *imaging.RGB {
	return picture(t, "../vision/testdata/poses/astronaut.png")
}

func picture(t testing.TB, path string) *imaging.RGB {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.Decode(context.Background(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A photograph of a woman has one face, well made, and nothing against it.
func TestAPhotographOfAPersonIsWellMade(t *testing.T) {
	n, s := networks(t), judge.Subject{Picture: astronaut(t)}
	for name, want := range map[string][2]float64{"faces": {0.9, 1}, "hands": {1, 1}, "limbs": {1, 1}, "people": {1, 1}, "nsfw": {0, 0.1}} {
		got := scoreBy(t, n, name, s)
		if !got.Available || got.Value < want[0] || got.Value > want[1] {
			t.Errorf("%s is %v (%s), want %v", name, got.Value, got.Reason, want)
		}
		if boxes := len(got.Evidence.Boxes); (name == "faces" || name == "people") && boxes != 1 {
			t.Errorf("%s shows %d boxes", name, boxes)
		}
	}
}

// A picture without people passes every gate: its scores are there, at their best, and say that nobody was found.
func TestAPictureWithoutPeoplePasses(t *testing.T) {
	n, s := networks(t), judge.Subject{Picture: poster(t, color.White, color.RGBA{200, 30, 30, 255}, "Apfel")}
	for _, name := range []string{"faces", "hands", "limbs"} {
		if got := scoreBy(t, n, name, s); !got.Available || got.Value != 1 || got.Evidence.Details["note"] == nil {
			t.Errorf("%s is %v: %v", name, got.Value, got.Evidence)
		}
	}
	if got := scoreBy(t, n, "people", s); !got.Available || got.Value != 0 {
		t.Errorf("there are %v people", got.Value)
	}
}

// A face whose halves don't fit, and one that is smeared, are found out and marked.
func TestSpoiltFacesAreFoundOut(t *testing.T) {
	n := networks(t)
	for name, spoil := range map[string]func(p, whole *imaging.RGB){
		"half moved down": func(p, whole *imaging.RGB) {
			for y := 55; y < 100; y++ {
				copy(p.Pix[3*(y*p.Width+112):3*(y*p.Width+140)], whole.Pix[3*((y-10)*p.Width+112):3*((y-10)*p.Width+140)])
			}
		},
		"smeared": func(p, whole *imaging.RGB) {
			for c := range 3 {
				soft := whole.Plane(c).Gaussian(3)
				for y := 37; y < 100; y++ {
					for x := 87; x < 138; x++ {
						p.Pix[3*(y*p.Width+x)+c] = uint8(soft.Pix[y*p.Width+x])
					}
				}
			}
		},
	} {
		p := astronaut(t)
		spoil(p, astronaut(t))
		got := scoreBy(t, n, "faces", judge.Subject{Picture: p})
		if !got.Available || got.Value > 0.5 || len(got.Evidence.Boxes) != 1 || got.Evidence.Boxes[0].Label == "face" {
			t.Errorf("%s: %v, %v", name, got.Value, got.Evidence)
			continue
		}
		if b := got.Evidence.Boxes[0]; math.Abs(float64(b.X+b.Width/2)-112) > 15 || math.Abs(float64(b.Y+b.Height/2)-63) > 20 {
			t.Errorf("%s: the box is %+v", name, b)
		}
	}
}

// BenchmarkSeeing looks at a picture of 1024 × 1024 with a person, two lines of text, and each scorer that needs networks alone, and
// with all of them, which share what they find.
func BenchmarkSeeing(b *testing.B) {
	n := networks(b)
	p, err := imaging.NewRGB(1024, 1024)
	if err != nil {
		b.Fatal(err)
	}
	small, words := astronaut(b), poster(b, color.White, color.Black, "SUMMER SALE", "Grüße aus Köln")
	for y := range p.Height {
		for x := range p.Width {
			from, i, j := small, x/4, y/4
			if x < words.Width && y >= 1024-words.Height {
				from, i, j = words, x, y-1024+words.Height
			}
			r, g, bl := from.At(i, j)
			p.Set(x, y, r, g, bl)
		}
	}
	s := judge.Subject{Picture: p, Texts: []string{"Summer Sale", "Grüße aus Köln"}}
	all := judge.PanelWith(n, blind{})[len(judge.DefaultPanel()):]
	panels := map[string]judge.Panel{"all": all}
	for _, one := range all {
		panels[one.Name()] = judge.Panel{one}
	}
	for _, name := range slices.Sorted(maps.Keys(panels)) {
		panels[name].Score(context.Background(), s) // opens networks
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				panels[name].Score(context.Background(), s)
			}
		})
	}
}
