package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// cost estimates time and price. Prices in different currencies are not added up: the first one counts
// and a warning tells of the others. What is left of budgets is compared with the whole estimate.
func (b *builder) cost() art.Cost {
	total := art.Cost{Pictures: len(b.plan.Recipes)}
	var basis []string
	told := map[string]bool{}
	say := func(line string) {
		if !told[line] {
			told[line] = true
			basis = append(basis, line)
		}
	}
	sums := map[string]art.Amount{}
	for _, r := range b.plan.Recipes {
		c := b.chosen[r.ID]
		noun := "picture"
		if c.Clip != nil {
			noun = fmt.Sprintf("clip of %d seconds", r.Clip.Seconds)
		}
		took, line, ok := b.time(r.Recipe, c)
		total.Seconds += took
		if !ok {
			total.Untimed++
		}
		say(line)
		q := b.in.Prices.Quote(c, r.Recipe)
		switch {
		case !q.Known:
			b.warn("cost", fmt.Sprintf("nobody knows what a %s of %s with model %s costs", noun, c.Engine, c.Model.Name), "write its price into prices.yaml; where there are budgets it is refused")
		case q.Amount == 0:
		case total.Currency == "" || total.Currency == q.Currency:
			total.Currency = q.Currency
		default:
			b.warn("cost", fmt.Sprintf("%s is priced in %s, which is not added to %s", c.Engine, q.Currency, total.Currency), "ask for its pictures in a plan of their own")
		}
		if q.Amount > 0 {
			sums[q.Currency] += q.Amount
			say(fmt.Sprintf("%s with model %s: %s a %s (%s, %s)", c.Engine, c.Model.Name, q, noun, q.Source, q.Dated))
		}
	}
	total.Money = sums[total.Currency].Float()
	b.compare(sums)
	b.repairs(&total)
	if len(basis) > 0 {
		total.Basis = "estimate; " + strings.Join(basis, "; ")
	}
	return total
}

// compare warns of budgets that the plan as a whole would exceed. Calls are refused one by one, when it comes to that.
func (b *builder) compare(sums map[string]art.Amount) {
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		limited := false
		for _, f := range b.in.Funds {
			if f.Currency != currency {
				continue
			}
			limited = true
			if sums[currency] > f.Left() {
				b.warn("cost", fmt.Sprintf("the plan is estimated at %s %s, and of the %s's budget of %s per %s are %s left: its last pictures will be refused",
					sums[currency], currency, f.Level, f.Most, f.Per, f.Left()), "raise the budget, or make the matrix smaller; pictures that were made before cost nothing")
			}
		}
		switch {
		case !limited && len(b.in.Funds) > 0:
			b.warn("cost", fmt.Sprintf("there are budgets, and none in %s", currency), "add one in "+currency)
		case !limited:
			b.warn("cost", fmt.Sprintf("no budget limits what is spent in %s", currency), "write budgets into presswerk.yaml or the brand's kit")
		}
	}
}

// enoughCalls is how many pictures have to have been made before their time says something about the next.
const enoughCalls = 3

// time says how long a picture takes, and where that is known from: what the engine has measured of itself, which grows with
// steps and pixels, else the median of what was measured here, as it is. Ok is false where nobody knows.
func (b *builder) time(r art.Recipe, c art.Capabilities) (seconds float64, basis string, ok bool) {
	who := c.Engine + " with model " + c.Model.Name
	if c.SecondsPerPicture > 0 {
		seconds = c.SecondsPerPicture * float64(r.Steps) / usualSteps
		if native := c.NativeWidth * c.NativeHeight; native > 0 {
			seconds *= float64(r.Width*r.Height) / float64(native)
		}
		return seconds, fmt.Sprintf("%s: %.3g s a picture of %d×%d at %d steps, scaled by steps and pixels", who, c.SecondsPerPicture, c.NativeWidth, c.NativeHeight, usualSteps), true
	}
	at := slices.IndexFunc(b.in.Measured, func(m art.Measured) bool { return m.Engine == c.Engine && m.Model == c.Model.Name })
	if at < 0 || b.in.Measured[at].Calls < enoughCalls {
		return 0, who + ": its time is unknown", false
	}
	m := b.in.Measured[at]
	return m.Seconds, fmt.Sprintf("%s: %.3g s a picture, measured over %d calls", who, m.Seconds, m.Calls), true
}
