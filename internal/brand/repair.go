package brand

import (
	"fmt"
	"slices"

	"presswerk/internal/art"
)

// checkRepair looks at a rule by which pictures are mended. One without scorers mends nothing, which a brief may want.
func checkRepair(p *problems, r *art.Repair) {
	if r == nil {
		return
	}
	for i, name := range r.Scorers {
		field := fmt.Sprintf("repair.scorers[%d]", i)
		p.need(field, name, "name a scorer of the rubric that shows places, such as hands or unwanted_text")
		if name != "" && slices.Contains(r.Scorers[:i], name) {
			p.add(field, fmt.Sprintf("%q is there twice", name), "name each scorer once")
		}
	}
	if r.Rounds < 0 || r.Rounds > art.MaxRounds {
		p.add("repair.rounds", fmt.Sprintf("%d is not in 1 to %d", r.Rounds, art.MaxRounds), "write how many repairs in a row at most; 1 where it is left out")
	}
	if !(r.Strength >= 0 && r.Strength <= 1) {
		p.add("repair.strength", fmt.Sprintf("%v is not above 0 to 1", r.Strength), "leave it out for the usual strength")
	}
}
