package plan_test

import (
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/plan"
)

// What nobody has measured is unknown, never guessed; three pictures are enough to say something.
func TestTheTimeOfAPlanIsMeasuredOrUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		own      float64
		measured []art.Measured
		seconds  float64
		untimed  int
		says     string
	}{
		"of its own":      {2, []art.Measured{{Engine: "local", Model: "house", Seconds: 9, Calls: 9}}, 6, 0, "2 s a picture of"},
		"measured":        {0, []art.Measured{{Engine: "far", Model: "house", Seconds: 9, Calls: 9}, {Engine: "local", Model: "house", Seconds: 4, Calls: 3}}, 12, 0, "4 s a picture, measured over 3 calls"},
		"too few":         {0, []art.Measured{{Engine: "local", Model: "house", Seconds: 4, Calls: 2}}, 0, 3, "its time is unknown"},
		"of other models": {0, []art.Measured{{Engine: "local", Model: "barn", Seconds: 4, Calls: 8}}, 0, 3, "its time is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			in := order()
			in.Brief.Matrix = []art.Axis{{Field: "seed", Values: []any{1, 2, 3}}}
			in.Engines[0].SecondsPerPicture, in.Measured = c.own, c.measured
			p, err := plan.Make(in)
			if err != nil || len(p.Recipes) != 3 || p.Cost.Seconds != c.seconds || p.Cost.Untimed != c.untimed || !strings.Contains(p.Cost.Basis, c.says) {
				t.Errorf("%+v, %v, refused %v", p.Cost, err, p.Refused)
			}
		})
	}
}
