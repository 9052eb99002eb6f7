package publish

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// compareCard is all that stands behind one engine's line.
type compareCard struct {
	ID, Name, Outcome, Says, Reason string
	Repeat                          string // in a sentence
	Pairs                           []comparePair
	Groups                          []compareGroup
	Lists                           []compareList
}

// comparePair is two answers to one request, and where they differ.
type comparePair struct {
	Name  string
	Shots []compareShot
}

// compareGroup is some facts under a heading.
type compareGroup struct {
	Name string
	Rows []row
}

// compareList is fields with reasons under a heading. Reasons are the plan's, in English.
type compareList struct {
	Name  string
	Items []row
	None  string
}

func newCompareCard(c art.EngineComparison, r art.EngineRow, root string, w words, lang art.Language) compareCard {
	card := compareCard{ID: anchor(r), Name: rowName(r), Outcome: pill(r.State), Says: w["cmp_"+string(r.State)]}
	if r.State != art.RowRefused {
		card.Reason = r.Reason
	}
	for _, p := range r.Pictures {
		if p.Again == nil || p.Again.Identical {
			continue
		}
		pair := comparePair{Name: c.Pictures[p.Cell].Name, Shots: []compareShot{
			{Src: pictureFile(root, p.Image, p.MIME), Alt: w["cmp_first"], Name: w["cmp_first"], Width: p.Width, Height: p.Height},
			{Src: pictureFile(root, p.Again.Image, p.Again.MIME), Alt: w["cmp_second"], Name: w["cmp_second"], Width: p.Again.Width, Height: p.Again.Height},
		}}
		if p.Again.Difference != "" {
			name := fmt.Sprintf(w["cmp_diff"], figure(p.Again.Strength, lang))
			pair.Shots = append(pair.Shots, compareShot{Src: pictureFile(root, p.Again.Difference, "image/png"), Alt: name, Name: name, Width: p.Width, Height: p.Height})
		}
		card.Pairs = append(card.Pairs, pair)
	}
	if n := r.Repeat; n.Available {
		card.Repeat = w["cmp_not_promised"]
		if n.Promised {
			card.Repeat = w["cmp_promised"]
		}
		if n.Identical == n.Pairs {
			card.Repeat = w["cmp_same"] + " " + card.Repeat
		} else {
			card.Repeat = fmt.Sprintf(w["cmp_some_identical"], n.Identical, n.Pairs, n.MaxAbsDiff) + ". " + card.Repeat
		}
	}
	card.Groups = compareGroups(r, w, lang)
	card.Lists = compareLists(r, w)
	return card
}

// compareGroups are the facts of an engine: settings, money, licence, data.
func compareGroups(r art.EngineRow, w words, lang art.Language) []compareGroup {
	all := []compareGroup{
		{w["cmp_settings"], settingRows(r, w)}, {w["cmp_cost"], costRows(r.Cost, w, lang)}, {w["cmp_license"], termRows(r.Terms, w, lang)}, {w["cmp_data"], dataRows(r.Data, w, lang)},
	}
	for i := range all {
		all[i].Rows = slices.DeleteFunc(all[i].Rows, func(x row) bool { return x.Value == "" })
	}
	return slices.DeleteFunc(all, func(g compareGroup) bool { return len(g.Rows) == 0 })
}

func settingRows(r art.EngineRow, w words) []row {
	rows := []row{{w["cmp_version"], r.EngineVersion}}
	if len(r.Pictures) == 0 {
		return rows
	}
	p := r.Pictures[0].Recipe
	rows = append(rows, row{w["cmp_prompt"], p.Prompt}, row{w["cmp_negative"], p.NegativePrompt}, row{w["size"], fmt.Sprintf("%d × %d", p.Width, p.Height)})
	if p.Sampler != "" {
		rows = append(rows, row{w["sampler"], strings.TrimSuffix(p.Sampler+" / "+p.Scheduler, " / ")})
	}
	if p.Steps > 0 {
		rows = append(rows, row{w["steps"], fmt.Sprint(p.Steps)})
	}
	if p.GuidanceScale > 0 {
		rows = append(rows, row{w["guidance"], fmt.Sprintf("%g", p.GuidanceScale)})
	}
	if p.Seed > 0 {
		rows = append(rows, row{w["seed"], fmt.Sprint(int64(p.Seed))})
	}
	var said []string
	for _, s := range r.Pictures {
		for _, n := range s.Notes {
			if !slices.Contains(said, n) {
				said = append(said, n)
			}
		}
	}
	return append(rows, row{w["cmp_notes_said"], strings.Join(said, "; ")})
}

