package publish

import (
	"testing"

	"presswerk/internal/art"
)

// TestPagesForPaperAreNoPicturesForScreens, not even where an asset has nothing else.
func TestPagesForPaperAreNoPicturesForScreens(t *testing.T) {
	page := art.Rendition{Name: "a.pdf", Role: art.RolePrint, Format: "pdf", Width: 100, Height: 100}
	proof := art.Rendition{Name: "a-proof.png", Role: art.RoleProof, Format: "png", Width: 100, Height: 100}
	screen := art.Rendition{Name: "a.jpg", Format: "jpeg", Width: 100, Height: 100}
	master := art.Rendition{Name: "m.png", Format: "png", Width: 200, Height: 200}
	for name, c := range map[string]struct {
		renditions []art.Rendition
		want       string
	}{
		"with pictures for screens": {[]art.Rendition{page, proof, screen}, "a.jpg"},
		"paper alone":               {[]art.Rendition{page, proof}, "m.png"},
		"pictures of another shape": {[]art.Rendition{page, {Name: "wide.jpg", Format: "jpeg", Width: 160, Height: 90}}, "wide.jpg"},
	} {
		set := mainSet(art.Asset{Master: master, Renditions: c.renditions})
		if len(set) != 1 || set[0].Name != c.want {
			t.Errorf("%s: %+v", name, set)
		}
		if p := newPicture(art.Asset{Master: master, Renditions: c.renditions}, "", "", art.English, false); p.Src != "images/"+c.want {
			t.Errorf("%s: the page shows %q", name, p.Src)
		}
	}
}
