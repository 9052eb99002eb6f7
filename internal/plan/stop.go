package plan

import (
	"fmt"
	"slices"
	"time"

	"presswerk/internal/art"
)

// Notice is how long before a hosted model's last day a plan begins to warn.
const Notice = 90 * 24 * time.Hour

// stopped lists what keeps any run from using a model: a pause, or that its provider has shut it down. A shutdown that is
// coming is a warning.
func (b *builder) stopped(c art.Capabilities) []art.Refusal {
	var refused []art.Refusal
	for _, p := range b.in.Models.Pauses {
		if p.Stops(c.Engine, c.Model) {
			refused = append(refused, art.Refusal{
				Field:  "parameters.model",
				Reason: fmt.Sprintf("%s of %s is paused since %s: %s", p.Model.Name, p.Engine, p.At.UTC().Format(time.DateOnly), p.Reason.In(art.English)),
				Remedy: fmt.Sprintf("look at it: presswerk models probe --show %s; then lift it: presswerk models resume %s --by NAME --reason WHY", p.Probe, p.ID),
			})
		}
	}
	s, day, ok := b.shutdown(c)
	if !ok {
		return refused
	}
	switch left := day.Sub(b.in.Now); {
	case left <= 0:
		refused = append(refused, art.Refusal{
			Field: "parameters.model", Reason: fmt.Sprintf("%s has shut %s down on %s%s", c.Engine, c.Model.Name, s.Date, source(s)),
			Remedy: successor(s) + "choose another model; where the date is wrong, write the right one into models/shutdowns.yaml",
		})
	case left <= Notice:
		b.warn("parameters.model", fmt.Sprintf("%s shuts %s down on %s, in %d days%s", c.Engine, c.Model.Name, s.Date, int((left+24*time.Hour-1)/(24*time.Hour)), source(s)), successor(s)+"compare a successor now: presswerk models guard")
	}
	return refused
}

// shutdown finds the day on which a model goes away; the workspace's word stands over the other.
func (b *builder) shutdown(c art.Capabilities) (art.Shutdown, time.Time, bool) {
	if b.in.Now.IsZero() {
		return art.Shutdown{}, time.Time{}, false
	}
	for _, s := range slices.Concat(b.in.Models.Shutdowns, b.in.Shutdowns) {
		if s.Engine != c.Engine || s.Model != c.Model.Name {
			continue
		}
		day, err := time.Parse(time.DateOnly, s.Date)
		return s, day, err == nil
	}
	return art.Shutdown{}, time.Time{}, false
}

// successor is what the provider names in the model's place, as the beginning of a remedy.
func successor(s art.Shutdown) string {
	if s.Instead == "" {
		return ""
	}
	return "its provider names " + s.Instead + " instead; "
}

func source(s art.Shutdown) string {
	if s.Source == "" {
		return ""
	}
	if s.Read == "" {
		return " (" + s.Source + ")"
	}
	return " (" + s.Source + ", read " + s.Read + ")"
}
