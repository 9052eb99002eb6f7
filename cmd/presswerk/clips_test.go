package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/testkit"
)

// runwayFake takes tasks for clips and has each done at the first look.
type runwayFake struct {
	t    testing.TB
	clip string // address of the file

	mu    sync.Mutex
	tasks []map[string]any // guarded by mu
}

func (f *runwayFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodPost {
		var asked map[string]any
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			f.t.Error(err)
		}
		asked["path"] = r.URL.Path
		f.tasks = append(f.tasks, asked)
		testkit.Answer(w, http.StatusOK, map[string]any{"id": "task1", "estimatedCost": map[string]any{"credits": 10}})
		return
	}
	testkit.Answer(w, http.StatusOK, map[string]any{"id": "task1", "status": "SUCCEEDED", "output": []string{f.clip}, "cost": map[string]any{"credits": 10}})
}

func (f *runwayFake) asked() []map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.tasks)
}

const clipBrief = `title: {en: The morning star, de: Der Morgenstern}
goal: {en: A calm opening for the landing page, de: Ein ruhiger Auftakt der Startseite}
kpi: {metric: ctr, target: 0.03}
brand: kino
channels: [web-gallery]
languages: [en, de]
run: production
approval: review
parameters: {engine: runway, model: gen4_turbo, width: 1280, height: 720, seed: 7}
prompt:
  subject: {en: a star of many arms, de: ein Stern mit vielen Armen}
clip:
  seconds: 2
  first: pictures/star.png
  loop: true
  description: {en: The camera glides slowly into a star of many arms., de: Die Kamera gleitet langsam in einen Stern mit vielen Armen.}
legal: {no_gos: []}
`

const clipCard = `model: gen4_turbo
version: "2026-11"
kind: network
title: {en: Runway's quick model for clips}
makers: Runway
license: {id: LicenseRef-Runway}
terms: {commercial: "yes"}
purpose: {en: Short clips of a first picture}
not_for: {en: People who are really there}
weaknesses: [{en: Hands}]
data: {summary: {en: Runway does not say}, opt_out: {en: Runway does not say}, personal: {en: Runway does not say}}
ai_act: {role: deployer, gpai: "unknown", risk: {en: transparency}, marking: {en: C2PA and IPTC}}
`

const clipPrices = `tables:
  - engine: runway
    dated: 2026-11-26
    source: a price made up for this test
    currency: USD
    prices: [{model: gen4_turbo, price: 0.05, per: second}]
`

