package vision

import "presswerk/internal/imaging"

// Canny finds edges as OpenCV's cv2.Canny(picture, low, high) does with aperture 3 and L2gradient false, pixel for
// pixel: 255 on an edge, 0 elsewhere. An edge is a ridge of the gradient's magnitude |dx|+|dy| above low that hangs
// together with one above high. The order of the two doesn't matter. Magnitudes reach 2040; 100 and 200 are usual.
//
// Of the three channels the one with the largest magnitude counts, the first of equal ones. A grey picture, three times
// the same channel, gives what OpenCV gives for the one channel.
//
// Source: Canny 1986, "A computational approach to edge detection"; OpenCV 5.0, modules/imgproc/src/canny.cpp.
func Canny(p *imaging.RGB, low, high int) *imaging.Grey {
	low, high = min(low, high), max(low, high)
	w, h := p.Width, p.Height
	out := &imaging.Grey{Width: w, Height: h, Pix: make([]uint8, w*h)}
	// Three rows of gradients are enough to thin the middle one, so memory hardly grows with the picture.
	above, here, below := newGradients(w), newGradients(w), newGradients(w)
	here.fill(p, 0)
	var strong []int
	for y := range h {
		below.fill(p, y+1)
		strong = thin(out.Pix[y*w:(y+1)*w], above, here, below, low, high, strong, y*w)
		above, here, below = here, below, above
	}
	follow(out, strong)
	return out
}

// What the map holds while edges are looked for; only sure ones are left in the end.
const (
	noEdge, maybeEdge, sureEdge = 0, 1, 255
)

// gradients are one row of Sobel derivatives. Magnitudes have a zero on either side, as there is no edge outside.
type gradients struct {
	dx, dy    []int32
	magnitude []int32 // of column x at x+1
}

func newGradients(width int) *gradients {
	return &gradients{dx: make([]int32, width), dy: make([]int32, width), magnitude: make([]int32, width+2)}
}

// fill computes row y of the picture; outside there is nothing. The picture's border is repeated outwards.
func (g *gradients) fill(p *imaging.RGB, y int) {
	if y >= p.Height {
		clear(g.magnitude)
		return
	}
	stride := 3 * p.Width
	up, mid, down := p.Pix[max(y-1, 0)*stride:], p.Pix[y*stride:], p.Pix[min(y+1, p.Height-1)*stride:]
	for x := range p.Width {
		l, c, r := 3*max(x-1, 0), 3*x, 3*min(x+1, p.Width-1)
		var dx, dy, magnitude int32
		for k := range 3 {
			ul, ur, dl, dr := int32(up[l+k]), int32(up[r+k]), int32(down[l+k]), int32(down[r+k])
			kx := ur - ul + 2*(int32(mid[r+k])-int32(mid[l+k])) + dr - dl
			ky := dl - ul + 2*(int32(down[c+k])-int32(up[c+k])) + dr - ur
			if m := max(kx, -kx) + max(ky, -ky); k == 0 || m > magnitude {
				dx, dy, magnitude = kx, ky, m
			}
		}
		g.dx[x], g.dy[x], g.magnitude[x+1] = dx, dy, magnitude
	}
}

// thin marks where the magnitude of row here is a ridge across the gradient's direction, and appends the places of sure
// edges, counted from offset. Directions are told apart at 22.5° and 67.5°.
func thin(row []uint8, above, here, below *gradients, low, high int, strong []int, offset int) []int {
	const tan22 = 13573 // tan 22.5° · 2¹⁵
	for x := range row {
		m := here.magnitude[x+1]
		if int(m) <= low {
			continue
		}
		dx, dy := here.dx[x], here.dy[x]
		ax, ay := int64(max(dx, -dx)), int64(max(dy, -dy))<<15
		var ridge bool
		switch flat := ax * tan22; {
		case ay < flat:
			ridge = m > here.magnitude[x] && m >= here.magnitude[x+2]
		case ay > flat+ax<<16: // tan 67.5° = tan 22.5° + 2
			ridge = m > above.magnitude[x+1] && m >= below.magnitude[x+1]
		case (dx ^ dy) < 0:
			ridge = m > above.magnitude[x+2] && m > below.magnitude[x]
		default:
			ridge = m > above.magnitude[x] && m > below.magnitude[x+2]
		}
		switch {
		case !ridge:
		case int(m) > high:
			row[x] = sureEdge
			strong = append(strong, offset+x)
		default:
			row[x] = maybeEdge
		}
	}
	return strong
}

// follow makes every possible edge sure that touches a sure one, corners included, and drops the others.
func follow(out *imaging.Grey, sure []int) {
	for len(sure) > 0 {
		at := sure[len(sure)-1]
		sure = sure[:len(sure)-1]
		x, y := at%out.Width, at/out.Width
		for j := max(0, y-1); j <= min(out.Height-1, y+1); j++ {
			for i := max(0, x-1); i <= min(out.Width-1, x+1); i++ {
				if n := j*out.Width + i; out.Pix[n] == maybeEdge {
					out.Pix[n] = sureEdge
					sure = append(sure, n)
				}
			}
		}
	}
	for i, v := range out.Pix {
		if v != sureEdge {
			out.Pix[i] = noEdge
		}
	}
}
