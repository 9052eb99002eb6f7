package factory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/imaging"
	"presswerk/internal/ledger"
	"presswerk/internal/plan"
)

// CompareOrder is a brief to make on several engines.
type CompareOrder struct {
	Order

	Engines  []string // "engine" or "engine/model", each a row; none means all that there are
	Pictures int      // of each engine
	Once     bool     // requests are not sent a second time, and nothing is said about reproducibility
	Strict   bool     // an engine that lacks a setting of the brief makes no picture
	Pay      bool     // what costs something is bought
	By       string
}

// contender is one row in the making.
type contender struct {
	row    *art.EngineRow
	cells  []art.CompareCell
	engine engine.Engine
	asks   plan.Entrant
	tried  plan.Tried
}

// PlanCompare works a comparison out and sends nothing: its rows say what each engine refuses and what it will cost.
func (f *Factory) PlanCompare(o CompareOrder) (art.EngineComparison, error) {
	c, _, err := f.contenders(o)
	return c, err
}

// Compare makes a brief on several engines, each request twice, and keeps the figures side by side. An engine that can't is a
// row with the reasons. What costs something gives ErrRefused with the price unless Pay is true, and is bought within the
// budgets; a comparison that was broken off takes what it has bought on the same day. Progress may be nil.
func (f *Factory) Compare(ctx context.Context, o CompareOrder, progress func(done, total int)) (art.EngineComparison, error) {
	c, all, err := f.contenders(o)
	if err != nil {
		return c, err
	}
	if err := unpaid(c); err != nil && !o.Pay {
		return c, err
	}
	if err := f.keepPictures(ctx, o.Order); err != nil {
		return c, err
	}
	o.Kit.Identity = o.pinned(cmp.Or(o.Brief.Identity, o.Kit.Identity))
	total := 0
	for _, x := range all {
		total += x.row.Cost.Requests
	}
	if err := f.contest(ctx, o, all, counter(total, progress)); err != nil {
		return c, fmt.Errorf("factory: comparing engines for %s: %w", o.Brief.ID, err)
	}
	for i := range c.Rows {
		summarise(&c, &c.Rows[i])
	}
	c.Cost = costs(c.Rows)
	content, err := art.CanonicalJSON(c)
	if err != nil {
		return c, fmt.Errorf("factory: naming a comparison: %w", err)
	}
	c.ID = "compare-" + o.Brief.ID + "-" + art.Digest(content)[:10]
	return c, f.Commit(ctx, art.Change{Comparisons: []art.EngineComparison{c}})
}

// contenders makes the rows, with all that can be said before anything is sent.
func (f *Factory) contenders(o CompareOrder) (art.EngineComparison, []*contender, error) {
	c := art.EngineComparison{Brief: o.Brief.ID, Title: o.Brief.Title, Brand: o.Kit.ID, Twice: !o.Once, By: o.By, At: f.Now()}
	in, err := f.input(o.Order)
	if err != nil {
		return c, nil, err
	}
	asked, err := f.entrants(o)
	if err != nil {
		return c, nil, err
	}
	cells, tried, err := plan.Compare(in, o.Pictures, asked)
	if err != nil {
		return c, nil, fmt.Errorf("factory: planning %s for several engines: %w", o.Brief.ID, err)
	}
	c.Pictures, c.Rows = cells, make([]art.EngineRow, len(asked))
	all := make([]*contender, len(asked))
	for i := range asked {
		x := &contender{row: &c.Rows[i], cells: cells, asks: asked[i], tried: tried[i]}
		x.engine, _ = f.Engines.Get(asked[i].Engine) // entrants has found it
		if err := f.enter(x, o); err != nil {
			return c, nil, err
		}
		all[i] = x
	}
	c.Cost = costs(c.Rows)
	return c, all, nil
}

// entrants reads the names of engines. One that is named twice with the same model is compared once.
func (f *Factory) entrants(o CompareOrder) ([]plan.Entrant, error) {
	names := o.Engines
	if len(names) == 0 {
		for _, e := range f.Engines.All() {
			names = append(names, e.Info().Name)
		}
	}
	var all []plan.Entrant
	for _, n := range names {
		name, model, _ := strings.Cut(n, "/") // names of models may have more of them
		if _, err := f.Engines.Get(name); err != nil {
			return nil, err
		}
		e := plan.Entrant{Engine: name, Model: model, Strict: o.Strict}
		if !slices.ContainsFunc(all, func(x plan.Entrant) bool { return x.Engine == e.Engine && x.Model == e.Model }) {
			all = append(all, e)
		}
	}
	return all, nil
}

