package publish

import (
	"fmt"
	"maps"
	"math"

	"presswerk/internal/art"
)

// Reviews is all that the page on people's decisions is made of.
type Reviews struct {
	Report    art.ReviewReport
	Brand     Brand
	Generator string // "Presswerk 0.1.0"
}

// reviewPage is what the template shows.
type reviewPage struct {
	frame
	Heading, Lead, Made, Reason string
	Ticks                       []tick
	Dots                        []dot
	Figures, Threshold          []row
	Costs                       string
	Scores                      []reviewScore
}

// Coordinates of the reliability diagram: a square of side units with room for the axes.
const (
	plotSide = 400
	dotLeast = 4.0
	dotMost  = 13.0
)

// tick is a mark of both axes: At from the left, Up from the top.
type tick struct{ At, Up, Label string }

type dot struct{ X, Y, Low, High, R, Label string }

type reviewScore struct {
	Name, Unit, Order, Cases, Median, Drift string
	Level                                   string // of the order, 0 to 100, for its bar
	Alarm                                   bool
}

// Review writes the page on people's decisions into dir, in English and German, whole or not at all.
func Review(r Reviews, dir string) error {
	return replace(dir, func(tmp string) error {
		b, err := newBuilder(tmp, r.Brand.Colours, "guard.css", "compare.css", "review.css")
		if err != nil {
			return err
		}
		for _, lang := range []art.Language{art.English, art.German} {
			if err := b.review(r, lang); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *builder) review(r Reviews, lang art.Language) error {
	w := maps.Clone(catalogue()[lang])
	w["footer"] = w["rev_footer"]
	d := r.Report
	p := reviewPage{
		frame:   frame{Lang: lang, Words: w, Style: b.style, Brand: r.Brand.Name.In(lang), OtherLang: w["other_lang"], Alternate: "de/index.html", Generator: r.Generator},
		Heading: fmt.Sprintf(w["rev_heading"], r.Brand.Name.In(lang)), Lead: w["rev_lead_none"], Reason: d.Reason, Made: d.At.UTC().Format("2006-01-02 15:04 MST"),
	}
	name := "index.html"
	if lang == art.German {
		name, p.Root, p.Alternate = "de/index.html", "../", "../index.html"
	}
	p.Figures = []row{
		{w["rev_judged"], fmt.Sprint(d.Judged)},
		{w["rev_decided"], fmt.Sprint(d.Decided)},
		{w["rev_share"], fmt.Sprint(d.Approved)},
		{w["rev_people"], fmt.Sprint(d.People)},
		{w["rev_runs"], fmt.Sprint(d.Runs)},
		{w["rev_alpha"], alphaText(d.Agreement, w, lang)},
	}
	if c := d.Calibration; c != nil {
		p.calibration(*c, w, lang)
	}
	for _, s := range d.Scores {
		p.Scores = append(p.Scores, newReviewScore(s, lang))
	}
	p.Title, p.Description = p.Heading, p.Lead
	return b.page(name, "review.html", p)
}

func alphaText(a art.Agreement, w words, lang art.Language) string {
	switch {
	case a.Pictures == 0:
		return w["rev_alpha_none"]
	case a.Alpha == nil:
		return w["rev_alpha_same"]
	default:
		return fmt.Sprintf(w["rev_alpha_of"], figure(*a.Alpha, lang), a.Pictures)
	}
}

// calibration fills in the diagram and its figures.
func (p *reviewPage) calibration(c art.Calibrated, w words, lang art.Language) {
	p.Lead = w["rev_lead_weak"]
	if c.Brier < 0.9*c.BaseBrier {
		p.Lead = w["rev_lead_good"]
	}
	for i := 0; i <= 4; i++ {
		v := float64(i) / 4
		p.Ticks = append(p.Ticks, tick{coordinate(v), coordinate(1 - v), percent(v, lang)})
	}
	most := 1
	for _, b := range c.Bins {
		most = max(most, b.Count)
	}
	for _, b := range c.Bins {
		r := dotLeast + (dotMost-dotLeast)*math.Sqrt(float64(b.Count)/float64(most))
		p.Dots = append(p.Dots, dot{
			X: coordinate(b.Foretold), Y: coordinate(1 - b.Approved), Low: coordinate(1 - b.Low), High: coordinate(1 - b.High), R: fmt.Sprintf("%.1f", r),
			Label: fmt.Sprintf(w["rev_dot"], percent(b.Foretold, lang), percent(b.Approved, lang), b.Count),
		})
	}
	p.Figures = append(
		p.Figures, row{w["rev_method"], fmt.Sprintf(w["rev_folds"], c.Method, c.Folds)}, row{w["rev_brier"], fmt.Sprintf(w["rev_brier_of"], figure(c.Brier, lang), figure(c.BaseBrier, lang))},
		row{w["rev_ece"], figure(c.ECE, lang)}, row{w["rev_auc"], fmt.Sprintf(w["rev_auc_text"], figure(c.AUC, lang))},
	)
	p.Costs = fmt.Sprintf(w["rev_costs"], figure(c.Miss/c.Look, lang), percent(c.Show, lang))
	from := w["rev_from_none"]
	if c.From != nil {
		from = "≥ " + figure(*c.From, lang)
	}
	p.Threshold = []row{{w["rev_from"], from}, {w["rev_shown"], percent(c.Shown, lang)}, {w["rev_found"], percent(c.Found, lang)}, {w["rev_saved"], percent(c.Saved, lang)}}
}

func coordinate(share float64) string { return fmt.Sprintf("%.1f", plotSide*share) }

func percent(v float64, lang art.Language) string {
	if lang == art.German {
		return fmt.Sprintf("%.0f %%", 100*v)
	}
	return fmt.Sprintf("%.0f%%", 100*v)
}

func newReviewScore(s art.ScoreRecord, lang art.Language) reviewScore {
	r := reviewScore{Name: s.Scorer, Unit: s.Unit, Order: "–", Cases: fmt.Sprint(s.Cases), Median: "–", Drift: "–", Alarm: s.Alarm}
	if s.AUC != nil {
		r.Order, r.Level = figure(*s.AUC, lang), fmt.Sprintf("%.0f", 100**s.AUC)
	}
	if s.PSI != nil && s.Earlier != nil && s.Late != nil {
		r.Median, r.Drift = figure(*s.Earlier, lang)+" → "+figure(*s.Late, lang), figure(*s.PSI, lang)
	}
	return r
}
