package sheet

import "math"

// Rate is a share of tries with its 95 % interval.
type Rate struct {
	Name  string  `json:"name"`
	Tried int     `json:"tried"`
	Count int     `json:"count"` // of what the rate is about
	Share float64 `json:"share"` // 0..1
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// NewRate works a share out; nothing tried is a share of 0 that may be anything.
//
// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22; z = 1.96.
func NewRate(name string, count, tried int) Rate {
	r := Rate{Name: name, Tried: tried, Count: count, High: 1}
	if tried == 0 {
		return r
	}
	const z = 1.959963984540054
	n, p := float64(tried), float64(count)/float64(tried)
	middle, half := (p+z*z/(2*n))/(1+z*z/n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))/(1+z*z/n)
	r.Share, r.Low, r.High = p, max(0, middle-half), min(1, middle+half)
	return r
}
