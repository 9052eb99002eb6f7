package judge_test

import (
	"math"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// halves is left one colour and right another.
func halves(left, right [3]uint8) func(x, y int) [3]uint8 {
	return func(x, _ int) [3]uint8 {
		if x < 60 {
			return left
		}
		return right
	}
}

func gauge(t *testing.T, s judge.Subject, name string) art.Score {
	t.Helper()
	for _, got := range judge.DefaultPanel().Score(t.Context(), s) {
		if got.Scorer == name {
			return got
		}
	}
	t.Fatalf("there is no scorer %s", name)
	return art.Score{}
}

func TestBrandColoursAreCountedByArea(t *testing.T) {
	p := drawn(t, 120, 90, halves([3]uint8{250, 250, 250}, [3]uint8{200, 30, 40}))
	s := judge.Subject{Picture: p, Palette: []art.Colour{white}, Forbidden: []art.Colour{{Name: "rival", Hex: "#c81e28"}}}
	on, off := gauge(t, s, "on_brand"), gauge(t, s, "forbidden_colours")
	if math.Abs(on.Value-0.5) > 0.02 || math.Abs(off.Value-0.5) > 0.02 {
		t.Fatalf("half is white and half is the rival's red: %v, %v (%s, %s)", on.Value, off.Value, on.Reason, off.Reason)
	}
	// The map shows what is not the brand's, and what is the rival's: both the right half.
	for _, heat := range []*art.Heat{on.Evidence.Heat, off.Evidence.Heat} {
		if heat.Values[0] != 0 || heat.Values[heat.Width-1] != 255 || len(heat.Values) != heat.Width*heat.Height {
			t.Errorf("%d × %d, %d to %d", heat.Width, heat.Height, heat.Values[0], heat.Values[heat.Width-1])
		}
	}
	s.Forbidden = nil
	if got := gauge(t, s, "forbidden_colours"); !got.Available || got.Value != 0 {
		t.Errorf("a brand that excludes nothing: %+v", got)
	}
	s.Palette = nil
	if got := gauge(t, s, "on_brand"); got.Available {
		t.Errorf("a brand without colours: %+v", got)
	}
}

func TestWhereTheSubjectStands(t *testing.T) {
	for name, c := range map[string]struct {
		at                 func(int, int) [3]uint8
		thirds, above, off float64
	}{
		"in the middle": {square(120, 120, 60), 0.1667, 0.4, 0.01},
		"on a third":    {square(70, 170, 60), 0, 0.567, 0.01},
		"at the top":    {square(120, 0, 60), 0.2028, 0, 0.01},
	} {
		s := judge.Subject{Picture: drawn(t, 300, 300, c.at)}
		if got := gauge(t, s, "thirds"); math.Abs(got.Value-c.thirds) > c.off {
			t.Errorf("%s: %v from the thirds, not %v", name, got.Value, c.thirds)
		}
		if got := gauge(t, s, "headroom"); math.Abs(got.Value-c.above) > c.off {
			t.Errorf("%s: %v of headroom, not %v", name, got.Value, c.above)
		}
	}
	if got := gauge(t, judge.Subject{Picture: drawn(t, 64, 64, flat(9))}, "thirds"); got.Available {
		t.Errorf("nothing stands anywhere: %+v", got)
	}
}

func TestACopySpaceHasToBeCalm(t *testing.T) {
	right := art.Layout{CopySpace: &art.Region{X: 0.5, Width: 0.5, Height: 1}}
	busyLeft := func(x, y int) [3]uint8 {
		if x < 60 && (x/3+y/3)%2 == 0 {
			return grey(0)
		}
		return grey(255)
	}
	mirrored := func(x, y int) [3]uint8 { return busyLeft(119-x, y) }
	corner := func(x, y int) [3]uint8 { // one busy corner spoils the whole place
		if x > 100 && y > 90 && (x/3+y/3)%2 == 0 {
			return grey(0)
		}
		return grey(255)
	}
	for name, c := range map[string]struct {
		at   func(int, int) [3]uint8
		low  float64
		high float64
	}{"calm": {busyLeft, 0.99, 1}, "busy": {mirrored, 0, 0.01}, "a busy corner": {corner, 0, 0.4}} {
		got := gauge(t, judge.Subject{Picture: drawn(t, 120, 120, c.at), Layout: right}, "copy_space")
		if !got.Available || got.Value < c.low || got.Value > c.high {
			t.Errorf("%s: %v (%s)", name, got.Value, got.Reason)
		}
	}
	if got := gauge(t, judge.Subject{Picture: drawn(t, 120, 120, flat(9))}, "copy_space"); got.Available || got.Reason == "" {
		t.Errorf("nobody asked: %+v", got)
	}
	tiny := judge.Subject{Picture: drawn(t, 2, 1, flat(9)), Layout: right}
	if got := gauge(t, tiny, "copy_space"); !got.Available || got.Value != 1 {
		t.Errorf("two pixels: %+v", got)
	}
}

func BenchmarkBrandFit(b *testing.B) {
	p, err := imaging.NewRGB(1024, 1024)
	if err != nil {
		b.Fatal(err)
	}
	for i := range p.Pix {
		p.Pix[i] = byte(i * 7)
	}
	s := judge.Subject{Picture: p, Palette: []art.Colour{white, black}, Layout: art.Layout{CopySpace: &art.Region{Width: 1, Height: 0.5}}}
	for b.Loop() {
		judge.DefaultPanel().Score(b.Context(), s)
	}
}
