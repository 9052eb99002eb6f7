package publish

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"slices"

	"presswerk/internal/art"
)

// imageObject is a picture in schema.org's words.
//
// Source: schema.org/ImageObject; developers.google.com, "Image metadata in Google Images".
type imageObject struct {
	Context      string         `json:"@context"`
	Type         string         `json:"@type"`
	ContentURL   string         `json:"contentUrl"`
	ThumbnailURL string         `json:"thumbnailUrl,omitempty"`
	URL          string         `json:"url"`
	Name         string         `json:"name"`
	Description  string         `json:"description"`
	Width        int            `json:"width"`
	Height       int            `json:"height"`
	Format       string         `json:"encodingFormat"`
	License      string         `json:"license,omitempty"`
	AcquirePage  string         `json:"acquireLicensePage,omitempty"`
	Credit       string         `json:"creditText,omitempty"`
	Creator      map[string]any `json:"creator,omitempty"`
	Copyright    string         `json:"copyrightNotice,omitempty"`
	SourceType   string         `json:"digitalSourceType,omitempty"`
	Created      string         `json:"dateCreated"`
	Language     string         `json:"inLanguage"`
	SHA256       string         `json:"sha256,omitempty"`
	Uploaded     string         `json:"uploadDate,omitempty"` // of a clip
	Duration     string         `json:"duration,omitempty"`   // of a clip, ISO 8601

	clip *imageObject // said in the place of the image, which is its poster
}

// describe says what a search engine should know of an asset, with addresses on the site.
func describe(c Campaign, a art.Asset, page string, lang art.Language) (imageObject, bool) {
	set := mainSet(a)
	if len(set) == 0 {
		return imageObject{}, false
	}
	largest := set[len(set)-1]
	o := imageObject{
		Context: "https://schema.org", Type: "ImageObject", ContentURL: c.BaseURL + "images/" + largest.Name,
		ThumbnailURL: c.BaseURL + "images/" + set[0].Name, URL: c.BaseURL + page, Name: a.Title.In(lang),
		Description: a.Alt.In(lang), Width: largest.Width, Height: largest.Height, Format: largest.MIME,
		License: a.Rights.License, AcquirePage: a.Rights.AcquireURL, Credit: a.Rights.Credit, Copyright: a.Rights.Copyright,
		SourceType: sourceType(a), Created: a.CreatedAt.UTC().Format("2006-01-02"),
		Language: lang, SHA256: largest.SHA256,
	}
	if a.Rights.Creator != "" {
		o.Creator = map[string]any{"@type": "Organization", "name": a.Rights.Creator}
		if a.License != nil && a.License.Creator != "" {
			o.Creator["@type"] = "Person"
		}
	}
	o.clip = clipObject(c, a, o)
	return o, true
}

// script writes values as the content of a JSON-LD element; encoding/json escapes what could end the element.
func script(objects []imageObject) (template.JS, error) {
	objects = slices.Clone(objects)
	for i, o := range objects {
		if o.clip != nil {
			objects[i] = *o.clip
		}
	}
	var v any = objects
	if len(objects) == 1 {
		v = objects[0]
	}
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("publish: writing JSON-LD: %w", err)
	}
	return template.JS(data), nil //nolint:gosec // made by encoding/json, which escapes <, > and &
}

// The sitemap with Google's extension for images, and the sitemap index.
//
// Source: sitemaps.org/protocol.html; google.com/schemas/sitemap-image/1.1.
type urlSet struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	Image   string    `xml:"xmlns:image,attr"`
	URLs    []siteURL `xml:"url"`
}

type siteURL struct {
	Loc    string      `xml:"loc"`
	Mod    string      `xml:"lastmod"`
	Images []siteImage `xml:"image:image"`
}

type siteImage struct {
	Loc string `xml:"image:loc"`
}

type sitemapIndex struct {
	XMLName  xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
	Sitemaps []siteURL `xml:"sitemap"`
}

func xmlFile(v any) ([]byte, error) {
	data, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("publish: writing a sitemap: %w", err)
	}
	return append([]byte(xml.Header), append(data, '\n')...), nil
}

// sitemap lists every page with its largest picture.
func sitemap(c Campaign) ([]byte, error) {
	set := urlSet{Image: "http://www.google.com/schemas/sitemap-image/1.1"}
	for _, lang := range c.Languages {
		gallery := siteURL{Loc: c.BaseURL + c.page(lang, ""), Mod: c.MadeAt.UTC().Format("2006-01-02")}
		var pages []siteURL
		for _, a := range c.Assets {
			o, ok := describe(c, a, "", lang)
			if !ok {
				continue
			}
			image := siteImage{Loc: o.ContentURL}
			gallery.Images = append(gallery.Images, image)
			pages = append(pages, siteURL{Loc: c.BaseURL + c.page(lang, assetPage(a)), Mod: gallery.Mod, Images: []siteImage{image}})
		}
		set.URLs = append(append(set.URLs, gallery), pages...)
	}
	return xmlFile(set)
}
