package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

func newWorkspace(t *testing.T) Workspace {
	t.Helper()
	r, err := Init(context.Background(), filepath.Join(t.TempDir(), "demo"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return r.Workspace
}

// write replaces a file of the workspace.
func write(t *testing.T, w Workspace, name, text string) {
	t.Helper()
	path := filepath.Join(w.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readText(t *testing.T, w Workspace, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.Dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheExampleLoads(t *testing.T) {
	w := newWorkspace(t)
	briefs, err := w.Briefs()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"briefs/breakfast-table.yaml", "briefs/explore-styles.yaml", "briefs/sticker.yaml", "briefs/two-ink.yaml", "briefs/winter-animals.yaml"}, briefs); d != "" {
		t.Error(d)
	}
	for _, path := range briefs {
		o, err := w.Load(path)
		if err != nil {
			t.Errorf("%s:\n%v", path, err)
			continue
		}
		if o.Kit.ID != "morgenrot" || o.Brief.ID != strings.TrimSuffix(filepath.Base(path), ".yaml") || len(o.Styles) == 0 {
			t.Errorf("%s: kit %q, brief %q, %d styles", path, o.Kit.ID, o.Brief.ID, len(o.Styles))
		}
		if b, err := w.ReadBrief(filepath.Join(w.Dir, path)); err != nil || cmp.Diff(o.Brief, b) != "" {
			t.Errorf("%s read alone differs: %v", path, err)
		}
	}
	o, err := w.Load("briefs/breakfast-table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := art.Part{Words: art.Text{"en": "peach", "de": "pfirsich"}}
	if d := cmp.Diff(want, o.Brief.Prompt.Background); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{int64(2)}, o.Brief.Matrix[2].Values); d != "" {
		t.Error(d)
	}
}

// A good brief, into which the tests put one mistake each.
const good = `title: Test
goal: See whether it works
kpi: {metric: ctr, target: 0.02}
brand: morgenrot
channels: [web-gallery]
languages: [en]
run: production
approval: review
prompt:
  subject: red apple
  background: {words: {en: mint}, priority: high}
parameters: {seed: 1}
matrix: []
legal: {no_gos: []}
`

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	w := newWorkspace(t)
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":         {"approval: review", "aproval: review", "briefs/x.yaml:8:1: aproval: nobody knows this key; did you mean \"approval\"?\nbriefs/x.yaml:1:1: approval: is missing; write review to wait for a person, or auto to let the policy decide"},
		"unknown key inside":  {"{metric: ctr,", "{metrik: x, metric: ctr,", `briefs/x.yaml:3:7: kpi.metrik: nobody knows this key; did you mean "metric"?`},
		"number for words":    {"goal: See whether it works", "goal: 7", `briefs/x.yaml:2:7: goal: "7" is a whole number, and text belongs here; put it into quotes: "7"`},
		"words for a number":  {"target: 0.02", `target: "two"`, `briefs/x.yaml:3:28: kpi.target: "two" is text, and a number belongs here; write a number without quotes, with a point for decimals`},
		"infinite":            {"target: 0.02", `target: .inf`, `briefs/x.yaml:3:28: kpi.target: ".inf" is a number, and a number belongs here; write a number without quotes, with a point for decimals`},
		"words for a list":    {"channels: [web-gallery]", "channels: web-gallery", `briefs/x.yaml:5:11: channels: "web-gallery" stands where a list belongs; write a list: [one, two]`},
		"list for a mapping":  {"legal: {no_gos: []}", "legal: []", `briefs/x.yaml:14:8: legal: a list stands where keys and values: no_gos, notes, usage belong`},
		"double key":          {"run: production", "run: production\nrun: exploration", "briefs/x.yaml:8:1: run: stands here a second time; the first is on line 7; keep one of them"},
		"no value":            {"brand: morgenrot", "brand: #morgenrot", "briefs/x.yaml:4:7: brand: has no value; write one or take the line out; what begins with # needs quotes: \"#ffd0b2\""},
		"no legal":            {"legal: {no_gos: []}\n", "", "briefs/x.yaml:1:1: legal: is missing; list what must not appear, or say that there is nothing: legal: {no_gos: []}"},
		"unknown channel":     {"[web-gallery]", "[web-galery]", `briefs/x.yaml:5:12: channels[0]: the kit "morgenrot" has no channel "web-galery"; did you mean "web-gallery"? There are: web-gallery, newsletter, social`},
		"unknown brand":       {"brand: morgenrot", "brand: morgenrod", `briefs/x.yaml:4:8: brand: brands has no "morgenrod"; did you mean "morgenrot"? There are: morgenrot`},
		"unknown style":       {"prompt:", "styles: [flad]\nprompt:", `briefs/x.yaml:9:10: styles[0]: styles has no "flad"; did you mean "flat"? There are: 3d, cartoon, flat, gradient`},
		"old style":           {"prompt:", "styles: [flat@9]\nprompt:", `briefs/x.yaml:9:10: styles[0]: style token "flat" is there in version 1, not in 9; write flat@1, or bring the old one back as styles/flat@9.yaml`},
		"style in the matrix": {"matrix: []", "matrix:\n  - field: styles\n    values: [flat, cartun]", `briefs/x.yaml:15:20: matrix[0].values[1]: styles has no "cartun"; did you mean "cartoon"? There are: 3d, cartoon, flat, gradient`},
		"bad language":        {"[en]", "[en, fr]", `briefs/x.yaml:6:17: languages[1]: pages are not made in "fr" yet; choose one of: en, de`},
		"title in German":     {"[en]", "[en, de]", `briefs/x.yaml:1:8: title: has no words in "de", and the page is published in it; add them, or take the language out of languages`},
		"bad priority":        {"priority: high", "priority: huge", `briefs/x.yaml:11:45: prompt.background.priority: nobody knows the priority "huge"; use low, normal, high or must`},
		"bad seed":            {"{seed: 1}", "{seed: -1}", `briefs/x.yaml:12:20: parameters.seed: "-1" is no seed; write a whole number from 0 to 9223372036854775807`},
		"no steps":            {"{seed: 1}", "{seed: 1, steps: 0}", `briefs/x.yaml:12:30: parameters.steps: 0 steps draw nothing; write 1 or more`},
		"not a date":          {"prompt:", "due: soon\nprompt:", `briefs/x.yaml:9:6: due: "soon" is no date; write 2026-12-31, or 2026-12-31T18:00:00+01:00`},
		"tag":                 {"brand: morgenrot", "brand: !secret morgenrot", `briefs/x.yaml:4:8: brand: has the tag !secret, which means nothing here; take it out`},
		"tab":                 {"  subject: red apple", "\tsubject: red apple", `briefs/x.yaml:10:1: a tab stands in the indentation; YAML is indented with spaces`},
		"colon":               {"goal: See whether it works", "goal: See: whether it works", `briefs/x.yaml:2:1: mapping values are not allowed in this context; words with a colon in them need quotes`},
		"open bracket":        {"languages: [en]", "languages: [en", "briefs/x.yaml:6:1: did not find expected ',' or ']'; a list [in, brackets] is not closed or lacks a comma"},
		"bad indentation":     {"  background:", " background:", "briefs/x.yaml:11:2: did not find expected key; look at the indentation here and on the line above, and for a quote too many"},
		"second document":     {"legal: {no_gos: []}\n", "legal: {no_gos: []}\n---\na: 1\n", "briefs/x.yaml:15:1: a second document begins here; keep one document in a file: take the line --- out"},
		"not UTF-8":           {"title: Test", "title: T\xffst", "briefs/x.yaml:1:9: is no UTF-8 text here; save the file as UTF-8"},
		"merge":               {"kpi: {metric", "kpi: {<<: {a: 1}, metric", "briefs/x.yaml:3:7: kpi: merging with << is not read here; write the values out"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(good, c.from) {
				t.Fatalf("the good brief lacks %q", c.from)
			}
			write(t, w, "briefs/x.yaml", strings.Replace(good, c.from, c.to, 1))
			_, err := w.Load("briefs/x.yaml")
			if !errors.Is(err, art.ErrInvalid) {
				t.Fatalf("got %v; want ErrInvalid", err)
			}
			want := strings.Split(c.want, "\n")
			for _, line := range want {
				if !strings.Contains(err.Error(), line) {
					t.Errorf("got\n%v\nwant\n%s", err, line)
				}
			}
			if n := len(strings.Split(err.Error(), "\n")); n != len(want) {
				t.Errorf("%d problems; want %d:\n%v", n, len(want), err)
			}
		})
	}
}

