package vision

import "math"

// Limb is a part of a body with the height of a person that it would belong to.
type Limb struct {
	Name   string // "left forearm" …; left is the person's left
	Height float64
	From   [2]float64
	To     [2]float64
}

// sure is the score from which a joint is where it says.
const sure = 0.6

// Limbs measures the parts of a body whose ends can be seen, by the shares of a person's height that they have on average: a part that
// is turned towards us is seen shorter, never longer.
//
// Source: Drillis and Contini 1966, "Body segment parameters", as in Winter, "Biomechanics and motor control of human movement".
func (p Pose) Limbs() (all []Limb) {
	if len(p.marks) != 33 {
		return nil
	}
	for _, s := range []struct {
		name     string
		from, to int
		share    float64
	}{
		{"shoulders", 11, 12, 0.259},
		{"left trunk", 11, 23, 0.288},
		{"right trunk", 12, 24, 0.288},
		{"left upper arm", 11, 13, 0.186},
		{"right upper arm", 12, 14, 0.186},
		{"left forearm", 13, 15, 0.146},
		{"right forearm", 14, 16, 0.146},
		{"left thigh", 23, 25, 0.245},
		{"right thigh", 24, 26, 0.245},
		{"left shank", 25, 27, 0.246},
		{"right shank", 26, 28, 0.246},
	} {
		a, b := p.marks[s.from], p.marks[s.to]
		if a.Score >= sure && b.Score >= sure {
			all = append(all, Limb{s.name, math.Hypot(a.X-b.X, a.Y-b.Y) / s.share, [2]float64{a.X, a.Y}, [2]float64{b.X, b.Y}})
		}
	}
	return all
}
