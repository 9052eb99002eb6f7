package testkit

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What CONTRIBUTING.md says a new engine takes: a folder, a line in main (which the editor imports for), a line in docs/layers.txt.
const (
	newFolder = "internal/engine/tiny"
	newRow    = "\t\t" + `{"tiny", "TINY_KEY", tiny.Base, tiny.Revision, func(s wire.Service) (engine.Engine, error) { return tiny.New(s) }, "", 0},` + "\n"
	newLayer  = "engine/tiny: art engine engine/wire\n"
)

// overlay makes the tree as it would be with the new engine, for Go's tools, and leaves the tree as it is.
func overlay(t *testing.T) (flags string) {
	t.Helper()
	root, dir := Root(t), t.TempDir()
	replace := map[string]string{}
	for _, name := range []string{"doc.go", "tiny.go"} {
		replace[filepath.Join(root, newFolder, name)] = filepath.Join(root, "internal/testkit/testdata/tiny", name)
	}
	main := filepath.Join(root, "cmd/presswerk/hosted_keys.go")
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	replace[main] = filepath.Join(dir, "main.go")
	with := insert(t, string(text), "\treturn []keyed{\n", newRow)
	with = insert(t, with, "import (\n", "\t\"presswerk/internal/engine/tiny\"\n")
	put(t, replace[main], []byte(with))
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "overlay.json"), list)
	return "-overlay=" + filepath.Join(dir, "overlay.json")
}

func insert(t *testing.T, text, behind, line string) string {
	t.Helper()
	if strings.Count(text, behind) != 1 {
		t.Fatalf("%q is not there once", behind)
	}
	return strings.Replace(text, behind, behind+line, 1)
}

func put(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestANewEngineIsAFolderAndTwoLines: with them the program builds, lists it, and plans for it, and the layers hold; without
// the line in docs/layers.txt that is told.
func TestANewEngineIsAFolderAndTwoLines(t *testing.T) {
	native := filepath.Dir(Native(t, "onnxruntime"))
	t.Setenv("GOFLAGS", overlay(t))
	text, err := os.ReadFile(filepath.Join(Root(t), "docs", "layers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	packages := listPackages(t)
	for want, list := range map[string]string{
		"":               insert(t, string(text), "engine/wire: art engine\n", newLayer),
		"engine/tiny is": string(text),
	} {
		l, err := readLayers(list)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := strings.Join(l.check(packages), "\n"); (wrong == "") != (want == "") || !strings.HasPrefix(wrong, want) {
			t.Errorf("the layers say %q, want %q", wrong, want)
		}
	}
	program := filepath.Join(t.TempDir(), "presswerk")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/presswerk")
	build.Dir = Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	space := filepath.Join(t.TempDir(), "ws")
	run := func(into any, args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), program, args...)
		c.Env = append(os.Environ(), "PRESSWERK_LIB="+native, "TINY_KEY=k", "XDG_DATA_HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "LC_ALL=C")
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		if err := json.Unmarshal(out, into); into != nil && err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run(nil, "init", space)
	put(t, filepath.Join(space, "briefs", "dots.yaml"), []byte("title: {en: Dots, de: Punkte}\ngoal: A test.\nkpi: {metric: votes, target: 1}\nbrand: morgenrot\nchannels: [social]\nlanguages: [en]\n"+
		"run: exploration\napproval: review\nparameters: {engine: tiny, model: dot, width: 64, height: 64}\nprompt: {subject: egg}\nmatrix: []\nlegal: {no_gos: []}\n"))
	kit := filepath.Join(space, "brands", "morgenrot", "kit.yaml")
	text, err = os.ReadFile(kit)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "\ndefaults:\n")
	_, after, ok := strings.Cut(rest, "\nchannels:\n")
	if !ok {
		t.Fatal("the kit has no defaults before its channels")
	}
	put(t, kit, []byte(before+"\nchannels:\n"+after)) // they are about samplers, which the service hasn't
	var engines struct {
		Engines []struct {
			Name  string
			Ready bool
		}
	}
	run(&engines, "--json", "--workspace", space, "engines", "--timeout", "0s")
	var plan struct {
		Recipes []struct{ Engine string }
		Refused []struct{ Field, Reason string }
		Cost    struct {
			Money    float64
			Currency string
		}
	}
	run(&plan, "--json", "--workspace", space, "plan", filepath.Join(space, "briefs", "dots.yaml"))
	listed := false
	for _, e := range engines.Engines {
		listed = listed || e.Name == "tiny" && e.Ready
	}
	if !listed || len(plan.Recipes) != 1 || plan.Recipes[0].Engine != "tiny" || plan.Cost.Money != 0.01 || plan.Cost.Currency != "EUR" {
		t.Errorf("%+v\n%+v", engines, plan)
	}
}
