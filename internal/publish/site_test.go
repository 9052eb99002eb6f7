package publish

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"presswerk/internal/art"
)

const base = "https://pictures.example/shop/"

// hostile is what nobody should be able to put into a page.
const hostile = `"><script>alert('1')</script>&amp;</title><img src=x onerror=alert(2)>`

var made = time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", -3600)) // the next day in UTC

// blobs are files by what stands in them.
type blobs map[string][]byte

func (b blobs) put(words string) (sum string, size int64) {
	sum = art.Digest([]byte(words))
	b[sum] = []byte(words)
	return sum, int64(len(words))
}

func (b blobs) open(_ context.Context, sum string) ([]byte, error) {
	if data, ok := b[sum]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("%s: %w", sum, art.ErrNotFound)
}

// asset has a square master, its own sizes in three formats, and a crop that is no part of the gallery.
func (b blobs) asset(id, slug string) art.Asset {
	a := art.Asset{
		ID: id, Slug: slug, Candidate: "run-" + id, Title: art.Text{"en": "Red apple " + hostile, "de": "Roter Apfel"},
		Alt:         art.Text{"en": "Illustration of a red apple " + hostile, "de": "Illustration: ein roter Apfel"},
		Placeholder: "data:image/png;base64,AAAA", Rights: art.Rights{Creator: "Acme", Credit: "Acme " + hostile, Copyright: "© Acme", License: "https://acme.example/l?a=1&b=2", AcquireURL: "javascript:alert(3)", DataMining: "DMI-PROHIBITED"},
		Approval: art.Decision{By: "Ada " + hostile}, CreatedAt: made, Steps: []art.StepRecord{{Name: "read"}, {Name: "upscale"}},
		Planned: art.PlannedRecipe{ID: "recipe-" + id, Recipe: art.Recipe{
			Prompt: "the secret words", NegativePrompt: "what is secret, too", Engine: "local", Width: 128, Height: 128, Steps: 20, Seed: 7, Model: art.ModelRef{Name: "house", SHA256: "aa"},
		}},
	}
	file := func(name, format, mime string, w, h int) art.Rendition {
		sum, size := b.put(name)
		return art.Rendition{Name: name, Channel: "web", Format: format, MIME: mime, Width: w, Height: h, Bytes: size, SHA256: sum, C2PA: "signed"}
	}
	a.Master = file(slug+"-"+id+".png", "png", "image/png", 1024, 1024)
	for _, f := range [][3]string{{"jpeg", "image/jpeg", "jpg"}, {"avif", "image/avif", "avif"}, {"webp", "image/webp", "webp"}} {
		for _, w := range []int{640, 320} {
			a.Renditions = append(a.Renditions, file(fmt.Sprintf("%s-%s-%d.%s", slug, id, w, f[2]), f[0], f[1], w, w))
		}
	}
	a.Renditions = append(a.Renditions, file(slug+"-"+id+"-16x9-320.jpg", "jpeg", "image/jpeg", 320, 180))
	return a
}

func campaign(b blobs, languages ...art.Language) Campaign {
	a := b.asset("0123456789", "red-apple")
	return Campaign{
		Run: art.Run{ID: "run", Brief: art.Brief{
			ID: "shop", Title: art.Text{"en": "Breakfast " + hostile, "de": "Frühstück"}, Goal: art.Text{"en": "Clicks", "de": "Klicks"},
		}},
		Candidates: []art.CandidateView{{Candidate: art.Candidate{ID: a.Candidate, Image: "x"}, Verdict: &art.Verdict{Pass: true, Scores: []art.Score{
			{Scorer: "sharpness", Value: 0.51234, Unit: "1/px", Available: true, Meaning: art.Text{"en": "How narrow", "de": "Wie schmal"}}, {Scorer: "lost", Value: 1},
		}}}},
		Assets: []art.Asset{a, b.asset("abcdef", "red-apple")}, Brand: Brand{Name: art.Text{"en": "Acme " + hostile}, Colours: []art.Colour{{Name: "peach", Hex: "#ffd0b2", Role: "primary"}}},
		Languages: languages, BaseURL: base, Sheet: &Sheet{Name: "sheet.jpg", Width: 9, Height: 9, Data: []byte("sheet")}, Open: b.open, Generator: "Presswerk test", MadeAt: made,
	}
}

// written publishes a campaign into shop/ below a new folder, with the index above it.
func written(t *testing.T, c Campaign) (top string) {
	t.Helper()
	top = t.TempDir()
	if err := Site(context.Background(), c, filepath.Join(top, "shop")); err != nil {
		t.Fatal(err)
	}
	card := Card{Folder: "shop", Title: c.Run.Brief.Title, Brand: c.Brand.Name, Count: 1, MadeAt: made, Image: "images/red-apple-0123456789-320.jpg", Alt: c.Assets[0].Alt, Width: 320, Height: 320, Languages: c.Languages}
	if err := Index(context.Background(), []Card{card}, strings.TrimSuffix(base, "shop/"), top); err != nil {
		t.Fatal(err)
	}
	return top
}

