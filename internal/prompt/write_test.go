package prompt

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"presswerk/internal/art"
)

func words(en, de string) art.Part {
	t := art.Text{}
	if en != "" {
		t[art.English] = en
	}
	if de != "" {
		t[art.German] = de
	}
	return art.Part{Words: t}
}

func with(p art.Part, priority art.Priority) art.Part {
	p.Priority = priority
	return p
}

var apple = art.Prompt{
	Subject: words("red apple", "ein roter Apfel"), Style: words("flat style", "flacher Stil"), Background: words("light blue", "hellblau"),
}

func TestEachDialectHasItsForm(t *testing.T) {
	rich := art.Prompt{
		Subject: with(words("An old  (wooden) boat", ""), art.PriorityMust), Light: with(words("golden hour", ""), art.PriorityHigh),
		Style: words("Watercolour", ""), Quality: with(words("detailed", ""), art.PriorityLow), Lettering: "Ahoy [1]",
		Background: words("at sea", ""), Negatives: []string{"blurry, text", "Blurry", " low  res "},
	}
	for name, c := range map[string]struct {
		p        art.Prompt
		dialect  string
		positive string
		negative string
	}{
		"house":            {apple, House, "a red apple, flat style, on a light blue background", ""},
		"house vowel":      {art.Prompt{Subject: words("Evergreen tree", "")}, House, "an evergreen tree", ""},
		"house as trained": {art.Prompt{Subject: words("bread", ""), Background: words("mint background", "")}, House, "a bread, on a mint background", ""},
		"house others":     {rich, House, `an old (wooden) boat, watercolour, at sea, golden hour, detailed, with the words "Ahoy [1]"`, "blurry, text, low res"},
		"plain":            {rich, Plain, `An old (wooden) boat, golden hour, Watercolour, at sea, detailed, with the words "Ahoy [1]"`, "blurry, text, low res"},
		"no dialect":       {apple, "", "red apple, flat style, on a light blue background", ""},
		"a1111":            {rich, A1111, `(An old \(wooden\) boat:1.4), (golden hour:1.2), Watercolour, (detailed:0.8), at sea, with the words "Ahoy \[1\]"`, "blurry, text, low res"},
	} {
		w, err := Write(c.p, c.dialect)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(Written{c.positive, c.negative}, w); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	if _, err := Write(apple, "klingon"); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("got %v; want ErrUnsupported", err)
	}
	var f *art.FieldError
	if _, err := Write(art.Prompt{Subject: words("", "Apfel")}, Plain); !errors.As(err, &f) || f.Field != "prompt.subject.words.en" {
		t.Errorf("got %v; want the field without English", err)
	}
}

func TestBracketsOfWordsNeverBecomeWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-z()\[\]\\: ]{1,30}`).Draw(t, "words")
		w, err := Write(art.Prompt{Subject: words(s, "")}, A1111)
		if err != nil {
			t.Fatal(err)
		}
		bare := strings.NewReplacer(`\\`, "", `\(`, "", `\)`, "", `\[`, "", `\]`, "").Replace(w.Positive)
		if strings.ContainsAny(bare, `()[]\`) {
			t.Fatalf("%q is written %q", s, w.Positive)
		}
	})
}

func TestNegativesAreMergedOnceInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := rapid.SliceOf(rapid.SliceOf(rapid.SampledFrom([]string{"a", "B", "b, c", " a ", "d  e", "", ","}))).Draw(t, "lists")
		merged := MergeNegatives(lists...)
		if d := cmp.Diff(merged, MergeNegatives(merged)); d != "" {
			t.Fatal(d)
		}
		seen := map[string]bool{}
		for _, m := range merged {
			if m == "" || seen[strings.ToLower(m)] {
				t.Fatalf("%q in %q", m, merged)
			}
			seen[strings.ToLower(m)] = true
		}
	})
	if d := cmp.Diff([]string{"x", "b", "a"}, MergeNegatives([]string{"x, b"}, []string{"a", "X"})); d != "" {
		t.Error(d)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"approval", "brand", "channels", "seed", "steps"}
	for in, want := range map[string]string{"aproval": "approval", "chanels": "channels", "bradn": "brand", "SEED": "seed", "xyz": "", "": "", "stesp": "steps", "zebra": ""} {
		if got := Nearest(in, known); got != want {
			t.Errorf("Nearest(%q) = %q; want %q", in, got, want)
		}
	}
}
