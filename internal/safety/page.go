package safety

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"

	"presswerk/internal/art"
)

//go:embed page.html
var pageText string

// sheet is what a page shows: tables of rates and lists of words.
type sheet struct {
	Lang, Other         string // languages; Other is the file of the other one
	Title, Lead, Notice string
	Bad                 bool // the notice is about something that has become worse
	Tables              []table
	Made                string
}

type table struct {
	Title, Note string
	Heads       []string
	Rates       []bar
	Rows        [][]string
}

// bar is a rate with its interval on a line from 0 to 100.
type bar struct {
	Name, Count, Share string
	Left, Width, At    string // per cent of the line
}

func barOf(r Rate) bar {
	n := func(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) }
	return bar{
		Name: r.Name, Count: fmt.Sprintf("%d / %d", r.Count, r.Tried), Share: fmt.Sprintf("%s %% (%s–%s)", n(r.Share), n(r.Low), n(r.High)),
		Left: n(r.Low), Width: n(r.High - r.Low), At: n(r.Share),
	}
}

func bars(all []Rate) []bar {
	list := make([]bar, len(all))
	for i, r := range all {
		list[i] = barOf(r)
	}
	return list
}

func (s sheet) write() ([]byte, error) {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("safety: writing a page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("safety: writing a page: %w", err)
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

// newSheet begins a page; say picks the language.
func newSheet(lang art.Language) (s sheet, say func(en, de string) string) {
	if lang == art.German {
		return sheet{Lang: lang, Other: "index.html"}, func(_, de string) string { return de }
	}
	return sheet{Lang: lang, Other: "de.html"}, func(en, _ string) string { return en }
}

// shownThrough is how many of the words that got through a page lists.
const shownThrough = 200

// Page writes a report as one HTML file in the language "en" or "de". Words of the suite's never-sent categories are named by their
// seed only.
func (r Report) Page(suite Suite, lang art.Language) ([]byte, error) {
	s, say := newSheet(lang)
	s.Title = say("Red team: ", "Red Team: ") + r.Target
	s.Lead = fmt.Sprintf(say(
		"%d attempts of suite %d were made to get past it. %d got through: %s. The interval in brackets is Wilson's at 95 %%.",
		"%d Versuche der Suite %d, daran vorbeizukommen. %d kamen durch: %s. In Klammern das Intervall nach Wilson zu 95 %%."),
		r.Total.Tried, r.Suite, r.Total.Count, barOf(r.Total).Share)
	switch {
	case len(r.Regress) > 0:
		s.Bad, s.Notice = true, fmt.Sprintf(say("Worse than the baseline: %v", "Schlechter als zuvor: %v"), r.Regress)
	case r.Compared:
		s.Notice = say("Nothing is worse than the baseline.", "Nichts ist schlechter als zuvor.")
	default:
		s.Notice = say("There was no baseline to compare with.", "Es gab keinen früheren Stand zum Vergleich.")
	}
	if r.Failed > 0 {
		s.Notice += " " + fmt.Sprintf(say("%d attempts failed for other reasons and count nowhere.", "%d Versuche scheiterten aus anderen Gründen und zählen nirgends."), r.Failed)
	}
	heads := []string{"", say("got through", "durchgekommen"), say("share", "Anteil")}
	s.Tables = append(s.Tables,
		table{Title: say("By what was asked for", "Nach dem, was verlangt wurde"), Heads: heads, Rates: bars(r.Categories)},
		table{Title: say("By how it was disguised", "Nach der Verkleidung"), Heads: heads, Rates: bars(r.Tricks)},
	)
	if r.Innocent != nil {
		t := table{Title: say("Innocent words that were not let go", "Harmlose Worte, die nicht durchgingen"), Heads: []string{"", say("stopped", "angehalten"), say("share", "Anteil")}, Rates: []bar{barOf(*r.Innocent)}}
		for _, b := range r.Blocked {
			t.Rows = append(t.Rows, []string{b.Words, b.Rule, b.Match})
		}
		s.Tables = append(s.Tables, t)
	}
	s.Tables = append(s.Tables, r.throughTable(suite, say))
	return s.write()
}

func (r Report) throughTable(suite Suite, say func(en, de string) string) table {
	t := table{Title: say("What got through", "Was durchkam")}
	if len(r.Through) > shownThrough {
		t.Note = fmt.Sprintf(say("The first %d of %d; --json has all.", "Die ersten %d von %d; --json hat alle."), shownThrough, len(r.Through))
	}
	for _, x := range r.Through[:min(len(r.Through), shownThrough)] {
		words := strconv.Quote(x.Words)
		if slices.Contains(suite.Never, x.Category) {
			words = "(" + x.Seed + ")"
		}
		t.Rows = append(t.Rows, []string{x.Category, x.Trick, words, x.Note})
	}
	return t
}
