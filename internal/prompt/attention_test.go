package prompt

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestAttentionAsA1111Publishes holds the doctests of parse_prompt_attention in A1111's modules/prompt_parser.py 1.10,
// and what the same function gave for the inputs below them when it was run.
func TestAttentionAsA1111Publishes(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []Weighted
	}{
		{"normal text", []Weighted{{"normal text", 1}}},
		{"an (important) word", []Weighted{{"an ", 1}, {"important", 1.1}, {" word", 1}}},
		{"(unbalanced", []Weighted{{"unbalanced", 1.1}}},
		{`\(literal\]`, []Weighted{{"(literal]", 1}}},
		{"(unnecessary)(parens)", []Weighted{{"unnecessaryparens", 1.1}}},
		{"a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", []Weighted{
			{"a ", 1},
			{"house", 1.5730000000000004},
			{" ", 1.1},
			{"on", 1},
			{" a ", 1.1},
			{"hill", 0.55},
			{", sun, ", 1.1},
			{"sky", 1.4641000000000006},
			{".", 1.1},
		}},

		{"", []Weighted{{"", 1}}},
		{"()", []Weighted{{"", 1}}},
		{"a)b]c", []Weighted{{"a)b]c", 1}}},
		{"a:1.2)", []Weighted{{"a:1.2)", 1}}},
		{"(a: 1.5 ) b", []Weighted{{"a", 1.5}, {" b", 1}}},
		{"(a:-1)", []Weighted{{"a", -1}}},
		{`\\(a\b)`, []Weighted{{`\`, 1}, {"ab", 1.1}}},
		{"a BREAK b", []Weighted{{"a", 1}, {"BREAK", -1}, {"b", 1}}},
		{"BREAK", []Weighted{{"", 1}, {"BREAK", -1}, {"", 1}}},
		{"OUTBREAK BREAK_ BREAKS", []Weighted{{"OUTBREAK BREAK_ BREAKS", 1}}},
		{"(a BREAK b)", []Weighted{{"a", 1.1}, {"BREAK", -1.1}, {"b", 1.1}}},
		{"(a:1.2.3)", []Weighted{{"a:1.2.3", 1.1}}}, // A1111 ends with an exception
	} {
		if got := ParseAttention(test.in); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q gives %v, want %v", test.in, got, test.want)
		}
	}
}

// TestSplitAND: values as A1111's get_multicond_prompt_list gave them.
func TestSplitAND(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []Weighted
	}{
		{"a cat", []Weighted{{"a cat", 1}}},
		{"a cat :1.2 AND a dog AND a penguin :2.2", []Weighted{{"a cat", 1.2}, {" a dog", 1}, {" a penguin", 2.2}}},
		{"sAND AND ANDy", []Weighted{{"sAND", 1}, {" ANDy", 1}}},
		{"a:1:2", []Weighted{{"a:1", 2}}},
		{"a:b", []Weighted{{"a:b", 1}}},
		{"(a:1.5)", []Weighted{{"(a:1.5)", 1}}},
		{"a : -.5 \n", []Weighted{{"a", -0.5}}},
		{"a:2.", []Weighted{{"a", 2}}},
		{"AND", []Weighted{{"", 1}, {"", 1}}},
	} {
		if got := SplitAND(test.in); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q gives %v, want %v", test.in, got, test.want)
		}
	}
}

func TestPlainTextWeighsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z ,.!0-9|{}é-]{0,60}`).Draw(t, "text")
		if got := ParseAttention(text); !reflect.DeepEqual(got, []Weighted{{text, 1}}) {
			t.Fatalf("%q gives %v", text, got)
		}
		if got := ParseAttention(escape(`(` + text + `\[`)); !reflect.DeepEqual(got, []Weighted{{`(` + text + `\[`, 1}}) {
			t.Fatalf("%q escaped gives %v", text, got)
		}
	})
}

func TestAWeightWeighsWhatItEncloses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weight := float64(rapid.IntRange(-300, 300).Draw(t, "hundredths")) / 100
		depth := rapid.IntRange(0, 8).Draw(t, "depth")
		want := weight
		for range depth {
			want *= 1.1
		}
		in := strings.Repeat("(", depth) + fmt.Sprintf("(words:%v)", weight) + strings.Repeat(")", depth)
		if got := ParseAttention(in); !reflect.DeepEqual(got, []Weighted{{"words", want}}) {
			t.Fatalf("%q gives %v, want weight %v", in, got, want)
		}
	})
}

func FuzzParseAttention(f *testing.F) {
	for _, seed := range []string{"a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", `\(`, "BREAK", strings.Repeat("(a", 2000), ":.)", "\\", "(a:9e9)", "(\xff:1)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pieces := ParseAttention(text)
		if len(pieces) == 0 {
			t.Fatal("no piece")
		}
		length := 0
		for i, p := range pieces {
			length += len(p.Text)
			if i > 0 && p.Weight == pieces[i-1].Weight {
				t.Fatalf("%q: neighbours %v and %v weigh the same", text, pieces[i-1], p)
			}
		}
		if length > len(text) {
			t.Fatalf("%q grew: %v", text, pieces)
		}
		SplitAND(text)
	})
}
