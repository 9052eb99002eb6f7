package prompt

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

func TestNoGosAreFoundWhateverTheSpelling(t *testing.T) {
	for _, c := range []struct {
		words, term string
		want        bool
	}{
		{"a glass of beer", "beer", true},
		{"two Beers", "beer", true},
		{"two glasses", "glass", true},
		{"a beerish colour", "beer", false},
		{"root-beer float", "beer", true},
		{"ginger", "gin", false},
		{"b e e r", "beer", true},
		{"b.e.e.r", "beer", true},
		{"be-er", "beer", true},
		{"b33r", "beer", true},
		{"ЬeеR", "beer", true}, // the Cyrillic soft sign is taken for a b
		{"bеег", "beer", true}, // a Cyrillic г is taken for an r
		{"bееr", "beer", true}, // two Cyrillic е
		{"ｂｅｅｒ", "beer", true},
		{"bee\u200br", "beer", true},
		{"bée\u0301r", "beer", true},
		{"b\u202eee\u3164r", "beer", true}, // a sign of direction, and Hangul's filler
		{"🅱🅴🅴🆁", "beer", true},
		{"beeeeer", "beer", true},
		{"bbeeeerr", "beer", true},
		{"b€er", "beer", true},
		{"w!ne", "wine", true},
		{"red wine!red apple", "wine", true},
		{"no beer on the table", "beer", false},
		{"ohne jedes Bier", "Bier", false},
		{"not without beer", "beer", true},
		{"no, a beer", "beer", true},
		{"wh1te w1ne", "wine", true},
		{"alc0h0l", "Alcohol", true},
		{"a1cohol", "alcohol", true},
		{"$ex", "sex", true},
		{"4711", "alii", false}, // digits alone are a number
		{"ein Bär", "Bar", false},
		{"eine Bar", "Bär", false},
		{"ein BÄR", "Bär", true},
		{"Baer", "Bär", true},
		{"machine gun", "machine gun", true},
		{"machine  GUN!", "machine gun", true},
		{"machine-gun", "machine gun", true},
		{"machine for gun", "machine gun", false},
		{"the rapist", "therapist", false},
		{"bee r", "beer", true},
		{"a bee, red apple", "beer", false},
		{"", "beer", false},
		{"beer", "", false},
		{"beer", "!!", false},
	} {
		if got := Contains(c.words, c.term); got != c.want {
			t.Errorf("Contains(%q, %q) = %v", c.words, c.term, got)
		}
	}
}

func TestHitsSayWhere(t *testing.T) {
	p := art.Prompt{
		Subject: words("hot beverage", "ein Glas Wein"), Context: words("with a beer", ""), Lettering: "B33R!", Negatives: []string{"beer", "wine"},
	}
	want := []Hit{
		{"Wein", "prompt.subject.words.de", "ein Glas Wein"}, {"beer", "prompt.context.words.en", "with a beer"}, {"beer", "prompt.text", "B33R!"},
	}
	if d := cmp.Diff(want, FindNoGos(p, []string{"beer", "Wein"})); d != "" {
		t.Error(d)
	}
}

func TestLookalikesMapOneToOne(t *testing.T) {
	for r, want := range map[rune]rune{'а': 'a', 'е': 'e', 'ѡ': 'w', 'ο': 'o', 'х': 'x', 'α': 'a', 'ѕ': 's', 'i': 0, 'ж': 0} {
		if got := lookalike(r); got != want {
			t.Errorf("%c: got %c; want %c", r, got, want)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"Größe", "bееr", "ﬁne", "Ⅻ", "İ", "\xff", "a\u0301", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Normalise(s)
		if twice := Normalise(once); twice != once {
			t.Errorf("%q → %q → %q", s, once, twice)
		}
		if !utf8.ValidString(once) && utf8.ValidString(s) {
			t.Errorf("%q → %q is no UTF-8", s, once)
		}
		if once != "" && len(s) > 2 && !Contains(s, s) {
			t.Errorf("%q does not contain itself", s)
		}
	})
}
