package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/judge"
	"presswerk/internal/publish"
)

// reviewReportCmd says what people's decisions tell about the judge.
type reviewReportCmd struct {
	Brand string  `arg:"" optional:"" placeholder:"BRAND" help:"${arg_report_brand}"`
	Look  float64 `name:"look" default:"1" placeholder:"N" help:"${flag_look}"`
	Miss  float64 `name:"miss" default:"5" placeholder:"N" help:"${flag_miss}"`
	Out   string  `short:"o" name:"out" type:"path" placeholder:"DIR" help:"${flag_report_out}"`
}

// reviewReport is the answer.
type reviewReport struct {
	art.ReviewReport
	Page string `json:"page"`
}

// Run measures the judge by the decisions of people and writes the page; exit 1 when a score has moved or there is too little
// to calibrate with.
func (c *reviewReportCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	if c.Brand, err = l.ws.onlyBrand(c.Brand); err != nil {
		return err
	}
	kit, err := l.ws.ReadKit(c.Brand)
	if err != nil {
		return err
	}
	r, err := l.factory.Reviewed(ctx, kit.ID, judge.Costs{Look: c.Look, Miss: c.Miss})
	if err != nil {
		return err
	}
	dir := cmp.Or(c.Out, filepath.Join(l.ws.StateDir(), "reviews", kit.ID))
	brand := publish.Brand{Name: kit.Name, Owner: kit.Owner.Name, Colours: kit.Colours, Rights: kit.Rights}
	if err := publish.Review(publish.Reviews{Report: r, Brand: brand, Generator: "Presswerk " + version}, dir); err != nil {
		return err
	}
	a := reviewReport{r, filepath.Join(dir, "index.html")}
	if err := g.answer(a, func(w io.Writer) { a.text(w, g.words) }); err != nil {
		return err
	}
	if r.Calibration == nil || r.Moved() {
		return errNo
	}
	return nil
}

func (a reviewReport) text(w io.Writer, words words) {
	fmt.Fprintln(w, words.say("report_decided", a.Decided, a.Judged, a.Approved, a.People, a.Runs))
	if c := a.Calibration; c != nil {
		fmt.Fprintln(w, words.say("report_calibration", c.Method, c.Brier, c.BaseBrier, c.ECE, c.AUC))
		from := "–"
		if c.From != nil {
			from = fmt.Sprintf("%.3g", *c.From)
		}
		fmt.Fprintln(w, words.say("report_threshold", 100*c.Show, from, 100*c.Shown, 100*c.Found))
	} else {
		fmt.Fprintln(w, a.Reason)
	}
	if a.Agreement.Alpha != nil {
		fmt.Fprintln(w, words.say("report_alpha", *a.Agreement.Alpha, a.Agreement.Pictures))
	}
	for _, s := range a.Scores {
		if s.Alarm {
			fmt.Fprintln(w, words.say("report_moved", s.Scorer, *s.Earlier, *s.Late, *s.PSI))
		}
	}
	fmt.Fprintln(w, words.say("report_page", a.Page))
}
