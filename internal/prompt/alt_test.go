package prompt

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"presswerk/internal/art"
)

var both = []art.Language{art.English, art.German}

func TestAltTextIsASentenceThatAPersonWouldWrite(t *testing.T) {
	for name, c := range map[string]struct {
		p      art.Prompt
		en, de string
	}{
		"apple":       {apple, "Illustration of a red apple, flat style, on a light blue background", "Illustration: ein roter Apfel, flacher Stil, vor hellblauem Hintergrund"},
		"uncounted":   {art.Prompt{Subject: words("bread", "Brot")}, "Illustration of bread", "Illustration: Brot"},
		"plural":      {art.Prompt{Subject: words("cherries", "Kirschen")}, "Illustration of cherries", "Illustration: Kirschen"},
		"number":      {art.Prompt{Subject: words("two eggs", "zwei Eier")}, "Illustration of two eggs", "Illustration: zwei Eier"},
		"vowel sound": {art.Prompt{Subject: words("unicorn", "ein Einhorn")}, "Illustration of a unicorn", "Illustration: ein Einhorn"},
		"silent h":    {art.Prompt{Subject: words("hourglass", "eine Sanduhr")}, "Illustration of an hourglass", "Illustration: eine Sanduhr"},
		"head noun":   {art.Prompt{Subject: words("smiling face with heart eyes", "ein lächelndes Gesicht mit Herzaugen")}, "Illustration of a smiling face with heart eyes", "Illustration: ein lächelndes Gesicht mit Herzaugen"},
		"context":     {art.Prompt{Subject: words("egg", "ein Ei"), Context: words("in a nest", "in einem Nest")}, "Illustration of an egg in a nest", "Illustration: ein Ei in einem Nest"},
		"stiff":       {art.Prompt{Subject: words("egg", "ein Ei"), Background: words("peach", "pfirsich")}, "Illustration of an egg, on a peach background", "Illustration: ein Ei, vor pfirsichfarbenem Hintergrund"},
		"dark":        {art.Prompt{Subject: words("egg", "ein Ei"), Background: words("dark", "dunkel")}, "Illustration of an egg, on a dark background", "Illustration: ein Ei, vor dunklem Hintergrund"},
		"phrase":      {art.Prompt{Subject: words("egg", "ein Ei"), Background: words("in front of a wall", "vor einer Wand")}, "Illustration of an egg, in front of a wall", "Illustration: ein Ei, vor einer Wand"},
		"two colours": {art.Prompt{Subject: words("egg", "ein Ei"), Background: words("mint to cream gradient", "von mint zu creme")}, "Illustration of an egg, on a mint to cream gradient background", "Illustration: ein Ei, Hintergrund von mint zu creme"},
		"lettering":   {art.Prompt{Subject: words("sign", "ein Schild"), Lettering: "Hi"}, "Illustration of a sign, with the words “Hi”", "Illustration: ein Schild, mit den Worten „Hi“"},
		"photo":       {art.Prompt{Subject: words("egg", "ein Ei"), Style: words("studio photography", "Studiofotografie")}, "Photorealistic picture of an egg, studio photography", "Fotorealistisches Bild: ein Ei, Studiofotografie"},
		"technical":   {art.Prompt{Subject: words("egg", "ein Ei"), Lens: words("85mm", ""), Quality: words("best quality", "")}, "Illustration of an egg", "Illustration: ein Ei"},
	} {
		got, err := AltText(c.p, both)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(art.Text{"en": c.en, "de": c.de}, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestGermanColoursAreBent(t *testing.T) {
	for in, want := range map[string]string{
		"weiß": "weißem", "hellblau": "hellblauem", "rosa": "rosafarbenem", "hellrosa": "hellrosafarbenem", "golden": "goldenem", "cremefarben": "cremefarbenem",
		"dunkel": "dunklem", "türkis": "türkisem", "beige": "beigefarbenem", "mint": "mintfarbenem", "silbern": "silbernem",
	} {
		if got := dative(in); got != want {
			t.Errorf("%s: got %s; want %s", in, got, want)
		}
	}
}

func TestMissingGermanIsTold(t *testing.T) {
	p := apple
	p.Style = words("flat style", "")
	p.Background = words("mint", "")
	_, err := AltText(p, both)
	if !errors.Is(err, art.ErrInvalid) || !strings.Contains(err.Error(), "prompt.style.words.de") || !strings.Contains(err.Error(), "prompt.background.words.de") {
		t.Errorf("got %v; want both parts", err)
	}
	if _, err := AltText(apple, []art.Language{"fr"}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("got %v; want ErrUnsupported", err)
	}
}

func TestAltTextIsNeverLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := func(name string) art.Part {
			s := strings.TrimSpace(rapid.StringMatching(`[a-zäöü ]{1,120}`).Draw(t, name)) + "x"
			return words(s, s)
		}
		p := art.Prompt{Subject: part("subject"), Context: part("context"), Style: part("style"), Background: part("background")}
		alt, err := AltText(p, both)
		if err != nil {
			t.Fatal(err)
		}
		for lang, s := range alt {
			if n := utf8.RuneCountInString(s); n > altLength || n < 10 {
				t.Fatalf("%s: %d characters: %q", lang, n, s)
			}
		}
	})
}

func TestTitlesAndSlugs(t *testing.T) {
	if d := cmp.Diff(art.Text{"en": "Red apple, flat style", "de": "Roter Apfel, flacher Stil"}, Title(apple, both)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(art.Text{"en": "Egg"}, Title(art.Prompt{Subject: words("an egg", "")}, both)); d != "" {
		t.Error(d)
	}
	for in, want := range map[string]string{
		"Ein Mädchen & 3 Bären": "ein-maedchen-3-baeren", "": "picture", "日本": "picture", "../../etc": "etc", "Straße  ": "strasse", "a--b": "a-b",
		strings.Repeat("word ", 30): strings.TrimRight(strings.Repeat("word-", 12), "-"), strings.Repeat("x", 90): strings.Repeat("x", 60),
	} {
		if got := Slugify(in); got != want {
			t.Errorf("Slugify(%q) = %q; want %q", in, got, want)
		}
	}
	if got := Slug(apple); got != "red-apple-flat-style-light-blue" {
		t.Error(got)
	}
}

func FuzzSlugify(f *testing.F) {
	f.Add("Größe: ½ m²")
	f.Fuzz(func(t *testing.T, s string) {
		got := Slugify(s)
		if got == "" || len(got) > slugLength || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || got != Slugify(got) || got[0] == '-' || got[len(got)-1] == '-' {
			t.Errorf("Slugify(%q) = %q", s, got)
		}
	})
}
