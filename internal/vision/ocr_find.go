package vision

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// textRect is a rectangle around a line: its centre and sides in pixels, counted from the centre of the first pixel, the
// angle of its width, clockwise as pictures are seen, and how sure it is.
type textRect struct{ x, y, width, height, angle, score float64 }

// corners go clockwise from where the line begins.
func (r textRect) corners() (c [4][2]float64) {
	sin, cos := math.Sincos(r.angle)
	for i, at := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		a, b := at[0]*r.width/2, at[1]*r.height/2
		c[i] = [2]float64{r.x + a*cos - b*sin, r.y + a*sin + b*cos}
	}
	return c
}

// turned is the same rectangle seen by somebody who is turned by a quarter.
func (r textRect) turned(by float64) textRect {
	r.width, r.height, r.angle = r.height, r.width, r.angle+by
	return r
}

// cut lays a line out as a network sees it, [3, height, width], blue first, levels −1..1; right of the inner width there
// is grey. A pixel that covers several of the picture takes the mean of several places.
func (r textRect) cut(p *imaging.RGB, inner, height, width int) []float32 {
	const most = 4 // places a side
	out := make([]float32, 3*height*width)
	along, down := r.width/float64(inner), r.height/float64(height) // pixels of the picture
	na, nd := min(max(1, int(math.Round(along))), most), min(max(1, int(math.Round(down))), most)
	sin, cos := math.Sincos(r.angle)
	share := 1 / float64(na*nd)
	for j := range height {
		for i := range inner {
			var sum [3]float64
			for v := range nd {
				for u := range na {
					a := (float64(i)+(float64(u)+0.5)/float64(na))*along - r.width/2
					b := (float64(j)+(float64(v)+0.5)/float64(nd))*down - r.height/2
					addSample(p, r.x+a*cos-b*sin, r.y+a*sin+b*cos, &sum)
				}
			}
			for c := range 3 {
				out[(2-c)*height*width+j*width+i] = float32(sum[c]*share/127.5 - 1)
			}
		}
	}
	return out
}

// addSample adds the levels at a place, between pixels interpolated linearly; outside, the border is repeated.
func addSample(p *imaging.RGB, x, y float64, sum *[3]float64) {
	x, y = min(max(x, 0), float64(p.Width-1)), min(max(y, 0), float64(p.Height-1))
	left, top := int(x), int(y)
	right, below := min(left+1, p.Width-1), min(top+1, p.Height-1)
	fx, fy := x-float64(left), y-float64(top)
	a, b := 3*(top*p.Width+left), 3*(top*p.Width+right)
	c, d := 3*(below*p.Width+left), 3*(below*p.Width+right)
	for k := range 3 {
		upper := float64(p.Pix[a+k])*(1-fx) + float64(p.Pix[b+k])*fx
		lower := float64(p.Pix[c+k])*(1-fx) + float64(p.Pix[d+k])*fx
		sum[k] += upper*(1-fy) + lower*fy
	}
}

// findText gives the rectangles of lines.
func findText(ctx context.Context, p *imaging.RGB, network Runner) ([]textRect, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) != 1 || len(in[0].Dims) != 4 || in[0].Dims[1] != 3 || in[0].Dims[2] > 0 || in[0].Dims[3] > 0 {
		return nil, fmt.Errorf("vision: a network that finds text takes one picture [n, 3, h, w] of any size: %w", art.ErrUnsupported)
	}
	w, h := finderSize(p.Width, p.Height)
	mean, deviation := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	x, planes := make([]float32, 0, 3*w*h), p.Planes(w, h)
	for i := range 3 {
		for _, v := range planes[2-i].Pix { // blue first, by the numbers of red: so it was trained
			x = append(x, (v/255-mean[i])/deviation[i])
		}
	}
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: onnx.Float32(x, 1, 3, int64(h), int64(w))})
	if err != nil {
		return nil, fmt.Errorf("vision: finding text: %w", err)
	}
	y := made[out[0].Name]
	if !slices.Equal(y.Shape, []int64{1, 1, int64(h), int64(w)}) || len(y.F32) != w*h {
		return nil, fmt.Errorf("vision: the network for text made %v instead of one map of %d × %d: %w", y.Shape, w, h, art.ErrUnsupported)
	}
	rects := textRects(y.F32, w, h)
	for i := range rects {
		rects[i] = rects[i].scaled(float64(p.Width)/float64(w), float64(p.Height)/float64(h))
	}
	return rects, nil
}

// finderSize is how large the finder sees a picture: its longer side has 640 to 960 pixels, and both are multiples of 32.
func finderSize(width, height int) (w, h int) {
	const least, most = 640, 960
	longer := float64(max(width, height))
	scale := min(max(longer, least), most) / longer
	side := func(n int) int { return max(32, int(math.Round(scale*float64(n)/32))*32) }
	return side(width), side(height)
}

// scaled brings a rectangle to another size. Where both sides scale differently, by a few parts in a hundred, it stays one.
func (r textRect) scaled(sx, sy float64) textRect {
	sin, cos := math.Sincos(r.angle)
	r.x, r.y = (r.x+0.5)*sx-0.5, (r.y+0.5)*sy-0.5
	r.width *= math.Hypot(cos*sx, sin*sy)
	r.height *= math.Hypot(sin*sx, cos*sy)
	r.angle = math.Atan2(sin*sy, cos*sx)
	return r
}

