package imaging

import "fmt"

// Grey is a picture of one 8-bit channel, row-major, no padding: a mask, edges, a depth map.
// len(Pix) is always Width*Height.
type Grey struct {
	Width, Height int
	Pix           []uint8
}

// NewGrey makes a black picture. It refuses sizes below one pixel.
func NewGrey(width, height int) (*Grey, error) {
	if width < 1 || height < 1 {
		return nil, fmt.Errorf("imaging: a picture of %d×%d pixels has no content; both sides must be at least 1", width, height)
	}
	return &Grey{Width: width, Height: height, Pix: make([]uint8, width*height)}, nil
}

// RGB repeats the channel three times.
func (g *Grey) RGB() *RGB {
	out := &RGB{Width: g.Width, Height: g.Height, Pix: make([]uint8, 3*len(g.Pix))}
	for i, v := range g.Pix {
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = v, v, v
	}
	return out
}
