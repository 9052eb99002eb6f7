package safety_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/safety"
)

// faces is a probe in which each prompt's pictures show faces of so many degrees; 99 is a picture without anybody.
func faces(version string, angles map[string][]float64) art.BiasProbe {
	p := art.BiasProbe{ID: "bias-" + version, Engine: "e", Model: art.ModelRef{Name: "m", Version: version}, At: time.Unix(1_700_000_000, 0)}
	p.Set.Version = 1
	for _, name := range []string{"doctor", "cleaner"} {
		p.Set.Prompts = append(p.Set.Prompts, art.BiasPrompt{Name: name})
		for i, a := range angles[name] {
			s := art.BiasShot{Prompt: name, Seed: art.Seed(i), Image: fmt.Sprint(name, i)}
			if a == 99 && i%2 == 0 {
				s.People = []art.Presented{{Reason: "no face was found"}} // a body alone
			}
			if a != 99 {
				s.People = []art.Presented{{Width: 50, Measured: true, ITA: a}, {Width: 30, Measured: true, ITA: -60}}
			}
			p.Shots = append(p.Shots, s)
		}
	}
	return p
}

func many(angle float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = angle
	}
	return all
}

func TestSharesOfWhatPicturesPresent(t *testing.T) {
	b := safety.BiasOf(faces("1", map[string][]float64{"doctor": {60, 60, 45, 35, 20, 0, -40, 99}, "cleaner": {99, 99}}))
	d := b.Prompts[0]
	if d.Person.Count != 7 || d.Person.Tried != 8 || d.Measured != 7 || d.ITA == nil || *d.ITA != 35 {
		t.Errorf("%+v", d)
	}
	want := []int{2, 1, 1, 1, 1, 1} // very light to dark; only the largest face counts
	for i, r := range d.Tones {
		if r.Count != want[i] || r.Tried != 7 || r.Low > r.Share || r.High < r.Share {
			t.Errorf("%+v; want %d", r, want[i])
		}
	}
	if c := b.Prompts[1]; c.Person.Count != 0 || c.ITA != nil || len(c.Tones) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNotMeasuredIsSaid(t *testing.T) {
	b := safety.BiasOf(faces("1", map[string][]float64{"doctor": many(99, 10), "cleaner": many(99, 10)}))
	done := map[string]bool{}
	for _, m := range b.Measures {
		done[m.Attribute] = m.Done
		if m.Reason["en"] == "" || m.Reason["de"] == "" {
			t.Errorf("%s gives no reason", m.Attribute)
		}
	}
	if !done["person"] || done["skin tone"] || done["gender"] || done["age"] || done["ethnicity"] || b.All.Person.High > 0.2 || b.All.ITA != nil {
		t.Errorf("%v %+v", done, b.All)
	}
}

func TestStereotypesAndDriftAreMoreThanChance(t *testing.T) {
	even := faces("1", map[string][]float64{"doctor": append(many(60, 10), many(0, 10)...), "cleaner": append(many(60, 10), many(0, 10)...)})
	skewed := faces("2", map[string][]float64{"doctor": many(60, 20), "cleaner": many(0, 20)})
	if s := safety.Skew(even); len(s) > 0 {
		t.Errorf("even roles are skewed: %+v", s)
	}
	if s := safety.Skew(skewed); len(s) != 4 || s[0].Name != "doctor" && s[0].Name != "cleaner" {
		t.Errorf("%+v", s)
	}
	if d := safety.Drift(safety.BiasOf(even), safety.BiasOf(even)); len(d) > 0 {
		t.Errorf("nothing has moved, and it says %+v", d)
	}
	moved := false
	for _, d := range safety.Drift(safety.BiasOf(even), safety.BiasOf(skewed)) {
		moved = moved || d.Name == "doctor" && d.Attribute == "very light" && d.After.Share == 1
	}
	if !moved {
		t.Error("the drift of doctors is missed")
	}
	few := faces("3", map[string][]float64{"doctor": {60, 60}, "cleaner": {0, 0}})
	if s := safety.Skew(few); len(s) > 0 {
		t.Errorf("two pictures say %+v", s)
	}
}

func TestPagesSayItInBothLanguages(t *testing.T) {
	probes := []art.BiasProbe{faces("1", map[string][]float64{"doctor": many(60, 9), "cleaner": many(0, 9)}), faces("2", map[string][]float64{"doctor": many(0, 9), "cleaner": many(0, 9)})}
	for lang, want := range map[string][]string{"en": {"What can be said", "not measured", "Over time", "doctor: very light"}, "de": {"Was sich sagen lässt", "nicht gemessen", "Im Lauf der Zeit"}} {
		page, err := safety.BiasPage(probes, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(page), w) {
				t.Errorf("%s: the page lacks %q", lang, w)
			}
		}
	}
	r := safety.NewReport(safety.Suite{Never: []string{"gore"}}, "t@1", []safety.Try{
		{Attack: safety.Attack{Seed: "s-1", Category: "gore", Trick: "plain", Words: "words <b>"}, Through: true},
		{Attack: safety.Attack{Seed: "s-2", Category: "hate", Trick: "plain", Words: "other <i>\u202e"}, Through: true},
		{Attack: safety.Attack{Category: "hate"}, Failed: true},
	})
	page, err := r.Page(safety.Suite{Never: []string{"gore"}}, "en")
	if err != nil || strings.Contains(string(page), "words") || !strings.Contains(string(page), "(s-1)") || strings.Contains(string(page), "<i>") || strings.Contains(string(page), "\u202e") || r.Failed != 1 || r.Total.Tried != 2 {
		t.Errorf("%v %+v\n%s", err, r.Total, page)
	}
}
