package judge_test

import (
	"context"
	"errors"
	"image/color"
	"slices"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

func scored(name string, value float64, boxes ...art.Box) art.Score {
	s := art.Score{Scorer: name, Value: value, High: 1, Available: true}
	if boxes != nil {
		s.Evidence = &art.Evidence{Boxes: boxes}
	}
	return s
}

func TestOnlyWhatFailedByPlacesCanBeMended(t *testing.T) {
	half, tenth := 0.5, 0.1
	rubric := []art.Gate{{Scorer: "hands", Min: &half}, {Scorer: "unwanted_text", Max: &tenth}, {Scorer: "noise", Max: &tenth}}
	good, bad, word := art.Box{X: 1, Width: 5, Height: 5, Value: 0.9}, art.Box{X: 20, Width: 5, Height: 5, Value: 0.2}, art.Box{X: 40, Width: 9, Height: 3, Value: 0.97}
	for name, x := range map[string]struct {
		scores []art.Score
		want   []art.Box
	}{
		"passed":            {[]art.Score{scored("hands", 0.9, good), scored("unwanted_text", 0), scored("noise", 0)}, nil},
		"one bad hand":      {[]art.Score{scored("hands", 0.2, good, bad), scored("unwanted_text", 0), scored("noise", 0)}, []art.Box{bad}},
		"hand and text":     {[]art.Score{scored("hands", 0.2, good, bad), scored("unwanted_text", 0.4, word), scored("noise", 0)}, []art.Box{bad, word}},
		"another gate too":  {[]art.Score{scored("hands", 0.2, good, bad), scored("unwanted_text", 0), scored("noise", 0.4, word)}, nil},
		"no place":          {[]art.Score{scored("hands", 0.2), scored("unwanted_text", 0), scored("noise", 0)}, nil},
		"not measured":      {[]art.Score{{Scorer: "hands"}, scored("unwanted_text", 0), scored("noise", 0)}, nil},
		"no scorer at hand": {[]art.Score{scored("unwanted_text", 0.4, word), scored("noise", 0)}, nil},
	} {
		got, ok := judge.Mendable(judge.Decide(x.scores, rubric), rubric, []string{"hands", "unwanted_text"})
		if ok != (x.want != nil) || !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
}

func TestMissCountsHowFarAVerdictIsFromPassing(t *testing.T) {
	half, tenth := 0.5, 0.1
	rubric := []art.Gate{{Scorer: "hands", Min: &half}, {Scorer: "noise", Max: &tenth}}
	for _, x := range []struct {
		scores []art.Score
		want   float64
	}{
		{[]art.Score{scored("hands", 0.7), scored("noise", 0.05)}, 0},
		{[]art.Score{scored("hands", 0.3), scored("noise", 0.05)}, 0.2},
		{[]art.Score{scored("hands", 0.3), scored("noise", 0.4)}, 0.5},
		{[]art.Score{scored("hands", 0.3)}, 1.2},
	} {
		if got := judge.Miss(art.Verdict{Scores: x.scores}, rubric); got < x.want-1e-9 || got > x.want+1e-9 {
			t.Errorf("%+v: %v, want %v", x.scores, got, x.want)
		}
	}
}

func TestWordsNameWhatIsThere(t *testing.T) {
	n, photo := networks(t), astronaut(t)
	page := poster(t, color.White, color.RGBA{200, 30, 30, 255}, "Sommer", "Verkauf")
	face := locate(t, n, photo, "face")
	if b := face.Boxes; len(b) != 1 || b[0].X < 70 || b[0].X+b[0].Width > 150 {
		t.Errorf("the astronaut's face lies at %+v", b)
	}
	if b := locate(t, n, photo, "das linke Gesicht").Boxes; !slices.Equal(b, face.Boxes) {
		t.Errorf("said in German: %+v", b)
	}
	if b := locate(t, n, photo, "person").Boxes; len(b) != 1 || b[0].X > face.Boxes[0].X || b[0].Y > face.Boxes[0].Y || b[0].Width < 2*face.Boxes[0].Width {
		t.Errorf("the astronaut lies at %+v", b)
	}
	text, word := locate(t, n, page, "text").Boxes, locate(t, n, page, `"verkauf"`).Boxes
	if len(text) != 2 || len(word) != 1 || !slices.Contains(text, word[0]) || locate(t, n, page, "lower text").Boxes[0] != word[0] {
		t.Errorf("text %+v, the word %+v", text, word)
	}
	subject, ground := locate(t, n, page, "subject").Mask, locate(t, n, page, "background").Mask
	for i := range subject.Pix {
		if subject.Pix[i]+ground.Pix[i] != 1 {
			t.Fatalf("place %d is both or neither", i)
		}
	}
	for words, want := range map[string]error{"left elbow": art.ErrUnsupported, "": art.ErrUnsupported, "upper lower hand": art.ErrUnsupported, `"winter"`: art.ErrNotFound} {
		if _, err := judge.Locate(context.Background(), page, words, n); !errors.Is(err, want) || errors.Is(err, art.ErrUnsupported) && !strings.Contains(err.Error(), "face, hand, person, text, subject, background") {
			t.Errorf("%q: %v", words, err)
		}
	}
	if _, err := judge.Locate(context.Background(), page, "hand", absent{}); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("without networks: %v", err)
	}
}

func locate(t *testing.T, n judge.Networks, p *imaging.RGB, words string) judge.Located {
	t.Helper()
	found, err := judge.Locate(context.Background(), p, words, n)
	if err != nil {
		t.Fatalf("%s: %v", words, err)
	}
	return found
}
