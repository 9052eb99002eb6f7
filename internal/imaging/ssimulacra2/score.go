package ssimulacra2

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Name is what records call this measure.
const Name = "ssimulacra2"

const (
	scales = 6
	least  = 8 // pixels of the shorter side of the smallest scale
	c2     = 0.0009
)

// Reference is an original at all its scales. It may be compared by several goroutines.
type Reference struct {
	width, height int
	scales        []scale
	kernel        kernel
}

// scale is the original at one scale, as it is and blurred.
type scale struct{ picture, mean planes }

// New makes an original ready. It holds some 16 bytes for each pixel. A picture with a side below 8 pixels gives art.ErrInvalid.
func New(original *imaging.RGB) (*Reference, error) {
	if original.Width < least || original.Height < least {
		return nil, art.Invalid("picture", fmt.Sprintf("%d×%d pixels are too few to compare", original.Width, original.Height), "both sides need 8")
	}
	r := &Reference{width: original.Width, height: original.Height, kernel: gaussian()}
	for _, picture := range pyramid(original) {
		s := scale{picture: picture, mean: planes{width: picture.width, height: picture.height}}
		var all sync.WaitGroup
		for c := range picture.p {
			if picture.p[c] == nil {
				continue
			}
			s.mean.p[c] = make([]float32, picture.width*picture.height)
			all.Go(func() { r.kernel.mean(s.mean.p[c], picture.p[c], picture.width, picture.height) })
		}
		all.Wait()
		r.scales = append(r.scales, s)
	}
	return r, nil
}

// pyramid is a picture at all scales, each half of the one before.
func pyramid(p *imaging.RGB) []planes {
	light := linear(p)
	n := 0
	for side := min(p.Width, p.Height); n < scales && side >= least; side = (side + 1) / 2 {
		n++
	}
	out := make([]planes, n)
	for i := range out {
		out[i] = light.positiveXYB(i, n)
		if i < n-1 {
			light = light.halve()
		}
	}
	return out
}

// mean blurs a whole plane.
func (k *kernel) mean(out, in []float32, width, height int) {
	r := newRing(width)
	for y := -radius; y < height+radius; y++ {
		copy(r.line(), in[mirrored(y, height)*width:])
		r.push(k)
		if y >= radius {
			k.down(out[(y-radius)*width:(y-radius+1)*width], &r.rows)
		}
	}
}

// sums are what one channel of one scale adds up to.
type sums struct{ ssim, ssim4, artifact, artifact4, lost, lost4 float64 }

func (s *sums) add(o sums) {
	s.ssim += o.ssim
	s.ssim4 += o.ssim4
	s.artifact += o.artifact
	s.artifact4 += o.artifact4
	s.lost += o.lost
	s.lost4 += o.lost4
}

// stripe is how many rows one goroutine takes at a time. The sum doesn't depend on who took which.
const stripe = 128

// Score compares a copy of the same size. A picture of another size gives art.ErrInvalid.
func (r *Reference) Score(p *imaging.RGB) (float64, error) {
	if p.Width != r.width || p.Height != r.height {
		return 0, art.Invalid("picture", fmt.Sprintf("%d×%d pixels are compared with %d×%d", p.Width, p.Height, r.width, r.height), "bring both to the same size")
	}
	copies := pyramid(p)
	total := make([][3]sums, len(copies))
	for i, s := range r.scales {
		for c := range 3 {
			if s.mean.p[c] != nil {
				total[i][c] = r.channel(s, copies[i], c)
			}
		}
	}
	return final(total), nil
}

// channel adds up one channel of one scale, on all cores.
func (r *Reference) channel(s scale, other planes, c int) sums {
	width, height := other.width, other.height
	parts := make([]sums, (height+stripe-1)/stripe)
	next := make(chan int, len(parts))
	for i := range parts {
		next <- i
	}
	close(next)
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(parts)) {
		all.Go(func() {
			w := newComparison(width)
			for i := range next {
				parts[i] = w.rows(&r.kernel, s.picture.p[c], s.mean.p[c], other.p[c], height, i*stripe, min(height, (i+1)*stripe))
			}
		})
	}
	all.Wait()
	var sum sums
	for _, p := range parts {
		sum.add(p)
	}
	return sum.over(float64(width * height))
}