// newCinema is a workspace with a brand for clips, and a Runway that sends what it is given.
func newCinema(t *testing.T, film []byte) (purse, *runwayFake) {
	t.Helper()
	_ = testkit.Native(t, c2paLibrary)
	p := newPurse(t)
	shelf := testkit.NewShelf(t)
	fake := &runwayFake{t: t, clip: shelf.Put("clip.mp4", film)}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Setenv("RUNWAYML_API_SECRET", "key_secret")
	t.Setenv("RUNWAYML_BASE_URL", server.URL)
	kit, err := os.ReadFile(filepath.Join(p.dir, "brands", "morgenrot", "kit.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(kit), "\nrubric:")
	_, after, _ := strings.Cut(rest, "\nfinishing:")
	_, after, _ = strings.Cut(after, "\nselect:")
	after, _, _ = strings.Cut(after, "\nbudgets:")
	for name, text := range map[string]string{
		"brands/kino/kit.yaml":         before + "\nrubric:\n  - {scorer: flicker, max: 4}\n  - {scorer: identity, min: 0.1}\n\nselect:" + after + "\nbudgets:\n  - {currency: USD, day: 1}\n",
		"brands/kino/logo.svg":         "<svg xmlns='http://www.w3.org/2000/svg'/>",
		"briefs/star.yaml":             clipBrief,
		"models/cards/gen4_turbo.yaml": clipCard,
		"prices.yaml":                  clipPrices,
		"pictures/star.png":            string(testkit.ShopPicture(3)),
	} {
		path := filepath.Join(p.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p, fake
}

func read[T any](t *testing.T, text string) (v T) {
	t.Helper()
	_, rest, _ := strings.Cut(text, "{") // messages come before
	if err := json.Unmarshal([]byte("{"+rest), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

const starFilm = "mandelbrot=size=640x360:rate=24:end_pts=4000,trim=duration=2"

// A brief for a clip goes down the whole line: planned with its price, bought once, judged by its frames, approved by a person,
// finished, and published with what people need who don't see it.
func TestAClipGoesDownTheWholeLine(t *testing.T) {
	film := testkit.Film(t, "star.mp4", starFilm, "-pix_fmt", "yuv420p")
	p, fake := newCinema(t, film)
	planned := read[art.Plan](t, p.must("plan", "briefs/star.yaml", "--json"))
	if len(planned.Recipes) != 1 || planned.Cost.Money != 0.1 || planned.Recipes[0].Mode != art.ModeImageToVideo {
		t.Fatalf("%+v", planned)
	}
	first := read[made](t, p.must("make", "briefs/star.yaml", "--json"))
	if first.State != art.RunReview || first.Selected != 1 {
		t.Fatalf("%+v\n%s", first, p.must("review", "list", first.Run, "--json"))
	}
	asked := fake.asked()
	if len(asked) != 1 || asked[0]["path"] != "/v1/image_to_video" || asked[0]["ratio"] != "1280:720" || asked[0]["duration"] != 2.0 {
		t.Fatalf("asked %v", asked)
	}
	c := read[struct{ Candidates []art.CandidateView }](t, p.must("review", "list", first.Run, "--json")).Candidates[0]
	if c.Clip == nil || c.Clip.Frames != 48 || c.Clip.Blob != art.Digest(film) || c.Image == c.Clip.Blob || c.Call == "" || !slices.Contains(c.Notes, "1280×720 was asked for, and 640×360 came") {
		t.Fatalf("%+v", c)
	}
	for _, scorer := range []string{"flicker", "identity", "motion", "sharpness"} {
		if !slices.ContainsFunc(c.Verdict.Scores, func(s art.Score) bool { return s.Scorer == scorer && s.Available }) {
			t.Errorf("%s wasn't measured: %+v", scorer, c.Verdict.Scores)
		}
	}
	if cost := p.must("cost"); !strings.Contains(cost, "0.10") {
		t.Errorf("%s", cost)
	}
	second := read[made](t, p.must("make", "briefs/star.yaml", "--approve-as", "Ada", "--json"))
	if second.Published == "" || len(fake.asked()) != 1 {
		t.Fatalf("%+v after %d tasks", second, len(fake.asked()))
	}
	clipPage(t, second.Published)
	clipOrigin(t, p, second.Published)
	if out, code := p.run("again", second.Assets[0]); code == 0 || !strings.Contains(out, "0.10 USD") || len(fake.asked()) != 1 {
		t.Errorf("without a word about money it's made again: %d\n%s", code, out)
	}
	if again := read[art.Comparison](t, p.must("again", second.Assets[0], "--pay", "--json")); !again.Identical || len(fake.asked()) != 2 {
		t.Errorf("%+v after %d tasks", again, len(fake.asked()))
	}
}

// clipPage looks at the published page.
func clipPage(t *testing.T, site string) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(site, "star-of-*.html"))
	if err != nil || len(pages) != 1 {
		t.Fatalf("%v, %v", pages, err)
	}
	page, err := os.ReadFile(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<video controls preload="metadata" playsinline loop muted width="640" height="360" poster="images/`, `.jpg"`, `type="video/mp4"`, `type="video/webm"`,
		`<track kind="descriptions"`, `srclang="de"`, `aria-label="The camera glides slowly`, `"@type":"VideoObject"`, `"duration":"PT`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(string(page), "autoplay") {
		t.Error("the clip starts by itself")
	}
	german, err := filepath.Glob(filepath.Join(site, "images", "*-descriptions.de.vtt"))
	if err != nil || len(german) != 1 {
		t.Fatalf("%v, %v", german, err)
	}
	if text, err := os.ReadFile(german[0]); err != nil || !strings.HasPrefix(string(text), "WEBVTT\n\n00:00:00.000 --> 00:00:0") || !strings.Contains(string(text), "Die Kamera gleitet") {
		t.Errorf("%q, %v", text, err)
	}
}

// clipOrigin asks verify about the published files.
func clipOrigin(t *testing.T, p purse, site string) {
	t.Helper()
	for pattern, want := range map[string]provenance.State{"*.mp4": provenance.Trusted, "*.png": provenance.Trusted, "*.webm": provenance.Absent} {
		files, err := filepath.Glob(filepath.Join(site, "images", pattern))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		v := read[provenance.Verification](t, p.must("verify", files[0], "--json"))
		if v.Layers.C2PA.State != want || want == provenance.Trusted && v.Verdict != provenance.AIGenerated {
			t.Errorf("%s: %+v", pattern, v)
		}
		if out := p.must("judge", files[0]); pattern != "*.png" && !strings.Contains(out, "flicker") {
			t.Errorf("%s", out)
		}
		if pattern == "*.mp4" && (!slices.Contains(v.Layers.C2PA.Actions, "c2pa.transcoded") || v.Layers.Metadata.Alt == "") {
			t.Errorf("%+v", v)
		}
	}
}

// What the service sends is looked into before anybody trusts it, and is kept, as it was paid for.
func TestADamagedClipIsKeptAndLeftOut(t *testing.T) {
	p, fake := newCinema(t, testkit.MP4())
	out, code := p.run("make", "briefs/star.yaml")
	if code == 0 || !strings.Contains(out, "the clip is kept as "+art.Digest(testkit.MP4())) || !strings.Contains(out, "ffprobe can't use it") {
		t.Errorf("%d\n%s", code, out)
	}
	if n := len(fake.asked()); n != 1 {
		t.Errorf("it was asked for %d times", n)
	}
	if cost := p.must("cost"); !strings.Contains(cost, "0.10") {
		t.Errorf("%s", cost)
	}
}

// Without ffmpeg nothing is bought, and what to do is said.
func TestWithoutFFmpegNoClipIsBought(t *testing.T) {
	p, fake := newCinema(t, testkit.MP4())
	t.Setenv("PATH", t.TempDir()) // there is no ffmpeg
	out, code := p.run("make", "briefs/star.yaml")
	if code == 0 || !strings.Contains(out, "ffmpeg and ffprobe are missing") || len(fake.asked()) != 0 {
		t.Errorf("%d after %d tasks\n%s", code, len(fake.asked()), out)
	}
}

// Each field that can't be honoured is refused by its name.
func TestAClipThatIsNotMadeIsRefusedByField(t *testing.T) {
	p, _ := newCinema(t, testkit.MP4())
	for field, change := range map[string][2]string{
		"clip.seconds":     {"seconds: 2", "seconds: 11"},
		"clip.last":        {"loop: true", "last: pictures/star.png"},
		"clip.first":       {"  first: pictures/star.png\n  loop: true\n", ""},
		"parameters.width": {"width: 1280", "width: 1000"},
		"parameters.steps": {"seed: 7", "seed: 7, steps: 20"},
	} {
		text := strings.Replace(clipBrief, change[0], change[1], 1)
		if err := os.WriteFile(filepath.Join(p.dir, "briefs", "star.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, code := p.run("plan", "briefs/star.yaml")
		if code != exitNo || !strings.Contains(out, "refused: "+field) {
			t.Errorf("%s: %d\n%s", field, code, out)
		}
	}
	for says, change := range map[string][2]string{
		"clip.first":    {"pictures/star.png", "../../etc/passwd"},
		"clip.captions": {"loop: true", "sound: true"},
		"clip.sound":    {"loop: true", "loop: true\n  sound: true"},
	} {
		text := strings.Replace(clipBrief, change[0], change[1], 1)
		if err := os.WriteFile(filepath.Join(p.dir, "briefs", "star.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, code := p.run("plan", "briefs/star.yaml"); code != exitWrongUse || !strings.Contains(out, says) {
			t.Errorf("%s: %d\n%s", says, code, out)
		}
	}
}

// The pages of a clip, before and after its approval, are good to look at for everybody.
func TestTheClipsPages(t *testing.T) {
	tab := testkit.Browser(t)
	p, _ := newCinema(t, testkit.Film(t, "star.mp4", starFilm, "-pix_fmt", "yuv420p"))
	run := read[made](t, p.must("make", "briefs/star.yaml", "--json"))
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "presswerk") // the name by which TestMain makes this test binary the program
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	s := program{path: path, dir: p.dir, env: append(os.Environ(), "LC_ALL=C", "XDG_DATA_HOME="+t.TempDir())}.serve(t)
	testkit.Show(t, tab, testkit.Screens()[0], s.address+"/login")
	testkit.Do(t, tab, chromedp.SendKeys("#key", s.key+"\r"), chromedp.WaitVisible(".briefs"))
	look := func(name, address string) {
		t.Helper()
		for _, screen := range testkit.Screens()[:3] {
			testkit.Show(t, tab, screen, s.address+address)
			testkit.Keep(t, tab, "clip-"+name+"-"+screen.Name)
			testkit.Accessible(t, tab, name)
		}
	}
	look("run", "/runs/"+run.Run)
	look("review", "/candidates/"+run.Run+"-001")
	if n := testkit.Evaluate[float64](t, tab, "document.querySelector('video').duration"); n < 1.9 {
		t.Errorf("the browser plays %v seconds of the clip that came", n)
	}
	p.must("make", "briefs/star.yaml", "--approve-as", "Ada", "--json")
	assets := read[struct{ Assets []string }](t, p.must("make", "briefs/star.yaml", "--json")).Assets
	look("asset", "/assets/"+assets[0])
	look("gallery", "/site/star/index.html")
	page := testkit.Evaluate[string](t, tab, "document.querySelector('figure.hero a').getAttribute('href')")
	look("site", "/site/star/"+page)
	if n := testkit.Evaluate[float64](t, tab, "document.querySelector('video').textTracks.length"); n != 2 {
		t.Errorf("%v tracks are there", n)
	}
	if testkit.Evaluate[bool](t, tab, "!document.querySelector('video').paused") {
		t.Error("the published clip starts by itself")
	}
}
