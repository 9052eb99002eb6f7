package publish

import (
	"html/template"

	"presswerk/internal/art"
)

// label is what a page says of a picture that could mislead, besides the sign that all generated pictures have.
type label struct {
	Text   string // lies over the picture, or stands below it where it is beside
	Beside bool
	Drawn  bool // the files have a label in them: no second one is laid over it
}

// newLabel is nil where rules want no visible label.
func newLabel(a art.Asset, lang art.Language) *label {
	if a.Labelling == nil || a.Labelling.Label == nil {
		return nil
	}
	return &label{Text: catalogue()[lang]["ai"], Beside: a.Labelling.Label.Beside, Drawn: drawn(a)}
}

// Over tells whether the page lays the label over the picture.
func (l *label) Over() bool { return l != nil && !l.Beside && !l.Drawn }

// drawn tells whether finishing has drawn a label into the asset's pictures.
func drawn(a art.Asset) bool {
	for _, s := range a.Steps {
		if s.Name == "label" {
			return a.Clip == nil
		}
	}
	return false
}

// offered tells whether a page may offer files for download: not those that need a label and have none in them.
func offered(a art.Asset) bool {
	l := newLabel(a, art.English)
	return l == nil || l.Beside || l.Drawn
}

// disclosed is the sentence beside a picture: what the rules want, else the usual one.
func disclosed(a art.Asset, w words) string {
	if a.Labelling != nil && a.Labelling.Page.In(w["lang"]) != "" {
		return a.Labelling.Page.In(w["lang"])
	}
	return w["ai_long"]
}

// note is what an editor says of the picture to its readers.
func note(a art.Asset, lang art.Language) string {
	if a.Disclosure == nil {
		return ""
	}
	return a.Disclosure.Note.In(lang)
}

// labelled wraps an element for pages whose style sheet nobody knows. Style attributes keep the words readable on any ground.
func labelled(a art.Asset, element string, lang art.Language) string {
	l := newLabel(a, lang)
	if l == nil {
		return element
	}
	over := ""
	if l.Over() {
		over = `<span style="position:absolute;top:.6em;right:.6em;z-index:1;padding:.15em .7em;border-radius:.4em;background:#181818;color:#fff;font:700 1rem/1.5 sans-serif">` + template.HTMLEscapeString(l.Text) + "</span>\n"
	}
	caption := disclosed(a, catalogue()[lang])
	if n := note(a, lang); n != "" {
		caption += " " + n
	}
	return `<figure style="position:relative">` + "\n" + over + element + "<figcaption>" + template.HTMLEscapeString(caption) + "</figcaption>\n</figure>\n"
}