// filesIn lists the files of a folder with what stands in them.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// element is a start tag of a page with the words right after it.
type element struct {
	name  string
	attr  map[string]string
	words string
}

func elements(page string) []element {
	var all []element
	z := html.NewTokenizer(strings.NewReader(page))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		t := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			e := element{t.Data, map[string]string{}, ""}
			for _, a := range t.Attr {
				e.attr[a.Key] = a.Val
			}
			all = append(all, e)
		case html.TextToken:
			if len(all) > 0 && all[len(all)-1].words == "" {
				all[len(all)-1].words = t.Data
			}
		}
	}
	return all
}

// addresses are all that an element refers to.
func addresses(e element) []string {
	var all []string
	for _, key := range []string{"href", "src"} {
		if v := e.attr[key]; v != "" {
			all = append(all, v)
		}
	}
	if p := e.attr["property"]; p == "og:image" || p == "og:url" {
		all = append(all, e.attr["content"])
	}
	for candidate := range strings.SplitSeq(e.attr["srcset"], ",") {
		if f := strings.Fields(candidate); len(f) > 0 {
			all = append(all, f[0])
		}
	}
	return all
}

// target is the file that an address on a page leads to, "" for one elsewhere.
func target(page, address string) string {
	if rest, ok := strings.CutPrefix(address, strings.TrimSuffix(base, "shop/")); ok {
		page, address = "index.html", rest
	}
	if strings.Contains(address, ":") || strings.HasPrefix(address, "#") {
		return ""
	}
	name := path.Join(path.Dir(page), address)
	if strings.HasSuffix(address, "/") || address == "" {
		name = path.Join(name, "index.html")
	}
	return name
}

func TestEverythingThatPagesReferToIsThereAndNothingElse(t *testing.T) {
	all := filesIn(t, written(t, campaign(blobs{}, "en", "de")))
	used := map[string]bool{"index.html": true, "robots.txt": true, "sitemap.xml": true, "shop/sitemap.xml": true}
	for page, text := range all {
		if !strings.HasSuffix(page, ".html") {
			continue
		}
		for _, e := range elements(text) {
			for _, address := range addresses(e) {
				name := target(page, address)
				if _, there := all[name]; name != "" && !there {
					t.Errorf("%s: <%s> leads to %q, and %s is not there", page, e.name, address, name)
				}
				used[name] = true
			}
		}
	}
	for name := range all {
		if !used[name] {
			t.Errorf("nothing leads to %s", name)
		}
	}
	want := []string{
		"shop/de/index.html", "shop/de/red-apple-01234567.html", "shop/de/red-apple-abcdef.html", "shop/index.html", "shop/red-apple-01234567.html", "shop/red-apple-abcdef.html",
	}
	var pages []string
	for name := range all {
		if strings.HasSuffix(name, ".html") && strings.HasPrefix(name, "shop/") {
			pages = append(pages, name)
		}
	}
	slices.Sort(pages)
	if d := cmp.Diff(want, pages); d != "" {
		t.Error(d)
	}
	if got := all["shop/images/red-apple-0123456789-640.avif"]; got != "red-apple-0123456789-640.avif" {
		t.Errorf("a picture's bytes became %q", got)
	}
}

func TestStrangersWordsStayWords(t *testing.T) {
	for name, text := range filesIn(t, written(t, campaign(blobs{}, "en", "de"))) {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, e := range elements(text) {
			if e.name == "script" && e.attr["type"] != "application/ld+json" {
				t.Errorf("%s runs a script: %s", name, e.words)
			}
			for key, v := range e.attr {
				if strings.HasPrefix(key, "on") || strings.HasPrefix(v, "javascript:") {
					t.Errorf("%s: <%s %s=%q>", name, e.name, key, v)
				}
			}
			if e.name == "title" && strings.HasPrefix(name, "shop/red") && e.words != "Red apple "+hostile+" · Acme "+hostile {
				t.Errorf("%s: the title is %q", name, e.words)
			}
			if e.name == "img" && strings.HasPrefix(name, "shop/red") && e.attr["alt"] != "Illustration of a red apple "+hostile {
				t.Errorf("%s: the alt text is %q", name, e.attr["alt"])
			}
		}
	}
}

// linked reads the JSON-LD of a page.
func linked(t *testing.T, page string) []map[string]any {
	t.Helper()
	for _, e := range elements(page) {
		if e.name != "script" {
			continue
		}
		var many []map[string]any
		if json.Unmarshal([]byte(e.words), &many) == nil {
			return many
		}
		var one map[string]any
		if err := json.Unmarshal([]byte(e.words), &one); err != nil {
			t.Fatal(err)
		}
		return []map[string]any{one}
	}
	return nil
}

