package plan

import (
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// cost estimates the renderer's time and the price. Time grows with steps and with pixels, from what the engine says
// of one picture at its native size and 20 steps. Prices in different currencies are not added up: the first one counts
// and a warning tells of the others.
func (b *builder) cost() art.Cost {
	total := art.Cost{Pictures: len(b.plan.Recipes)}
	var basis []string
	told := map[string]bool{}
	for _, r := range b.plan.Recipes {
		c := b.chosen[r.ID]
		total.Seconds += seconds(r.Recipe, c)
		switch {
		case c.PricePerPicture == 0:
		case total.Currency == "" || total.Currency == c.Currency:
			total.Currency = c.Currency
			total.Money += c.PricePerPicture
		default:
			b.warn("cost", fmt.Sprintf("%s is priced in %s, which is not added to %s", c.Engine, c.Currency, total.Currency), "ask for its pictures in a plan of their own")
		}
		line := fmt.Sprintf("%s with model %s: %.3g s a picture of %d×%d at %d steps", c.Engine, c.Model.Name, c.SecondsPerPicture, c.NativeWidth, c.NativeHeight, usualSteps)
		if !told[line] {
			told[line] = true
			basis = append(basis, line)
		}
	}
	if len(basis) > 0 {
		total.Basis = "estimate; " + strings.Join(basis, "; ") + "; scaled by steps and pixels"
	}
	return total
}

func seconds(r art.Recipe, c art.Capabilities) float64 {
	s := c.SecondsPerPicture * float64(r.Steps) / usualSteps
	if native := c.NativeWidth * c.NativeHeight; native > 0 {
		s *= float64(r.Width*r.Height) / float64(native)
	}
	return s
}
