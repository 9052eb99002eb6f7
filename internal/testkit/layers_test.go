package testkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is what import paths of this tree begin with.
const module = "presswerk/"

// layers is docs/layers.txt: who may import whom, and who may use which library.
type layers struct {
	mayImport map[string][]string // package → packages of this tree
	mayUse    map[string][]string // library → packages of this tree
}

// TestLayers: the code imports what docs/layers.txt allows, and the list is complete.
func TestLayers(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(Root(t), "docs", "layers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := readLayers(string(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range l.check(listPackages(t)) {
		t.Error(sentence)
	}
}

// TestEveryPackageSaysWhatItIsFor: there is a doc.go, and it begins as Go's tools expect.
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for name := range listPackages(t) {
		dir, file := "internal", "doc.go"
		if strings.HasPrefix(name, "cmd/") {
			dir, file = "", "main.go"
		}
		text, err := os.ReadFile(filepath.Join(Root(t), dir, filepath.FromSlash(name), file))
		if err != nil {
			t.Errorf("%s has no %s: write what it is for, its nouns, one example and what it will not do", name, file)
			continue
		}
		begin := "// Package " + path.Base(name) + " "
		if dir == "" {
			begin = "// Command " + path.Base(name) + " "
		}
		if !strings.HasPrefix(string(text), begin) {
			t.Errorf("%s of %s does not begin with %q: go doc shows what stands there", file, name, begin)
		}
	}
}

