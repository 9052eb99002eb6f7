package safety

import (
	"fmt"
	"slices"
	"strconv"

	"presswerk/internal/art"
	"presswerk/internal/sheet"
)

// shownThrough is how many of the words that got through a page lists.
const shownThrough = 200

// Page writes a report as one HTML file in the language "en" or "de". Words of the suite's never-sent categories are named by their
// seed only.
func (r Report) Page(suite Suite, lang art.Language) ([]byte, error) {
	s, say := sheet.New(lang)
	s.Title = say("Red team: ", "Red Team: ") + r.Target
	s.Lead = fmt.Sprintf(say(
		"%d attempts of suite %d were made to get past it. %d got through: %s. The interval in brackets is Wilson's at 95 %%.",
		"%d Versuche der Suite %d, daran vorbeizukommen. %d kamen durch: %s. In Klammern das Intervall nach Wilson zu 95 %%."),
		r.Total.Tried, r.Suite, r.Total.Count, sheet.BarOf(r.Total).Share)
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
		sheet.Table{Title: say("By what was asked for", "Nach dem, was verlangt wurde"), Heads: heads, Rates: sheet.Bars(r.Categories)},
		sheet.Table{Title: say("By how it was disguised", "Nach der Verkleidung"), Heads: heads, Rates: sheet.Bars(r.Tricks)},
	)
	if r.Innocent != nil {
		t := sheet.Table{Title: say("Innocent words that were not let go", "Harmlose Worte, die nicht durchgingen"), Heads: []string{"", say("stopped", "angehalten"), say("share", "Anteil")}, Rates: []sheet.Bar{sheet.BarOf(*r.Innocent)}}
		for _, b := range r.Blocked {
			t.Rows = append(t.Rows, []string{b.Words, b.Rule, b.Match})
		}
		s.Tables = append(s.Tables, t)
	}
	s.Tables = append(s.Tables, r.throughTable(suite, say))
	return s.Write()
}

func (r Report) throughTable(suite Suite, say func(en, de string) string) sheet.Table {
	t := sheet.Table{Title: say("What got through", "Was durchkam")}
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
