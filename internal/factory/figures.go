package factory

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/plan"
)

// verdict looks at a picture that a request brought with the whole panel and decides with a rubric. Duplicates are no matter
// here: the same words on several engines are meant to be alike.
func (f *Factory) verdict(ctx context.Context, s judge.Subject, rubric []art.Gate) art.Verdict {
	duplicate := func(name string) bool { return name == "duplicate" }
	rubric = slices.DeleteFunc(slices.Clone(rubric), func(g art.Gate) bool { return duplicate(g.Scorer) })
	scores := slices.DeleteFunc(f.Panel.Score(ctx, s), func(s art.Score) bool { return duplicate(s.Scorer) })
	for i := range scores {
		scores[i].Evidence, scores[i].Elapsed = nil, 0
	}
	return judge.Decide(scores, rubric)
}

// repeated compares two answers to one request.
func (f *Factory) repeated(ctx context.Context, first *imaging.RGB, a, b art.Sent) (*art.Again, error) {
	again := &art.Again{Sent: b, Identical: a.PixelsSHA256 == b.PixelsSHA256}
	if again.Identical {
		return again, nil
	}
	second, err := f.decode(ctx, b.Image)
	if err != nil {
		return nil, err
	}
	if again.PDQ, err = pdqDistance(first, second); err != nil {
		return nil, err
	}
	if again.MaxAbsDiff, again.MeanAbsDiff = pixelDistance(first, second); first.Width != second.Width || first.Height != second.Height {
		return again, nil // nothing to lay over each other
	}
	again.Strength = math.Max(1, math.Min(32, math.Floor(255/float64(max(again.MaxAbsDiff, 1)))))
	data, err := imaging.Encode(difference(first, second, int(again.Strength)), imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return nil, fmt.Errorf("factory: drawing a difference: %w", err)
	}
	again.Difference, err = f.Blobs.Put(ctx, data)
	return again, err
}

func pdqDistance(a, b *imaging.RGB) (int, error) {
	x, _, err := imaging.PDQ(a)
	if err != nil {
		return 0, err
	}
	y, _, err := imaging.PDQ(b)
	return x.Distance(y), err
}

// pixelDistance is how far two pictures are from each other, in 8-bit values. Pictures of other sizes are as far as can be.
func pixelDistance(a, b *imaging.RGB) (largest int, mean float64) {
	if a.Width != b.Width || a.Height != b.Height {
		return 255, 255
	}
	sum := 0
	for i, v := range a.Pix {
		d := max(int(v), int(b.Pix[i])) - min(int(v), int(b.Pix[i]))
		largest = max(largest, d)
		sum += d
	}
	return largest, float64(sum) / float64(len(a.Pix))
}

// difference draws where two pictures of one size differ, times strength: black is equal.
func difference(a, b *imaging.RGB, strength int) *imaging.RGB {
	d := &imaging.RGB{Width: a.Width, Height: a.Height, Pix: make([]uint8, len(a.Pix))}
	for i, v := range a.Pix {
		d.Pix[i] = uint8(min(255, strength*(max(int(v), int(b.Pix[i]))-min(int(v), int(b.Pix[i])))))
	}
	return d
}

// terms is what a model's pictures may be used for.
func terms(c art.Capabilities, o Order) art.RowTerms {
	t := art.RowTerms{License: c.ModelLicense, Card: art.CardMissing}
	if s := c.Service; s != nil {
		t.Pictures, t.Dated = s.License, s.Dated
	}
	card := c.Card
	if own, ok := o.Cards[c.Model.Name]; ok {
		card = &own
	}
	if card == nil {
		return t
	}
	if t.Card = art.CardComplete; card.Draft {
		t.Card = art.CardDraft
	}
	if card.License.ID != "" {
		t.License = card.License.ID
	}
	t.Commercial, t.Excluded, t.Conditions = card.Terms.Commercial, card.Terms.Excluded, card.Terms.Conditions
	_, t.Forbids = card.Terms.Forbids(o.Brief.Legal.Usage.Over(o.Kit.Usage))
	return t
}

// data is where requests go.
func data(c art.Capabilities) art.RowData {
	s := c.Service
	if s == nil {
		return art.RowData{}
	}
	return art.RowData{Hosted: true, Operator: s.Operator, Region: s.Region, Use: s.DataUse, Safety: s.Safety, Dated: s.Dated}
}