// TestLayersFindWhatIsWrong: each mistake gives one sentence that names the package and the way out.
func TestLayersFindWhatIsWrong(t *testing.T) {
	const text = `
		# a comment
		art: -
		judge: art
		testkit: -
		cmd/presswerk: *
		use example.org/vips: judge
		use os:
	`
	whole := map[string][]string{
		"art": nil, "judge": {"presswerk/internal/art", "example.org/vips/v2/vips", "strings"}, "testkit": nil,
		"cmd/presswerk": {"presswerk/internal/judge"},
	}
	for _, test := range []struct {
		name   string
		change func(map[string][]string)
		want   string
	}{
		{"nothing", func(map[string][]string) {}, ""},
		{
			"wrong direction", func(p map[string][]string) { p["art"] = []string{"presswerk/internal/judge"} },
			"art imports judge, which docs/layers.txt does not allow: let it take the value or state an interface, or add judge to the line of art with the reason in the commit",
		},
		{
			"not listed", func(p map[string][]string) { p["rights"] = nil },
			`rights is not listed in docs/layers.txt: add a line "rights: …" with what it may import`,
		},
		{
			"gone", func(p map[string][]string) { delete(p, "art") },
			"art is listed in docs/layers.txt, but there is no such package: remove its line, and its name from the lines of others",
		},
		{
			"library of another", func(p map[string][]string) { p["art"] = []string{"example.org/vips"} },
			"art imports example.org/vips, which only judge may use: ask that package for what is needed, or change its line in docs/layers.txt",
		},
		{
			"part of a library of another", func(p map[string][]string) { p["art"] = []string{"example.org/vips/deep"} },
			"art imports example.org/vips/deep, which only judge may use: ask that package for what is needed, or change its line in docs/layers.txt",
		},
		{
			"library of nobody", func(p map[string][]string) { p["cmd/presswerk"] = []string{"os"} },
			"cmd/presswerk imports os, which nobody may use: do without it, or change its line in docs/layers.txt",
		},
		{
			"test helpers outside tests", func(p map[string][]string) { p["cmd/presswerk"] = []string{"presswerk/internal/testkit"} },
			"cmd/presswerk imports testkit outside its tests: move what it needs to where it belongs",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := readLayers(text)
			if err != nil {
				t.Fatal(err)
			}
			packages := maps.Clone(whole)
			test.change(packages)
			if got := strings.Join(l.check(packages), "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestLayersReadStrictly: a list with a mistake is refused, so that no line is ignored in silence.
func TestLayersReadStrictly(t *testing.T) {
	for _, text := range []string{"art", "art: -\nart: -", "art: brand", "art: brand\nbrand: -", "use os: nobody", "use os:\nuse os:"} {
		if _, err := readLayers(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// readLayers reads the lines of docs/layers.txt.
func readLayers(text string) (layers, error) {
	l := layers{map[string][]string{}, map[string][]string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line == "" {
			continue
		}
		name, rest, found := strings.Cut(line, ":")
		into := l.mayImport
		if library, ok := strings.CutPrefix(name, "use "); ok {
			name, into = library, l.mayUse
		}
		if _, twice := into[name]; !found || twice {
			return l, fmt.Errorf("docs/layers.txt: %q has no colon, or is there twice: write one line a package", line)
		}
		list := slices.DeleteFunc(strings.Fields(rest), func(s string) bool { return s == "-" })
		for _, other := range list {
			if _, ok := l.mayImport[other]; !ok && other != "*" {
				return l, fmt.Errorf("docs/layers.txt: the line of %s names %s, which has no line above it: imports point up the list", name, other)
			}
		}
		into[name] = list
	}
	return l, nil
}

// check compares the list with the packages and what they import. Each difference is a sentence.
func (l layers) check(packages map[string][]string) []string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(l.mayImport)) {
		if _, ok := packages[name]; !ok {
			wrong = append(wrong, name+" is listed in docs/layers.txt, but there is no such package: remove its line, and its name from the lines of others")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		allowed, ok := l.mayImport[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is not listed in docs/layers.txt: add a line %q with what it may import", name, name+": …"))
			continue
		}
		for _, imported := range packages[name] {
			if sentence := l.checkImport(name, imported, allowed); sentence != "" {
				wrong = append(wrong, sentence)
			}
		}
	}
	return wrong
}

// checkImport says what is wrong with one import, or nothing.
func (l layers) checkImport(name, imported string, allowed []string) string {
	if other, ok := inTree(imported); ok {
		switch {
		case other == "testkit":
			return name + " imports testkit outside its tests: move what it needs to where it belongs"
		case slices.Contains(allowed, "*"), slices.Contains(allowed, other):
			return ""
		default:
			return fmt.Sprintf("%s imports %s, which docs/layers.txt does not allow: let it take the value or state an interface, or add %s to the line of %s with the reason in the commit", name, other, other, name)
		}
	}
	for library, users := range l.mayUse {
		if imported != library && (!strings.HasPrefix(imported, library+"/") || !strings.Contains(library, ".")) {
			continue
		}
		switch {
		case slices.Contains(users, name):
		case len(users) == 0:
			return fmt.Sprintf("%s imports %s, which nobody may use: do without it, or change its line in docs/layers.txt", name, imported)
		default:
			return fmt.Sprintf("%s imports %s, which only %s may use: ask that package for what is needed, or change its line in docs/layers.txt", name, imported, strings.Join(users, ", "))
		}
	}
	return ""
}

// inTree gives the short name of a package of this tree.
func inTree(imported string) (string, bool) {
	name, ok := strings.CutPrefix(imported, module)
	return strings.TrimPrefix(name, "internal/"), ok
}

// listPackages asks go list for every package of the tree with its direct imports; what only tests import isn't among
// them, nor are folders that hold nothing but tests.
func listPackages(t *testing.T) map[string][]string {
	t.Helper()
	for _, top := range []string{"cmd", "internal"} { // so that go test does not give a cached answer after a change
		if err := filepath.WalkDir(filepath.Join(Root(t), top), func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,GoFiles,CgoFiles,Imports", "./...")
	cmd.Dir, cmd.Stderr = Root(t), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath                 string
			GoFiles, CgoFiles, Imports []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if name, ok := inTree(p.ImportPath); ok && len(p.GoFiles)+len(p.CgoFiles) > 0 {
			packages[name] = p.Imports
		}
	}
}
