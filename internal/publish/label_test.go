package publish

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// labelledAssets could all mislead: one with a bare file, one with the label drawn in, one that is a satire.
func labelledAssets(b blobs) []art.Asset {
	var all []art.Asset
	for _, id := range []string{"aaaaaaaa", "bbbbbbbb", "cccccccc"} {
		a := b.asset(id, "red-apple")
		a.Title, a.Alt, a.Rights.Credit, a.Rights.AcquireURL = art.Text{"en": "Red apple", "de": "Roter Apfel"}, art.Text{"en": "A red apple on a table", "de": "Ein roter Apfel auf einem Tisch"}, "Acme", ""
		a.Disclosure = &art.Disclosure{Stance: art.Stance{Note: art.Text{"en": "Symbolic picture " + id, "de": "Symbolbild " + id}}}
		a.Labelling = &art.Labelling{Label: &art.VisibleLabel{Share: 0.05}, Page: art.Text{"en": "This may look real.", "de": "Das kann echt wirken."}}
		all = append(all, a)
	}
	all[1].Steps = append(all[1].Steps, art.StepRecord{Name: "label"})
	all[2].Labelling.Label.Beside = true
	return all
}

func labelledCampaign(languages ...art.Language) (blobs, Campaign) {
	b := blobs{}
	c := campaign(b, languages...)
	c.Assets, c.Sheet = labelledAssets(b), nil
	c.Brand.Name, c.Run.Brief.Title = art.Text{"en": "Acme"}, art.Text{"en": "Breakfast", "de": "Frühstück"}
	return b, c
}

func TestWhatCouldMisleadIsLabelledOnThePage(t *testing.T) {
	_, c := labelledCampaign("en", "de")
	all := filesIn(t, written(t, c))
	over := func(text string) string { return `<strong class="over">` + text + `</strong>` }
	for page, want := range map[string]struct {
		over, files bool
		says        []string
	}{
		"shop/red-apple-aaaaaaaa.html":    {true, false, []string{over("AI-generated"), "This may look real.", `<p class="note">Symbolic picture aaaaaaaa</p>`}},
		"shop/de/red-apple-aaaaaaaa.html": {true, false, []string{over("KI-generiert"), "Das kann echt wirken.", "Symbolbild aaaaaaaa"}},
		"shop/red-apple-bbbbbbbb.html":    {false, true, []string{"This may look real.", `<span class="ai"`}},
		"shop/red-apple-cccccccc.html":    {false, true, []string{"This may look real.", `<span class="ai"`}},
		"shop/index.html":                 {true, false, []string{`">` + over("AI-generated") + `<picture>`, "TrainedAlgorithmicMediaDigitalSource"}},
	} {
		for _, w := range want.says {
			if !strings.Contains(all[page], w) {
				t.Errorf("%s lacks %s", page, w)
			}
		}
		if got := strings.Contains(all[page], `class="over"`); got != want.over {
			t.Errorf("%s: a label over the picture is %t", page, got)
		}
		if got := strings.Contains(all[page], `class="files"`); got != want.files {
			t.Errorf("%s: files are offered is %t; a file without its label is no download", page, got)
		}
	}
	for i, want := range []string{"position:absolute", "<figcaption>This may look real.", "<figcaption>This may look real."} {
		snippet, err := Snippet(c, c.Assets[i], "/shop/", "en")
		if err != nil || !strings.Contains(snippet, want) || strings.Contains(snippet, "position:absolute") != (i == 0) {
			t.Errorf("the snippet of %d: %v\n%s", i, err, snippet)
		}
	}
}

// The label is seen at once, without a click, and is readable on any ground; axe finds nothing.
func TestALabelOverThePictureIsSeenAtFirstSight(t *testing.T) {
	tab := testkit.Browser(t)
	b, c := labelledCampaign("en", "de")
	c.Open = func(_ context.Context, sum string) ([]byte, error) {
		if _, ok := b[sum]; !ok {
			return nil, art.ErrNotFound
		}
		return testkit.PNG(t, 320, 320), nil
	}
	dir := filepath.Join(t.TempDir(), "shop")
	if err := Site(t.Context(), c, dir); err != nil {
		t.Fatal(err)
	}
	screens := testkit.Screens()
	for page, s := range map[string]testkit.Screen{"index.html": screens[0], "red-apple-aaaaaaaa.html": screens[1], "de/red-apple-aaaaaaaa.html": screens[2], "red-apple-bbbbbbbb.html": screens[2]} {
		testkit.Show(t, tab, s, "file://"+filepath.Join(dir, page))
		testkit.Keep(t, tab, s.Name+"-"+strings.ReplaceAll(page, "/", "-"))
		testkit.Accessible(t, tab, page+" on "+s.Name)
		if strings.Contains(page, "bbbb") {
			continue
		}
		seen := testkit.Evaluate[bool](t, tab, `(() => {
			const o = document.querySelector(".over"), p = o.parentElement.querySelector("img").getBoundingClientRect(), r = o.getBoundingClientRect(), c = getComputedStyle(o);
			return r.height >= 20 && r.top >= p.top && r.right <= p.right + 1 && r.bottom <= innerHeight && c.visibility === "visible" && c.opacity === "1" && c.color === "rgb(255, 255, 255)" && c.backgroundColor === "rgb(24, 24, 24)";
		})()`)
		if !seen {
			t.Errorf("%s on %s: the label is not seen at first sight", page, s.Name)
		}
	}
}