// costs adds rows up by currency, in the order in which currencies come.
func costs(rows []art.EngineRow) []art.CompareCost {
	all := []art.CompareCost{}
	for _, r := range rows {
		if r.Cost.Estimate == 0 && r.Cost.Paid == 0 {
			continue
		}
		at := slices.IndexFunc(all, func(c art.CompareCost) bool { return c.Currency == r.Cost.Currency })
		if at < 0 {
			at, all = len(all), append(all, art.CompareCost{Currency: r.Cost.Currency})
		}
		all[at].Estimate += r.Cost.Estimate
		all[at].Paid += r.Cost.Paid
	}
	return all
}

// summarise works out a row's figures from its pictures.
func summarise(c *art.EngineComparison, r *art.EngineRow) {
	r.Scores = means(r.Pictures)
	r.Figures = []art.Figure{
		scored(r, art.FigurePrompt, "clip", art.Text{
			"en": "no scorer here compares words with a picture", "de": "hier gibt es keinen Prüfer, der Worte mit einem Bild vergleicht",
		}),
		scored(r, art.FigureText, textScorer, art.Text{
			"en": "no scorer here reads text in a picture", "de": "hier gibt es keinen Prüfer, der Text in einem Bild liest",
		}),
		brandFit(r), styleRange(c, r),
	}
	r.Repeat = repeat(c, r)
	r.Seconds = seconds(r)
	pay(r)
}

// means averages each score over the pictures that have it. What no picture has is there with the reason.
func means(shots []art.ComparedShot) []art.Score {
	var all []art.Score
	counts := map[string]int{}
	for _, shot := range shots {
		for _, s := range shot.Scores {
			at := slices.IndexFunc(all, func(o art.Score) bool { return o.Scorer == s.Scorer })
			if at < 0 {
				at, all = len(all), append(all, s)
				all[at].Value, all[at].Available = 0, false
			}
			if s.Available {
				all[at].Available, all[at].Reason = true, ""
				all[at].Value += s.Value
				counts[s.Scorer]++
			}
		}
	}
	for i, s := range all {
		if s.Available {
			all[i].Value /= float64(counts[s.Scorer])
		}
	}
	return all
}

// nothing is why a row without pictures has no figures.
func nothing() art.Text {
	return art.Text{"en": "there is no picture", "de": "es gibt kein Bild"}
}

// scored takes a scorer's mean, where the panel has that scorer.
func scored(r *art.EngineRow, name, wanted string, without art.Text) art.Figure {
	fig := art.Figure{Name: name, Reason: without}
	if len(r.Pictures) == 0 {
		fig.Reason = nothing()
		return fig
	}
	at := slices.IndexFunc(r.Scores, func(s art.Score) bool { return s.Scorer == wanted })
	if at < 0 {
		return fig
	}
	s := r.Scores[at]
	fig.Scorer, fig.Unit, fig.Direction, fig.Available, fig.Value = s.Scorer, s.Unit, s.Direction, s.Available, s.Value
	if fig.Reason = nil; !s.Available {
		fig.Reason = art.Text{"en": s.Reason, "de": s.Reason}
	}
	for _, p := range r.Pictures {
		if slices.ContainsFunc(p.Scores, func(o art.Score) bool { return o.Scorer == wanted && o.Available }) {
			fig.Of++
		}
	}
	return fig
}

// brandFit is the share of pictures that pass every gate of the brand's rubric.
func brandFit(r *art.EngineRow) art.Figure {
	fig := art.Figure{Name: art.FigureBrand, Scorer: "rubric", Unit: "share", Direction: art.HigherIsBetter, Of: len(r.Pictures), Available: len(r.Pictures) > 0}
	if !fig.Available {
		fig.Reason = nothing()
		return fig
	}
	for _, p := range r.Pictures {
		if p.Pass {
			fig.Passed++
		}
	}
	fig.Value = float64(fig.Passed) / float64(fig.Of)
	return fig
}

