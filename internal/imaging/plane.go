package imaging

import "math"

// Plane is one channel of any numbers, row-major, no padding, for arithmetic that 8 bits would round away.
// len(Pix) is always Width*Height.
type Plane struct {
	Width, Height int
	Pix           []float32
}

// NewPlane makes a plane of zeros. Both sides must be at least 1.
func NewPlane(width, height int) *Plane {
	return &Plane{Width: width, Height: height, Pix: make([]float32, width*height)}
}

// Plane copies a channel, 0 for red to 2 for blue, with levels 0..255.
func (p *RGB) Plane(channel int) *Plane {
	out := NewPlane(p.Width, p.Height)
	for i := range out.Pix {
		out.Pix[i] = float32(p.Pix[3*i+channel])
	}
	return out
}

// Gaussian blurs with the standard deviation sigma in pixels; 0 or less copies. The kernel ends at four deviations, and
// the picture is mirrored at its border without repeating the outermost pixel, as cv2.GaussianBlur does with floats.
func (p *Plane) Gaussian(sigma float64) *Plane {
	kernel := gaussianKernel(sigma)
	reach := len(kernel) / 2
	across, out := NewPlane(p.Width, p.Height), NewPlane(p.Width, p.Height)
	columns := mirrored(p.Width, reach)
	for y := range p.Height {
		from, to := p.Pix[y*p.Width:(y+1)*p.Width], across.Pix[y*p.Width:(y+1)*p.Width]
		for x := range to {
			sum := float32(0)
			for k, weight := range kernel {
				sum += weight * from[columns[x+k]]
			}
			to[x] = sum
		}
	}
	rows := mirrored(p.Height, reach)
	for y := range p.Height {
		to := out.Pix[y*p.Width : (y+1)*p.Width]
		for k, weight := range kernel {
			from := across.Pix[rows[y+k]*p.Width:]
			for x := range to {
				to[x] += weight * from[x]
			}
		}
	}
	return out
}

// gaussianKernel gives an odd number of weights that sum to 1.
func gaussianKernel(sigma float64) []float32 {
	if !(sigma > 0) {
		return []float32{1}
	}
	size := int(math.RoundToEven(8*sigma+1)) | 1
	exact := make([]float64, size)
	sum := 0.0
	for i := range exact {
		d := float64(i - size/2)
		exact[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += exact[i]
	}
	kernel := make([]float32, size)
	for i, v := range exact {
		kernel[i] = float32(v / sum)
	}
	return kernel
}

// mirrored lists, for the positions −reach to n−1+reach, which of n pixels stands there.
func mirrored(n, reach int) []int {
	places := make([]int, n+2*reach)
	period := max(1, 2*(n-1))
	for i := range places {
		at := (i - reach) % period
		if at < 0 {
			at += period
		}
		places[i] = min(at, period-at)
		if n == 1 {
			places[i] = 0
		}
	}
	return places
}

// Resize scales to width × height, both at least 1: a side that shrinks takes the mean of the area that each new pixel
// covers, a side that grows is interpolated linearly. Numbers are taken as they are: networks were trained on pictures
// that were resized so. For pictures that people see there is the function Resize.
func (p *Plane) Resize(width, height int) *Plane {
	out := NewPlane(width, height)
	scaled(p.Pix, 1, p.Width, p.Height, width, height, func(y int, sums []float64) {
		to := out.Pix[y*width : (y+1)*width]
		for x := range to {
			to[x] = float32(sums[x])
		}
	})
	return out
}

// Planes are the three channels, scaled to width × height as Plane.Resize does.
func (p *RGB) Planes(width, height int) (all [3]*Plane) {
	for channel := range all {
		all[channel] = NewPlane(width, height)
	}
	scaled(p.Pix, 3, p.Width, p.Height, width, height, func(y int, sums []float64) {
		for channel, out := range all {
			to := out.Pix[y*width : (y+1)*width]
			for x := range to {
				to[x] = float32(sums[3*x+channel])
			}
		}
	})
	return all
}

// scaled works row by row, as a column is scattered over the memory, and hands over each new row with its channels side by side.
func scaled[T uint8 | float32](pix []T, channels, fromWidth, fromHeight, width, height int, row func(y int, sums []float64)) {
	across := make([]float32, channels*width*fromHeight)
	columns := resizeTaps(fromWidth, width)
	for y := range fromHeight {
		from, to := pix[channels*y*fromWidth:channels*(y+1)*fromWidth], across[channels*y*width:channels*(y+1)*width]
		if channels == 3 {
			threeAcross(from, to, columns)
			continue
		}
		for x := range to {
			sum := 0.0
			for _, t := range columns[x] {
				sum += t.weight * float64(from[t.at])
			}
			to[x] = float32(sum)
		}
	}
	sums := make([]float64, channels*width)
	for y, taps := range resizeTaps(fromHeight, height) {
		clear(sums)
		for _, t := range taps {
			for x, v := range across[channels*t.at*width : channels*(t.at+1)*width] {
				sums[x] += t.weight * float64(v)
			}
		}
		row(y, sums)
	}
}

// threeAcross scales one row of three channels.
func threeAcross[T uint8 | float32](from []T, to []float32, columns [][]tap) {
	for x, taps := range columns {
		var a, b, c float64
		for _, t := range taps {
			pixel := from[3*t.at : 3*t.at+3]
			a += t.weight * float64(pixel[0])
			b += t.weight * float64(pixel[1])
			c += t.weight * float64(pixel[2])
		}
		to[3*x], to[3*x+1], to[3*x+2] = float32(a), float32(b), float32(c)
	}
}

// tap is how much of one old pixel goes into a new one.
type tap struct {
	at     int
	weight float64
}

// resizeTaps lists for each of to new pixels what it takes of from old ones; weights sum to 1.
func resizeTaps(from, to int) [][]tap {
	all := make([][]tap, to)
	scale := float64(from) / float64(to)
	for i := range all {
		if to >= from {
			middle := min(max((float64(i)+0.5)*scale-0.5, 0), float64(from-1))
			left := int(middle)
			part := middle - float64(left)
			all[i] = []tap{{left, 1 - part}, {min(left+1, from-1), part}}
			continue
		}
		begin, end := float64(i)*scale, float64(i+1)*scale
		for at := int(begin); at < from && float64(at) < end; at++ {
			covered := min(end, float64(at+1)) - max(begin, float64(at))
			all[i] = append(all[i], tap{at, covered / scale})
		}
	}
	return all
}