// over makes means of sums.
func (s sums) over(n float64) sums {
	root := func(v float64) float64 { return math.Sqrt(math.Sqrt(v / n)) }
	return sums{s.ssim / n, root(s.ssim4), s.artifact / n, root(s.artifact4), s.lost / n, root(s.lost4)}
}

// comparison is the memory of one goroutine.
type comparison struct {
	width                 int
	copied, both, product *ring // of the copy, of the squares' sum, and of the product
	mean, squares, cross  []float32
}

func newComparison(width int) *comparison {
	return &comparison{
		width: width, copied: newRing(width), both: newRing(width), product: newRing(width),
		mean: make([]float32, width), squares: make([]float32, width), cross: make([]float32, width),
	}
}

// rows compares the rows from and up to to. The variances of both pictures are only ever needed as a sum.
func (w *comparison) rows(k *kernel, a, meanA, b []float32, height, from, to int) sums {
	var sum sums
	for y := from - radius; y < to+radius; y++ {
		at := mirrored(y, height) * w.width
		rowA, rowB := a[at:at+w.width], b[at:at+w.width]
		single, both, product := w.copied.line()[:len(rowB)], w.both.line()[:len(rowB)], w.product.line()[:len(rowB)]
		for x, vb := range rowB {
			va := rowA[x]
			single[x], both[x], product[x] = vb, va*va+vb*vb, va*vb
		}
		w.copied.push(k)
		w.both.push(k)
		w.product.push(k)
		if y < from+radius {
			continue
		}
		k.down(w.mean, &w.copied.rows)
		k.down(w.squares, &w.both.rows)
		k.down(w.cross, &w.product.rows)
		at = (y - radius) * w.width
		sum.add(w.differences(a[at:at+w.width], meanA[at:at+w.width], b[at:at+w.width]))
	}
	return sum
}

// differences are those of one row: of structure, and of edges that were added or lost.
func (w *comparison) differences(a, meanA, b []float32) sums {
	var s sums
	mean, squares, cross := w.mean[:len(a)], w.squares[:len(a)], w.cross[:len(a)]
	meanA, b = meanA[:len(a)], b[:len(a)]
	for x := range a {
		m1, m2 := meanA[x], mean[x]
		difference := m1 - m2
		structure := (2*(cross[x]-m1*m2) + c2) / ((squares[x] - (m1*m1 + m2*m2)) + c2)
		if d := float64(1 - (1-difference*difference)*structure); d > 0 {
			s.ssim += d
			d *= d
			s.ssim4 += d * d
		}
		edge := float64((1+abs(b[x]-m2))/(1+abs(a[x]-m1)) - 1)
		square := edge * edge
		if edge > 0 {
			s.artifact += edge
			s.artifact4 += square * square
		} else {
			s.lost -= edge
			s.lost4 += square * square
		}
	}
	return s
}

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

// final weighs the differences of all channels and scales into one number.
func final(total [][3]sums) float64 {
	w, sum, i := weights(), 0.0, 0
	for c := range 3 {
		for _, scale := range total {
			s := scale[c]
			for _, v := range [...]float64{s.ssim, s.artifact, s.lost, s.ssim4, s.artifact4, s.lost4} {
				sum += w[i] * v
				i++
			}
		}
	}
	sum *= 0.9562382616834844
	sum = 2.326765642916932*sum - 0.020884521182843837*sum*sum + 6.248496625763138e-05*sum*sum*sum
	if sum <= 0 {
		return 100
	}
	return 100 - 10*math.Pow(sum, 0.6276336467831387)
}