func TestAllProblemsOfAllFilesAreToldAtOnce(t *testing.T) {
	w := newWorkspace(t)
	write(t, w, "briefs/x.yaml", "tilte: Test\nbrand: morgenrot\nstyles: [flat]\nchannels: [nowhere]\n")
	kit := readText(t, w, "brands/morgenrot/kit.yaml")
	write(t, w, "brands/morgenrot/kit.yaml", strings.Replace(strings.Replace(kit, "share: 0.25", "share: 25", 1), "  name: Lena Brandt\n", "", 1))
	write(t, w, "styles/flat.yaml", "version: one\ntitle: Flat\n")
	_, err := w.Load("briefs/x.yaml")
	var all Problems
	if !errors.As(err, &all) {
		t.Fatalf("got %v; want Problems", err)
	}
	files := map[string]int{}
	fields := map[string]bool{}
	for _, p := range all {
		files[p.File]++
		fields[p.Field] = true
	}
	for _, f := range []string{"briefs/x.yaml", "brands/morgenrot/kit.yaml", "styles/flat.yaml"} {
		if files[f] == 0 {
			t.Errorf("nothing is told of %s:\n%v", f, err)
		}
	}
	for _, f := range []string{"tilte", "title", "goal", "kpi.metric", "kpi.target", "languages", "run", "approval", "prompt.subject", "legal", "select.share", "owner.name", "version"} {
		if !fields[f] {
			t.Errorf("nothing is told of %s:\n%v", f, err)
		}
	}
}

func TestHugeAndHostileFilesAreRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i <= 'i'; i++ {
		p := string(i - 1)
		bomb += string(i) + ": &" + string(i) + " [*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + "]\n"
	}
	for name, text := range map[string]string{
		"large":  strings.Repeat("# a long comment\n", MaxFile/16),
		"bomb":   "matrix:\n  - field: seed\n    values:\n" + "      - " + strings.ReplaceAll("{"+strings.ReplaceAll(strings.TrimSpace(bomb), "\n", ", ")+"}", "\n", "") + "\n",
		"cycle":  "matrix:\n  - field: seed\n    values: &v [*v, *v]\n",
		"deep":   "matrix: [{field: seed, values: [" + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "]}]\n",
		"empty":  "",
		"only #": "# nothing\n",
		"words":  "hello\n",
		"list":   "- a\n",
		"null":   "~\n",
		"binary": "\x00\x01\x02",
	} {
		var b art.Brief
		d := decode("x.yaml", []byte(text), &b)
		if len(d.found) == 0 {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAnchorsAreReadWithinLimits(t *testing.T) {
	var k brand.Kit
	d := decode("kit.yaml", []byte("no_gos: &list [beer, wine]\nnegatives: *list\n"), &k)
	if len(d.found) > 0 || cmp.Diff([]string{"beer", "wine"}, k.Negatives) != "" {
		t.Errorf("got %v, %v", k.Negatives, d.found)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	w := newWorkspace(t)
	if _, err := w.Load("briefs/none.yaml"); !errors.Is(err, art.ErrNotFound) || !strings.Contains(err.Error(), "breakfast-table") {
		t.Errorf("got %v; want ErrNotFound with what there is", err)
	}
	if _, err := w.ReadKit("../evil"); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("got %v; want ErrInvalid", err)
	}
	if _, err := w.ReadStyles([]string{"../../x"}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("got %v; want ErrInvalid", err)
	}
	if _, err := Find(t.TempDir()); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("got %v; want ErrNotFound", err)
	}
	inside, err := Find(filepath.Join(w.Dir, "briefs", "breakfast-table.yaml"))
	if err != nil || inside.Dir != w.Dir || inside.Name != "Morgenrot" {
		t.Errorf("got %+v, %v", inside, err)
	}
	write(t, w, "presswerk.yaml", "version: 99\n")
	if _, err := Open(w.Dir); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("got %v; want ErrUnsupported", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	files, err := filepath.Glob("example/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, "example/datasets/two-ink/dataset.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	set, err := os.ReadFile("example/brands/morgenrot/guard.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set)
	f.Add([]byte("a: &a [*a]\n<<: *a\n? [x]\n: !!binary x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, out := range []any{&art.Brief{}, &brand.Kit{}, &brand.Style{}, &marker{}, &brand.PromptSet{}, &pins{}, &art.Dataset{}} {
			d := decode("x.yaml", data, out)
			if b, ok := out.(*art.Brief); ok {
				d.place(brand.CheckBrief(*b, brand.Kit{}))
			}
			if s, ok := out.(*brand.PromptSet); ok {
				d.place(s.Check([]art.Gate{{Scorer: "contrast"}}))
			}
			if p, ok := out.(*pins); ok {
				d.place(checkPins(*p))
			}
			if s, ok := out.(*art.Dataset); ok {
				d.place(s.Check())
			}
			lines := strings.Count(string(data), "\n") + 1
			for _, p := range d.found {
				if p.Line < 0 || p.Line > lines+1 || p.Reason == "" || p.Line > 0 && p.Column < 1 {
					t.Fatalf("a problem without a proper place: %+v of %d lines", p, lines)
				}
			}
		}
	})
}
