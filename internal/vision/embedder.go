package vision

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// EmbedderOptions say how a network wants its pictures.
type EmbedderOptions struct {
	Side      int // of the square that it sees, in pixels
	Mean, Std [3]float32
	Whole     bool // whether all of the picture is squeezed into the square by area; else the middle is cut out, as for CLIP
}

// CLIPOptions are those of CLIP and OpenCLIP: the shorter side is brought to side pixels as Pillow does, and the middle cut out.
func CLIPOptions(side int) EmbedderOptions {
	return EmbedderOptions{Side: side, Mean: [3]float32{0.48145466, 0.4578275, 0.40821073}, Std: [3]float32{0.26862954, 0.26130258, 0.27577711}}
}

// Embedder turns pictures into vectors, which lie close together where pictures are alike to the network. It is safe for
// concurrent use.
type Embedder struct {
	network       Runner
	input, output string
	o             EmbedderOptions
}

// NewEmbedder takes a network with one input [n, 3, side, side] and a first output [n, width]. Another network gives
// art.ErrUnsupported. A side of the options below 1 is the network's own.
func NewEmbedder(network Runner, o EmbedderOptions) (*Embedder, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) == 0 || len(in[0].Dims) != 4 {
		return nil, fmt.Errorf("vision: a network for embeddings has one input of four dimensions: %w", art.ErrUnsupported)
	}
	if own := in[0].Dims[3]; o.Side < 1 && own > 0 {
		o.Side = int(own)
	}
	if o.Side < 1 || o.Std[0] == 0 || o.Std[1] == 0 || o.Std[2] == 0 {
		return nil, fmt.Errorf("vision: nobody says how large and how normalised the network for embeddings wants its pictures: %w", art.ErrUnsupported)
	}
	return &Embedder{network: network, input: in[0].Name, output: out[0].Name, o: o}, nil
}

// Embed gives a picture's vector, as long as the network makes it.
func (e *Embedder) Embed(ctx context.Context, p *imaging.RGB) ([]float32, error) {
	planes, err := e.planes(p)
	if err != nil {
		return nil, err
	}
	side := int64(e.o.Side)
	x := make([]float32, 0, 3*side*side)
	for c, plane := range planes {
		for _, v := range plane.Pix {
			x = append(x, (v/255-e.o.Mean[c])/e.o.Std[c])
		}
	}
	made, err := e.network.Run(ctx, map[string]onnx.Tensor{e.input: onnx.Float32(x, 1, 3, side, side)})
	if err != nil {
		return nil, fmt.Errorf("vision: embedding a picture: %w", err)
	}
	v := made[e.output]
	if len(v.F32) == 0 || len(v.Shape) != 2 || v.Shape[0] != 1 {
		return nil, fmt.Errorf("vision: the network for embeddings made %v instead of one vector: %w", v.Shape, art.ErrUnsupported)
	}
	return v.F32, nil
}

func (e *Embedder) planes(p *imaging.RGB) (planes [3]*imaging.Plane, err error) {
	side := e.o.Side
	if !e.o.Whole {
		w, h := side, side
		if p.Width > p.Height {
			w = int(float64(side) * float64(p.Width) / float64(p.Height))
		} else {
			h = int(float64(side) * float64(p.Height) / float64(p.Width))
		}
		if p, err = imaging.ResizeBicubic(p, w, h); err != nil {
			return planes, err
		}
		// torchvision's centre crop rounds halves to even
		if p, err = imaging.Crop(p, int(math.RoundToEven(float64(w-side)/2)), int(math.RoundToEven(float64(h-side)/2)), side, side); err != nil {
			return planes, err
		}
	}
	for c := range planes {
		planes[c] = p.Plane(c)
		if e.o.Whole {
			planes[c] = planes[c].Resize(side, side)
		}
	}
	return planes, nil
}
