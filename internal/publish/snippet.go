package publish

import (
	"bytes"
	"fmt"

	"presswerk/internal/art"
)

// Snippet is what a page needs to show an asset: a picture element with every rendition of one aspect, or a clip's video
// element with poster and tracks, and its JSON-LD.
// Base leads from that page to the site of the asset's run and ends with "/", such as "/campaigns/summer/".
func Snippet(c Campaign, a art.Asset, base string, lang art.Language) (string, error) {
	pages, err := templates()
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	name, element := "picture", any(newPicture(a, base, cardSizes, lang, false))
	if v := newVideo(a, base, lang); v != nil {
		name, element = "video", v
	}
	if err := pages.ExecuteTemplate(&out, name, element); err != nil {
		return "", fmt.Errorf("publish: writing the snippet of %s: %w", a.ID, err)
	}
	shown := labelled(a, out.String(), lang)
	out.Reset()
	out.WriteString(shown)
	o, ok := describe(c, a, c.page(lang, assetPage(a)), lang)
	if !ok {
		return out.String(), nil
	}
	data, err := script([]imageObject{o})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&out, "<script type=\"application/ld+json\">%s</script>\n", data)
	return out.String(), nil
}