func TestLinkedDataSaysWhatTheFilesAre(t *testing.T) {
	all := filesIn(t, written(t, campaign(blobs{}, "en", "de")))
	for page, want := range map[string]map[string]any{
		"shop/red-apple-01234567.html": {
			"@context": "https://schema.org", "@type": "ImageObject", "contentUrl": base + "images/red-apple-0123456789-640.jpg", "thumbnailUrl": base + "images/red-apple-0123456789-320.avif",
			"url": base + "red-apple-01234567.html", "name": "Red apple " + hostile, "description": "Illustration of a red apple " + hostile, "width": 640.0, "height": 640.0,
			"encodingFormat": "image/jpeg", "license": "https://acme.example/l?a=1&b=2", "acquireLicensePage": "javascript:alert(3)", "creditText": "Acme " + hostile,
			"creator": map[string]any{"@type": "Organization", "name": "Acme"}, "copyrightNotice": "© Acme", "dateCreated": "2026-03-02", "inLanguage": "en",
			"digitalSourceType": "https://schema.org/TrainedAlgorithmicMediaDigitalSource", "sha256": art.Digest([]byte("red-apple-0123456789-640.jpg")),
		},
	} {
		got := linked(t, all[page])
		if len(got) != 1 {
			t.Fatalf("%s: %d objects", page, len(got))
		}
		if d := cmp.Diff(want, got[0]); d != "" {
			t.Errorf("%s: %s", page, d)
		}
	}
	german := linked(t, all["shop/de/index.html"])
	if len(german) != 2 || german[0]["inLanguage"] != "de" || german[0]["name"] != "Roter Apfel" || german[1]["url"] != base+"de/red-apple-abcdef.html" {
		t.Errorf("the German gallery: %v", german)
	}
	for _, o := range german {
		name, _ := strings.CutPrefix(o["contentUrl"].(string), base)
		if art.Digest([]byte(all["shop/"+name])) != o["sha256"] {
			t.Errorf("%s is not the file that was described", name)
		}
	}
}

func TestThePictureElementLetsTheBrowserChoose(t *testing.T) {
	all := filesIn(t, written(t, campaign(blobs{}, "en")))
	var sources []string
	for _, e := range elements(all["shop/red-apple-01234567.html"]) {
		switch e.name {
		case "source":
			sources = append(sources, e.attr["type"]+": "+e.attr["srcset"])
		case "img":
			sources = append(sources, fmt.Sprint("img: ", e.attr["srcset"], " ", e.attr["width"], "×", e.attr["height"]))
		}
	}
	// The best format first, sizes rising, the fall-back last; the crop of another aspect is no choice.
	want := []string{
		"image/avif: images/red-apple-0123456789-320.avif 320w, images/red-apple-0123456789-640.avif 640w",
		"image/webp: images/red-apple-0123456789-320.webp 320w, images/red-apple-0123456789-640.webp 640w",
		"img: images/red-apple-0123456789-320.jpg 320w, images/red-apple-0123456789-640.jpg 640w 640×640",
	}
	if d := cmp.Diff(want, sources); d != "" {
		t.Error(d)
	}
}

func TestSitemapsListEveryPageWithItsPicture(t *testing.T) {
	all := filesIn(t, written(t, campaign(blobs{}, "en", "de")))
	var set struct {
		URLs []struct {
			Loc    string   `xml:"loc"`
			Mod    string   `xml:"lastmod"`
			Images []string `xml:"http://www.google.com/schemas/sitemap-image/1.1 image>loc"`
		} `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 url"`
	}
	if err := xml.Unmarshal([]byte(all["shop/sitemap.xml"]), &set); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range set.URLs {
		got = append(got, fmt.Sprintf("%s %s %d", strings.TrimPrefix(u.Loc, base), u.Mod, len(u.Images)))
		for _, address := range append(u.Images, u.Loc) {
			if name := target("", address); all[name] == "" {
				t.Errorf("%s is listed, and %s is not there", address, name)
			}
		}
	}
	want := []string{" 2026-03-02 2", "red-apple-01234567.html 2026-03-02 1", "red-apple-abcdef.html 2026-03-02 1", "de/ 2026-03-02 2", "de/red-apple-01234567.html 2026-03-02 1", "de/red-apple-abcdef.html 2026-03-02 1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if top := "https://pictures.example/"; !strings.Contains(all["sitemap.xml"], "<loc>"+top+"shop/sitemap.xml</loc>") || !strings.Contains(all["robots.txt"], "Sitemap: "+top+"sitemap.xml\n") {
		t.Errorf("the index of sitemaps: %s", all["sitemap.xml"])
	}
}

