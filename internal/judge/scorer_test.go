package judge_test

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 2})
	code := m.Run()
	stop()
	os.Exit(code)
}

// drawn makes a grey or coloured picture from a function of the place.
func drawn(t testing.TB, w, h int, at func(x, y int) [3]uint8) *imaging.RGB {
	t.Helper()
	p, err := imaging.NewRGB(w, h)
	if err != nil {
		t.Fatal(err)
	}
	for y := range h {
		for x := range w {
			c := at(x, y)
			p.Set(x, y, c[0], c[1], c[2])
		}
	}
	return p
}

func grey(v int) [3]uint8 { return [3]uint8{uint8(v), uint8(v), uint8(v)} }

func flat(v int) func(int, int) [3]uint8 { return func(int, int) [3]uint8 { return grey(v) } }

// square is black on white: side pixels wide, its upper left corner at left, top.
func square(left, top, side int) func(int, int) [3]uint8 {
	return func(x, y int) [3]uint8 {
		if x >= left && x < left+side && y >= top && y < top+side {
			return grey(0)
		}
		return grey(255)
	}
}

// ramp goes from black to white over n pixels, beginning at column 20.
func ramp(n int) func(int, int) [3]uint8 {
	return func(x, _ int) [3]uint8 { return grey(255 * max(0, min(n, x-20)) / n) }
}

var (
	white = art.Colour{Name: "paper", Hex: "#ffffff"}
	black = art.Colour{Name: "ink", Hex: "#000000"}
	red   = art.Colour{Name: "signal", Hex: "#ff0000"}
)

// score asks the whole panel and gives one answer.
func score(t testing.TB, name string, s judge.Subject) art.Score {
	t.Helper()
	for _, got := range judge.DefaultPanel().Score(context.Background(), s) {
		if got.Scorer == name {
			return got
		}
	}
	t.Fatalf("the panel has no scorer %q", name)
	return art.Score{}
}

func TestScoresOfPicturesWhoseAnswerIsKnown(t *testing.T) {
	halves := func(x, _ int) [3]uint8 { return grey(255 * (x / 32)) }
	for _, c := range []struct {
		scorer, why string
		subject     judge.Subject
		want        float64
	}{
		{"sharpness", "a hard edge is one pixel wide", judge.Subject{Picture: drawn(t, 64, 64, square(16, 16, 32))}, 1},
		{"sharpness", "an edge over five pixels", judge.Subject{Picture: drawn(t, 64, 64, ramp(5))}, 0.2},
		{"sharpness", "an edge over ten pixels", judge.Subject{Picture: drawn(t, 64, 64, ramp(10))}, 0.1},
		{"sharpness", "nothing to be sharp", judge.Subject{Picture: drawn(t, 64, 64, flat(90))}, 0},
		{"contrast", "black and white: L* 0 and 100", judge.Subject{Picture: drawn(t, 64, 64, halves)}, 100},
		{"contrast", "flat", judge.Subject{Picture: drawn(t, 64, 64, flat(90))}, 0},
		// Four of a hundred columns are less than the twentieth that is left out.
		{"contrast", "a few bright pixels are no contrast", judge.Subject{Picture: drawn(t, 100, 100, func(x, _ int) [3]uint8 { return grey(90 + 165*(x/96)) })}, 0},
		{"noise", "flat", judge.Subject{Picture: drawn(t, 64, 64, flat(90))}, 0},
		// Half of the pixels are 5 above the mean and half 5 below it.
		{"noise", "a checkerboard of ±5", judge.Subject{Picture: drawn(t, 64, 64, func(x, y int) [3]uint8 { return grey(95 + 10*((x+y)%2)) })}, 5},
		{"palette", "white on a white brand", judge.Subject{Picture: drawn(t, 64, 64, flat(255)), Palette: []art.Colour{white}}, 0},
		// Between two greys ΔE2000 is ΔL'/S_L, and S_L is 1 around L 50.
		{"palette", "black on a white brand", judge.Subject{Picture: drawn(t, 64, 64, flat(0)), Palette: []art.Colour{white}}, 100},
		{"palette", "half of it is on brand", judge.Subject{Picture: drawn(t, 64, 64, halves), Palette: []art.Colour{white}}, 50},
		{"palette", "both halves are on brand", judge.Subject{Picture: drawn(t, 64, 64, halves), Palette: []art.Colour{red, white, black}}, 0},
		{"background", "only the frame counts", judge.Subject{Picture: drawn(t, 64, 64, square(16, 16, 32)), Palette: []art.Colour{white}}, 0},
		{"background", "what was asked stands over the palette", judge.Subject{Picture: drawn(t, 64, 64, square(16, 16, 32)), Palette: []art.Colour{white}, Background: "#000000"}, 100},
		{"subject", "a quarter of the area", judge.Subject{Picture: drawn(t, 96, 96, square(24, 24, 48))}, 0.25},
		{"subject", "a quarter of the area of a picture larger than the grid", judge.Subject{Picture: drawn(t, 384, 192, func(x, y int) [3]uint8 { return square(96, 48, 96)(x/2+48, y) })}, 0.25},
		{"subject", "nothing there", judge.Subject{Picture: drawn(t, 96, 96, flat(200))}, 0},
		{"centring", "in the middle", judge.Subject{Picture: drawn(t, 96, 96, square(24, 24, 48))}, 0},
		{"centring", "in the middle of a small picture", judge.Subject{Picture: drawn(t, 16, 16, square(6, 6, 4))}, 0},
		// Its centre is at (1/4, 1/4), half of the way to the corner.
		{"centring", "half of the way to the corner", judge.Subject{Picture: drawn(t, 96, 96, square(16, 16, 16))}, 0.5},
		{"duplicate", "the first picture of all", judge.Subject{Picture: drawn(t, 64, 64, square(8, 20, 30))}, 256},
	} {
		got := score(t, c.scorer, c.subject)
		if !got.Available || math.Abs(got.Value-c.want) > 0.01 {
			t.Errorf("%s, %s: %.4f (available %t: %s), want %.4f", c.scorer, c.why, got.Value, got.Available, got.Reason, c.want)
		}
	}
}

