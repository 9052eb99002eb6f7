package judge_test

import (
	"math"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/vision"
)

// emblem is a logo of outlines, three times as wide as high, in one colour.
const emblem = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 80" fill="#1e3799">
<path d="M2 60a32 32 0 0 1 64 0z"/><path d="M92 4h20v40h24v-40h20v60h-64z"/><path d="M176 64l24-60 36 60h-20l-16-34-8 34z"/><path d="M0 72h240v8h-240z"/></svg>`

// branded lays the emblem, so many pixels wide, into a picture of one colour with its middle in the picture's.
func branded(t testing.TB, ground, ink [3]uint8, width, stretch float64) (judge.Subject, art.Box) {
	t.Helper()
	logo, err := judge.NewLogo(t.Context(), []byte(emblem), 0.5, 100)
	if err != nil {
		t.Fatal(err)
	}
	l, err := imaging.DecodeLayer(t.Context(), []byte(emblem), vision.MarkSide, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.NewRGB(512, 384)
	if err != nil {
		t.Fatal(err)
	}
	wide, high := width*math.Sqrt(stretch), width/3/math.Sqrt(stretch)
	const fine = 3
	for y := range p.Height {
		for x := range p.Width {
			cover := 0.0
			for n := range fine * fine {
				u := (float64(x) + (float64(n%fine)+0.5)/fine - 256 + wide/2) / wide * float64(l.Width)
				v := (float64(y) + (float64(n/fine)+0.5)/fine - 192 + high/2) / high * float64(l.Height)
				if u >= 0 && v >= 0 && int(u) < l.Width && int(v) < l.Height {
					cover += float64(l.Alpha[int(v)*l.Width+int(u)]) / 255 / fine / fine
				}
			}
			var c [3]uint8
			for k := range c {
				c[k] = uint8(cover*float64(ink[k]) + (1-cover)*float64(ground[k]) + 0.5)
			}
			p.Set(x, y, c[0], c[1], c[2])
		}
	}
	return judge.Subject{Picture: p, Logo: logo}, art.Box{X: 256 - int(wide/2), Y: 192 - int(high/2), Width: int(wide), Height: int(high)}
}

var cream, navy = [3]uint8{250, 240, 220}, [3]uint8{30, 55, 153}

func says(s art.Score, detail string, want bool) bool { return s.Evidence.Details[detail] == want }

func of(t testing.TB, name string, s judge.Subject) art.Score { return byEmbedder(t, blind{}, name, s) }

func TestALogoThatIsThereIsSeenWhereItIs(t *testing.T) {
	s, box := branded(t, cream, navy, 180, 1)
	got := of(t, "logo_presence", s)
	if !got.Available || got.Value < 0.8 || len(got.Evidence.Boxes) != 1 {
		t.Fatalf("%+v", got)
	}
	b := got.Evidence.Boxes[0]
	if max(math.Abs(float64(b.X-box.X)), math.Abs(float64(b.Y-box.Y)), math.Abs(float64(b.Width-box.Width)), math.Abs(float64(b.Height-box.Height))) > 4 {
		t.Errorf("it lies at %+v, not at %+v", b, box)
	}
	if d, _ := got.Evidence.Details["delta_e"].(float64); d > 8 {
		t.Errorf("its own colours differ by %v", d)
	}
	if !says(got, "too_small", false) {
		t.Errorf("180 pixels are too small for 100: %v", got.Evidence.Details)
	}
	white, _ := branded(t, [3]uint8{20, 20, 30}, [3]uint8{255, 255, 255}, 90, 1)
	got = of(t, "logo_presence", white)
	if got.Value < 0.8 || !says(got, "too_small", true) {
		t.Errorf("small and white: %v, %v", got.Value, got.Evidence.Details)
	}
	if d, _ := got.Evidence.Details["delta_e"].(float64); d < 30 {
		t.Errorf("white for navy differs by %v only", d)
	}
}

func TestOfALogoThatIsNotThereNothingIsSaid(t *testing.T) {
	s, _ := branded(t, cream, cream, 180, 1)
	if got := of(t, "logo_presence", s); !got.Available || got.Value > 0.4 || len(got.Evidence.Boxes) != 0 {
		t.Errorf("%+v", got)
	}
	for _, name := range []string{"logo_distortion", "logo_clear_space", "logo_contrast"} {
		if got := of(t, name, s); got.Available || !strings.Contains(got.Reason, "isn't in the picture") {
			t.Errorf("%s: %+v", name, got)
		}
		if got := of(t, name, judge.Subject{Picture: s.Picture}); got.Available || !strings.Contains(got.Reason, "logo.file") {
			t.Errorf("%s of a brand without one: %+v", name, got)
		}
	}
}

func TestAStretchedLogoIsDistorted(t *testing.T) {
	straight, _ := branded(t, cream, navy, 200, 1)
	stretched, _ := branded(t, cream, navy, 200, 1.25)
	a, b := of(t, "logo_distortion", straight), of(t, "logo_distortion", stretched)
	if !a.Available || !b.Available || a.Value > 0.025 || math.Abs(b.Value-0.11) > 0.03 {
		t.Errorf("straight %v, stretched %v", a.Value, b.Value)
	}
}

func TestClearSpaceEndsAtTheNextEdge(t *testing.T) {
	s, box := branded(t, cream, navy, 180, 1)
	free := of(t, "logo_clear_space", s)
	if want := 2.0; !free.Available || math.Abs(free.Value-min(want, float64(box.X)/60)) > 0.1 || !says(free, "enough", true) {
		t.Errorf("on an empty ground: %v", free)
	}
	for y := range s.Picture.Height { // a wall a quarter of the height beside it
		for x := box.X + box.Width + 15; x < s.Picture.Width; x++ {
			s.Picture.Set(x, y, 40, 90, 60)
		}
	}
	got := of(t, "logo_clear_space", s)
	if !got.Available || math.Abs(got.Value-0.25) > 0.1 || !says(got, "enough", false) || len(got.Evidence.Boxes) != 3 {
		t.Errorf("beside a wall: %v, %+v", got.Value, got.Evidence)
	}
}

func TestContrastIsThatOfTheOutline(t *testing.T) {
	for _, c := range []struct {
		ground, ink [3]uint8
		want        float64
	}{{cream, navy, 8.8}, {[3]uint8{255, 255, 255}, [3]uint8{0, 0, 0}, 21}, {cream, [3]uint8{220, 205, 180}, 1.36}} {
		s, _ := branded(t, c.ground, c.ink, 260, 1)
		if got := of(t, "logo_contrast", s); !got.Available || math.Abs(got.Value/c.want-1) > 0.12 {
			t.Errorf("%v on %v: %v (%s), want %v", c.ink, c.ground, got.Value, got.Reason, c.want)
		}
	}
}

// BenchmarkLogo looks for the logo in a picture of 1024 × 1024, by each scorer alone and by all, which share what they find.
func BenchmarkLogo(b *testing.B) {
	s, _ := branded(b, cream, navy, 180, 1)
	p, err := imaging.Resize(astronaut(b), 1024, 1024)
	if err != nil {
		b.Fatal(err)
	}
	s.Picture = p
	for _, one := range judge.PanelWith(absent{}, blind{}) {
		if strings.HasPrefix(one.Name(), "logo_") {
			b.Run(one.Name(), func(b *testing.B) {
				for b.Loop() {
					judge.Panel{one}.Score(b.Context(), s)
				}
			})
		}
	}
}