func TestThePromptIsPublishedOnlyWhereTheBrandWantsIt(t *testing.T) {
	for _, show := range []bool{false, true} {
		c := campaign(blobs{}, "en", "de")
		c.ShowPrompt = show
		told := 0
		for _, text := range filesIn(t, written(t, c)) {
			if strings.Contains(text, "secret") {
				told++
			}
		}
		if show != (told == 6) || !show && told != 0 { // two recipes and four pages
			t.Errorf("shown %t: %d files tell the words", show, told)
		}
	}
}

func TestPagesAreInTheirLanguage(t *testing.T) {
	for name, c := range map[string]struct {
		languages []art.Language
		pages     map[string]string // page → words that it must have
	}{
		"both":         {[]art.Language{"en", "de"}, map[string]string{"shop/index.html": "AI-generated", "shop/de/index.html": "KI-generiert", "shop/de/red-apple-01234567.html": "Wie schmal"}},
		"German first": {[]art.Language{"de", "en"}, map[string]string{"shop/index.html": "KI-generiert", "shop/en/index.html": "AI-generated", "shop/en/red-apple-01234567.html": "How narrow"}},
		"only German":  {[]art.Language{"de"}, map[string]string{"shop/index.html": "KI-generiert"}},
	} {
		all := filesIn(t, written(t, campaign(blobs{}, c.languages...)))
		for page, words := range c.pages {
			lang := map[bool]string{true: "de", false: "en"}[strings.ContainsAny(words, "K") || strings.HasPrefix(words, "Wie")]
			if !strings.Contains(all[page], words) || !strings.Contains(all[page], `<html lang="`+lang+`">`) {
				t.Errorf("%s: %s is not in %s", name, page, lang)
			}
		}
		if n := strings.Count(all["shop/index.html"], "hreflang"); (n == 0) != (len(c.languages) == 1) {
			t.Errorf("%s: %d other languages are named", name, n)
		}
	}
	for key, en := range catalogue()["en"] {
		if de := catalogue()["de"][key]; de == "" || strings.Count(en, "%") != strings.Count(de, "%") {
			t.Errorf("%q is %q and %q", key, en, de)
		}
	}
	if n, m := len(catalogue()["en"]), len(catalogue()["de"]); n != m {
		t.Errorf("%d sentences in English, %d in German", n, m)
	}
}

func TestASiteIsReplacedWholeOrNotAtAll(t *testing.T) {
	b := blobs{}
	c := campaign(b, "en")
	top := written(t, c)
	before := filesIn(t, top)
	stopped, stop := context.WithCancel(context.Background())
	stop()
	delete(b, c.Assets[1].Renditions[3].SHA256)
	if err := Site(context.Background(), c, filepath.Join(top, "shop")); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a lost picture: %v", err)
	}
	if err := Site(stopped, c, filepath.Join(top, "shop")); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if err := Index(stopped, nil, base, top); !errors.Is(err, context.Canceled) {
		t.Errorf("the index, stopped: %v", err)
	}
	if d := cmp.Diff(before, filesIn(t, top)); d != "" {
		t.Errorf("something was changed: %s", d)
	}
	c.Assets = c.Assets[:1]
	if err := Site(context.Background(), c, filepath.Join(top, "shop")); err != nil {
		t.Fatal(err)
	}
	for name := range filesIn(t, top) {
		if strings.Contains(name, "abcdef") || strings.Contains(name, ".site-") {
			t.Errorf("%s is left over", name)
		}
	}
}

func TestABadCampaignIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Campaign){
		"no language": func(c *Campaign) { c.Languages = nil },
		"French":      func(c *Campaign) { c.Languages = []art.Language{"fr"} },
		"an address":  func(c *Campaign) { c.BaseURL = "https://pictures.example" },
	} {
		c, dir := campaign(blobs{}, "en"), filepath.Join(t.TempDir(), "shop")
		change(&c)
		if err := Site(context.Background(), c, dir); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestASnippetStandsOnAnyPage(t *testing.T) {
	c := campaign(blobs{}, "en", "de")
	text, err := Snippet(c, c.Assets[0], "/campaigns/shop/", "de")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range elements(text) {
		for _, address := range addresses(e) {
			if !strings.HasPrefix(address, "/campaigns/shop/images/red-apple-0123456789-") {
				t.Errorf("<%s> leads to %q", e.name, address)
			}
		}
		if e.name == "img" && e.attr["alt"] != "Illustration: ein roter Apfel" {
			t.Errorf("the alt text is %q", e.attr["alt"])
		}
	}
	if got := linked(t, text); len(got) != 1 || got[0]["url"] != base+"de/red-apple-01234567.html" {
		t.Errorf("%v", got)
	}
}
