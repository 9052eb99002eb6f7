package prompt

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func alternating(calls int, texts ...string) []Stage {
	var stages []Stage
	for i := range calls {
		stages = append(stages, Stage{i + 1, texts[i%len(texts)]})
	}
	return stages
}

// TestEditingAsA1111Publishes holds the doctests of get_learned_conditioning_prompt_schedules in A1111's
// modules/prompt_parser.py 1.10, the example above them, and what the same function gave for other inputs when it was
// run (with lark 1.1.2).
func TestEditingAsA1111Publishes(t *testing.T) {
	ten, hires := Steps{Base: 10}, Steps{Base: 10, Hires: 10}
	for _, test := range []struct {
		in    string
		steps Steps
		want  []Stage
	}{
		{"test", ten, []Stage{{10, "test"}}},
		{"a [b:3]", ten, []Stage{{3, "a "}, {10, "a b"}}},
		{"a [b: 3]", ten, []Stage{{3, "a "}, {10, "a b"}}},
		{"a [[[b]]:2]", ten, []Stage{{2, "a "}, {10, "a [[b]]"}}},
		{"[(a:2):3]", ten, []Stage{{3, ""}, {10, "(a:2)"}}},
		{"a [b : c : 1] d", ten, []Stage{{1, "a b  d"}, {10, "a  c  d"}}},
		{"a[b:[c:d:2]:1]e", ten, []Stage{{1, "abe"}, {2, "ace"}, {10, "ade"}}},
		{"a [unbalanced", ten, []Stage{{10, "a [unbalanced"}}},
		{"a [b:.5] c", ten, []Stage{{5, "a  c"}, {10, "a b c"}}},
		{"a [{b|d{:.5] c", ten, []Stage{{5, "a  c"}, {10, "a {b|d{ c"}}},
		{"((a][:b:c [d:3]", ten, []Stage{{3, "((a][:b:c "}, {10, "((a][:b:c d"}}},
		{"[a|(b:1.1)]", ten, alternating(10, "a", "(b:1.1)")},
		{"[fe|]male", ten, alternating(10, "female", "male")},
		{"[fe|||]male", ten, alternating(10, "female", "male", "male", "male")},
		{"a [b:.5] c", hires, []Stage{{10, "a b c"}}},
		{"a [b:1.5] c", hires, []Stage{{5, "a  c"}, {10, "a b c"}}},

		{
			"fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6][ in background:0.25] [shoddy:masterful:0.5]",
			Steps{Base: 100},
			[]Stage{
				{25, "fantasy landscape with a mountain and an oak in foreground shoddy"},
				{50, "fantasy landscape with a lake and an oak in foreground in background shoddy"},
				{60, "fantasy landscape with a lake and an oak in foreground in background masterful"},
				{75, "fantasy landscape with a lake and an oak in background masterful"},
				{100, "fantasy landscape with a lake and a christmas tree in background masterful"},
			},
		},

		{"a [b:13] c", hires, []Stage{{3, "a  c"}, {10, "a b c"}}},
		{"a [b:.5] c", Steps{Base: 10, Hires: 8, Old: true}, []Stage{{5, "a  c"}, {10, "a b c"}}},
		{"[[a|b]:3]", ten, append([]Stage{{1, ""}, {2, ""}, {3, ""}}, alternating(10, "a", "b")[3:]...)},
		{"[a:3:5]", ten, []Stage{{5, "a"}, {10, "3"}}},
		{"[a:b:c:3]", ten, []Stage{{10, "[a:b:c:3]"}}},
		{"[a:b:3]]", ten, []Stage{{3, "a]"}, {10, "b]"}}},
		{"(a:[b:3])", ten, []Stage{{3, "(a:)"}, {10, "(a:b)"}}},
		{"[x:(a:b:c):3]", ten, []Stage{{10, "[x:(a:b:c):3]"}}},
		{"[a:b:-2]", ten, []Stage{{10, "b"}}},
		{"[a:b:0]", ten, []Stage{{10, "b"}}},
		{"[a:b:20]", ten, []Stage{{10, "a"}}},
		{"[a:b:1.0]", ten, []Stage{{10, "a"}}},
		{"[a:b:1]", ten, []Stage{{1, "a"}, {10, "b"}}},
		{"[a:b:1e0]", ten, []Stage{{1, "a"}, {10, "b"}}},
		{"[a:b:3 4]", ten, []Stage{{10, "[a:b:3 4]"}}},
		{"[:3]", ten, []Stage{{3, ""}, {10, ""}}},
		{"[]", ten, []Stage{{10, "[]"}}},
		{`[a:\:b:3]`, ten, []Stage{{3, "a"}, {10, `\:b`}}},
		{`[a:b:3]\`, ten, []Stage{{10, `[a:b:3]\`}}},
		{"[a:b:3] c|d", ten, []Stage{{10, "[a:b:3] c|d"}}},
		{"a [b [c:d:3] e", ten, []Stage{{3, "a [b c e"}, {10, "a [b d e"}}},
		{"[a:b:1e999]", ten, []Stage{{10, "a"}}}, // A1111 ends with an exception
	} {
		if got := Schedule(test.in, test.steps); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q in %+v gives %+v, want %+v", test.in, test.steps, got, test.want)
		}
	}
}

// TestAt: [a:b:5] brings b at the seventh call, github.com/AUTOMATIC1111/stable-diffusion-webui/issues/7279.
func TestAt(t *testing.T) {
	stages := Schedule("[a:b:5]", Steps{Base: 20})
	for call := range 20 {
		want := "a"
		if call >= 6 {
			want = "b"
		}
		if got := stages[At(stages, call)].Text; got != want {
			t.Errorf("call %d has %q, want %q", call, got, want)
		}
	}
	if got := At(stages, 99); got != 0 {
		t.Errorf("past the end, A1111 takes the first stage; got %d", got)
	}
}

func TestTextWithoutEditingIsItsOnlyStage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z (),:{}é\n-]{0,60}`).Draw(t, "text")
		if got := Schedule(text, Steps{Base: 10}); !reflect.DeepEqual(got, []Stage{{10, text}}) {
			t.Fatalf("%q gives %+v", text, got)
		}
	})
}

func TestAnEditChangesAtItsStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.IntRange(2, 50).Draw(t, "calls")
		when := rapid.IntRange(1, calls-1).Draw(t, "when")
		want := []Stage{{when, "x a y"}, {calls, "x b y"}}
		if got := Schedule(fmt.Sprintf("x [a:b:%d] y", when), Steps{Base: calls}); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"a[b:[c:d:2]:1]e", "[a|(b:1.1)]", "((a][:b:c [d:3]", strings.Repeat("[", 5000), strings.Repeat("[a:", 300) + "b" + strings.Repeat(":2]", 300), "[a:b:1e9999]", "[a:b:-.5]", "|", `\`, "[\xff:3]"} {
		f.Add(seed, 10, 0)
	}
	f.Fuzz(func(t *testing.T, text string, base, hires int) {
		steps := Steps{Base: base % 100, Hires: hires % 100}
		stages := Schedule(text, steps)
		last := 0
		for _, s := range stages {
			if s.End <= last {
				t.Fatalf("%q: the stages %v don't follow each other", text, stages)
			}
			last = s.End
			if len(s.Text) > len(text) {
				t.Fatalf("%q grew: %q", text, s.Text)
			}
		}
		if last != steps.calls() {
			t.Fatalf("%q: the last stage ends after %d of %d calls", text, last, steps.calls())
		}
	})
}
