package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// filmedAsset is an asset with a clip.
func (b blobs) filmedAsset() art.Asset {
	a := b.asset("0123456789", "red-apple")
	file := func(name, format string) art.Rendition {
		sum, size := b.put(name)
		return art.Rendition{Name: name, Format: format, MIME: "video/" + format, Width: 640, Height: 640, Bytes: size, SHA256: sum, C2PA: "signed"}
	}
	a.Planned.Clip = &art.ClipRecipe{Seconds: 5, First: "sha256:ff"}
	a.Clip = &art.ClipAsset{Seconds: 4.5, FPS: 24, Loop: true, Files: []art.Rendition{file("apple.mp4", "mp4"), file("apple.webm", "webm")}}
	for _, lang := range []string{"en", "de"} {
		name := "apple.descriptions." + lang + ".vtt"
		sum, size := b.put(name)
		a.Clip.Tracks = append(a.Clip.Tracks, art.Track{Name: name, Kind: art.TrackDescriptions, Language: lang, SHA256: sum, Bytes: size})
	}
	return a
}

// A clip's page plays it with poster and tracks, in each language, and never by itself.
func TestAClipsPage(t *testing.T) {
	b := blobs{}
	c := campaign(b, "en", "de")
	c.Assets = []art.Asset{b.filmedAsset()}
	dir := filepath.Join(t.TempDir(), "site")
	if err := Site(t.Context(), c, dir); err != nil {
		t.Fatal(err)
	}
	for file, wants := range map[string][]string{
		"red-apple-01234567.html": {
			`<video controls preload="metadata" playsinline loop muted width="640" height="640" poster="images/red-apple-0123456789-640.jpg" aria-label="Illustration of a red apple &#34;&gt;`,
			`<source src="images/apple.mp4" type="video/mp4">`, `<track kind="descriptions" src="images/apple.descriptions.de.vtt" srclang="de" label="Description (German)">`,
			`"@type":"VideoObject"`, `"duration":"PT4.500S"`, `og:image" content="https://pictures.example/shop/images/red-apple`, "This clip was generated", "WebM files can",
		},
		"de/red-apple-01234567.html":       {`poster="../images/red-apple`, `src="../images/apple.webm"`, "Beschreibung (Deutsch)", "Dieser Clip wurde"},
		"index.html":                       {"▶ 4.5 s", `"VideoObject"`},
		"images/apple.descriptions.en.vtt": {"apple.descriptions.en.vtt"},
	} {
		page, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s lacks %s", file, want)
			}
		}
		if strings.Contains(string(page), "autoplay") || strings.Contains(string(page), "onerror=alert(2)>") && !strings.Contains(string(page), "&gt;") {
			t.Errorf("%s starts by itself, or lets words become tags", file)
		}
	}
	snippet, err := Snippet(c, c.Assets[0], "/shop/", "en")
	if err != nil || !strings.Contains(snippet, `<video controls`) || !strings.Contains(snippet, `src="/shop/images/apple.mp4"`) {
		t.Errorf("%s, %v", snippet, err)
	}
}
