package vision

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// Runner runs one network; onnx.Session does.
type Runner interface {
	Inputs() []onnx.Info
	Outputs() []onnx.Info
	Run(ctx context.Context, inputs map[string]onnx.Tensor) (map[string]onnx.Tensor, error)
}

// UpscalerOptions bound what one run of the network costs. Zero values take the defaults.
type UpscalerOptions struct {
	// Tile is the side of the squares, in pixels of the input, that are enlarged one by one; default 128, with which
	// 64 channels at four times the size take about half the memory of 192.
	Tile int
	// Overlap is how many pixels beyond its edges each square sees; default 16. The visible difference to one run over
	// the whole picture ends where the network's reach ends.
	Overlap int
}

// Upscaler enlarges by the network's own factor. Memory grows with the tile, not with the picture. It is safe for
// concurrent use.
type Upscaler struct {
	network       Runner
	input, output string
	tile, overlap int
}

// NewUpscaler takes a network with one input and one output of [n, 3, h, w], values 0..1. Another network gives
// art.ErrUnsupported.
func NewUpscaler(network Runner, o UpscalerOptions) (*Upscaler, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) != 1 || len(in[0].Dims) != 4 || len(out[0].Dims) != 4 {
		return nil, fmt.Errorf("vision: an upscaler has one input and one output of four dimensions: %w", art.ErrUnsupported)
	}
	u := &Upscaler{network: network, input: in[0].Name, output: out[0].Name, tile: o.Tile, overlap: o.Overlap}
	if u.tile <= 0 {
		u.tile = 128
	}
	if u.overlap <= 0 {
		u.overlap = 16
	}
	return u, nil
}

// Upscale enlarges a picture. Progress may be nil; it hears how many of the tiles are done.
func (u *Upscaler) Upscale(ctx context.Context, p *imaging.RGB, progress func(done, total int)) (*imaging.RGB, error) {
	columns, rows := (p.Width+u.tile-1)/u.tile, (p.Height+u.tile-1)/u.tile
	var out *imaging.RGB
	for i := range columns * rows {
		t := u.cut(p, i%columns, i/columns)
		pixels, scale, err := u.enlarge(ctx, p, t)
		if err != nil {
			return nil, fmt.Errorf("vision: enlarging tile %d of %d: %w", i+1, columns*rows, err)
		}
		if out == nil {
			if out, err = imaging.NewRGB(p.Width*scale, p.Height*scale); err != nil {
				return nil, fmt.Errorf("vision: making the enlarged picture: %w", err)
			}
		}
		t.paste(out, pixels, scale)
		if progress != nil {
			progress(i+1, columns*rows)
		}
	}
	return out, nil
}

// tile is a square of the input, and the wider one that the network sees.
type tile struct {
	left, top, right, bottom                 int // what is kept
	seenLeft, seenTop, seenRight, seenBottom int
}

func (u *Upscaler) cut(p *imaging.RGB, column, row int) tile {
	t := tile{left: column * u.tile, top: row * u.tile}
	t.right, t.bottom = min(p.Width, t.left+u.tile), min(p.Height, t.top+u.tile)
	t.seenLeft, t.seenTop = max(0, t.left-u.overlap), max(0, t.top-u.overlap)
	t.seenRight, t.seenBottom = min(p.Width, t.right+u.overlap), min(p.Height, t.bottom+u.overlap)
	return t
}

// enlarge runs the network over what a tile sees and returns [3, h, w] and the factor.
func (u *Upscaler) enlarge(ctx context.Context, p *imaging.RGB, t tile) (pixels []float32, scale int, err error) {
	w, h := t.seenRight-t.seenLeft, t.seenBottom-t.seenTop
	x := make([]float32, 3*w*h)
	for row := range h {
		for column := range w {
			r, g, b := p.At(t.seenLeft+column, t.seenTop+row)
			i := row*w + column
			x[i], x[w*h+i], x[2*w*h+i] = float32(r)/255, float32(g)/255, float32(b)/255
		}
	}
	out, err := u.network.Run(ctx, map[string]onnx.Tensor{u.input: onnx.Float32(x, 1, 3, int64(h), int64(w))})
	if err != nil {
		return nil, 0, err
	}
	y := out[u.output]
	if len(y.Shape) != 4 || y.Shape[1] != 3 || y.Shape[3]%int64(w) != 0 || y.Shape[3]/int64(w) != y.Shape[2]/int64(h) {
		return nil, 0, fmt.Errorf("the network made %v of [1 3 %d %d]: %w", y.Shape, h, w, art.ErrUnsupported)
	}
	return y.F32, int(y.Shape[3]) / w, nil
}

// paste writes the kept part of an enlarged tile into the result.
func (t tile) paste(out *imaging.RGB, pixels []float32, scale int) {
	w, h := (t.seenRight-t.seenLeft)*scale, (t.seenBottom-t.seenTop)*scale
	for y := t.top * scale; y < t.bottom*scale; y++ {
		for x := t.left * scale; x < t.right*scale; x++ {
			i := (y-t.seenTop*scale)*w + x - t.seenLeft*scale
			out.Set(x, y, level(pixels[i]), level(pixels[w*h+i]), level(pixels[2*w*h+i]))
		}
	}
}

// level brings 0..1 to 0..255; what lies outside, NaN too, goes to the nearer end.
func level(v float32) uint8 {
	switch {
	case !(v > 0):
		return 0
	case v >= 1:
		return 255
	default:
		return uint8(v*255 + 0.5)
	}
}
