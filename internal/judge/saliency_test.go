package judge_test

import (
	"image/color"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/judge"
)

// One thing on a plain ground has nearly all of the saliency, and the eye goes there first.
func TestTheEyeGoesToTheSubject(t *testing.T) {
	for name, at := range map[string]func(int, int) [3]uint8{"in the middle": square(240, 180, 120), "at the side": square(60, 90, 90)} {
		got := gauge(t, judge.Subject{Picture: drawn(t, 600, 480, at)}, "saliency_subject")
		if !got.Available || got.Value < 0.7 || got.Value > 1 {
			t.Errorf("%s: %v on the subject (%s)", name, got.Value, got.Reason)
			continue
		}
		if e := got.Evidence; e.Details["first_fixation"] != 1 || e.Details["times_area"].(float64) < 3 || e.Heat == nil || e.Boxes[0].Label != "subject" {
			t.Errorf("%s: %v, %v", name, e.Details, e.Boxes)
		}
	}
	if got := gauge(t, judge.Subject{Picture: drawn(t, 300, 200, flat(120))}, "saliency_subject"); got.Available {
		t.Errorf("of a flat picture: %v", got.Value)
	}
}

// Of two things alike but for their colour, the loud one has more than the quiet one, whose share falls.
func TestWhatIsLouderTakesTheEye(t *testing.T) {
	pair := func(right [3]uint8) float64 {
		p := drawn(t, 600, 300, func(x, y int) [3]uint8 {
			switch {
			case x > 90 && x < 190 && y > 100 && y < 200:
				return [3]uint8{150, 160, 170}
			case x > 410 && x < 510 && y > 100 && y < 200:
				return right
			}
			return [3]uint8{200, 205, 210}
		})
		got := gauge(t, judge.Subject{Picture: p, Layout: art.Layout{Product: &art.Region{Width: 0.5, Height: 1}}}, "saliency_product")
		if !got.Available {
			t.Fatal(got.Reason)
		}
		return got.Value
	}
	alike, louder := pair([3]uint8{150, 160, 170}), pair([3]uint8{230, 20, 40})
	if alike < 0.45 || alike > 0.55 || louder > alike-0.2 {
		t.Errorf("the product on the left has %v beside its like, %v beside something red", alike, louder)
	}
}

func TestSaliencyNeedsARegionThatSomebodyNamed(t *testing.T) {
	s := judge.Subject{Picture: drawn(t, 600, 480, square(60, 90, 90))}
	if got := gauge(t, s, "saliency_product"); got.Available {
		t.Errorf("no product is named: %v", got.Value)
	}
	ask := func(s judge.Subject) art.Score { return scoreBy(t, networks(t), "saliency_claim", s) }
	if got := ask(s); got.Available {
		t.Errorf("no words are asked for, and no place is named for them: %v", got.Value)
	}
	s.Layout.CopySpace = &art.Region{X: 0.5, Width: 0.5, Height: 1}
	got := ask(s)
	if !got.Available || got.Value > 0.1 || got.Evidence.Details["region"] != "copy space" {
		t.Errorf("the copy space is empty: %v %s", got.Value, got.Reason)
	}
	s.Texts = []string{"Apfel"}
	if got := ask(s); got.Available {
		t.Errorf("words that aren't in the picture draw %v", got.Value)
	}
}

// The claim's saliency is that on its words, which OCR finds.
func TestTheEyeGoesToTheClaim(t *testing.T) {
	s := judge.Subject{Picture: poster(t, color.White, color.RGBA{200, 30, 30, 255}, "Apfel"), Texts: []string{"Apfel"}}
	got := scoreBy(t, networks(t), "saliency_claim", s)
	if !got.Available || got.Value < 0.7 || got.Evidence.Details["region"] != "claim" || got.Evidence.Boxes[0].Label != "Apfel" {
		t.Errorf("%v on the claim (%s): %v", got.Value, got.Reason, got.Evidence)
	}
}

func BenchmarkSaliencyScorers(b *testing.B) {
	p := drawn(b, 1024, 1024, square(300, 300, 400))
	for b.Loop() {
		for _, s := range judge.DefaultPanel() {
			if s.Name() == "saliency_subject" {
				if _, _, err := s.Score(b.Context(), judge.Subject{Picture: p}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
