package gaze

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Measure is one number of how well a prediction fits.
type Measure struct {
	Name      string        `json:"name"`
	Value     float64       `json:"value"`
	Centre    float64       `json:"centre"`           // what a bell in the middle gets, which knows nothing of the picture
	People    *float64      `json:"people,omitempty"` // what all others get for each participant, in the mean: the most to be hoped for
	Direction art.Direction `json:"direction"`
	Meaning   art.Text      `json:"meaning"`
}

// usualDegree is a degree of sight by the longer side, where nobody says: 35 of 1024 pixels, as in the MIT data sets.
const usualDegree = 35. / 1024

// Compare measures a prediction against a record. The prediction is taken as it is, so it should have enough places to tell
// points apart, and the picture's shape. A flat one gives art.ErrUnsupported. Of scrolling only the map's rows are compared. A measure
// that has no number, such as a correlation with what is the same everywhere, is left out.
func Compare(ctx context.Context, prediction *imaging.Plane, r Record) ([]Measure, error) {
	if _, deviation := spread(prediction.Pix); deviation == 0 {
		return nil, fmt.Errorf("gaze: the prediction is the same everywhere, so nothing can be compared with it: %w", art.ErrUnsupported)
	}
	centre := bell(prediction.Width, prediction.Height)
	if r.Kind == Scroll {
		prediction, centre = prediction.Resize(1, prediction.Height), centre.Resize(1, prediction.Height)
		return finite(maps(prediction, centre, reached(r.Depths, prediction.Height))), nil
	}
	sigma := usualDegree * float64(max(prediction.Width, prediction.Height))
	if r.Degree > 0 {
		sigma = r.Degree * float64(prediction.Width)
	}
	sigma = min(sigma, float64(max(prediction.Width, prediction.Height))) // whatever a file says
	nss, auc, err := between(ctx, prediction, r.Points, sigma)
	if err != nil {
		return nil, err
	}
	return finite(append([]Measure{
		{"nss", NSS(prediction, r.Points), NSS(centre, r.Points), nss, art.HigherIsBetter, art.Text{
			"en": "Standard deviations by which the prediction is above its mean where people looked; 0 is chance, above 1 is good.",
			"de": "Standardabweichungen, um welche die Vorhersage dort über ihrem Mittel liegt, wo Menschen hinsahen; 0 ist Zufall, über 1 ist gut.",
		}},
		{"auc_judd", AUCJudd(prediction, r.Points), AUCJudd(centre, r.Points), auc, art.HigherIsBetter, art.Text{
			"en": "How surely the prediction tells places that were looked at from all others; 0.5 is chance, 1 always.",
			"de": "Wie sicher die Vorhersage Orte, die angesehen wurden, von allen anderen trennt; 0,5 ist Zufall, 1 immer.",
		}},
	}, maps(prediction, centre, Density(r.Points, prediction.Width, prediction.Height, sigma))...)), nil
}

func finite(all []Measure) []Measure {
	return slices.DeleteFunc(all, func(m Measure) bool {
		sum := m.Value + m.Centre
		if m.People != nil {
			sum += *m.People
		}
		return math.IsNaN(sum) || math.IsInf(sum, 0)
	})
}

// maps are the measures that compare two maps.
func maps(prediction, centre, truth *imaging.Plane) []Measure {
	return []Measure{
		{"cc", CC(prediction, truth), CC(centre, truth), nil, art.HigherIsBetter, art.Text{
			"en": "Correlation of the prediction with what people did; 1 is the same, 0 has nothing to do with it.",
			"de": "Korrelation der Vorhersage mit dem, was Menschen taten; 1 ist gleich, 0 hat nichts damit zu tun.",
		}},
		{"sim", SIM(prediction, truth), SIM(centre, truth), nil, art.HigherIsBetter, art.Text{
			"en": "Share that both maps have in common; 1 is the same.",
			"de": "Anteil, den beide Karten gemeinsam haben; 1 ist gleich.",
		}},
		{"kl", KL(prediction, truth), KL(centre, truth), nil, art.LowerIsBetter, art.Text{
			"en": "What the prediction misses of what people did; 0 is nothing, and it has no upper bound.",
			"de": "Was der Vorhersage von dem fehlt, was Menschen taten; 0 ist nichts, nach oben gibt es keine Grenze.",
		}},
	}
}

// bell is highest in the middle: a Gaussian with standard deviations of a quarter of the sides.
func bell(width, height int) *imaging.Plane {
	p := imaging.NewPlane(width, height)
	for i := range p.Pix {
		x, y := (float64(i%width)+0.5)/float64(width)-0.5, (float64(i/width)+0.5)/float64(height)-0.5
		p.Pix[i] = float32(math.Exp(-(x*x + y*y) / (2 * 0.25 * 0.25)))
	}
	return p
}

// mostCompared is how many participants are compared with all others at most: each costs a blur, and the mean is steady long before.
const mostCompared = 100

// between is how well all others predict each participant, in the mean; nil with fewer than two.
func between(ctx context.Context, like *imaging.Plane, points []Point, sigma float64) (nss, auc *float64, err error) {
	var order []string
	of := map[string][]Point{}
	for _, at := range points {
		if of[at.Participant] == nil {
			order = append(order, at.Participant)
		}
		of[at.Participant] = append(of[at.Participant], at)
	}
	if len(order) < 2 {
		return nil, nil, nil
	}
	var sums [2]float64
	order = order[:min(len(order), mostCompared)]
	for _, one := range order {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("gaze: comparing participants: %w", err)
		}
		var others []Point
		for _, at := range points {
			if at.Participant != one {
				others = append(others, at)
			}
		}
		p := Density(others, like.Width, like.Height, sigma)
		sums[0] += NSS(p, of[one]) / float64(len(order))
		sums[1] += AUCJudd(p, of[one]) / float64(len(order))
	}
	return &sums[0], &sums[1], nil
}

// reached is how many visitors saw each of so many rows, on straight lines between the depths that are known.
func reached(depths []Depth, height int) *imaging.Plane {
	p := imaging.NewPlane(1, height)
	k := 0
	for i := range p.Pix {
		y := (float64(i) + 0.5) / float64(height)
		for k+1 < len(depths) && depths[k+1].Y <= y {
			k++
		}
		v := depths[k].Visitors
		if k+1 < len(depths) && y > depths[k].Y {
			next := depths[k+1]
			v += (next.Visitors - v) * (y - depths[k].Y) / (next.Y - depths[k].Y)
		}
		p.Pix[i] = float32(v)
	}
	return p
}
