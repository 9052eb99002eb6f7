package ssimulacra2

import "math"

// A Gaussian of sigma 1.5, cut at five pixels.
const (
	sigma  = 1.5
	radius = 5
	taps   = 2*radius + 1
)

// kernel holds the weights by their distance from the middle.
type kernel [radius + 1]float32

func gaussian() kernel {
	var w [radius + 1]float64
	sum := 0.0
	for i := range w {
		w[i] = math.Exp(-float64(i*i) / (2 * sigma * sigma))
		sum += 2 * w[i]
	}
	var k kernel
	for i := range w {
		k[i] = float32(w[i] / (sum - w[0]))
	}
	return k
}

// across blurs a row that has radius zeros on both sides.
func (k *kernel) across(out, in []float32) {
	k0, k1, k2, k3, k4, k5 := k[0], k[1], k[2], k[3], k[4], k[5]
	n := len(out)
	a, b, c, d, e, f := in[:n], in[1:n+1], in[2:n+2], in[3:n+3], in[4:n+4], in[5:n+5]
	g, h, i, j, l := in[6:n+6], in[7:n+7], in[8:n+8], in[9:n+9], in[10:n+10]
	for x := range out {
		out[x] = k0*f[x] + k1*(e[x]+g[x]) + k2*(d[x]+h[x]) + k3*(c[x]+i[x]) + k4*(b[x]+j[x]) + k5*(a[x]+l[x])
	}
}

// down blurs across rows.
func (k *kernel) down(out []float32, rows *[taps][]float32) {
	k0, k1, k2, k3, k4, k5 := k[0], k[1], k[2], k[3], k[4], k[5]
	n := len(out)
	a, b, c, d, e, f := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n], rows[4][:n], rows[5][:n]
	g, h, i, j, l := rows[6][:n], rows[7][:n], rows[8][:n], rows[9][:n], rows[10][:n]
	for x := range out {
		out[x] = k0*f[x] + k1*(e[x]+g[x]) + k2*(d[x]+h[x]) + k3*(c[x]+i[x]) + k4*(b[x]+j[x]) + k5*(a[x]+l[x])
	}
}

// mirrored is the row that stands for y: behind an edge the picture is mirrored, edge row included.
func mirrored(y, height int) int {
	for y < 0 || y >= height {
		if y < 0 {
			y = -1 - y
		} else {
			y = 2*height - 1 - y
		}
	}
	return y
}

// ring keeps the rows around one, blurred across, for one signal.
type ring struct {
	rows   [taps][]float32
	padded []float32
}

func newRing(width int) *ring {
	r := &ring{padded: make([]float32, width+2*radius)}
	for i := range r.rows {
		r.rows[i] = make([]float32, width)
	}
	return r
}

// line is where the next row's signal is written before push.
func (r *ring) line() []float32 { return r.padded[radius : len(r.padded)-radius] }

// push blurs what stands in line and forgets the oldest row.
func (r *ring) push(k *kernel) {
	oldest := r.rows[0]
	copy(r.rows[:], r.rows[1:])
	r.rows[taps-1] = oldest
	k.across(oldest, r.padded)
}
