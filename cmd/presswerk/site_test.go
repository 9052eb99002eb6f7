package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

// testPages looks at the published files without a browser.
func testPages(t *testing.T, p program) {
	site := filepath.Join(p.dir, "site")
	pages := filesWith(t, site, ".html")
	testkit.ValidHTML(t, pages...)
	base, err := url.Parse(readSettings(os.Getenv).BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	// local is the file behind an address of the site.
	local := func(address string) string {
		t.Helper()
		u, err := url.Parse(address)
		if err != nil || u.Host != base.Host {
			t.Errorf("%q is no address of the site: %v", address, err)
			return ""
		}
		return filepath.Join(site, filepath.FromSlash(strings.TrimPrefix(u.Path, "/")))
	}
	listed := sitemapImages(t, filepath.Join(site, "breakfast-table", "sitemap.xml"), local)
	described := map[string]bool{}
	for _, page := range pages {
		for _, o := range linkedData(t, page) {
			if o["@type"] != "ImageObject" {
				continue
			}
			content, _ := o["contentUrl"].(string)
			described[content] = true
			checkImageObject(t, page, o, local(content))
		}
	}
	for address := range listed {
		if !described[address] {
			t.Errorf("%s stands in the sitemap and on no page", address)
		}
	}
	for address := range described {
		if !listed[address] {
			t.Errorf("%s stands on a page and not in the sitemap", address)
		}
	}
}

// sitemapImages checks that each page and picture of a sitemap is there, and lists the pictures.
func sitemapImages(t *testing.T, file string, local func(string) string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []struct {
			Loc    string   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 loc"`
			Images []string `xml:"http://www.google.com/schemas/sitemap-image/1.1 image>loc"`
		} `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 url"`
	}
	if err := xml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	images := map[string]bool{}
	for _, u := range m.URLs {
		if _, err := os.Stat(local(u.Loc)); err != nil {
			t.Errorf("the sitemap names a page that isn't there: %v", err)
		}
		for _, i := range u.Images {
			images[i] = true
			if _, err := os.Stat(local(i)); err != nil {
				t.Errorf("the sitemap names a picture that isn't there: %v", err)
			}
		}
	}
	if len(images) == 0 {
		t.Error("the sitemap names no picture")
	}
	return images
}

// linkedData reads the JSON-LD of a page.
func linkedData(t *testing.T, page string) []map[string]any {
	t.Helper()
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for _, m := range regexp.MustCompile(`(?s)<script type="application/ld\+json">(.*?)</script>`).FindAllSubmatch(html, -1) {
		var many []map[string]any
		if err := json.Unmarshal(m[1], &many); err != nil {
			var one map[string]any
			if err := json.Unmarshal(m[1], &one); err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			many = append(many, one)
		}
		all = append(all, many...)
	}
	return all
}

// checkImageObject compares what JSON-LD says with the file that it is about.
func checkImageObject(t *testing.T, page string, o map[string]any, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("%s: %v", page, err)
		return
	}
	info, err := imaging.Probe(data, imaging.Limits{})
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	want := map[string]any{
		"width": float64(info.Width), "height": float64(info.Height), "sha256": art.Digest(data),
		"encodingFormat":     http.DetectContentType(data),
		"license":            "https://creativecommons.org/licenses/by/4.0/",
		"acquireLicensePage": "https://morgenrot.example/pictures", "creditText": "Morgenrot / Presswerk",
	}
	for name, v := range want {
		if o[name] != v {
			t.Errorf("%s: %s is %v in JSON-LD, and %v in the file", page, name, o[name], v)
		}
	}
	for _, name := range []string{"name", "description", "url", "copyrightNotice", "digitalSourceType"} {
		if s, _ := o[name].(string); s == "" {
			t.Errorf("%s: JSON-LD has no %s", page, name)
		}
	}
}

// shownPicture is what a browser made of one picture element.
type shownPicture struct {
	Source string  `json:"source"` // of the file that it chose
	Slot   float64 `json:"slot"`   // CSS pixels
	Scale  float64 `json:"scale"`
	Widths []int   `json:"widths"` // that the srcset offers
	Loaded bool    `json:"loaded"`
	Alt    string  `json:"alt"`
	Lazy   bool    `json:"lazy"`
}

// widthInName finds the width at the end of a rendition's name.
var widthInName = regexp.MustCompile(`-(\d+)\.(avif|webp|jpg)$`)