// textRects reads a map of how likely each pixel is in the core of a line: connected pixels above a threshold are one, and
// its rectangle is let out again by as much as the cores that the network learned were drawn in.
func textRects(likely []float32, w, h int) []textRect {
	const (
		threshold = 0.2 // of a pixel
		least     = 0.4 // mean of a rectangle
		smallest  = 3   // pixels of a side, 5 when let out
		letOut    = 1.4 // times area by circumference
	)
	var rects []textRect
	for _, part := range connected(likely, w, h, threshold) {
		r := smallestRect(hull(part))
		if !(min(r.width, r.height) >= smallest) {
			continue
		}
		if r.score = meanIn(r, likely, w, h); !(r.score >= least) {
			continue
		}
		by := letOut * r.width * r.height / (r.width + r.height) // twice the distance, as both ends move
		r.width, r.height = r.width+by, r.height+by
		if min(r.width, r.height) >= smallest+2 {
			rects = append(rects, r)
		}
	}
	return rects
}

// connected gives the outermost pixels of each row of every group of neighbours, diagonal ones as well, above a threshold.
func connected(likely []float32, w, h int, threshold float32) (parts [][][2]float64) {
	seen := make([]bool, len(likely))
	var open []int
	for start := range likely {
		if seen[start] || !(likely[start] > threshold) {
			continue
		}
		rows := map[int][2]int{}
		seen[start], open = true, append(open[:0], start)
		for len(open) > 0 {
			at := open[len(open)-1]
			open = open[:len(open)-1]
			x, y := at%w, at/w
			if ends, ok := rows[y]; ok {
				rows[y] = [2]int{min(ends[0], x), max(ends[1], x)}
			} else {
				rows[y] = [2]int{x, x}
			}
			for j := max(0, y-1); j <= min(h-1, y+1); j++ {
				for i := max(0, x-1); i <= min(w-1, x+1); i++ {
					if next := j*w + i; !seen[next] && likely[next] > threshold {
						seen[next], open = true, append(open, next)
					}
				}
			}
		}
		var part [][2]float64
		for y, ends := range rows {
			part = append(part, [2]float64{float64(ends[0]), float64(y)}, [2]float64{float64(ends[1]), float64(y)})
		}
		parts = append(parts, part)
	}
	return parts
}

// hull is the convex one around places, by Andrew's monotone chain.
func hull(places [][2]float64) [][2]float64 {
	slices.SortFunc(places, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	places = slices.Compact(places)
	if len(places) < 3 {
		return places
	}
	chain := func(all [][2]float64) (c [][2]float64) {
		for _, at := range all {
			for len(c) > 1 {
				a, b := c[len(c)-2], c[len(c)-1]
				if (b[0]-a[0])*(at[1]-a[1])-(b[1]-a[1])*(at[0]-a[0]) > 0 {
					break
				}
				c = c[:len(c)-1]
			}
			c = append(c, at)
		}
		return c[:len(c)-1]
	}
	lower := chain(places)
	slices.Reverse(places)
	return append(lower, chain(places)...)
}

// smallestRect is the rectangle of the smallest area around a convex hull; one of its sides lies along an edge. Its width
// leads to the right, at no more than 45 degrees.
func smallestRect(hull [][2]float64) (best textRect) {
	if len(hull) < 3 {
		return textRect{} // a line or a point has no area
	}
	area := math.Inf(1)
	for i, a := range hull {
		b := hull[(i+1)%len(hull)]
		angle := math.Atan2(b[1]-a[1], b[0]-a[0])
		angle -= math.Round(angle/(math.Pi/2)) * math.Pi / 2
		sin, cos := math.Sincos(angle)
		left, top, right, down := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, at := range hull {
			u, v := at[0]*cos+at[1]*sin, at[1]*cos-at[0]*sin
			left, top, right, down = min(left, u), min(top, v), max(right, u), max(down, v)
		}
		if size := (right - left) * (down - top); size < area {
			u, v := (left+right)/2, (top+down)/2
			area, best = size, textRect{x: u*cos - v*sin, y: u*sin + v*cos, width: right - left, height: down - top, angle: angle}
		}
	}
	return best
}

// meanIn is the mean of a map within a rectangle.
func meanIn(r textRect, likely []float32, w, h int) float64 {
	sin, cos := math.Sincos(r.angle)
	reachX := math.Abs(r.width/2*cos) + math.Abs(r.height/2*sin)
	reachY := math.Abs(r.width/2*sin) + math.Abs(r.height/2*cos)
	sum, n := 0.0, 0
	for y := max(0, int(r.y-reachY)); y <= min(h-1, int(r.y+reachY)+1); y++ {
		for x := max(0, int(r.x-reachX)); x <= min(w-1, int(r.x+reachX)+1); x++ {
			dx, dy := float64(x)-r.x, float64(y)-r.y
			if math.Abs(dx*cos+dy*sin) <= r.width/2+1e-9 && math.Abs(dy*cos-dx*sin) <= r.height/2+1e-9 {
				sum, n = sum+float64(likely[y*w+x]), n+1
			}
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
