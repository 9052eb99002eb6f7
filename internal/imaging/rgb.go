package imaging

import "fmt"

// RGB is a picture in 8-bit sRGB, row-major, three bytes a pixel, no padding.
// len(Pix) is always 3*Width*Height.
type RGB struct {
	Width, Height int
	Pix           []uint8
}

// NewRGB makes a black picture. It refuses sizes below one pixel.
func NewRGB(width, height int) (*RGB, error) {
	if width < 1 || height < 1 {
		return nil, fmt.Errorf("imaging: a picture of %d×%d pixels has no content; both sides must be at least 1", width, height)
	}
	return &RGB{Width: width, Height: height, Pix: make([]uint8, 3*width*height)}, nil
}

// At returns the pixel in column x and row y, both counted from 0.
func (p *RGB) At(x, y int) (r, g, b uint8) {
	i := 3 * (y*p.Width + x)
	return p.Pix[i], p.Pix[i+1], p.Pix[i+2]
}

// Set writes the pixel in column x and row y, both counted from 0.
func (p *RGB) Set(x, y int, r, g, b uint8) {
	i := 3 * (y*p.Width + x)
	p.Pix[i], p.Pix[i+1], p.Pix[i+2] = r, g, b
}

// Mirrored is the picture mirrored left to right.
func (p *RGB) Mirrored() *RGB {
	q := &RGB{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(p.Pix))}
	for y := range p.Height {
		for x := range p.Width {
			r, g, b := p.At(x, y)
			q.Set(p.Width-1-x, y, r, g, b)
		}
	}
	return q
}