func TestEvidencePointsAtWhatWasSeen(t *testing.T) {
	box := score(t, "subject", judge.Subject{Picture: drawn(t, 96, 96, square(24, 12, 48))}).Evidence.Boxes[0]
	if box.X != 24 || box.Y != 12 || box.Width != 48 || box.Height != 48 {
		t.Errorf("the subject's box is %+v, want 48×48 at 24, 12", box)
	}
	quarter := drawn(t, 64, 64, func(x, _ int) [3]uint8 { return grey(255 * min(1, x/16)) })
	colours := score(t, "palette", judge.Subject{Picture: quarter, Palette: []art.Colour{black, white}}).Evidence.Colours
	if len(colours) != 2 || colours[0].Nearest != "paper" || colours[0].Share != 0.75 || colours[1].Nearest != "ink" || colours[1].Hex != "#000000" {
		t.Errorf("the colours are %+v, want paper on 3/4 and ink on 1/4", colours)
	}
}

func TestDuplicateNamesTheMostSimilarPicture(t *testing.T) {
	print := func(name string, at func(int, int) [3]uint8) judge.Fingerprint {
		h, _, err := imaging.PDQ(drawn(t, 128, 128, at))
		if err != nil {
			t.Fatal(err)
		}
		return judge.Fingerprint{Candidate: name, Hash: h}
	}
	diagonal := func(x, y int) [3]uint8 { return grey(x + y) }
	earlier := judge.Fingerprints{print("other", diagonal), print("twin", square(20, 40, 50)), print("later twin", square(20, 40, 50))}
	got := score(t, "duplicate", judge.Subject{Picture: drawn(t, 256, 256, square(40, 80, 100)), Earlier: earlier})
	if got.Value > 31 || got.Evidence.Match != "twin" {
		t.Errorf("distance %v to %q, want at most 31 to the first twin", got.Value, got.Evidence.Match)
	}
	if got := score(t, "duplicate", judge.Subject{Picture: drawn(t, 256, 256, square(40, 80, 100)), Earlier: earlier[:1]}); got.Value <= 31 {
		t.Errorf("an unlike picture counts as the same: %v bits", got.Value)
	}
}