func costRows(c art.RowCost, w words, lang art.Language) []row {
	if c.Requests == 0 || c.Quote.Free() {
		return nil
	}
	price := w["cmp_unknown"]
	if c.Quote.Known {
		price = money(c.Quote.Amount, c.Quote.Currency, lang)
	}
	rows := []row{
		{w["cmp_col_estimate"], price},
		{w["cmp_price_from"], strings.Trim(c.Quote.Source+" · "+c.Quote.Dated, " ·")},
		{w["cmp_requests"], fmt.Sprint(c.Requests)},
		{w["cmp_col_paid"], money(c.Paid, c.Currency, lang)},
	}
	if c.Answered > 0 && c.High > c.Low {
		rows = append(rows, row{w["cmp_each"], fmt.Sprintf(w["cmp_spread"], money(c.Low, c.Currency, lang), money(c.High, c.Currency, lang))})
	}
	if c.Answered > 0 {
		rows = append(rows, row{w["cmp_paid_from"], fmt.Sprintf(w["cmp_paid_by"], c.Told, c.Answered)})
	}
	return rows
}

func termRows(t art.RowTerms, w words, lang art.Language) []row {
	commercial := map[string]string{art.TermYes: w["cmp_yes"], art.TermNo: w["cmp_no"], art.TermUnknown: w["cmp_unknown_term"]}[t.Commercial]
	return []row{
		{w["license"], t.License},
		{w["cmp_commercial"], cmp.Or(commercial, w["cmp_unknown_term"])},
		{w["cmp_excluded"], strings.Join(t.Excluded, ", ")},
		{w["cmp_conditions"], t.Conditions.In(lang)},
		{w["cmp_pictures"], t.Pictures.In(lang)},
		{w["cmp_forbids"], t.Forbids},
		{w["cmp_card"], w["cmp_card_"+t.Card]},
		{w["cmp_dated"], t.Dated},
	}
}

func dataRows(d art.RowData, w words, lang art.Language) []row {
	if !d.Hosted {
		return []row{{w["cmp_operator"], w["cmp_own"]}}
	}
	region := d.Region
	if region == "unknown" || region == "" {
		region = w["cmp_region_unknown"]
	}
	return []row{
		{w["cmp_operator"], d.Operator},
		{w["cmp_region"], region},
		{w["cmp_use"], cmp.Or(d.Use.In(lang), w["cmp_not_said"])},
		{w["cmp_safety"], cmp.Or(d.Safety.In(lang), w["cmp_not_said"])},
		{w["cmp_dated"], d.Dated},
	}
}

// compareLists are what an engine refuses, what was left out because of it, and what a production would meet besides.
func compareLists(r art.EngineRow, w words) []compareList {
	refusals := func(all []art.Refusal) []row { // what to do about it is for whoever plans; here the other engines stand beside
		var rows []row
		for _, f := range all {
			reason := strings.TrimPrefix(f.Reason, r.Engine+" with model "+r.Model.Name+" ")
			if n := len(rows); n > 0 && rows[n-1].Label == f.Field {
				rows[n-1].Value += "; " + reason
				continue
			}
			rows = append(rows, row{f.Field, reason})
		}
		return rows
	}
	lists := []compareList{{Name: w["cmp_fields"], Items: refusals(r.Refused)}}
	if len(r.Refused) == 0 && r.State != art.RowAbsent {
		lists[0].None = w["cmp_no_fields"]
	}
	var left []row
	for _, a := range r.Adapted {
		text := fmt.Sprintf(w["cmp_dropped"], a.Said)
		if a.Taken != "" {
			text = fmt.Sprintf(w["cmp_adapted_to"], a.Said, a.Taken)
		}
		left = append(left, row{a.Field, text})
	}
	lists = append(lists, compareList{Name: w["cmp_adapted"], Items: left}, compareList{Name: w["cmp_production"], Items: refusals(r.Production)}, compareList{Name: w["cmp_warnings"], Items: refusals(r.Warnings)})
	return slices.DeleteFunc(lists, func(l compareList) bool { return len(l.Items) == 0 && l.None == "" })
}