// styleRange is the mean PDQ distance between pictures that differ in their style alone: 0 is the same picture, about 128 has
// nothing to do with it. An engine that doesn't repeat itself is that far from itself as well; see art.Repeat.
func styleRange(c *art.EngineComparison, r *art.EngineRow) art.Figure {
	fig := art.Figure{Name: art.FigureStyle, Scorer: pdq, Unit: "bits of 256", Reason: art.Text{
		"en": "the brief asks for one style; vary styles or prompt.style in its matrix", "de": "das Briefing verlangt nur einen Stil; styles oder prompt.style in der Matrix variieren",
	}}
	if len(r.Pictures) == 0 {
		fig.Reason = nothing()
		return fig
	}
	var sum float64
	for i, a := range r.Pictures {
		for _, b := range r.Pictures[:i] {
			if d, err := printDistance(a.Print, b.Print); err == nil && onlyStyle(c.Pictures[a.Cell], c.Pictures[b.Cell]) {
				sum += float64(d)
				fig.Of++
			}
		}
	}
	if fig.Of > 0 {
		fig.Available, fig.Reason, fig.Value = true, nil, sum/float64(fig.Of)
	}
	return fig
}

func printDistance(a, b string) (int, error) {
	x, err := imaging.ParseHash(a)
	if err != nil {
		return 0, err
	}
	y, err := imaging.ParseHash(b)
	return x.Distance(y), err
}

// onlyStyle tells whether two cells differ in their style and in nothing else.
func onlyStyle(a, b art.CompareCell) bool {
	style := false
	for field, v := range a.Cell {
		if b.Cell[field] == v {
			continue
		}
		if !plan.StyleField(field) {
			return false
		}
		style = true
	}
	return style && a.Seed == b.Seed
}

// repeat sums up what equal requests gave.
func repeat(c *art.EngineComparison, r *art.EngineRow) art.Repeat {
	out := art.Repeat{Promised: r.Repeat.Promised}
	for _, p := range r.Pictures {
		if a := p.Again; a != nil {
			out.Pairs++
			if a.Identical {
				out.Identical++
			}
			out.MaxAbsDiff = max(out.MaxAbsDiff, a.MaxAbsDiff)
			out.MeanAbsDiff += a.MeanAbsDiff
			out.PDQ += float64(a.PDQ)
		}
	}
	switch {
	case out.Pairs > 0:
		out.Available = true
		out.MeanAbsDiff /= float64(out.Pairs)
		out.PDQ /= float64(out.Pairs)
	case len(r.Pictures) == 0:
		out.Reason = nothing()
	case !c.Twice:
		out.Reason = art.Text{"en": "requests were sent once", "de": "Anfragen wurden nur einmal gesendet"}
	default:
		out.Reason = art.Text{"en": "the second request brought no picture", "de": "die zweite Anfrage brachte kein Bild"}
	}
	return out
}

// sent lists all requests of a row that brought a picture.
func sent(r *art.EngineRow) []art.Sent {
	var all []art.Sent
	for _, p := range r.Pictures {
		all = append(all, p.Sent)
		if p.Again != nil {
			all = append(all, p.Again.Sent)
		}
	}
	return all
}

func seconds(r *art.EngineRow) art.Seconds {
	var all []float64
	for _, s := range sent(r) {
		if s.Seconds > 0 {
			all = append(all, s.Seconds)
		}
	}
	if len(all) == 0 {
		return art.Seconds{}
	}
	slices.Sort(all)
	n := len(all)
	return art.Seconds{Requests: n, Min: all[0], Median: (all[(n-1)/2] + all[n/2]) / 2, Max: all[n-1]}
}

// pay sums up what a row cost, and how far that was from what had been said before. Requests of which the service says nothing
// tell nothing about that.
func pay(r *art.EngineRow) {
	c := &r.Cost
	var told art.Amount
	for _, s := range sent(r) {
		if c.Answered == 0 || s.Charged < c.Low {
			c.Low = s.Charged
		}
		c.Answered++
		c.Paid += s.Charged
		c.High = max(c.High, s.Charged)
		if s.Currency != "" {
			c.Currency = s.Currency
		}
		if s.Basis != art.BasisEstimate && s.Basis != "" && s.Charged > 0 {
			c.Told++
			told += s.Charged
		}
	}
	if expected := c.Quote.Amount.Float() * float64(c.Told); c.Quote.Known && expected > 0 {
		off := told.Float()/expected - 1
		c.Deviation = &off
	}
}
