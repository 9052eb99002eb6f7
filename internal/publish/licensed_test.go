package publish

import (
	"strings"
	"testing"

	"presswerk/internal/art"
)

// Beside pictures that were generated, one that was not is not called so, nor does it show what stays inside.
func TestALicensedPictureIsNotCalledGenerated(t *testing.T) {
	c := campaign(blobs{}, "en", "de")
	photo := func(i int, source string) {
		a := &c.Assets[i]
		a.License = &art.PictureLicense{Source: "Agency X", Creator: "Grace", Kind: "Standard", Reference: "order-4711", SourceType: source}
		a.Planned, a.Rights.Creator = art.PlannedRecipe{}, "Grace"
	}
	photo(0, "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture")
	files := filesIn(t, written(t, c))
	page := files["shop/"+assetPage(c.Assets[0])]
	for _, want := range []string{"licensed from Agency X", "Grace", "DigitalCaptureDigitalSource", `"@type":"Person"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"AI-generated", "artificial intelligence", "TrainedAlgorithmicMedia", "order-4711", "recipes/", "Sampler"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page says %q", bad)
		}
	}
	if de := files["shop/de/"+assetPage(c.Assets[0])]; !strings.Contains(de, "lizenziert von Agency X") || strings.Contains(de, "KI-generiert") {
		t.Error("the German page says something else")
	}
	if other := files["shop/"+assetPage(c.Assets[1])]; !strings.Contains(other, "AI-generated") || strings.Count(files["shop/index.html"], ">AI-generated<") != 1 {
		t.Error("the generated picture beside it lost its label")
	}
	if _, ok := files["shop/recipes/.json"]; ok {
		t.Error("there is a recipe of a picture without one")
	}
	photo(1, "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia")
	if page := filesIn(t, written(t, c))["shop/"+assetPage(c.Assets[1])]; !strings.Contains(page, "AI-generated") || !strings.Contains(page, "licensed from Agency X") {
		t.Error("a licensed picture that a model made is not called generated")
	}
}
