package press

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
)

// Ink is how much ink a separation lays on paper: total area coverage, in percent.
type Ink struct {
	Max   float64 `json:"max"`
	Mean  float64 `json:"mean"`
	Limit float64 `json:"limit"`
	Over  float64 `json:"over"` // share of pixels, 0..1, above the limit
}

// Ink measures the separation against a limit in percent.
func (s *Separation) Ink(limit float64) Ink {
	k := Ink{Limit: limit}
	most, over, all, bound := 0, 0, 0, bytesOf(limit)
	for i := 0; i < len(s.Pix); i += 4 {
		sum := total(s.Pix[i:])
		most, all = max(most, sum), all+sum
		if sum > bound {
			over++
		}
	}
	n := float64(len(s.Pix) / 4)
	k.Max, k.Mean, k.Over = hundredth(float64(most)/2.55), hundredth(float64(all)/2.55/n), float64(over)/n
	return k
}

func hundredth(v float64) float64 { return math.Round(v*100) / 100 }

func total(inks []uint8) int { return int(inks[0]) + int(inks[1]) + int(inks[2]) + int(inks[3]) }

// bytesOf is the largest sum of four bytes that is not above a limit in percent.
func bytesOf(limit float64) int { return int(limit*2.55 + 1e-9) }

// Limited says what a limit of ink has changed. Differences are CIEDE2000 as the press prints them, paper counting as white.
type Limited struct {
	Share float64 `json:"share"` // of pixels, 0..1, that had too much
	Mean  float64 `json:"mean"`  // by how much their colour moved
	Max   float64 `json:"max"`
}

// Limit brings every place with too much ink to the limit, in percent, and changes nothing else. Where it can it keeps the colour: black
// takes over what the three others together make grey. Where even full black doesn't suffice, the others give way in
// proportion. The separation is changed in place.
func (p *Press) Limit(ctx context.Context, s *Separation, limit float64) (Limited, error) {
	if !(limit >= art.LeastInk && limit <= art.MostInk) {
		return Limited{}, art.Invalid("tac", fmt.Sprintf("%g %% is no limit of ink", limit), fmt.Sprintf("use %d to %d", art.LeastInk, art.MostInk))
	}
	bound := bytesOf(limit)
	counts := map[uint32]int{}
	for i := 0; i < len(s.Pix); i += 4 {
		if total(s.Pix[i:]) > bound {
			counts[binary.BigEndian.Uint32(s.Pix[i:])]++
		}
	}
	if len(counts) == 0 {
		return Limited{}, nil
	}
	table, err := p.inks()
	if err != nil {
		return Limited{}, err
	}
	colours := slices.Sorted(maps.Keys(counts))
	less := make([]uint32, len(colours))
	if err := inParts(ctx, len(colours), func(from, to int) error {
		for i := from; i < to; i++ {
			less[i] = table.limit(colours[i], bound)
		}
		return nil
	}); err != nil {
		return Limited{}, fmt.Errorf("press: limiting ink: %w", err)
	}
	instead := make(map[uint32]uint32, len(colours))
	for i, c := range colours {
		instead[c] = less[i]
	}
	for i := 0; i < len(s.Pix); i += 4 {
		if total(s.Pix[i:]) > bound {
			binary.BigEndian.PutUint32(s.Pix[i:], instead[binary.BigEndian.Uint32(s.Pix[i:])])
		}
	}
	return p.moved(colours, less, counts, len(s.Pix)/4)
}

// moved measures with the profile itself, not with the table, what the limit has done.
func (p *Press) moved(colours, less []uint32, counts map[uint32]int, pixels int) (Limited, error) {
	before, err := p.labs(colours)
	if err != nil {
		return Limited{}, err
	}
	after, err := p.labs(less)
	if err != nil {
		return Limited{}, err
	}
	var l Limited
	n := 0
	for i, c := range colours {
		e := imaging.DeltaE(lab(before[3*i:]), lab(after[3*i:]))
		l.Max, l.Mean, n = max(l.Max, e), l.Mean+e*float64(counts[c]), n+counts[c]
	}
	l.Max, l.Mean, l.Share = hundredth(l.Max), hundredth(l.Mean/float64(n)), float64(n)/float64(pixels)
	return l, nil
}

// labs are the colours of inks on this paper.
func (p *Press) labs(inks []uint32) ([]float64, error) {
	t, err := p.lib.ToLab(p.profile, icc.Relative)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	src, dst := make([]uint16, 0, 4*len(inks)), make([]float64, 3*len(inks))
	for _, c := range inks {
		for shift := 24; shift >= 0; shift -= 8 {
			src = append(src, uint16(c>>shift&255)*257)
		}
	}
	return dst, t.Lab(dst, src)
}
