package brand_test

import (
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

func TestARepairRuleIsChecked(t *testing.T) {
	for name, x := range map[string]struct {
		rule *art.Repair
		want string // beginning of the field; "" finds nothing
	}{
		"none":              {nil, ""},
		"switched off":      {&art.Repair{}, ""},
		"a good one":        {&art.Repair{Scorers: []string{"hands", "unwanted_text"}, Rounds: 4, Strength: 1}, ""},
		"twice the same":    {&art.Repair{Scorers: []string{"hands", "hands"}}, "repair.scorers[1]"},
		"nameless":          {&art.Repair{Scorers: []string{""}}, "repair.scorers[0]"},
		"without end":       {&art.Repair{Scorers: []string{"hands"}, Rounds: 5}, "repair.rounds"},
		"stronger than all": {&art.Repair{Scorers: []string{"hands"}, Strength: 1.5}, "repair.strength"},
	} {
		found := ""
		for _, p := range brand.CheckBrief(art.Brief{Repair: x.rule}, brand.Kit{}) {
			if strings.HasPrefix(p.Field, "repair") {
				found = p.Field
			}
		}
		if found != x.want {
			t.Errorf("%s: %q, want %q", name, found, x.want)
		}
	}
}
