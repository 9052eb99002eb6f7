package local

import (
	"context"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// guided gives what the control adds to the denoiser's rows, of which the first ones are of the negative prompt. In guess
// mode, and where the network says one number for each channel, it sees and steers the other ones only.
//
// Source: diffusers, StableDiffusionControlNetPipeline and ControlNetModel, guess_mode and global_pool_conditions.
func (c control) guided(ctx context.Context, inputs map[string]onnx.Tensor, rows, negative int) (map[string]onnx.Tensor, error) {
	if !c.GuessMode && !c.pooled {
		return c.residuals(ctx, inputs, rows)
	}
	if c.still() {
		return nil, art.Unsupported("controls.guess_mode", "T2I-Adapters have none", "take it out")
	}
	out, err := c.residuals(ctx, below(inputs, rows, negative), rows-negative)
	if err != nil {
		return nil, err
	}
	scaled := map[string]onnx.Tensor{}
	infos := c.session.Outputs()
	for i, info := range infos {
		scale := float32(1)
		if !c.pooled { // a tenth where the picture is finest, all where it is coarsest
			scale = float32(math.Pow(10, float64(i)/float64(max(len(infos)-1, 1))-1))
		}
		scaled[info.Name] = above(out[info.Name], negative, scale)
	}
	return scaled, nil
}

// still tells whether the network looks at the picture alone, as T2I-Adapters do.
func (c control) still() bool {
	for _, in := range c.session.Inputs() {
		if in.Name == "sample" {
			return false
		}
	}
	return true
}

// below leaves the first rows of every tensor out that has a row for each.
func below(inputs map[string]onnx.Tensor, rows, first int) map[string]onnx.Tensor {
	own := map[string]onnx.Tensor{}
	for name, t := range inputs {
		if len(t.Shape) > 1 && t.Shape[0] == int64(rows) && first > 0 {
			shape := append([]int64{int64(rows - first)}, t.Shape[1:]...)
			t = onnx.Float32(t.F32[len(t.F32)/rows*first:], shape...)
		}
		own[name] = t
	}
	return own
}

// above multiplies a tensor and puts rows of zeros above it.
func above(t onnx.Tensor, rows int, scale float32) onnx.Tensor {
	size := len(t.F32) / int(t.Shape[0])
	all := make([]float32, rows*size, rows*size+len(t.F32))
	for _, v := range t.F32 {
		all = append(all, v*scale)
	}
	return onnx.Float32(all, append([]int64{t.Shape[0] + int64(rows)}, t.Shape[1:]...)...)
}
