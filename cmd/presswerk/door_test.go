package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/softbinding"
	"presswerk/internal/testkit"
	"presswerk/internal/workspace"
)

// gallery is a workspace with one finished asset, whose files are marked and signed, and whose door is open.
type gallery struct {
	t     *testing.T
	dir   string // of the workspace
	tmp   string // where programs put what they need for a while
	env   []string
	asset art.Asset
	files map[string][]byte
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{t: t, dir: filepath.Join(t.TempDir(), "ws"), tmp: t.TempDir(), files: map[string][]byte{}}
	native := filepath.Dir(filepath.Dir(testkit.Native(t, c2paLibrary)))
	if _, err := workspace.Init(t.Context(), g.dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	marker, err := os.ReadFile(filepath.Join(g.dir, "presswerk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.dir, "presswerk.yaml"), append(marker, "door: {public: true, per_minute: 600}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	g.env = append(os.Environ(), "PRESSWERK_LIB="+native, "PRESSWERK_MODELS="+filepath.Join(testkit.Root(t), "models"), "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home, "USER=Ada", "LC_ALL=C", "TMPDIR="+g.tmp)
	g.hang(native)
	return g
}

// hang finishes a picture as the line does, and writes it into the books.
func (g *gallery) hang(native string) {
	t, ctx := g.t, g.t.Context()
	settings := readSettings(func(name string) string { return map[string]string{"PRESSWERK_LIB": native}[name] })
	l, err := openLine(ctx, &globals{settings: settings, words: words{"en"}, out: io.Discard, err: io.Discard}, workspaceOf(t, g.dir), lineOptions{Books: true, Work: true})
	if err != nil {
		t.Fatal(err)
	}
	l.closers = l.closers[1:] // the tools stay open: libvips can't be started a second time in one process
	defer l.close()
	id, err := l.tools.identity(l.ws)
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.tools.finisher(id, l.ws.signing())
	if err != nil {
		t.Fatal(err)
	}
	recipe := art.PlannedRecipe{ID: "recipe", Recipe: art.Recipe{Prompt: "two waves", Model: art.ModelRef{Name: "house", Version: "1", SHA256: "aa"}}}
	c := art.Candidate{ID: "waves-1-000", Run: "waves-1", Planned: recipe}
	title := art.Text{"en": "Two waves", "de": "Zwei Wellen"}
	g.asset = art.Asset{ID: "0123456789abcdef", Run: "waves-1", Brief: "waves", Brand: "morgenrot", Candidate: c.ID, Planned: recipe, Slug: "two-waves", Title: title, Alt: title, CreatedAt: time.Now().UTC()}
	out, err := f.Finish(ctx, finish.Input{
		Candidate: c, Picture: waves(t), AssetID: g.asset.ID, Slug: g.asset.Slug, Title: title, Alt: title, Finishing: art.Finishing{Watermark: 44},
		Channels: []art.Channel{{Name: "web", Widths: []int{1024, 512}, Formats: []string{"jpeg"}}, {Name: "banner", Aspect: "16:9", Widths: []int{1024}, Formats: []string{"avif"}}},
		Rights:   art.Rights{Creator: "Acme", Credit: "Acme"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append([]finish.File{out.Master}, out.Renditions...) {
		if _, err := l.blobs.Put(ctx, file.Data); err != nil {
			t.Fatal(err)
		}
		g.files[file.Name] = file.Data
		g.asset.Renditions = append(g.asset.Renditions, file.Rendition)
	}
	g.asset.Master, g.asset.Renditions, g.asset.Steps = g.asset.Renditions[0], g.asset.Renditions[1:], out.Steps
	kept, err := softbinding.Keeper{Blobs: l.blobs, Now: time.Now}.Keep(ctx, g.asset)
	if err != nil || len(kept) != 4 {
		t.Fatalf("%d manifests, %v", len(kept), err)
	}
	run := art.Run{ID: "waves-1", Brief: art.Brief{ID: "waves"}, BrandID: "morgenrot", State: art.RunWorking, BrandKit: []byte(`{}`)}
	if err := l.db.Commit(ctx, art.Change{NewRun: &run, NewCandidates: []art.Candidate{c}, Assets: []art.Asset{g.asset}, Manifests: kept}, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func workspaceOf(t *testing.T, dir string) workspaceDir {
	t.Helper()
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return workspaceDir{w}
}

// waves draws a picture with enough in it for a watermark and a fingerprint.
func waves(t *testing.T) []byte {
	t.Helper()
	p, err := imaging.NewRGB(1024, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for y := range p.Height {
		for x := range p.Width {
			u, v := float64(x)/1024, float64(y)/1024
			a, b := math.Sin(9*u+4*v*v)+math.Cos(6*v-5*u*u), math.Sin(14*u*v)+math.Cos(19*(u-v))
			p.Set(x, y, uint8(128+55*a), uint8(128+55*b), uint8(128+25*a+25*b))
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// encodedAnew is a published file as JPEG 50, without all that stands beside its pixels.
func (g *gallery) encodedAnew() []byte {
	g.t.Helper()
	data, err := imaging.Encode(g.pixels("two-waves-01234567-1024.jpg"), imaging.Encoding{Format: imaging.JPEG, Quality: 50})
	if err != nil {
		g.t.Fatal(err)
	}
	return data
}

// stripped is a published file without all that stands beside its pixels: encoded anew as JPEG 50, and an eighth cut off each side.
func (g *gallery) stripped() []byte {
	g.t.Helper()
	p, err := imaging.Decode(g.t.Context(), g.encodedAnew(), imaging.Limits{})
	if err == nil {
		p, err = imaging.Crop(p, 128, 128, 768, 768)
	}
	var data []byte
	if err == nil {
		data, err = imaging.Encode(p, imaging.Encoding{Format: imaging.JPEG, Quality: 90})
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return data
}

func (g *gallery) pixels(name string) *imaging.RGB {
	g.t.Helper()
	p, err := imaging.Decode(g.t.Context(), g.files[name], imaging.Limits{})
	if err != nil {
		g.t.Fatalf("%s: %v", name, err)
	}
	return p
}

func (g *gallery) command(args ...string) *exec.Cmd {
	g.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		g.t.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(g.t.Context()), exe, append(args, "--workspace", g.dir)...)
	c.Args[0] = "presswerk" // TestMain makes this test binary that program
	c.Env = g.env
	return c
}

// run gives what the program says, and wants its exit code.
func (g *gallery) run(code int, args ...string) string {
	g.t.Helper()
	c := g.command(args...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if got := c.ProcessState.ExitCode(); got != code {
		g.t.Fatalf("presswerk %s: exit %d, want %d; %v\n%s%s", strings.Join(args, " "), got, code, err, out, said.Bytes())
	}
	return string(out)
}

// verify asks about bytes by command.
func (g *gallery) verify(name string, data []byte) provenance.Verification {
	g.t.Helper()
	file := filepath.Join(g.t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		g.t.Fatal(err)
	}
	return read[provenance.Verification](g.t, g.run(0, "verify", file, "--json"))
}

// serve opens the door; the messages are complete when stop has been called.
func (g *gallery) serve() (address string, messages *bytes.Buffer, stop func()) {
	g.t.Helper()
	ready := filepath.Join(g.t.TempDir(), "ready")
	c := g.command("serve", "--no-work", "--listen", "127.0.0.1:0", "--ready-file", ready)
	messages = &bytes.Buffer{}
	c.Stdout, c.Stderr = messages, messages
	if err := c.Start(); err != nil {
		g.t.Fatal(err)
	}
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		if err := errors.Join(c.Process.Signal(os.Interrupt), c.Wait()); err != nil {
			g.t.Errorf("serve ended with %v\n%s", err, messages.Bytes())
		}
	}
	g.t.Cleanup(stop)
	for range 300 {
		if address, err := os.ReadFile(ready); err == nil {
			return strings.TrimSpace(string(address)), messages, stop
		}
		time.Sleep(100 * time.Millisecond)
	}
	g.t.Fatal("serve never answered")
	return "", nil, nil
}

// TestAStrippedFileFindsItsWayBack: metadata gone, JPEG 50, an eighth off each side; verify names the asset and gives its manifest back.
func TestAStrippedFileFindsItsWayBack(t *testing.T) {
	g := newGallery(t)
	whole := g.verify("whole.jpg", g.files["two-waves-01234567-1024.jpg"])
	if whole.Recovered != nil || whole.Findings[0].Sure != provenance.Proven || len(whole.History) < 2 {
		t.Errorf("the file as it was published: %+v", whole)
	}
	data := g.stripped()
	v := g.verify("stripped.jpg", data)
	r := v.Recovered
	if r == nil || v.Verdict != provenance.AIGenerated || v.Layers.Watermark.Asset != g.asset.ID {
		t.Fatalf("%+v", v)
	}
	if r.Asset != g.asset.ID || !strings.HasSuffix(r.File, ".jpg") || len(r.History) < 2 || r.By != provenance.FoundByMark || !r.PixelsChanged || !r.Holds || !slices.Contains(r.Manifest.Codes, "assertion.dataHash.mismatch") ||
		len(r.History) == 0 || !slices.Contains(v.Unsure, provenance.DoubtChanged) {
		t.Errorf("%+v, unsure %v", r, v.Unsure)
	}
	p := g.pixels("two-waves-01234567-1024.jpg")
	same, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	if v := g.verify("same.png", same); v.Recovered == nil || v.Recovered.By != provenance.FoundByPixels || v.Recovered.PixelsChanged || v.Recovered.File != "two-waves-01234567-1024.jpg" {
		t.Errorf("the same pixels: %+v", v.Recovered)
	}
	light := g.encodedAnew()
	file := filepath.Join(t.TempDir(), "stripped.jpg")
	if err := os.WriteFile(file, light, 0o600); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"C": "The pixels were changed since", "de_DE.UTF-8": "Die Pixel wurden seitdem verändert"} {
		g.env = append(g.env, "LC_ALL="+lang)
		if said := g.run(0, "verify", file); !strings.Contains(said, want) || !strings.Contains(said, "urn:") {
			t.Errorf("in %s it says\n%s", lang, said)
		}
	}

	listed := g.run(0, "manifests", "list", "--json")
	for name := range g.files {
		if !strings.Contains(listed, name) {
			t.Errorf("no manifest of %s is kept", name)
		}
	}
	g.run(2, "manifests", "delete", g.asset.ID) // without a reason
	g.run(0, "manifests", "delete", g.asset.ID, "--reason", "its sitter asked to")
	g.run(0, "manifests", "keep")
	if v := g.verify("stripped.jpg", light); v.Recovered != nil || v.Layers.Watermark.Asset != g.asset.ID {
		t.Errorf("after its manifests were deleted: %+v", v)
	}
	if said := g.run(0, "manifests", "list", "--json"); !strings.Contains(said, "its sitter asked to") || strings.Contains(said, "two-waves") {
		t.Errorf("the record says\n%s", said)
	}
}

// TestTheDoorAnswersAndKeepsNothing: strangers ask by page, by API and by C2PA's API; afterwards no file, no blob and no line of the log
// has anything of what they sent.
func TestTheDoorAnswersAndKeepsNothing(t *testing.T) {
	g := newGallery(t)
	address, messages, stop := g.serve()
	before := g.tree()
	const secret = "a-stranger-wrote-this"
	data, err := imaging.Encode(g.pixels("two-waves-01234567-1024.jpg"), imaging.Encoding{Format: imaging.JPEG, Quality: 60, XMP: provenance.Metadata{Credit: secret}.Packet()})
	if err != nil {
		t.Fatal(err)
	}
	var v provenance.Verification
	if status, body := g.post(address+"/api/v1/verify", "application/octet-stream", data); status != http.StatusOK || json.Unmarshal(body, &v) != nil || v.Recovered == nil {
		t.Fatalf("%d %s", status, body)
	}
	if v.Layers.Metadata.Credit != secret || v.Recovered.Asset != g.asset.ID || !v.Recovered.PixelsChanged || v.Layers.Fingerprint.Match != g.asset.ID {
		t.Errorf("%+v", v)
	}
	kind, form := uploadOf(t, secret+".jpg", data)
	if status, page := g.post(address+"/verify", kind, form); status != http.StatusOK || strings.Count(string(page), "data:image/jpeg;base64,") != 3 || !strings.Contains(string(page), "The pixels were changed since") {
		t.Errorf("%d\n%s", status, page)
	}
	for _, bad := range [][]byte{[]byte(secret), data[:200], append([]byte("\xff\xd8\xff"), secret...), append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\x00\x00\x00"), secret...)} {
		kind, form := uploadOf(t, secret+".jpg", bad)
		if status, _ := g.post(address+"/verify", kind, form); status != http.StatusUnprocessableEntity {
			t.Errorf("%.20q: %d", bad, status)
		}
	}
	g.resolves(address, data)
	stop()
	if after := g.tree(); !slices.Equal(before, after) {
		t.Errorf("files before\n%s\nand after\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if strings.Contains(messages.String(), secret) {
		t.Errorf("the log tells of it:\n%s", messages)
	}
	for _, dir := range []string{g.dir, g.tmp} {
		if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if bytes.Contains(content, []byte(secret)) || bytes.Contains(content, data[len(data)-200:]) {
				t.Errorf("%s has it", path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestThePageTellsAStranger: on every screen, in both languages, what was recovered and what is not known.
func TestThePageTellsAStranger(t *testing.T) {
	g := newGallery(t)
	address, _, _ := g.serve()
	file := filepath.Join(t.TempDir(), "found-on-the-web.jpg")
	if err := os.WriteFile(file, g.encodedAnew(), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, screen := range testkit.Screens() {
		tab := testkit.Browser(t)
		testkit.Show(t, tab, screen, address+"/verify")
		if i == 1 {
			testkit.Do(t, tab, chromedp.Click(`button[name="language"]`), chromedp.WaitVisible(`html[lang="de"] #drop`))
		}
		testkit.Do(t, tab, chromedp.SetUploadFiles("#file", []string{file}), chromedp.Click("#drop button"), chromedp.WaitVisible(".chain"))
		if overflow := testkit.Evaluate[float64](t, tab, `document.documentElement.scrollWidth - innerWidth`); overflow > 0 {
			t.Errorf("%s: the page is %v pixels wider than the screen", screen.Name, overflow)
		}
		if n := testkit.Evaluate[int](t, tab, `[...document.querySelectorAll(".chain img")].filter(i => i.complete && i.naturalWidth > 0).length`); n != 3 {
			t.Errorf("%s: %d pictures in the chain, want the file, what was published, and the master", screen.Name, n)
		}
		if links := testkit.Evaluate[int](t, tab, `document.querySelectorAll('a[href^="/candidates"], a[href^="/assets"]').length`); links != 0 {
			t.Errorf("%s: %d links into the studio", screen.Name, links)
		}
		testkit.Accessible(t, tab, "/verify")
		testkit.Keep(t, tab, screen.Name)
	}
}

// resolves goes the way of a stranger's program: from a picture or its mark to a manifest, which then validates.
func (g *gallery) resolves(address string, data []byte) {
	t := g.t
	t.Helper()
	var found struct {
		Matches []struct {
			ID    string `json:"manifestId"`
			Score int    `json:"similarityScore"`
		} `json:"matches"`
	}
	if status, body := g.post(address+"/c2pa/v1/matches/byContent", "image/jpeg", data); status != http.StatusOK || json.Unmarshal(body, &found) != nil || len(found.Matches) == 0 {
		t.Fatalf("%d %s", status, body)
	}
	first := found.Matches[0].ID
	query := url.Values{"alg": {watermark.Algorithm}, "value": {base64.StdEncoding.EncodeToString([]byte(watermark.Name(art.MarkID(g.asset.ID))))}}
	if status, body := g.get(address + "/c2pa/v1/matches/byBinding?" + query.Encode()); status != http.StatusOK || json.Unmarshal(body, &found) != nil || len(found.Matches) != 4 {
		t.Errorf("%d %s", status, body)
	}
	status, body := g.get(address + "/c2pa/v1/manifests/" + first)
	m, err := provenance.ParseManifest(body)
	if status != http.StatusOK || err != nil || m.Label != first {
		t.Fatalf("%d, %v", status, err)
	}
	lib, err := provenance.Open(testkit.Native(t, c2paLibrary))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join(workspaceOf(t, g.dir).signing(), "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := lib.ReadDetached(t.Context(), "image/jpeg", data, m, string(root)); err != nil || !r.OnlyTheFileChanged() {
		t.Errorf("%+v, %v", r, err)
	}
}

func (g *gallery) get(address string) (int, []byte) { return g.ask(http.MethodGet, address, "", nil) }

func (g *gallery) post(address, kind string, body []byte) (int, []byte) {
	return g.ask(http.MethodPost, address, kind, body)
}

func (g *gallery) ask(method, address, kind string, body []byte) (int, []byte) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	data, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		g.t.Fatal(err)
	}
	return response.StatusCode, data
}

// tree lists all files that stay; what SQLite keeps beside an open database comes and goes.
func (g *gallery) tree() []string {
	g.t.Helper()
	var all []string
	for _, dir := range []string{g.dir, g.tmp} {
		if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.HasSuffix(path, "-wal") && !strings.HasSuffix(path, "-shm") {
				all = append(all, path)
			}
			return err
		}); err != nil {
			g.t.Fatal(err)
		}
	}
	return all
}

func uploadOf(t *testing.T, name string, data []byte) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}