func TestWhatIsExcludedIsFoundHoweverItIsTurned(t *testing.T) {
	original := scene(t)
	h, _, err := imaging.PDQ(original)
	if err != nil {
		t.Fatal(err)
	}
	turned := drawn(t, sceneSide, sceneSide, func(x, y int) [3]uint8 {
		r, g, b := original.At(sceneSide-1-y, x)
		return [3]uint8{r, g, b}
	})
	got := score(t, "excluded", judge.Subject{Picture: turned, Excluded: judge.Fingerprints{{Candidate: "rival/1", Hash: h}}})
	if got.Value > 31 || got.Evidence.Match != "rival/1" {
		t.Errorf("turned: %v bits to %q", got.Value, got.Evidence.Match)
	}
	other := judge.Subject{Picture: drawn(t, 128, 128, square(10, 50, 40)), Excluded: judge.Fingerprints{{Candidate: "rival/1", Hash: h}}}
	if got := score(t, "excluded", other); got.Value <= 31 {
		t.Errorf("another picture: %v bits", got.Value)
	}
	if got := score(t, "excluded", judge.Subject{Picture: original}); got.Available || !strings.Contains(got.Reason, "no set") {
		t.Errorf("without sets: %+v", got)
	}
}

func TestWhatCannotBeMeasuredSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		scorer, reason string
		subject        judge.Subject
	}{
		"no brand colours":    {"palette", "no colours", judge.Subject{Picture: drawn(t, 64, 64, flat(9))}},
		"a colour that isn't": {"palette", "mauve", judge.Subject{Picture: drawn(t, 64, 64, flat(9)), Palette: []art.Colour{{Name: "mauve", Hex: "mauve"}}}},
		"an asked colour bad": {"background", "asked", judge.Subject{Picture: drawn(t, 64, 64, flat(9)), Background: "blue"}},
		"nothing to centre":   {"centring", "nothing stands out", judge.Subject{Picture: drawn(t, 64, 64, flat(9))}},
		"too small":           {"noise", "7×64", judge.Subject{Picture: drawn(t, 7, 64, flat(9))}},
	} {
		got := score(t, c.scorer, c.subject)
		if got.Available || got.Value != 0 || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %+v, want not available because of %q", name, got, c.reason)
		}
	}
}

// odd is a scorer that answers as a test wants.
type odd struct {
	value float64
	err   error
}

func (odd) Name() string { return "odd" }
func (odd) Scale() judge.Scale {
	return judge.Scale{Version: "3", Unit: "u", Low: -1, High: 1, Direction: art.BandIsBest}
}

func (o odd) Score(context.Context, judge.Subject) (float64, *art.Evidence, error) {
	return o.value, nil, o.err
}

func TestAScorerThatFailsStopsNobodyElse(t *testing.T) {
	panel := judge.Panel{odd{err: errors.New("lens cap")}, odd{value: math.NaN()}, odd{value: math.Inf(1)}, odd{value: 0.5}}
	scores := panel.Score(context.Background(), judge.Subject{})
	for i, s := range scores[:3] {
		if s.Available || s.Reason == "" || s.Value != 0 {
			t.Errorf("scorer %d: %+v, want not available with a reason", i, s)
		}
	}
	if s := scores[3]; !s.Available || s.Value != 0.5 || s.Version != "3" || s.Unit != "u" || s.Low != -1 || s.High != 1 || s.Direction != art.BandIsBest {
		t.Errorf("the good scorer: %+v", s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if s := panel[3:].Score(ctx, judge.Subject{})[0]; s.Available {
		t.Errorf("a score taken after the end counts: %+v", s)
	}
}

func TestEveryScorerExplainsItselfInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range judge.DefaultPanel() {
		scale := s.Scale()
		if seen[s.Name()] || scale.Version == "" || scale.High <= scale.Low || !scale.Meaning.Has(art.English) || !scale.Meaning.Has(art.German) {
			t.Errorf("%s: %+v", s.Name(), scale)
		}
		seen[s.Name()] = true
	}
}
