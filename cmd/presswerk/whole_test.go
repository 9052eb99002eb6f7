package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/testkit"
)

// program is a built presswerk with one workspace.
type program struct {
	path string
	dir  string // of the workspace
	env  []string
}

// build makes the program and an example workspace.
func build(t *testing.T) program {
	t.Helper()
	root := testkit.Root(t)
	testkit.Native(t, onnxLibrary)
	testkit.Native(t, c2paLibrary)
	for _, name := range upscalerNames() {
		testkit.Native(t, filepath.Join(upscalerDir, name+".onnx"))
	}
	p := program{
		path: filepath.Join(t.TempDir(), "bin", "presswerk"), dir: filepath.Join(t.TempDir(), "example"),
		env: append(os.Environ(), "PRESSWERK_MODELS="+filepath.Join(root, "models"), "LANG=C.UTF-8", "USER=tester"),
	}
	goBuild := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, ".")
	if out, err := goBuild.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	p.begin(t)
	return p
}

// begin makes the workspace. All of the example's pictures are made, and four instead of seven are finished, which takes the most time.
func (p program) begin(t *testing.T) {
	t.Helper()
	p.run(t, nil, "init", p.dir)
	brief, err := os.ReadFile(p.brief("breakfast-table"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.brief("breakfast-table"), bytes.Replace(brief, []byte("count: 7"), []byte("count: 4"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// another is the same program with a fresh workspace.
func (p program) another(t *testing.T) program {
	t.Helper()
	p.dir = filepath.Join(t.TempDir(), "example")
	p.begin(t)
	return p
}

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, p.path, args...)
	c.Env = p.env
	if _, err := os.Stat(p.dir); err == nil {
		c.Dir = p.dir
	}
	return c
}

// run runs a command that has to succeed, and decodes its --json answer.
func (p program) run(t *testing.T, answer any, args ...string) {
	t.Helper()
	if answer != nil {
		args = append(args, "--json")
	}
	var out, messages bytes.Buffer
	c := p.command(t.Context(), args...)
	c.Stdout, c.Stderr = &out, &messages
	if err := c.Run(); err != nil {
		t.Fatalf("presswerk %s: %v\n%s%s", strings.Join(args, " "), err, out.Bytes(), messages.Bytes())
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(out.Bytes(), answer); err != nil {
		t.Fatalf("presswerk %s: %v\n%s", strings.Join(args, " "), err, out.Bytes())
	}
}

func (p program) brief(name string) string { return filepath.Join(p.dir, "briefs", name+".yaml") }

// candidates lists a run's candidates.
func (p program) candidates(t *testing.T, run string) []art.CandidateView {
	t.Helper()
	var list struct {
		Candidates []art.CandidateView `json:"candidates"`
	}
	p.run(t, &list, "review", "list", run)
	return list.Candidates
}

// pictures lists every picture file below a folder.
func pictures(t *testing.T, dir string) []string {
	t.Helper()
	return filesWith(t, dir, ".png", ".jpg", ".webp", ".avif")
}

func filesWith(t *testing.T, dir string, endings ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && slices.Contains(endings, filepath.Ext(path)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestTheLine takes the example down the whole line and looks at what came out with everybody else's tools.
func TestTheLine(t *testing.T) {
	if testing.Short() {
		t.Skip("renders two dozen pictures")
	}
	p := build(t)
	var first made
	p.run(t, &first, "make", p.brief("breakfast-table"))
	if first.Candidates < 12 || first.Rendered != first.Candidates || first.Selected == 0 || len(first.Assets) != first.Selected || first.State != art.RunPublished {
		t.Fatalf("made %+v", first)
	}
	t.Run("a second time renders nothing again", func(t *testing.T) {
		var second made
		p.run(t, &second, "make", p.brief("breakfast-table"))
		second.Seconds = first.Seconds
		want := first
		want.Rendered = 0
		if d := cmp.Diff(want, second); d != "" {
			t.Error(d)
		}
	})
	t.Run("killed in the middle", func(t *testing.T) { testKilled(t, p, first) })
	t.Run("again is identical", func(t *testing.T) {
		for _, asset := range first.Assets[:2] {
			var c art.Comparison
			p.run(t, &c, "again", asset)
			if !c.Identical || c.MaxAbsDiff != 0 || c.PixelsSHA256 == "" {
				t.Errorf("%s: %+v", asset, c)
			}
		}
	})
	t.Run("every file says where it comes from", func(t *testing.T) { testProvenance(t, p, first) })
	t.Run("pages", func(t *testing.T) { testPages(t, p) })
	t.Run("browser", func(t *testing.T) { testSiteInBrowser(t, p) })
	t.Run("on paper", func(t *testing.T) { testPaper(t, p) })
}

// testPaper makes the example's sticker: the page cannot be signed, so that it is published only with a number hidden in it.
func testPaper(t *testing.T, p program) {
	var sticker made
	p.run(t, &sticker, "make", p.brief("sticker"))
	if sticker.State != art.RunPublished || len(sticker.Assets) == 0 {
		t.Fatalf("made %+v", sticker)
	}
	pages, err := filepath.Glob(filepath.Join(p.dir, "site", "sticker", "images", "*-sticker.pdf"))
	if err != nil || len(pages) != len(sticker.Assets) {
		t.Errorf("pages %v, %v", pages, err)
	}
}

// testKilled kills the process during rendering and during finishing, and compares what a last, quiet call ends with.
func testKilled(t *testing.T, whole program, want made) {
	p := whole.another(t)
	before := whole.candidates(t, want.Run)
	for _, moment := range []int{5, len(before) + 20} { // pictures and files in the blob store
		p.makeUntil(t, moment)
	}
	var last made
	p.run(t, &last, "make", p.brief("breakfast-table"))
	if last.Rendered == 0 && last.Reused == 0 && len(last.Assets) == 0 {
		t.Errorf("nothing was left to do: %+v", last)
	}
	slices.Sort(last.Assets)
	assets := slices.Sorted(slices.Values(want.Assets))
	if d := cmp.Diff(assets, last.Assets); d != "" {
		t.Errorf("other assets: %s", d)
	}
	after := p.candidates(t, last.Run)
	if len(after) != len(before) {
		t.Fatalf("%d candidates instead of %d", len(after), len(before))
	}
	for i, c := range after {
		b := before[i]
		if c.ID != b.ID || c.PixelsSHA256 != b.PixelsSHA256 || c.PixelsSHA256 == "" || c.AssetID != b.AssetID || !cmp.Equal(c.Selection, b.Selection) {
			t.Errorf("%s: %s %s instead of %s %s", c.ID, c.PixelsSHA256, c.AssetID, b.PixelsSHA256, b.AssetID)
		}
	}
	names := func(p program) []string {
		var all []string
		for _, f := range pictures(t, filepath.Join(p.dir, "site")) {
			all = append(all, filepath.Base(f))
		}
		return slices.Compact(slices.Sorted(slices.Values(all)))
	}
	if d := cmp.Diff(names(whole), names(p)); d != "" {
		t.Errorf("other files on the site: %s", d)
	}
}

// makeUntil starts make and kills it as soon as so many blobs are there.
func (p program) makeUntil(t *testing.T, blobs int) {
	t.Helper()
	c := p.command(t.Context(), "make", p.brief("breakfast-table"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	store := filepath.Join(p.dir, ".presswerk", blobsName)
	for {
		select {
		case err := <-ended:
			t.Fatalf("it ended by itself before %d blobs were there: %v", blobs, err)
		case <-time.After(20 * time.Millisecond):
		}
		n := 0
		_ = filepath.WalkDir(store, func(_ string, e fs.DirEntry, err error) error { // the folder may not be there yet
			if err == nil && !e.IsDir() && !strings.HasSuffix(e.Name(), ".attrs") {
				n++
			}
			return nil
		})
		if n >= blobs {
			break
		}
	}
	if err := c.Process.Kill(); err != nil { // SIGKILL: nothing can be tidied up
		t.Fatal(err)
	}
	<-ended
}

// testProvenance verifies every published file with presswerk, with c2pa-python and with exiftool.
func testProvenance(t *testing.T, p program, m made) {
	all := pictures(t, filepath.Join(p.dir, "site"))
	if len(all) < 10*m.Selected {
		t.Fatalf("only %d files were published", len(all))
	}
	for _, file := range all {
		var v provenance.Verification
		p.run(t, &v, "verify", file)
		if v.Verdict != provenance.AIGenerated || v.Layers.C2PA.State != provenance.Trusted || !strings.HasSuffix(v.Layers.Metadata.SourceType, "/trainedAlgorithmicMedia") {
			t.Errorf("%s: %+v", file, v)
		}
	}

	states := testkit.C2PAPython(t, all...)
	for _, file := range all {
		// The workspace's own root stands in no public list, which is all that may be wrong with a file.
		if got := states[file]; got.State != "Valid" || !cmp.Equal(got.Failures, []string{"signingCredential.untrusted"}) {
			t.Errorf("c2pa-python says of %s: %v", file, got)
		}
	}

	for _, file := range testkit.Tags(t, all...) {
		warning, _ := file["ExifTool:Warning"].(string)
		if file["ExifTool:Error"] != nil || warning != "" && !strings.HasPrefix(warning, "[minor]") {
			t.Errorf("exiftool says of %v: %v %v %v", file["SourceFile"], file["ExifTool:Validate"], warning, file["ExifTool:Error"])
		}
		wanted := []string{"iptcExt:DigitalSourceType", "photoshop:Credit", "iptcCore:AltTextAccessibility", "xmpRights:WebStatement", "plus:DataMining", "dc:Creator"}
		for _, name := range wanted {
			if file["XMP-"+name] == nil {
				t.Errorf("exiftool finds no %s in %v", name, file["SourceFile"])
			}
		}
	}
}