// enter fills in what a row knows beforehand.
func (f *Factory) enter(x *contender, o CompareOrder) error {
	r, t, info := x.row, x.tried, x.engine.Info()
	*r = art.EngineRow{Engine: info.Name, EngineVersion: info.Version, State: art.RowAbsent, Reason: info.Reason, Refused: []art.Refusal{}, Figures: []art.Figure{}}
	c := t.Capabilities
	switch {
	case !t.Found:
		c = known(info, x.asks.Model)
		if r.Reason == "" {
			r.Reason = fmt.Sprintf("it has no model %q", x.asks.Model)
		}
	case !info.Ready:
	default:
		r.State, r.Reason = art.RowMade, ""
	}
	r.Model, r.Terms, r.Data = c.Model, terms(c, o.Order), data(c)
	r.Repeat.Promised = c.Deterministic
	if c.EngineVersion != "" {
		r.EngineVersion = c.EngineVersion
	}
	r.Refused = append(r.Refused, t.Refused...)
	r.Production, r.Adapted, r.Warnings = t.Production, t.Adapted, t.Warnings
	if r.State != art.RowMade {
		return nil
	}
	if len(t.Recipes) == 0 {
		r.State, r.Reason = art.RowRefused, ""
		return nil
	}
	return f.quote(x, o)
}

// known is what an engine says of a model, also where it isn't ready.
func known(info engine.Info, model string) art.Capabilities {
	for _, m := range info.Models {
		if ref := m.Capabilities.Model; model == "" || model == ref.Name || model == ref.Name+"@"+ref.Version {
			return m.Capabilities
		}
	}
	return art.Capabilities{Engine: info.Name, Model: art.ModelRef{Name: model}}
}

// quote estimates a row's cost: every request, twice where it is sent twice.
func (f *Factory) quote(x *contender, o CompareOrder) error {
	each, cost := 2, &x.row.Cost
	if o.Once {
		each = 1
	}
	*cost = art.RowCost{Requests: each * len(x.tried.Recipes)}
	for i, r := range x.tried.Recipes {
		q := o.Prices.Quote(x.tried.Capabilities, r.Recipe)
		if f.Ledger != nil {
			var err error
			if q, err = f.Ledger.Quote(x.engine, r.Recipe); err != nil {
				return err
			}
		}
		if i == 0 {
			cost.Quote = q
		}
		cost.Estimate += q.Amount * art.Amount(each)
		cost.Currency = q.Currency
	}
	return nil
}

// unpaid lists what a comparison would cost, or gives nil where it costs nothing.
func unpaid(c art.EngineComparison) error {
	var prices []string
	for _, r := range c.Rows {
		switch {
		case r.Cost.Requests == 0 || r.Cost.Quote.Free():
		case !r.Cost.Quote.Known:
			prices = append(prices, fmt.Sprintf("%s: %d requests, and nobody knows what they cost", r.Engine, r.Cost.Requests))
		default:
			prices = append(prices, fmt.Sprintf("%s: %d requests, about %s %s", r.Engine, r.Cost.Requests, r.Cost.Estimate, r.Cost.Currency))
		}
	}
	if len(prices) == 0 {
		return nil
	}
	return &art.FieldError{
		Field: "pay", Reason: "this comparison costs something: " + strings.Join(prices, "; "),
		Remedy: "say --pay to buy it, --no-twice to send each request once only, --pictures for fewer, or leave engines out with --engines", Kind: art.ErrRefused,
	}
}

// contest lets services work side by side, and what shares this machine one after the other, so that seconds can be compared.
func (f *Factory) contest(ctx context.Context, o CompareOrder, all []*contender, done func()) error {
	lanes, ctx := errgroup.WithContext(ctx)
	var here []*contender
	for _, x := range all {
		switch {
		case x.row.Cost.Requests == 0:
		case x.tried.Capabilities.Service == nil:
			here = append(here, x)
		default:
			lanes.Go(func() error { return f.compete(ctx, o, x, done) })
		}
	}
	lanes.Go(func() error {
		for _, x := range here {
			if err := f.compete(ctx, o, x, done); err != nil {
				return err
			}
		}
		return nil
	})
	return lanes.Wait()
}

// compete sends all requests of a row. A setting that the engine refuses only when it is asked is left out, like those that the
// plan knows of. What goes wrong at the engine is the row's; an error is ours.
func (f *Factory) compete(ctx context.Context, o CompareOrder, x *contender, done func()) error {
	if w, ok := engine.As[engine.Warmer](x.engine); ok { // loading a model is no part of a picture
		_ = w.Warm(ctx, x.tried.Capabilities.Model) // what can't be loaded is told by the first request
	}
	for {
		failed, err := f.sendAll(ctx, o, x, done)
		if err != nil || failed == nil {
			return err
		}
		refused, ok := errors.AsType[*art.FieldError](failed)
		if !ok || !errors.Is(failed, art.ErrUnsupported) || len(x.row.Pictures) > 0 {
			x.row.State, x.row.Reason = art.RowFailed, failed.Error()
			if len(x.row.Pictures) > 0 {
				x.row.State = art.RowPartly
			}
			return nil
		}
		again, err := f.without(o, x, art.Refusal{Field: refused.Field, Reason: refused.Reason, Remedy: refused.Remedy})
		if err != nil || !again {
			return err
		}
	}
}

