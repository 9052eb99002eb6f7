package sheet

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"

	"presswerk/internal/art"
)

//go:embed sheet.html
var page string

// Sheet is what a page shows.
type Sheet struct {
	Lang, Other         string // languages; Other is the file of the other one
	Title, Lead, Notice string
	Bad                 bool // the notice is about something that is worse than it should be
	Tables              []Table
	Made                string // the last line: how it was made
}

// Table is a list of rates, of words, or both. Heads stand over the rates, else over the rows.
type Table struct {
	Title, Note string
	Heads       []string
	Rates       []Bar
	Rows        [][]string
}

// Bar is a rate with its interval on a line from 0 to 100.
type Bar struct {
	Name, Count, Share string
	Left, Width, At    string // per cent of the line
}

// BarOf draws a rate.
func BarOf(r Rate) Bar {
	n := func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }
	return Bar{
		Name: r.Name, Count: fmt.Sprintf("%d / %d", r.Count, r.Tried), Share: fmt.Sprintf("%s %% (%s–%s)", n(r.Share), n(r.Low), n(r.High)),
		Left: n(r.Low), Width: n(r.High - r.Low), At: n(r.Share),
	}
}

// Bars draws rates.
func Bars(all []Rate) []Bar {
	list := make([]Bar, len(all))
	for i, r := range all {
		list[i] = BarOf(r)
	}
	return list
}

// New begins a page in the language "en" or "de"; say picks between words in both.
func New(lang art.Language) (s Sheet, say func(en, de string) string) {
	if lang == art.German {
		return Sheet{Lang: lang, Other: "index.html"}, func(_, de string) string { return de }
	}
	return Sheet{Lang: lang, Other: "de.html"}, func(en, _ string) string { return en }
}

// Write gives the page as one HTML file.
func (s Sheet) Write() ([]byte, error) {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return nil, fmt.Errorf("writing a page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("writing a page: %w", err)
	}
	return b.Bytes(), nil
}

// Pages are the files in which a report is written in English and German: index.html and de.html.
func Pages(page func(lang art.Language) ([]byte, error)) (map[string][]byte, error) {
	files := map[string][]byte{}
	for lang, name := range map[art.Language]string{art.English: "index.html", art.German: "de.html"} {
		data, err := page(lang)
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}
