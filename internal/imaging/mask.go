package imaging

import (
	"fmt"
	"math"

	"presswerk/internal/art"
)

// BoxMask is 1 where a box lies and 0 elsewhere. Boxes that reach beyond the picture are cut; one of which nothing is left
// gives art.ErrInvalid.
func BoxMask(width, height int, boxes []art.Box) (*Plane, error) {
	p := NewPlane(width, height)
	for _, b := range boxes {
		left, top, right, bottom := max(b.X, 0), max(b.Y, 0), min(b.X+b.Width, width), min(b.Y+b.Height, height)
		if b.Width < 1 || b.Height < 1 || left >= right || top >= bottom {
			return nil, art.Invalid("box", fmt.Sprintf("%d,%d,%d,%d lies outside the picture of %d×%d", b.X, b.Y, b.Width, b.Height, width, height), "write X,Y,WIDTH,HEIGHT in its pixels")
		}
		for y := top; y < bottom; y++ {
			for x := left; x < right; x++ {
				p.Pix[y*width+x] = 1
			}
		}
	}
	return p, nil
}

// Grown is a mask of 0 and 1 that reaches further by so many pixels, in all eight directions alike.
func (p *Plane) Grown(by int) *Plane {
	out := NewPlane(p.Width, p.Height)
	for y := range p.Height {
		spread(p.Pix[y*p.Width:], out.Pix[y*p.Width:], p.Width, 1, by)
	}
	across := NewPlane(p.Width, p.Height)
	for x := range p.Width {
		spread(out.Pix[x:], across.Pix[x:], p.Height, p.Width, by)
	}
	return across
}

// spread sets n places, step apart, to 1 where a set one is at most by places away.
func spread(from, to []float32, n, step, by int) {
	next := 0 // the first place that isn't written yet
	for i := range n {
		if from[i*step] < 0.5 {
			continue
		}
		for j := max(next, i-by); j <= min(i+by, n-1); j++ {
			to[j*step] = 1
			next = j + 1
		}
	}
}

// Soft makes the picture of a mask of 0 and 1: white where it is set, with a Gaussian edge of the standard deviation sigma
// in pixels. Half of the edge lies outside, up to four deviations; beyond it is black.
func (p *Plane) Soft(sigma float64) *RGB {
	soft := p.Gaussian(sigma)
	out := &RGB{Width: p.Width, Height: p.Height, Pix: make([]uint8, 3*len(p.Pix))}
	for i, v := range soft.Pix {
		b := uint8(math.Round(255 * float64(min(max(v, 0), 1))))
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = b, b, b
	}
	return out
}

// Drawn is the mask that somebody drew: 1 where its red is 128 or more.
func (p *RGB) Drawn() *Plane {
	out := NewPlane(p.Width, p.Height)
	for i := range out.Pix {
		if p.Pix[3*i] >= 128 {
			out.Pix[i] = 1
		}
	}
	return out
}

// Mean is the mean of all values.
func (p *Plane) Mean() float64 {
	sum := 0.0
	for _, v := range p.Pix {
		sum += float64(v)
	}
	return sum / float64(len(p.Pix))
}

// PutBack lays what was made anew over a picture by a mask of the same size: where the mask is black the picture stays as
// it was to the bit, where it is white the new one counts, between them both by the mask's red. What was blended already is
// only kept from changing anything outside. A new picture of another size is brought to the picture's.
func PutBack(picture, anew, mask *RGB, blended bool) (*RGB, error) {
	if mask.Width != picture.Width || mask.Height != picture.Height {
		return nil, art.Invalid("mask_image", fmt.Sprintf("is %d×%d, and the picture %d×%d", mask.Width, mask.Height, picture.Width, picture.Height), "draw the mask at the picture's size")
	}
	if anew.Width != picture.Width || anew.Height != picture.Height {
		var err error
		if anew, err = Resize(anew, picture.Width, picture.Height); err != nil {
			return nil, err
		}
	}
	out := &RGB{Width: picture.Width, Height: picture.Height, Pix: make([]uint8, len(picture.Pix))}
	for i, old := range picture.Pix {
		m := int(mask.Pix[i-i%3])
		switch {
		case m == 0:
			out.Pix[i] = old
		case blended:
			out.Pix[i] = anew.Pix[i]
		default:
			out.Pix[i] = uint8((int(old)*(255-m) + int(anew.Pix[i])*m + 127) / 255)
		}
	}
	return out, nil
}
