package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/publish"
)

// compareCmd makes one brief on several engines and sets pictures and figures side by side.
type compareCmd struct {
	Brief    string   `arg:"" type:"existingfile" help:"${arg_brief}"`
	Engines  []string `name:"engines" sep:"," placeholder:"NAME[/MODEL],…" help:"${flag_engines}"`
	Pictures int      `name:"pictures" default:"3" help:"${flag_cmp_pictures}"`
	Twice    bool     `name:"twice" default:"true" negatable:"" help:"${flag_twice}"`
	Strict   bool     `name:"strict" help:"${flag_strict}"`
	Pay      bool     `name:"pay" help:"${flag_cmp_pay}"`
	By       string   `name:"by" placeholder:"NAME" help:"${flag_by}"`
	Out      string   `short:"o" name:"out" type:"path" placeholder:"DIR" help:"${flag_cmp_out}"`
}

// maxCompared is how many pictures of each engine somebody looks through.
const maxCompared = 24

// enginesCompared is the answer of compare.
type enginesCompared struct {
	art.EngineComparison
	Page string `json:"page,omitempty"` // "" where nothing was sent
}

// Run announces what it will send and cost, sends it, keeps the figures and writes the page; exit 1 when no engine made a
// picture, or when something costs and nobody said --pay.
func (c *compareCmd) Run(ctx context.Context, g *globals) error {
	if c.Pictures < 1 || c.Pictures > maxCompared {
		return art.Invalid("pictures", fmt.Sprintf("%d is out of range", c.Pictures), fmt.Sprintf("write 1 to %d", maxCompared))
	}
	ws, order, err := g.order(ctx, c.Brief)
	if err != nil {
		return err
	}
	l, err := openLine(ctx, g, ws, lineOptions{})
	if err != nil {
		return err
	}
	defer l.close()
	o := factory.CompareOrder{
		Order: order, Engines: c.Engines, Pictures: c.Pictures, Once: !c.Twice, Strict: c.Strict, Pay: c.Pay, By: cmp.Or(c.By, g.settings.User),
	}
	planned, err := l.factory.PlanCompare(o)
	if err != nil {
		return err
	}
	g.announce(planned)
	made, err := l.factory.Compare(ctx, o, nil)
	if err != nil {
		if g.JSON && made.ID == "" && !c.Pay { // what it would cost is worth knowing
			_ = g.answer(enginesCompared{EngineComparison: planned}, nil)
		}
		return err
	}
	answer := enginesCompared{EngineComparison: made}
	if answer.Page, err = l.comparePage(ctx, made, order, cmp.Or(c.Out, filepath.Join(ws.comparisons(), made.ID))); err != nil {
		return err
	}
	if err := g.answer(answer, func(w io.Writer) { answer.text(w, g.words) }); err != nil {
		return err
	}
	for _, r := range made.Rows {
		if len(r.Pictures) > 0 {
			return nil
		}
	}
	return errNo
}

// comparePage writes the page of a comparison into dir and gives its path.
func (l *line) comparePage(ctx context.Context, c art.EngineComparison, o factory.Order, dir string) (string, error) {
	err := publish.Compare(ctx, publish.Contest{
		Comparison: c, Open: l.blobs.Get, Generator: "Presswerk " + version,
		Brand: publish.Brand{Name: o.Kit.Name, Owner: o.Kit.Owner.Name, Colours: o.Kit.Colours, Rights: o.Kit.Rights},
	}, dir)
	return filepath.Join(dir, "index.html"), err
}

// comparisons is where pages of comparisons are written that go nowhere else.
func (w workspaceDir) comparisons() string { return filepath.Join(w.StateDir(), "comparisons") }

// comparisons lists those comparisons whose page stands where the studio shows it, the newest first.
func (l *line) comparisons(ctx context.Context) ([]art.EngineComparison, error) {
	all, err := l.db.Comparisons(ctx)
	return slices.DeleteFunc(all, func(c art.EngineComparison) bool {
		_, missing := os.Stat(filepath.Join(l.ws.comparisons(), c.ID, "index.html"))
		return missing != nil
	}), err
}

// announce says what is about to be sent and what it will probably cost.
func (g *globals) announce(c art.EngineComparison) {
	g.note("%s", g.words.say("cmp_begin", c.Brief, len(c.Rows), len(c.Pictures)))
	for _, r := range c.Rows {
		switch {
		case r.State == art.RowAbsent:
			g.note("%s", g.words.say("cmp_row_absent", r.Engine, r.Reason))
		case r.State == art.RowRefused:
			g.note("%s", g.words.say("cmp_row_refused", r.Engine, r.Model.Name, fieldsOf(r.Refused)))
		case !r.Cost.Quote.Known:
			g.note("%s", g.words.say("cmp_row_unpriced", r.Engine, r.Model.Name, r.Cost.Requests))
		case r.Cost.Estimate > 0:
			g.note("%s", g.words.say("cmp_row_priced", r.Engine, r.Model.Name, r.Cost.Requests, r.Cost.Quote, r.Cost.Estimate, r.Cost.Currency))
		default:
			g.note("%s", g.words.say("cmp_row_free", r.Engine, r.Model.Name, r.Cost.Requests))
		}
		for _, a := range r.Adapted {
			g.note("%s", g.words.say("cmp_row_without", a.Field, a.Said, cmp.Or(a.Taken, "–")))
		}
	}
}

// fieldsOf lists the fields of refusals, each once.
func fieldsOf(all []art.Refusal) string {
	var names []string
	seen := map[string]bool{}
	for _, r := range all {
		if !seen[r.Field] {
			seen[r.Field] = true
			names = append(names, r.Field)
		}
	}
	return strings.Join(names, ", ")
}

func (a enginesCompared) text(w io.Writer, words words) {
	for _, r := range a.Rows {
		name := strings.TrimSuffix(r.Engine+"/"+r.Model.Name, "/")
		if len(r.Pictures) == 0 {
			fmt.Fprintln(w, words.say("cmp_no_picture", name, words.say("cmp_state_"+string(r.State)), cmp.Or(r.Reason, fieldsOf(r.Refused))))
			for _, f := range r.Refused {
				fmt.Fprintln(w, "  "+words.say("plan_refused", f.Field, strings.TrimSuffix(f.Reason+"; "+f.Remedy, "; ")))
			}
			continue
		}
		again := words.say("cmp_again_once")
		switch {
		case r.Repeat.Available && r.Repeat.Identical == r.Repeat.Pairs:
			again = words.say("cmp_again_same")
		case r.Repeat.Available:
			again = words.say("cmp_again_differs", r.Repeat.MeanAbsDiff)
		}
		paid := words.say("cmp_paid_nothing")
		if r.Cost.Paid > 0 {
			paid = words.say("cmp_paid", r.Cost.Paid, r.Cost.Currency, r.Cost.Estimate)
		}
		fmt.Fprintln(w, words.say("cmp_line", name, brandPasses(r), len(r.Pictures), again, r.Seconds.Median, paid))
		for _, f := range r.Figures {
			if !f.Available {
				fmt.Fprintln(w, words.say("cmp_unavailable", words.say("cmp_"+f.Name), f.Reason.In(words.lang)))
			}
		}
		if r.Reason != "" {
			fmt.Fprintln(w, "  "+r.Reason)
		}
	}
	fmt.Fprintln(w, words.say("cmp_page", a.Page))
}

// brandPasses counts a row's pictures that pass the brand's rubric.
func brandPasses(r art.EngineRow) int {
	n := 0
	for _, p := range r.Pictures {
		if p.Pass {
			n++
		}
	}
	return n
}
