package watermark

import (
	"cmp"
	"context"
	"math"
	"math/cmplx"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"presswerk/internal/imaging"
)

// leastPeak is the least clearness of a mark that is believed. Without a mark 300 crops gave 4.9 at most, and whole pictures
// over all scales 5.5; a mark that nothing happened to has about 22.
const leastPeak = 6.5

// Search says where else a mark is looked for than at the scale of a whole picture.
type Search struct {
	Side   float64 // pixels that the longer side of the whole marked picture would have at this scale; 0 where this is all of it
	Scales bool    // a picture that was cropped has another scale: 45 to 102 % of what its size suggests
	Mirror bool    // a picture may have been mirrored
	Angles bool    // or turned by up to five degrees
}

// Everything looks everywhere.
func Everything() Search { return Search{Scales: true, Mirror: true, Angles: true} }

// Found is what a detector says.
type Found struct {
	Found    bool
	ID       uint64
	Peak     float64 // how clearly the tile's place stands out, in deviations; from 6.5 on it is believed
	Scale    float64 // canonical pixels for each pixel of the picture
	Angle    float64 // degrees by which the picture was turned
	Mirrored bool
	Looks    int // in how many ways the picture was looked at
}

// Confidence is that it isn't chance: each look at noise finds a number whose check holds once in 65,536 times, and some 500
// looks are the most that a search takes.
func (f Found) Confidence() float64 {
	if !f.Found {
		return 0
	}
	return 1 - float64(f.Looks)/(1<<crcBits)
}

// try is one way to look at a picture.
type try struct {
	scale, angle float64
	mirrored     bool
}

// Detect looks for a mark of this key: first at the picture's own scale, then as the search says. Its context ends a search.
func (m *Mark) Detect(ctx context.Context, p *imaging.RGB, s Search) Found {
	if min(p.Width, p.Height) < tile/2 {
		return Found{} // no tile can be made out
	}
	if long := max(p.Width, p.Height); long > 2*canonical { // what is finer says nothing
		small, err := imaging.Resize(p, max(1, p.Width*2*canonical/long), max(1, p.Height*2*canonical/long))
		if err != nil {
			return Found{}
		}
		s.Side *= 2 * canonical / float64(long)
		f := m.Detect(ctx, small, s)
		f.Scale *= 2 * canonical / float64(long)
		return f
	}
	light := plane{lightness(p), p.Width, p.Height}
	own := canonical / cmp.Or(s.Side, float64(max(p.Width, p.Height)))
	sides := []bool{false}
	if s.Mirror {
		sides = append(sides, true)
	}
	best := Found{}
	looks := 0
	look := func(tries []try) bool { // whether a mark was found
		looks += len(tries)
		for _, f := range m.all(ctx, light, tries) {
			if f.Found && !best.Found || f.Found == best.Found && f.Peak > best.Peak {
				best = f
			}
		}
		best.Looks = looks
		return best.Found || ctx.Err() != nil
	}
	var first []try
	for _, side := range sides {
		first = append(first, try{own, 0, side})
	}
	if look(first) {
		return best
	}
	if s.Scales {
		var tries []try
		for _, side := range sides {
			for i := range scaleSteps {
				tries = append(tries, try{own * math.Exp(math.Log(leastScale)+float64(i)/(scaleSteps-1)*(math.Log(mostScale)-math.Log(leastScale))), 0, side})
			}
		}
		if look(m.promising(ctx, light, tries)) {
			return best
		}
	}
	if s.Angles {
		var tries []try
		for _, side := range sides {
			for a := -mostAngle; a <= mostAngle; a += angleStep {
				if a != 0 {
					tries = append(tries, try{own, a, side})
				}
			}
		}
		look(tries)
	}
	return best
}

// Steps of a search: an octave and a little of scales, 0.75 % apart, and five degrees to both sides.
const (
	scaleSteps = 110
	leastScale = 0.45
	mostScale  = 1.02
	mostAngle  = 5.0
	angleStep  = 0.25
	coarse     = 640 // canonical pixels a side of the middle that a first look takes
	kept       = 4   // scales that are looked at wholly
)

// promising looks at the picture's middle on every scale, and gives the best ones with their neighbours.
func (m *Mark) promising(ctx context.Context, light plane, tries []try) []try {
	peaks := make([]float64, len(tries))
	each(ctx, len(tries), func(i int) {
		t := tries[i]
		peaks[i], _ = m.peak(spectrum(light.middle(int(coarse/t.scale)), t))
	})
	order := make([]int, len(tries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(peaks[b], peaks[a]) })
	var all []try
	for _, i := range order[:min(kept, len(order))] {
		for d := -0.006; d < 0.0065; d += 0.001 {
			t := tries[i]
			t.scale *= 1 + d
			all = append(all, t)
		}
	}
	return all
}

// all looks at the picture in every way.
func (m *Mark) all(ctx context.Context, light plane, tries []try) []Found {
	found := make([]Found, len(tries))
	each(ctx, len(tries), func(i int) {
		t := tries[i]
		f := Found{Scale: t.scale, Angle: t.angle, Mirrored: t.mirrored}
		s := spectrum(light, t)
		var at int
		f.Peak, at = m.peak(s)
		if f.Peak >= leastPeak {
			f.ID, f.Found = m.read(s, at)
		}
		found[i] = f
	})
	return found
}

// each does n things, as many at a time as there are processors.
func each(ctx context.Context, n int, do func(i int)) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error {
			if ctx.Err() == nil {
				do(i)
			}
			return nil
		})
	}
	_ = g.Wait() // nothing fails
}

// peak finds the tile's place by correlating phases with those that mark it, and how clearly it stands out.
func (m *Mark) peak(s []complex128) (clear float64, at int) {
	c := make([]complex128, len(s))
	for i, v := range s {
		c[i] = v * m.want[i]
	}
	transform(c, true)
	var sum, squares, most float64
	most = math.Inf(-1)
	for i, v := range c {
		x := real(v)
		sum, squares = sum+x, squares+x*x
		if x > most {
			most, at = x, i
		}
	}
	n := float64(len(c))
	spread := math.Sqrt(squares/n - sum*sum/n/n)
	if spread == 0 {
		return 0, 0
	}
	return (most - sum/n) / spread, at
}

// read takes the message off a spectrum whose tile begins at a place.
func (m *Mark) read(s []complex128, at int) (uint64, bool) {
	dy, dx := float64(at/tile), float64(at%tile)
	var soft [symbols]float64
	for i, group := range m.data {
		for _, k := range group {
			turn := cmplx.Rect(1, 2*math.Pi*(float64(signed(k/tile))*dy+float64(signed(k%tile))*dx)/tile)
			soft[i] += real(s[k] * turn * cmplx.Conj(m.phase[k]))
		}
	}
	return decode(&soft)
}
