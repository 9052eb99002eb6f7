package vision

import (
	"math"

	"presswerk/internal/imaging"
)

// FaceLook is what can be measured of a face.
type FaceLook struct {
	// Frontal is 1 where a face looks straight ahead and 0 in profile: how far the tip of the nose is from one eye's outer
	// corner along the line of the eyes, by how far it is from the other's.
	Frontal float64
	// Apart is how far the places of eyes, nose and mouth that two networks find lie apart, in the mean, by the distance of the eyes.
	Apart float64
	// Alike is how much one eye looks like the other one mirrored, −1..1; only where Compared.
	Alike    float64
	Compared bool // the face is frontal and large enough to compare its eyes
}

// Look measures a face that has a mesh.
func (f Face) Look(p *imaging.RGB) (l FaceLook) {
	if len(f.Mesh) == 0 {
		return l
	}
	middle := func(marks ...int) (x, y float64) {
		for _, i := range marks {
			x, y = x+f.Mesh[i].X/float64(len(marks)), y+f.Mesh[i].Y/float64(len(marks))
		}
		return x, y
	}
	rx, ry := middle(33, 133)
	lx, ly := middle(362, 263)
	eyes := math.Hypot(lx-rx, ly-ry)
	if !(eyes > 0) {
		return l
	}
	cos, sin := (lx-rx)/eyes, (ly-ry)/eyes
	along := func(i int) float64 { return f.Mesh[i].X*cos + f.Mesh[i].Y*sin }
	toRight, toLeft := along(1)-along(33), along(263)-along(1)
	if toRight > 0 && toLeft > 0 {
		l.Frontal = min(toRight, toLeft) / max(toRight, toLeft)
	}
	for i, marks := range [][]int{{33, 133}, {362, 263}, {1}, {13, 14}} {
		x, y := middle(marks...)
		l.Apart += math.Hypot(f.Points[i][0]-x, f.Points[i][1]-y) / eyes / 4
	}
	const frontal, large = 0.6, 20 // from which eyes are compared; pixels between them
	if l.Frontal >= frontal && eyes >= large {
		l.Compared = true
		l.Alike = alike(p, [2]float64{rx, ry}, [2]float64{lx, ly}, eyes, cos, sin)
	}
	return l
}

// alike correlates the brightness around one eye with that around the other one, mirrored.
func alike(p *imaging.RGB, right, left [2]float64, eyes, cos, sin float64) float64 {
	const w, h = 24, 16 // places; they cover 0.6 × 0.4 of the distance of the eyes
	var a, b [w * h]float64
	for j := range h {
		for i := range w {
			u, v := ((float64(i)+0.5)/w-0.5)*0.6*eyes, ((float64(j)+0.5)/h-0.5)*0.4*eyes
			a[j*w+i] = brightnessAt(p, right[0]+u*cos-v*sin, right[1]+u*sin+v*cos)
			b[j*w+i] = brightnessAt(p, left[0]-u*cos-v*sin, left[1]-u*sin+v*cos)
		}
	}
	return correlation(a[:], b[:])
}

func brightnessAt(p *imaging.RGB, x, y float64) float64 {
	var sum [3]float64
	addSample(p, x, y, &sum)
	return 0.299*sum[0] + 0.587*sum[1] + 0.114*sum[2]
}

// correlation is Pearson's; 0 where one side is flat.
func correlation(a, b []float64) float64 {
	n, sa, sb := float64(len(a)), 0.0, 0.0
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
	}
	var aa, bb, ab float64
	for i := range a {
		x, y := a[i]-sa/n, b[i]-sb/n
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	if !(aa*bb > 0) {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
