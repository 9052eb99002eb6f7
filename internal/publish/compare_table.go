package publish

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// compareRow is one engine's line of the table.
type compareRow struct {
	Name, Model string
	Outcome     string // class of the pill
	Says        string
	Made        bool
	Reason      string // where nothing was made
	Link        string
	Cells       []compareCell
}

// compareCell is one figure, with a bar where its column has an end.
type compareCell struct {
	Label, Value, Detail string
	Bar                  string // length in hundredths; "" draws none
	Best                 bool
	Mark                 int // number of the note that says why there is no figure; 0: there is one
}

// cellView is a cell with the words around it.
type cellView struct {
	Cell  compareCell
	Words words
}

// column is one question to every engine.
type column struct {
	name   string
	better int // 1: more, -1: less, 0: neither
	full   float64
	of     func(r art.EngineRow) entry
}

// entry is an engine's answer.
type entry struct {
	value        float64
	text, detail string
	ok           bool
	reason       string
}

// compareTable asks every engine the same questions and marks the best answers. What has no answer gets a note.
func compareTable(c art.EngineComparison, w words, lang art.Language) (names []string, rows []compareRow, notes []string) {
	columns := compareColumns(c, w, lang)
	for _, col := range columns {
		names = append(names, w["cmp_col_"+col.name])
	}
	for _, r := range c.Rows {
		row := compareRow{
			Name: r.Engine, Model: strings.TrimSpace(r.Model.Name + " " + r.Model.Version), Outcome: pill(r.State), Says: w["cmp_"+string(r.State)],
			Made: len(r.Pictures) > 0, Reason: why(r, w), Link: anchor(r),
		}
		if row.Made {
			row.Cells = make([]compareCell, len(columns))
		}
		rows = append(rows, row)
	}
	for at, col := range columns {
		notes = col.fill(c, rows, at, w, notes)
	}
	return names, rows, notes
}

// fill writes a column's cells and collects the notes.
func (col column) fill(c art.EngineComparison, rows []compareRow, at int, w words, notes []string) []string {
	entries := make([]entry, len(rows))
	values, texts := map[int]float64{}, map[int]string{}
	full := col.full
	for i, r := range c.Rows {
		if !rows[i].Made {
			continue
		}
		if entries[i] = col.of(r); entries[i].ok {
			values[i], texts[i] = entries[i].value, entries[i].text
			full = math.Max(full, entries[i].value)
		}
	}
	for i, e := range entries {
		if !rows[i].Made {
			continue
		}
		cell := compareCell{Label: w["cmp_col_"+col.name], Value: e.text, Detail: e.detail}
		if !e.ok {
			n := slices.Index(notes, e.reason)
			if n < 0 {
				n, notes = len(notes), append(notes, e.reason)
			}
			cell.Value, cell.Mark = w["cmp_missing"], n+1
		} else if full > 0 && col.full >= 0 {
			cell.Bar = strconv.FormatFloat(100*e.value/full, 'f', 1, 64)
		}
		rows[i].Cells[at] = cell
	}
	for _, i := range winners(values, texts, col.better) {
		rows[i].Cells[at].Best = true
	}
	return notes
}

// winners lists the places of the best of several answers. What reads the same is equally good, and nothing is the best where
// most are.
func winners(values map[int]float64, texts map[int]string, better int) []int {
	if better == 0 || len(values) < 2 {
		return nil
	}
	first := -1
	for i, v := range values {
		if first < 0 || float64(better)*v > float64(better)*values[first] {
			first = i
		}
	}
	var all []int
	for i := range values {
		if texts[i] == texts[first] {
			all = append(all, i)
		}
	}
	if 2*len(all) > len(values) {
		return nil
	}
	return all
}

// short writes a number with two digits that count; a thousandth or less is nothing.
func short(v float64, lang art.Language) string {
	if v >= 100 {
		return figure(math.Round(v), lang)
	}
	return figure(math.Round(v*100)/100, lang)
}

// plain is a figure of which what is next to nothing reads as 0.
func plain(v float64, lang art.Language) string {
	if math.Abs(v) < 0.001 {
		v = 0
	}
	return figure(v, lang)
}

// compareColumns are the questions. A full of 0 takes the largest answer for the end of the bars, below 0 there are none.
func compareColumns(c art.EngineComparison, w words, lang art.Language) []column {
	cheap := -1
	if len(c.Cost) > 1 {
		cheap = 0 // currencies can't be compared
	}
	return []column{
		{art.FigurePrompt, 1, 0, measured(art.FigurePrompt, "%s", lang)},
		{art.FigureText, 1, 0, measured(art.FigureText, "%s", lang)},
		{art.FigureBrand, 1, 1, func(r art.EngineRow) entry {
			e := measured(art.FigureBrand, "%s", lang)(r)
			for _, f := range r.Figures {
				if f.Name == art.FigureBrand && f.Available {
					e.text = fmt.Sprintf(w["cmp_of"], f.Passed, f.Of)
				}
			}
			return e
		}},
		{"repeat", -1, -1, func(r art.EngineRow) entry { return repeated(r.Repeat, w, lang) }},
		{"seconds", -1, 0, func(r art.EngineRow) entry { return lasted(r.Seconds, w, lang) }},
		{"estimate", cheap, -1, func(r art.EngineRow) entry { return estimated(r.Cost, w, lang) }},
		{"paid", cheap, -1, func(r art.EngineRow) entry { return paidFor(r.Cost, w, lang) }},
		{art.FigureStyle, 0, 0, func(r art.EngineRow) entry {
			e := measured(art.FigureStyle, w["cmp_bits"], lang)(r)
			if r.Repeat.Available && r.Repeat.PDQ > 0 { // chance, too, is a range
				e.detail = fmt.Sprintf(w["cmp_itself"], figure(r.Repeat.PDQ, lang))
			}
			return e
		}},
	}
}

