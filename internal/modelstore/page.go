package modelstore

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// section is one heading of a card with its words. A table has rows in place of words.
type section struct {
	Title string
	Text  []string
	List  []string
	Rows  [][]string
	Plate []plate
}

// plate is a picture of a card with its words.
type plate struct {
	File, Title, Alt string
	Data             template.URL // of the page, which is one file
}

// heading is a word of a rendered card in English and German.
func heading(lang, en, de string) string {
	if lang == "de" {
		return de
	}
	return en
}

// sections lays a card out, without what it leaves open.
func sections(c art.ModelCard, lang string) []section {
	h := func(en, de string) string { return heading(lang, en, de) }
	var facts, measures, sources [][]string
	for _, f := range c.Facts {
		facts = append(facts, []string{f.Name.In(lang), f.Value.In(lang)})
	}
	for _, m := range c.Measures {
		measures = append(measures, []string{m.Name.In(lang), m.Value, m.How.In(lang)})
	}
	for _, s := range c.Data.Sources {
		sources = append(sources, []string{s.Name, s.License, s.Author, s.Note.In(lang)})
	}
	var weak []string
	for _, w := range c.Weaknesses {
		weak = append(weak, w.In(lang))
	}
	var plates []plate
	for _, p := range c.Pictures {
		plates = append(plates, plate{File: p.File, Title: p.Title.In(lang), Alt: p.Alt.In(lang)})
	}
	all := []section{
		{Rows: overview(c, lang)},
		{Title: h("Terms of use", "Nutzungsbedingungen"), Text: []string{c.License.Summary.In(lang), c.Terms.Conditions.In(lang)}, Rows: terms(c, lang)},
		{Title: h("How it is built", "Aufbau"), Rows: facts},
		{Title: h("How to use it", "Gebrauch"), Text: []string{c.Usage.In(lang)}, List: c.Triggers},
		{Title: h("Meant for", "Gedacht für"), Text: []string{c.Purpose.In(lang)}},
		{Title: h("Not meant for", "Nicht gedacht für"), Text: []string{c.NotFor.In(lang)}},
		{Title: h("What it does well", "Was es gut kann"), Text: []string{c.Strengths.In(lang)}},
		{Title: h("Known weaknesses", "Bekannte Schwächen"), List: weak},
		{Title: h("Risks", "Risiken"), Text: []string{c.Risks.In(lang)}},
		{Title: h("Measured", "Gemessen"), Rows: measures},
		{Title: h("Pictures", "Bilder"), Plate: plates},
		{Title: h("Training", "Training"), Text: []string{c.Training.In(lang)}},
		{Title: h("Training data", "Trainingsdaten"), Text: []string{c.Data.Why.In(lang), c.Data.Summary.In(lang)}, Rows: sources},
		{Title: h("Left out", "Weggelassen"), Text: []string{c.Data.LeftOut.In(lang)}},
		{Title: h("Preparation", "Aufbereitung"), Text: []string{c.Data.Preparation.In(lang)}},
		{Title: h("Consent and opt-out", "Einwilligung und Nutzungsvorbehalt"), Text: []string{c.Data.OptOut.In(lang)}},
		{Title: h("Personal data", "Personenbezogene Daten"), Text: []string{c.Data.Personal.In(lang)}},
		{Title: h("Trained by others", "Von anderen trainiert"), Text: []string{c.Data.Others.In(lang)}},
		{Title: h("Upkeep", "Pflege"), Text: []string{c.Data.Upkeep.In(lang)}},
		{Title: h("EU AI Act", "KI-Verordnung der EU"), Rows: aiAct(c, lang), Text: []string{c.AIAct.Risk.In(lang), c.AIAct.Marking.In(lang)}},
	}
	var kept []section
	for _, s := range all {
		s.Text, s.Rows = present(s.Text), filled(s.Rows)
		if len(s.Text)+len(s.List)+len(s.Rows)+len(s.Plate) > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

func overview(c art.ModelCard, lang string) [][]string {
	license := c.License.ID
	if c.License.Name != "" && c.License.Name != c.License.ID {
		license += " (" + c.License.Name + ")"
	}
	h := func(en, de string) string { return heading(lang, en, de) }
	return [][]string{
		{h("kind", "Art"), strings.TrimSpace(c.Kind + " " + c.Base)},
		{h("makers", "Hersteller"), c.Makers},
		{h("contact", "Kontakt"), c.Contact},
		{h("date", "Datum"), c.Date},
		{h("licence", "Lizenz"), license},
		{h("licence text", "Lizenztext"), c.License.URL},
	}
}

func terms(c art.ModelCard, lang string) [][]string {
	h := func(en, de string) string { return heading(lang, en, de) }
	accept := ""
	if c.License.Accept {
		accept = h("once in each workspace", "einmal je Arbeitsbereich")
	}
	return [][]string{
		{h("commercial use", "kommerzielle Nutzung"), word(c.Terms.Commercial, lang)},
		{h("not in", "nicht in"), strings.Join(c.Terms.Excluded, ", ")},
		{h("to be accepted", "anzunehmen"), accept},
	}
}

func aiAct(c art.ModelCard, lang string) [][]string {
	h := func(en, de string) string { return heading(lang, en, de) }
	open := art.TermNo
	if c.AIAct.OpenWeights {
		open = art.TermYes
	}
	role := map[string]string{
		"provider": h("provider", "Anbieter"), "deployer": h("deployer", "Betreiber"), "both": h("provider and deployer", "Anbieter und Betreiber"),
	}[c.AIAct.Role]
	return [][]string{
		{h("general-purpose AI model (Art. 3(63))", "KI-Modell mit allgemeinem Verwendungszweck (Art. 3 Nr. 63)"), word(c.AIAct.GPAI, lang)},
		{h("weights are public under a free licence (Art. 53(2))", "Gewichte öffentlich unter freier Lizenz (Art. 53 Abs. 2)"), word(open, lang)},
		{h("role of whoever runs it here", "Rolle dessen, der es hier betreibt"), role},
		{h("summary of the training content (Art. 53(1)(d))", "Zusammenfassung der Trainingsinhalte (Art. 53 Abs. 1 Buchst. d)"), c.AIAct.Summary},
	}
}

func word(term, lang string) string {
	if lang != "de" {
		return term
	}
	return map[string]string{art.TermYes: "ja", art.TermNo: "nein", art.TermUnknown: "nicht bekannt"}[term]
}

// present leaves empty words out.
func present(all []string) []string {
	var kept []string
	for _, s := range all {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// filled leaves rows out in which only the first cell says something.
func filled(rows [][]string) [][]string {
	var kept [][]string
	for _, r := range rows {
		if strings.Join(r[1:], "") != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

func cardTitle(c art.ModelCard, lang string) string {
	title := heading(lang, "Model card: ", "Modellkarte: ") + strings.TrimSpace(c.Model+" "+c.Version)
	if c.Draft {
		title += heading(lang, " (draft)", " (Entwurf)")
	}
	return title
}

// Markdown writes a card for people, in the language "en" or "de".
func Markdown(c art.ModelCard, lang string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", cardTitle(c, lang))
	if title := c.Title.In(lang); title != "" {
		fmt.Fprintf(&b, "\n%s\n", title)
	}
	for _, s := range sections(c, lang) {
		if s.Title != "" {
			fmt.Fprintf(&b, "\n## %s\n", s.Title)
		}
		for _, t := range s.Text {
			fmt.Fprintf(&b, "\n%s\n", t)
		}
		for i, t := range s.List {
			if i == 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "- %s\n", t)
		}
		for i, r := range s.Rows {
			if i == 0 {
				fmt.Fprintf(&b, "\n%s|\n%s|\n", strings.Repeat("| ", len(r)), strings.Repeat("|---", len(r)))
			}
			fmt.Fprintf(&b, "| %s |\n", strings.ReplaceAll(strings.Join(r, " | "), "\n", " "))
		}
		for _, p := range s.Plate {
			fmt.Fprintf(&b, "\n![%s](%s)\n\n%s\n", p.Alt, p.File, p.Title)
		}
	}
	return b.String()
}

const cardPage = `<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c1c1e;background:#fff}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #ccc;padding:.3rem .6rem .3rem 0;vertical-align:top}
figure{margin:1rem 0}img{max-width:100%;height:auto}figcaption{font-size:.9rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161618}td{border-color:#444}}
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Lead}}</p>
{{range .Sections}}<section>
{{with .Title}}<h2>{{.}}</h2>
{{end}}{{range .Text}}<p>{{.}}</p>
{{end}}{{with .List}}<ul>
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{with .Rows}}<table>
<tbody>
{{range .}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody>
</table>
{{end}}{{range .Plate}}<figure>
<img src="{{.Data}}" alt="{{.Alt}}">
<figcaption>{{.Title}}</figcaption>
</figure>
{{end}}</section>
{{end}}</main>
</body>
</html>
`

// maxPlate is how large a picture of a card may be, in bytes: pages hold them.
const maxPlate = 8 << 20

// Page writes a card as one page of HTML, in the language "en" or "de", with the pictures that lie in the card's folder.
func Page(c art.ModelCard, lang string) ([]byte, error) {
	t, err := template.New("card").Parse(cardPage)
	if err != nil {
		return nil, fmt.Errorf("modelstore: the page of a card: %w", err)
	}
	all := sections(c, lang)
	for _, s := range all {
		for i := range s.Plate {
			if s.Plate[i].Data, err = inline(filepath.Join(c.Folder, filepath.FromSlash(s.Plate[i].File))); err != nil {
				return nil, err
			}
		}
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Lang, Title, Lead string
		Sections          []section
	}{lang, cardTitle(c, lang), c.Title.In(lang), all})
	if err != nil {
		return nil, fmt.Errorf("modelstore: the page of a card: %w", err)
	}
	return b.Bytes(), nil
}

// inline reads a picture as an address that holds it.
func inline(path string) (template.URL, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("a picture of a card: put it there, or take it out of the card: %w", err)
	}
	if info.Size() > maxPlate {
		return "", art.Invalid("pictures", fmt.Sprintf("%s has %d MiB", path, info.Size()>>20), fmt.Sprintf("make it smaller than %d MiB", maxPlate>>20))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("a picture of a card: %w", err)
	}
	kind := http.DetectContentType(data)
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/webp"}, kind) {
		return "", art.Invalid("pictures", path+" is "+kind, "use PNG, JPEG or WebP")
	}
	// Only raster pictures come here, and base64 has no character that ends an attribute.
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)), nil //nolint:gosec // see above
}
