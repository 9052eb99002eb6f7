package dataset_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"presswerk/internal/art"
	"presswerk/internal/dataset"
	"presswerk/internal/imaging"
)

func TestMain(m *testing.M) {
	stop := imaging.Start(imaging.Options{Threads: 1})
	code := m.Run()
	stop()
	os.Exit(code)
}

// drawing is a PNG of a figure of its own on a ground.
func drawing(t *testing.T, seed, width, height int, ground color.Color) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p.Set(x, y, ground)
			u, v := float64(x)/float64(width)-0.5, float64(y)/float64(height)-0.5
			a := math.Atan2(v, u)
			if math.Hypot(u, v) < 0.25+0.15*math.Sin(float64(seed%7+1)*a+float64(seed)) {
				p.Set(x, y, color.RGBA{uint8(40 * seed), uint8(200 - 20*seed), uint8(90 * (seed % 3)), 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var cream = color.RGBA{246, 234, 212, 255}

// good is a set in which nothing is wrong.
func good(t *testing.T) (fstest.MapFS, art.Dataset) {
	files := fstest.MapFS{}
	set := art.Dataset{Title: art.Text{"en": "Shapes"}, Trigger: "shape style", License: "MIT", Creator: "Ada", People: art.PeopleNone}
	for i, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		files[name+".png"] = &fstest.MapFile{Data: drawing(t, i+1, 128, 128, cream)}
		set.Pictures = append(set.Pictures, art.DatasetPicture{File: name + ".png", Caption: "a shape " + name})
	}
	return files, set
}

// fox is a drawing of the example set, encoded anew.
func fox(t *testing.T, format imaging.Format) *fstest.MapFile {
	t.Helper()
	data, err := os.ReadFile("../workspace/example/datasets/two-ink/fox.png")
	if err != nil {
		t.Fatal(err)
	}
	p, err := imaging.Decode(context.Background(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err = imaging.Encode(p, imaging.Encoding{Format: format, Quality: 70}); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: data}
}

func look(t *testing.T, files fstest.MapFS, set art.Dataset) dataset.Report {
	t.Helper()
	r, err := dataset.Look(context.Background(), files, set, dataset.Options{Side: 128, Width: 128, Height: 128, Subjects: []string{"fox", "arctic fox"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kinds lists what was found as "file kind severity".
func kinds(r dataset.Report) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, strings.TrimSpace(f.File+" "+f.Kind+" "+f.Severity))
		for _, text := range []art.Text{f.Reason, f.Remedy} {
			if text["en"] == "" || text["de"] == "" {
				all = append(all, "a sentence is missing")
			}
		}
	}
	return all
}

// TestWhatIsWrongIsFound: each fault of a set, and of one picture, is told once, with what to do, in both languages.
func TestWhatIsWrongIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(fstest.MapFS, *art.Dataset)
		want   []string
	}{
		"nothing":   {func(fstest.MapFS, *art.Dataset) {}, nil},
		"same file": {func(f fstest.MapFS, _ *art.Dataset) { f["b.png"] = f["a.png"] }, []string{"b.png duplicate warning", "count warning"}},
		"nearly the same": {func(f fstest.MapFS, _ *art.Dataset) {
			f["a.png"], f["b.png"] = fox(t, imaging.PNG), fox(t, imaging.JPEG)
		}, []string{"b.png near-duplicate warning"}},
		"small": {func(f fstest.MapFS, _ *art.Dataset) {
			f["a.png"] = &fstest.MapFile{Data: drawing(t, 1, 100, 100, cream)}
		}, []string{"a.png small warning"}},
		"tiny": {func(f fstest.MapFS, _ *art.Dataset) { f["a.png"] = &fstest.MapFile{Data: drawing(t, 1, 32, 32, cream)} }, []string{"a.png small error", "count warning"}},
		"long": {func(f fstest.MapFS, _ *art.Dataset) {
			f["a.png"] = &fstest.MapFile{Data: drawing(t, 1, 300, 128, cream)}
		}, []string{"a.png aspect warning"}},
		"another ground": {func(f fstest.MapFS, _ *art.Dataset) {
			f["c.png"] = &fstest.MapFile{Data: drawing(t, 3, 128, 128, color.RGBA{255, 170, 210, 255})}
		}, []string{"c.png background warning"}},
		"dark": {func(f fstest.MapFS, _ *art.Dataset) {
			f["c.png"] = &fstest.MapFile{Data: drawing(t, 3, 128, 128, color.Black)}
		}, []string{"c.png background warning", "c.png light warning"}},
		"broken":         {func(f fstest.MapFS, _ *art.Dataset) { f["a.png"] = &fstest.MapFile{Data: []byte("no picture")} }, []string{"a.png broken error", "count warning"}},
		"missing":        {func(f fstest.MapFS, _ *art.Dataset) { delete(f, "a.png") }, []string{"a.png missing error", "count warning"}},
		"unlisted":       {func(f fstest.MapFS, _ *art.Dataset) { f["z.png"] = f["a.png"] }, []string{"z.png unlisted warning"}},
		"no licence":     {func(_ fstest.MapFS, s *art.Dataset) { s.License = ""; s.Pictures = s.Pictures[:1] }, []string{"count error", "a.png rights error"}},
		"no adaptations": {func(_ fstest.MapFS, s *art.Dataset) { s.Pictures[0].License = "CC-BY-ND-4.0" }, []string{"a.png rights error", "count warning"}},
		"no consent":     {func(_ fstest.MapFS, s *art.Dataset) { s.Pictures[0].License = "own" }, []string{"a.png rights error", "count warning"}},
		"no release":     {func(_ fstest.MapFS, s *art.Dataset) { s.Pictures[0].People = art.PeopleDepicted }, []string{"a.png rights error", "count warning"}},
		"nobody said":    {func(_ fstest.MapFS, s *art.Dataset) { s.People = ""; s.Pictures = s.Pictures[:1] }, []string{"count error", "a.png rights error"}},
		"strange":        {func(_ fstest.MapFS, s *art.Dataset) { s.Pictures[0].License = "My own terms" }, []string{"a.png licence warning"}},
		"one picture":    {func(_ fstest.MapFS, s *art.Dataset) { s.Pictures = s.Pictures[:1] }, []string{"count error"}},
		"no trigger":     {func(_ fstest.MapFS, s *art.Dataset) { s.Trigger = "" }, []string{"trigger warning"}},
	} {
		files, set := good(t)
		c.change(files, &set)
		got := kinds(look(t, files, set))
		got = slices.DeleteFunc(got, func(s string) bool { return len(set.Pictures) == 1 && strings.HasSuffix(s, "unlisted warning") })
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestCaptionsAreDrafted: a text beside a picture counts before its name, and a name is read for subjects that are known.
func TestCaptionsAreDrafted(t *testing.T) {
	files := fstest.MapFS{}
	for i, name := range []string{"IMG_0012.png", "arctic-fox_03.png", "owl.png", "told.png"} {
		files[name] = &fstest.MapFile{Data: drawing(t, i+1, 128, 128, cream)}
	}
	files["told.txt"] = &fstest.MapFile{Data: []byte("  a told\n thing ")}
	r := look(t, files, art.Dataset{Title: art.Text{"en": "x"}, Trigger: "y", License: "CC0-1.0", Creator: "Ada", People: art.PeopleNone})
	var got []string
	for _, p := range r.Pictures {
		got = append(got, p.File+": "+p.Caption+" ("+p.Said+")")
	}
	want := []string{"IMG_0012.png:  (name)", "arctic-fox_03.png: an arctic fox (name)", "owl.png: an owl (name)", "told.png: a told thing (file)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(r.Usable()) != 3 || r.Errors() != 1 {
		t.Errorf("%d usable, %d errors; a picture of which nothing is said can't be used", len(r.Usable()), r.Errors())
	}
}

// TestRightsAddUp: the strictest licence decides.
func TestRightsAddUp(t *testing.T) {
	files, set := good(t)
	set.Pictures[0].License, set.Pictures[1].License, set.Pictures[2].License = "CC-BY-NC-4.0", "CC-BY-SA-4.0", "CC0-1.0"
	set.Pictures[0].Creator = "Bob"
	r := look(t, files, set).Rights
	if r.Commercial != art.TermNo || !slices.Equal(r.Credit, []string{"Ada", "Bob"}) || !slices.Equal(r.ShareAlike, []string{"CC-BY-SA-4.0"}) || r.License() != "CC-BY-NC-4.0 AND CC-BY-SA-4.0 AND CC0-1.0 AND MIT" {
		t.Errorf("got %+v, licence %q", r, r.License())
	}
	set.Pictures[0].License = "Terms of somebody"
	if r := look(t, files, set).Rights; r.Commercial != art.TermUnknown || r.Clear() {
		t.Errorf("got %+v, want unknown", r)
	}
}

// TestPageShowsWhatToFix in both languages, with names as they are.
func TestPageShowsWhatToFix(t *testing.T) {
	files, set := good(t)
	set.Pictures[0].License, set.Pictures[0].Caption = "CC-BY-ND-4.0", "<b>a shape</b>"
	r := look(t, files, set)
	for lang, says := range map[string]string{"en": "allows no training on it", "de": "erlaubt kein Training damit"} {
		page, err := dataset.Page(r, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{says, "&lt;b&gt;a shape", `lang="` + lang + `"`, r.SHA256} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
	}
}
