package art

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEqualRecipesHaveOneIdentityWhateverTheHintsSay(t *testing.T) {
	r := Recipe{Mode: ModeTextToImage, Engine: "local", Prompt: "a red apple", Seed: 42, Width: 128, Height: 128}
	id, err := r.ID()
	if err != nil {
		t.Fatal(err)
	}
	hinted := r
	hinted.Batch, hinted.Model.Dir = 8, "/somewhere"
	if got, err := hinted.ID(); err != nil || got != id {
		t.Errorf("hints changed the identity: %s, %v", got, err)
	}
	other := r
	other.Seed++
	if got, _ := other.ID(); got == id {
		t.Error("another seed has the same identity")
	}
}

func TestCanonicalJSONIsThatOfRFC8785(t *testing.T) {
	// The number and sorting examples of RFC 8785, sections 3.2.2.3 and 3.2.3.
	var v any
	in := `{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"\u20ac":"Euro","\r":"CR","1":"One","\ud83d\ude00":"Smiley","literals":[null,true,false]}`
	d := json.NewDecoder(strings.NewReader(in))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	got, err := CanonicalJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"\r":"CR","1":"One","literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"€":"Euro","😀":"Smiley"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNonFiniteNumbersNeverStandInARecipe(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := (Recipe{GuidanceScale: v}).ID(); err == nil {
			t.Errorf("guidance %v has an identity", v)
		}
	}
}

func TestSeedsKeepTheirValueThroughJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Seed(rapid.Int64Min(0).Draw(t, "seed"))
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if isText := data[0] == '"'; isText != (want > maxExactInt) {
			t.Fatalf("%d is written as %s", want, data)
		}
		var got Seed
		if err := json.Unmarshal(data, &got); err != nil || got != want {
			t.Fatalf("%s read as %d, %v", data, got, err)
		}
	})
}

func TestBadSeedsAreRefused(t *testing.T) {
	for _, in := range []string{`-1`, `"-1"`, `1.5`, `"abc"`, `9223372036854775808`, `null`, `""`} {
		var s Seed
		if err := s.UnmarshalJSON([]byte(in)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s gave %d, %v; want ErrInvalid", in, s, err)
		}
	}
}

func TestTextReadsABareStringAsEnglish(t *testing.T) {
	for in, want := range map[string]string{`"apple"`: "apple", `{"en":"apple","de":"Apfel"}`: "apple", `{"de":"Apfel"}`: "Apfel", `""`: ""} {
		var x Text
		if err := json.Unmarshal([]byte(in), &x); err != nil || x.In(English) != want {
			t.Errorf("%s reads %q, %v; want %q", in, x.In(English), err, want)
		}
	}
	var x Text
	if err := json.Unmarshal([]byte(`7`), &x); err == nil {
		t.Error("a number was read as words")
	}
}