// testSiteInBrowser opens the gallery and a picture's page on every screen.
func testSiteInBrowser(t *testing.T, p program) {
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(p.dir, "site"))))
	t.Cleanup(server.Close)
	pages, err := filepath.Glob(filepath.Join(p.dir, "site", "breakfast-table", "*-*.html"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no picture has a page: %v", err)
	}
	addresses := map[string]string{
		"index": "/", "gallery": "/breakfast-table/index.html", "gallery-de": "/breakfast-table/de/index.html",
		"picture": "/breakfast-table/" + filepath.Base(pages[0]),
	}
	for _, screen := range testkit.Screens() {
		for name, address := range addresses {
			t.Run(screen.Name+" "+name, func(t *testing.T) {
				tab := testkit.Browser(t) // a fresh one: what is in the cache is taken rather than what fits
				testkit.Show(t, tab, screen, server.URL+address)
				checkPage(t, tab, name)
			})
		}
	}
}

func checkPage(t *testing.T, tab testkit.Tab, name string) {
	t.Helper()
	// Scrolling to the end loads every lazy picture.
	testkit.Evaluate[bool](t, tab, `(async () => {
		for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) { scrollTo(0, y); await new Promise(r => setTimeout(r, 40)); }
		await Promise.all([...document.images].map(i => i.decode().catch(() => {})));
		scrollTo(0, 0); return true; })()`)
	pictures := testkit.Evaluate[[]shownPicture](t, tab, `[...document.querySelectorAll("picture img")].map(i => {
		const used = [...i.closest("picture").querySelectorAll("source"), i].find(s => s.srcset.includes(i.currentSrc.split("/").pop()));
		return { source: i.currentSrc, slot: i.clientWidth, scale: devicePixelRatio, loaded: i.complete && i.naturalWidth > 0, alt: i.alt,
			lazy: i.loading === "lazy", widths: used ? used.srcset.split(",").map(c => parseInt(c.trim().split(" ")[1])) : [] }; })`)
	if len(pictures) == 0 && name != "index" {
		t.Error("the page shows no picture")
	}
	for i, shown := range pictures {
		m := widthInName.FindStringSubmatch(shown.Source)
		if !shown.Loaded || shown.Alt == "" || m == nil {
			t.Errorf("picture %d: %+v", i, shown)
			continue
		}
		if m[2] != "avif" {
			t.Errorf("Chromium took %s, and not AVIF", shown.Source)
		}
		if shown.Lazy != (i > 0) {
			t.Errorf("picture %d is lazy: %t", i, shown.Lazy)
		}
		if err := rightCandidate(m[1], shown); err != nil {
			t.Errorf("picture %d: %v", i, err)
		}
	}
	// A preload that doesn't fit what the picture element asks for loads the first picture twice.
	if files := testkit.Evaluate[[]string](t, tab, `(() => {
		const first = document.querySelector("picture img");
		if (!first) return [];
		const stem = first.currentSrc.split("/").pop().replace(/-\d+\.\w+$/, "");
		return performance.getEntriesByType("resource").map(r => r.name.split("/").pop()).filter(n => n.startsWith(stem)); })()`); len(files) > 1 {
		t.Errorf("the first picture was loaded as %v", files)
	}
	if shift := testkit.Evaluate[float64](t, tab, `new Promise(done => {
		let sum = 0;
		new PerformanceObserver(list => list.getEntries().forEach(e => { sum += e.value; })).observe({type: "layout-shift", buffered: true});
		setTimeout(() => done(sum), 200); })`); shift != 0 {
		t.Errorf("the layout shifts by %v", shift)
	}
	if overflow := testkit.Evaluate[float64](t, tab, `document.documentElement.scrollWidth - innerWidth`); overflow > 0 {
		t.Errorf("the page is %v pixels wider than the screen", overflow)
	}
	testkit.Accessible(t, tab, name)
	testkit.Keep(t, tab, name)
}

// rightCandidate tells whether a browser loaded the smallest file that is sharp in its slot, or the largest one. The next
// larger one is right, too, where the sizes attribute promises up to a fifth more than the slot turns out to be.
func rightCandidate(chosen string, shown shownPicture) error {
	need := shown.Slot * shown.Scale
	widths := slices.Sorted(slices.Values(shown.Widths))
	enough := slices.IndexFunc(widths, func(w int) bool { return float64(w) >= need })
	if enough < 0 {
		enough = len(widths) - 1
	}
	right := widths[enough : enough+1]
	if enough+1 < len(widths) && float64(widths[enough]) < 1.2*need {
		right = widths[enough : enough+2]
	}
	if width, err := strconv.Atoi(chosen); err != nil || !slices.Contains(right, width) {
		return fmt.Errorf("%s pixels were loaded for %.0f, and not one of %v", chosen, need, right)
	}
	return nil
}
