package dataset

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

//go:embed page.html
var pageText string

// card is one picture on the page.
type card struct {
	Picture
	Image template.URL
	Notes []note
}

// note is a finding on the page.
type note struct{ Severity, Where, Reason, Remedy string }

// Page writes the report as one HTML file in the language "en" or "de", with small pictures inside.
func Page(r Report, lang string) ([]byte, error) {
	de := lang == "de"
	say := func(en, german string) string {
		if de {
			return german
		}
		return en
	}
	notes := map[string][]note{}
	for _, f := range r.Findings {
		where := f.File
		notes[f.File] = append(notes[f.File], note{f.Severity, where, f.Reason.In(lang), f.Remedy.In(lang)})
	}
	var bad, good []card
	shown := map[string]bool{"": true}
	for _, p := range r.Pictures {
		c := card{p, template.URL(p.preview), notes[p.File]} //nolint:gosec // made by the caller of the picture itself
		shown[p.File] = true
		if len(c.Notes) > 0 {
			bad = append(bad, c)
		} else {
			good = append(good, c)
		}
	}
	whole := notes[""]
	for _, file := range slices.Sorted(maps.Keys(notes)) {
		if !shown[file] {
			whole = append(whole, notes[file]...)
		}
	}
	t, err := template.New("page").Funcs(template.FuncMap{"say": say}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("dataset: writing the report: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Lang": lang, "Title": r.Title.In(lang), "Report": r, "Whole": whole, "Bad": bad, "Good": good, "Errors": r.Errors(),
		"Warnings": len(r.Findings) - r.Errors(), "Usable": len(r.Usable()), "Licences": licences(r.Rights), "Conditions": r.Rights.Conditions().In(lang), "Commercial": answer(r.Rights.Commercial, say),
	})
	if err != nil {
		return nil, fmt.Errorf("dataset: writing the report: %w", err)
	}
	return b.Bytes(), nil
}

func answer(term string, say func(en, de string) string) string {
	return map[string]string{art.TermYes: say("yes", "ja"), art.TermNo: say("no", "nein"), art.TermUnknown: say("open", "offen")}[term]
}

func licences(r Rights) string {
	var all []string
	for _, id := range slices.Sorted(maps.Keys(r.Licenses)) {
		all = append(all, fmt.Sprintf("%s × %d", id, r.Licenses[id]))
	}
	return strings.Join(all, ", ")
}
