package robustness

import (
	"context"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"math"
	"math/rand/v2"

	"presswerk/internal/imaging"
)

func level(v float64) uint8 { return uint8(math.Max(0, math.Min(255, math.Round(v)))) }

// like is a black picture of the same size.
func like(p *imaging.RGB) *imaging.RGB {
	return &imaging.RGB{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(p.Pix))}
}

func toImage(p *imaging.RGB) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(out.Pix[4*i:], p.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// curve changes each channel of each pixel by itself.
func curve(of func(v float64) float64) step {
	var table [256]uint8
	for i := range table {
		table[i] = level(of(float64(i)))
	}
	return func(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
		out := like(p)
		for i, v := range p.Pix {
			out.Pix[i] = table[v]
		}
		return out, nil
	}
}

func gamma(g float64) step {
	return curve(func(v float64) float64 { return 255 * math.Pow(v/255, 1/g) })
}

// smoothed mixes a picture with its blurred self: 1 is blurred, less than 0 is sharpened.
func smoothed(p *imaging.RGB, sigma, share float64) *imaging.RGB {
	out := like(p)
	for c := range 3 {
		for i, v := range p.Plane(c).Gaussian(sigma).Pix {
			was := float64(p.Pix[3*i+c])
			out.Pix[3*i+c] = level(was + share*(float64(v)-was))
		}
	}
	return out
}

func blurred(sigma float64) step {
	return func(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) { return smoothed(p, sigma, 1), nil }
}

func sharpened(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	return smoothed(p, 1, -1), nil
}

func noisy(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	dice, out := rand.New(rand.NewPCG(5, 5)), like(p) //nolint:gosec // the same noise each time
	for i, v := range p.Pix {
		out.Pix[i] = level(float64(v) + 5*dice.NormFloat64())
	}
	return out, nil
}

func mirrored(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	return warped(p, func(x, y float64) (float64, float64) { return float64(p.Width-1) - x, y }), nil
}

// turned keeps the size; what comes in at the corners repeats the edge.
func turned(degrees float64) step {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
		cx, cy := float64(p.Width-1)/2, float64(p.Height-1)/2
		return warped(p, func(x, y float64) (float64, float64) {
			return (x-cx)*cos - (y-cy)*sin + cx, (x-cx)*sin + (y-cy)*cos + cy
		}), nil
	}
}

// bent shifts each place by up to 3 pixels, smoothly, over some 200 pixels: hardly seen, and no turn or scale undoes it.
func bent(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	wave := func(u, v, phase float64) float64 { return 1.5 * (math.Sin(u/31+phase) + math.Sin(v/37+2*phase)) }
	return warped(p, func(x, y float64) (float64, float64) { return x + wave(x, y, 1), y + wave(y, x, 2) }), nil
}

// warped takes each pixel from a place of the picture, between four pixels; beyond the edges it repeats them.
func warped(p *imaging.RGB, from func(x, y float64) (u, v float64)) *imaging.RGB {
	out := like(p)
	for y := range p.Height {
		for x := range p.Width {
			u, v := from(float64(x), float64(y))
			u, v = math.Max(0, math.Min(float64(p.Width-1), u)), math.Max(0, math.Min(float64(p.Height-1), v))
			left, top := int(u), int(v)
			right, bottom, fu, fv := min(p.Width-1, left+1), min(p.Height-1, top+1), u-float64(left), v-float64(top)
			at := func(x, y, c int) float64 { return float64(p.Pix[3*(y*p.Width+x)+c]) }
			for c := range 3 {
				above := at(left, top, c)*(1-fu) + at(right, top, c)*fu
				below := at(left, bottom, c)*(1-fu) + at(right, bottom, c)*fu
				out.Pix[3*(y*p.Width+x)+c] = level(above*(1-fv) + below*fv)
			}
		}
	}
	return out
}

// dithered takes the 256 colours of Plan 9, with Floyd and Steinberg's error diffusion.
func dithered(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	paletted := image.NewPaletted(image.Rect(0, 0, p.Width, p.Height), palette.Plan9)
	draw.FloydSteinberg.Draw(paletted, paletted.Rect, toImage(p), image.Point{})
	out := like(p)
	for i, at := range paletted.Pix {
		c := color.RGBAModel.Convert(paletted.Palette[at]).(color.RGBA) //nolint:errcheck // the model's own type
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = c.R, c.G, c.B
	}
	return out, nil
}

func grey(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	out := like(p)
	for i, v := range luma(p).Pix {
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = level(float64(v)), level(float64(v)), level(float64(v))
	}
	return out, nil
}

// framed puts a grey window around a picture: an eighth of its size on the left and the right, more above than below.
func framed(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	left, top := p.Width/8, p.Height/6
	out, err := imaging.NewRGB(p.Width+2*left, p.Height+top+p.Height/12)
	if err != nil {
		return nil, err
	}
	for i := range out.Pix {
		out.Pix[i] = 236
	}
	for y := range p.Height {
		copy(out.Pix[3*((top+y)*out.Width+left):], p.Pix[3*y*p.Width:3*(y+1)*p.Width])
	}
	return out, nil
}

func denoised(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) {
	return imaging.Bilateral{Radius: 3, Space: 2, Colour: 14}.Apply(p), nil
}

// luma is Rec. 601 luma, 0 to 255.
func luma(p *imaging.RGB) *imaging.Plane {
	out := imaging.NewPlane(p.Width, p.Height)
	for i := range out.Pix {
		out.Pix[i] = 0.299*float32(p.Pix[3*i]) + 0.587*float32(p.Pix[3*i+1]) + 0.114*float32(p.Pix[3*i+2])
	}
	return out
}