// measured reads one of the figures that the record names.
func measured(name, format string, lang art.Language) func(art.EngineRow) entry {
	return func(r art.EngineRow) entry {
		for _, f := range r.Figures {
			if f.Name != name {
				continue
			}
			if !f.Available {
				return entry{reason: f.Reason.In(lang)}
			}
			return entry{value: f.Value, text: fmt.Sprintf(format, figure(f.Value, lang)), ok: true}
		}
		return entry{reason: "–"}
	}
}

func repeated(r art.Repeat, w words, lang art.Language) entry {
	switch {
	case !r.Available:
		return entry{reason: r.Reason.In(lang)}
	case r.Identical == r.Pairs:
		return entry{text: w["cmp_identical"], detail: fmt.Sprintf(w["cmp_of"], r.Identical, r.Pairs), ok: true}
	}
	return entry{
		value: r.MeanAbsDiff, text: fmt.Sprintf(w["cmp_levels"], figure(r.MeanAbsDiff, lang)),
		detail: fmt.Sprintf(w["cmp_some_identical"], r.Identical, r.Pairs, r.MaxAbsDiff), ok: true,
	}
}

func lasted(s art.Seconds, w words, lang art.Language) entry {
	if s.Requests == 0 {
		return entry{reason: w["cmp_not_said"]}
	}
	return entry{value: s.Median, text: short(s.Median, lang) + "\u00a0s", detail: fmt.Sprintf(w["cmp_range"], short(s.Min, lang), short(s.Max, lang)), ok: true}
}

func estimated(c art.RowCost, w words, lang art.Language) entry {
	switch {
	case !c.Quote.Known:
		return entry{reason: w["cmp_unknown"]}
	case c.Quote.Amount == 0:
		return entry{text: w["cmp_nothing"], ok: true}
	}
	return entry{value: c.Quote.Amount.Float(), text: money(c.Quote.Amount, c.Quote.Currency, lang), detail: c.Quote.Dated, ok: true}
}

func paidFor(c art.RowCost, w words, lang art.Language) entry {
	if c.Paid == 0 && c.Quote.Free() {
		return entry{text: w["cmp_nothing"], ok: true}
	}
	e := entry{value: c.Paid.Float(), text: money(c.Paid, c.Currency, lang), ok: true, detail: fmt.Sprintf(w["cmp_for"], c.Answered)}
	switch {
	case c.Deviation == nil:
		e.detail += "; " + w["cmp_untold"]
	case math.Abs(*c.Deviation) < 0.0005:
		e.detail += "; " + w["cmp_as_estimated"]
	default:
		e.detail += "; " + fmt.Sprintf(w["cmp_off"], signed(math.Round(1000**c.Deviation)/10, lang))
	}
	return e
}

// pill is the colour of a state.
func pill(s art.RowState) string {
	switch s {
	case art.RowMade:
		return string(art.Better)
	case art.RowPartly:
		return string(art.Unsure)
	case art.RowAbsent:
		return "absent"
	}
	return string(art.Worse)
}

// why is why an engine made nothing, or not everything.
func why(r art.EngineRow, w words) string {
	if r.State != art.RowRefused {
		return r.Reason
	}
	var fields []string
	for _, f := range r.Refused {
		if !slices.Contains(fields, f.Field) {
			fields = append(fields, f.Field)
		}
	}
	return w["cmp_why_refused"] + " (" + strings.Join(fields, ", ") + ")"
}

// anchor is the name of an engine's card on the page.
func anchor(r art.EngineRow) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(r.Engine+"-"+r.Model.Name+"-"+r.Model.Version))
	return "engine-" + name
}

// compareScore is one scorer's line over the engines that made pictures.
type compareScore struct {
	Name, Unit, Hint, Meaning string
	Cells                     []compareCell
}

// compareScores sets everything side by side that was measured.
func compareScores(c art.EngineComparison, w words, lang art.Language) (names []string, lines []compareScore) {
	var made []art.EngineRow
	for _, r := range c.Rows {
		if len(r.Pictures) > 0 {
			made, names = append(made, r), append(names, rowName(r))
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	for _, s := range made[0].Scores {
		line := compareScore{Name: s.Scorer, Unit: s.Unit, Meaning: s.Meaning.In(lang)}
		better := 0
		switch s.Direction {
		case art.HigherIsBetter:
			better, line.Hint = 1, w["cmp_higher"]
		case art.LowerIsBetter:
			better, line.Hint = -1, w["cmp_lower"]
		default:
			line.Hint = w["cmp_band"]
		}
		values, texts := map[int]float64{}, map[int]string{}
		for i, r := range made {
			cell := compareCell{Label: rowName(r), Value: w["cmp_missing"]}
			if o, ok := scoreOf(r, s.Scorer); ok && o.Available {
				cell.Value = plain(o.Value, lang)
				values[i], texts[i] = o.Value, cell.Value
				if o.High > o.Low {
					cell.Bar = strconv.FormatFloat(100*math.Max(0, math.Min(1, (o.Value-o.Low)/(o.High-o.Low))), 'f', 1, 64)
				}
			} else if ok {
				cell.Detail = o.Reason
			}
			line.Cells = append(line.Cells, cell)
		}
		for _, i := range winners(values, texts, better) {
			line.Cells[i].Best = true
		}
		lines = append(lines, line)
	}
	return names, lines
}

func scoreOf(r art.EngineRow, scorer string) (art.Score, bool) {
	for _, s := range r.Scores {
		if s.Scorer == scorer {
			return s, true
		}
	}
	return art.Score{}, false
}
