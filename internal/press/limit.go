package press

import (
	"math"

	"presswerk/internal/icc"
)

// inkTable holds the colours of all mixtures of ink on a grid, so that one mixture can be sought that looks like another.
type inkTable struct{ lab [][3]float64 }

// tableSide is the number of grid points for each ink. 17 of them put the colours between within half a unit of what the profile says.
const tableSide = 17

// inks fills the table on first use.
func (p *Press) inks() (*inkTable, error) {
	p.once.Do(func() { p.table, p.tableOf = p.fill() })
	return p.table, p.tableOf
}

func (p *Press) fill() (*inkTable, error) {
	t, err := p.lib.ToLab(p.profile, icc.Relative)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	const n = tableSide * tableSide * tableSide * tableSide
	src, dst := make([]uint16, 0, 4*n), make([]float64, 3*n)
	for i := range n {
		for _, place := range []int{tableSide * tableSide * tableSide, tableSide * tableSide, tableSide, 1} {
			src = append(src, uint16(i/place%tableSide*65535/(tableSide-1)))
		}
	}
	if err := t.Lab(dst, src); err != nil {
		return nil, err
	}
	table := &inkTable{lab: make([][3]float64, n)}
	for i := range table.lab {
		table.lab[i] = [3]float64(dst[3*i:])
	}
	return table, nil
}

// at is the colour of a mixture, each ink 0..1, between the sixteen neighbours on the grid.
func (t *inkTable) at(inks [4]float64) [3]float64 {
	var cell [4]int
	var rest [4]float64
	for i, v := range inks {
		v *= tableSide - 1
		cell[i] = min(int(v), tableSide-2)
		rest[i] = v - float64(cell[i])
	}
	const c, m, y = tableSide * tableSide * tableSide, tableSide * tableSide, tableSide
	start := cell[0]*c + cell[1]*m + cell[2]*y + cell[3]
	var out [3]float64
	for i, from := range [8]int{0, y, m, m + y, c, c + y, c + m, c + m + y} {
		weight := [2]float64{1 - rest[0], rest[0]}[i>>2] * [2]float64{1 - rest[1], rest[1]}[i>>1&1] * [2]float64{1 - rest[2], rest[2]}[i&1]
		if weight == 0 {
			continue
		}
		p, q := &t.lab[start+from], &t.lab[start+from+1]
		light, dark := weight*(1-rest[3]), weight*rest[3]
		out[0] += light*p[0] + dark*q[0]
		out[1] += light*p[1] + dark*q[1]
		out[2] += light*p[2] + dark*q[2]
	}
	return out
}

// limit finds a mixture of at most bound 255ths that looks like the one given.
func (t *inkTable) limit(c uint32, bound int) uint32 {
	var inks [4]float64
	for i := range inks {
		inks[i] = float64(c>>(24-8*i)&255) / 255
	}
	most := float64(bound) / 255
	return pack(t.less(inks, most), bound)
}

// less finds the mixture that looks most like the one given within the limit, and of equal ones that with the least black. What black
// can take over is worth less and less the more there is, so that the sum is not smallest where black is full: all of it is
// searched, roughly and then finely.
func (t *inkTable) less(inks [4]float64, most float64) [4]float64 {
	const rough, fine, blackCosts = 6, 6, 0.3
	target := t.at(inks)
	best, least := inks, math.Inf(1)
	try := func(black float64) {
		x := t.solve(target, best, black, most-black)
		if cost := distance(t.at(x), target) + blackCosts*(black-inks[3]); cost < least {
			best, least = x, cost
		}
	}
	step := (1 - inks[3]) / rough
	for i := range rough + 1 {
		try(inks[3] + float64(i)*step)
	}
	for range fine {
		middle := best[3]
		step /= 2
		try(max(middle-step, inks[3]))
		try(min(middle+step, 1))
	}
	return best
}

// distance is the square of CIE76's.
func distance(p, q [3]float64) float64 {
	return (p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2])
}

// solve seeks the three coloured inks that give a colour together with so much black, and whose sum is at most that given.
//
// Source: Levenberg 1944, Marquardt 1963; inks that would leave 0..1 are held at the edge for the step, and what is above the sum counts
// as a fourth difference.
func (t *inkTable) solve(target [3]float64, inks [4]float64, black, most float64) [4]float64 {
	const rounds, small, damping, excess = 10, 0.02, 4.0, 300.0
	inks[3] = black
	for range rounds {
		here := t.at(inks)
		miss := [4]float64{target[0] - here[0], target[1] - here[1], target[2] - here[2]}
		over := 0.0
		if sum := inks[0] + inks[1] + inks[2]; sum > most {
			over, miss[3] = excess, -excess*(sum-most)
		}
		var gradient [3]float64
		var jacobian [3][4]float64 // [ink][difference]
		for i := range 3 {
			moved, by := inks, small
			if moved[i]+by > 1 {
				by = -small
			}
			moved[i] += by
			there := t.at(moved)
			jacobian[i][3] = over
			gradient[i] = over * miss[3]
			for k := range 3 {
				jacobian[i][k] = (there[k] - here[k]) / by
				gradient[i] += jacobian[i][k] * miss[k]
			}
			if inks[i] <= 0 && gradient[i] < 0 || inks[i] >= 1 && gradient[i] > 0 {
				jacobian[i], gradient[i] = [4]float64{}, 0
			}
		}
		var normal [3][3]float64
		for i := range 3 {
			for j := range 3 {
				for k := range 4 {
					normal[i][j] += jacobian[i][k] * jacobian[j][k]
				}
			}
			normal[i][i] += damping
		}
		step, largest := solve3(normal, gradient), 0.0
		for i := range 3 {
			before := inks[i]
			inks[i] = min(max(inks[i]+step[i], 0), 1)
			largest = max(largest, math.Abs(inks[i]-before))
		}
		if largest < 0.001 {
			break
		}
	}
	return within(inks, most)
}

// within takes in proportion what the three coloured inks have above their sum.
func within(inks [4]float64, most float64) [4]float64 {
	if sum := inks[0] + inks[1] + inks[2]; sum > most {
		for i := range 3 {
			inks[i] *= most / sum
		}
	}
	return inks
}

// solve3 solves three linear equations by Cramer's rule; damping keeps them from being singular.
func solve3(m [3][3]float64, v [3]float64) [3]float64 {
	det := func(m [3][3]float64) float64 {
		return m[0][0]*(m[1][1]*m[2][2]-m[1][2]*m[2][1]) - m[0][1]*(m[1][0]*m[2][2]-m[1][2]*m[2][0]) + m[0][2]*(m[1][0]*m[2][1]-m[1][1]*m[2][0])
	}
	d := det(m)
	var out [3]float64
	for i := range 3 {
		n := m
		for row := range 3 {
			n[row][i] = v[row]
		}
		out[i] = det(n) / d
	}
	return out
}

// pack rounds a mixture to bytes; what rounding puts above the bound is taken from the strongest of the coloured inks.
func pack(inks [4]float64, bound int) uint32 {
	var b [4]int
	sum := 0
	for i, v := range inks {
		b[i] = int(math.Round(v * 255))
		sum += b[i]
	}
	for ; sum > bound; sum-- {
		strongest := 0
		for i := 1; i < 3; i++ {
			if b[i] > b[strongest] {
				strongest = i
			}
		}
		b[strongest]--
	}
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