// without plans a row again without a setting that its engine refused. It tells whether there is something to send.
func (f *Factory) without(o CompareOrder, x *contender, r art.Refusal) (bool, error) {
	refused := func() (bool, error) {
		x.row.State = art.RowRefused
		x.row.Refused = append(x.row.Refused, r)
		return false, nil
	}
	seen := slices.ContainsFunc(x.asks.Without, func(w art.Refusal) bool { return w.Field == r.Field })
	if !plan.IsSetting(r.Field) || o.Strict || seen {
		return refused()
	}
	x.asks.Without = append(x.asks.Without, r)
	in, err := f.input(o.Order)
	if err != nil {
		return false, err
	}
	_, tried, err := plan.Compare(in, o.Pictures, []plan.Entrant{x.asks})
	if err != nil || len(tried[0].Recipes) == 0 {
		_, _ = refused()
		return false, err
	}
	x.tried = tried[0]
	return true, f.enter(x, o)
}

// sendAll sends a row's requests one after the other until one fails.
func (f *Factory) sendAll(ctx context.Context, o CompareOrder, x *contender, done func()) (failed, err error) {
	for i, r := range x.tried.Recipes {
		first, failed, err := f.send(ctx, o, x, r, 1)
		if err != nil || failed != nil {
			return failed, err
		}
		done()
		shot := art.ComparedShot{Cell: x.tried.Cells[i], Sent: first}
		x.row.Pictures = append(x.row.Pictures, shot)
		here := &x.row.Pictures[len(x.row.Pictures)-1]
		picture, err := f.decode(ctx, first.Image)
		if err != nil {
			return nil, err
		}
		print, _, err := imaging.PDQ(picture)
		if err != nil {
			return nil, err
		}
		subject, err := f.asked(ctx, o.Kit, picture, r)
		if err != nil {
			return nil, err
		}
		v := f.verdict(ctx, subject, o.Kit.RubricFor(o.Brief.Channels))
		here.Print, here.Scores, here.Pass, here.Failed = print.String(), v.Scores, v.Pass, v.Failures
		if o.Once {
			continue
		}
		second, failed, err := f.send(ctx, o, x, r, 2)
		if err != nil || failed != nil {
			return failed, err
		}
		done()
		if here.Again, err = f.repeated(ctx, picture, first, second); err != nil {
			return nil, err
		}
	}
	return nil, ctx.Err()
}

// send sends a request for the nth time and keeps the picture. What costs something, or outlives us, goes through the books,
// under a name of the day: a comparison that was broken off does not pay twice, and one of another day asks anew.
func (f *Factory) send(ctx context.Context, o CompareOrder, x *contender, r art.PlannedRecipe, n int) (s art.Sent, failed, err error) {
	begun := f.Now()
	s.Recipe = r.Recipe
	bought, err := f.bought(x.engine, r.Recipe)
	if err != nil {
		return s, err, ctx.Err()
	}
	day := begun.UTC().Format(time.DateOnly)
	var p engine.Picture
	var call art.Call
	if bought {
		p, call, err = f.Ledger.Render(ctx, x.engine, ledger.Order{
			Key: fmt.Sprintf("compare/%s/%s/%d", day, r.ID, n), Recipe: r.Recipe, Run: art.CompareRun(o.Brief.ID, begun), Brand: o.Kit.ID, Budgets: o.Brief.Budgets,
		}, nil)
	} else {
		p, err = x.engine.Render(ctx, r.Recipe, nil)
	}
	if err != nil {
		return s, err, ctx.Err()
	}
	s.Seconds = f.Now().Sub(begun).Seconds()
	if call.ID != "" {
		s.Call, s.Basis = call.ID, call.Basis
		s.Charged, s.Currency = call.Cost()
		if call.At.Before(begun) { // asked for earlier on this day: what it took then
			s.Seconds = p.Elapsed.Seconds()
		}
	}
	s.MIME, s.Width, s.Height, s.PixelsSHA256, s.Notes = p.MIME, p.Width, p.Height, p.PixelsSHA256, p.Notes
	s.Image, err = f.Blobs.Put(ctx, p.Bytes)
	return s, nil, err
}
