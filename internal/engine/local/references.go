package local

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// Names of what an exported IP-Adapter adds to a model folder.
const (
	imageInput      = "image_embeds_" // of the UNet, with the adapter's number
	imageScale      = "ip_adapter_scale"
	imageEmbeds     = "image_embeds" // of the image encoder
	imageHidden     = "penultimate_hidden_state"
	maxReferenceTop = 2 // weight
)

// Kinds of a reference: what of the picture is taken over.
const (
	referenceWhole  = ""
	referenceStyle  = "style"
	referenceLayout = "layout"
)

// kindLayers are the attention layers of SDXL that carry a kind, as their names begin.
//
// Source: diffusers, set_ip_adapter_scale; Wang et al. 2024, InstantStyle, arXiv:2404.02733.
func kindLayers(kind string) string {
	return map[string]string{referenceStyle: "up_blocks.0.attentions.1.", referenceLayout: "down_blocks.2.attentions.1."}[kind]
}

// checkReferences refuses what this model's UNet has no inputs for. A recipe's first reference goes to the first adapter
// that was exported with the UNet, and so on.
func checkReferences(f *Folder, r art.Recipe) error {
	if len(r.References) > f.unet.ImageAdapters {
		return art.Unsupported("references", fmt.Sprintf("this model's UNet was exported with %d IP-Adapters, and %d pictures refer to one each", f.unet.ImageAdapters, len(r.References)), "export it with as many --ip-adapter, or take them out")
	}
	for i, c := range r.References {
		field := fmt.Sprintf("references[%d].", i)
		begins := kindLayers(c.Kind)
		switch {
		case c.Kind != referenceWhole && begins == "":
			return art.Unsupported(field+"kind", fmt.Sprintf("%q is unknown, known are %s and %s", c.Kind, referenceStyle, referenceLayout), "choose one of them, or none for both")
		case !slices.ContainsFunc(f.unet.ImageLayers, func(name string) bool { return strings.HasPrefix(name, begins) }):
			return art.Unsupported(field+"kind", "this model has no attention layer "+begins, "take it out, or use an SDXL model")
		case c.Model != art.ModelRef{} || c.GuessMode:
			return art.Unsupported(field+"model", "IP-Adapters are part of the exported UNet", "take it out")
		case math.IsNaN(c.Weight) || c.Weight < -maxReferenceTop || c.Weight > maxReferenceTop:
			return art.Invalid(field+"weight", fmt.Sprintf("%v is not in %v … %v", c.Weight, -maxReferenceTop, maxReferenceTop), "0.5 to 1 are usual")
		}
	}
	return checkSpans("references", r.References)
}

// reference is a picture that steers through an IP-Adapter.
type reference struct {
	art.Control
	scales   []float32 // of each attention layer
	positive []float32 // what the image encoder says of the picture
	negative []float32 // and what stands for no picture
	shape    []int64   // of either
}

// openReferences encodes the pictures for each of the UNet's adapters. One without a picture has scales of zero.
func (p *pipeline) openReferences(ctx context.Context, r art.Recipe, pictures []*imaging.RGB) ([]reference, error) {
	all := make([]reference, p.folder.unet.ImageAdapters)
	for i := range all {
		at := slices.IndexFunc(p.unet.Inputs(), func(in onnx.Info) bool { return in.Name == fmt.Sprint(imageInput, i) })
		if at < 0 {
			return nil, art.Unsupported("references", fmt.Sprintf("this model's UNet has no input %s%d", imageInput, i), "export it again")
		}
		in := p.unet.Inputs()[at]
		all[i].scales = make([]float32, len(p.folder.unet.ImageLayers))
		if i >= len(r.References) {
			all[i].shape = ones(len(in.Dims) - 1)
			for k, d := range in.Dims[1:] {
				all[i].shape[k] = max(d, 1)
			}
			all[i].positive = make([]float32, onnx.Tensor{Shape: all[i].shape}.Len())
			all[i].negative = all[i].positive
			continue
		}
		all[i].Control = r.References[i]
		if all[i].End == 0 {
			all[i].End = 1
		}
		for k, name := range p.folder.unet.ImageLayers {
			if strings.HasPrefix(name, kindLayers(all[i].Kind)) {
				all[i].scales[k] = float32(all[i].Weight)
			}
		}
		if err := p.look(ctx, &all[i], pictures[i], len(in.Dims) == 4); err != nil {
			return nil, fmt.Errorf("local: references[%d]: %w", i, err)
		}
	}
	return all, nil
}

// look encodes a picture. The plus variants take the last hidden state but one, and as "no picture" that of a grey one;
// the others take the embedding, and zeros.
//
// Source: diffusers, StableDiffusionPipeline.encode_image.
func (p *pipeline) look(ctx context.Context, r *reference, picture *imaging.RGB, plus bool) error {
	session, err := p.extra(filepath.Join(p.folder.Dir, "image_encoder", "model.onnx"))
	if err != nil {
		return err
	}
	pixels, err := clipPixels(picture, p.folder.vision.ImageSize)
	if err != nil {
		return err
	}
	name := imageEmbeds
	if plus {
		name = imageHidden
	}
	see := func(pixels []float32) (onnx.Tensor, error) {
		side := int64(p.folder.vision.ImageSize)
		out, err := session.Run(ctx, map[string]onnx.Tensor{session.Inputs()[0].Name: onnx.Float32(pixels, 1, 3, side, side)})
		if err != nil {
			return onnx.Tensor{}, err
		}
		return out[name], nil
	}
	seen, err := see(pixels)
	if err != nil {
		return err
	}
	r.positive, r.shape = seen.F32, append([]int64{1}, seen.Shape[1:]...)
	r.negative = make([]float32, len(r.positive))
	if plus {
		nothing, err := see(make([]float32, len(pixels)))
		if err != nil {
			return err
		}
		r.negative = nothing.F32
	}
	return nil
}

// refer gives the UNet's image inputs their rows, of which the first ones are of the negative prompt.
func (d *denoiser) refer(inputs map[string]onnx.Tensor, rows, negative int) {
	if len(d.references) == 0 {
		return
	}
	var scales []float32
	for i, r := range d.references {
		var all []float32
		for row := range rows {
			if row < negative {
				all = append(all, r.negative...)
				continue
			}
			all = append(all, r.positive...)
		}
		inputs[fmt.Sprint(imageInput, i)] = onnx.Float32(all, append([]int64{int64(rows)}, r.shape...)...)
		if during(r.Control, d.call, d.calls) {
			scales = append(scales, r.scales...)
		} else {
			scales = append(scales, make([]float32, len(r.scales))...)
		}
	}
	n := int64(len(d.references))
	inputs[imageScale] = onnx.Float32(scales, n, int64(len(scales))/n)
}

// clipPixels is what CLIP's vision networks are given: the shorter side scaled to the network's, the middle cut out, and
// each channel brought to the mean and spread of CLIP's training pictures.
//
// Source: transformers, CLIPImageProcessor, which diffusers makes for IP-Adapters; Radford et al. 2021, arXiv:2103.00020.
func clipPixels(p *imaging.RGB, side int) ([]float32, error) {
	width, height := side, int(float64(side)*float64(p.Height)/float64(p.Width))
	if p.Height < p.Width {
		width, height = int(float64(side)*float64(p.Width)/float64(p.Height)), side
	}
	p, err := imaging.ResizeBicubic(p, width, height)
	if err != nil {
		return nil, err
	}
	if p, err = imaging.Crop(p, (width-side)/2, (height-side)/2, side, side); err != nil {
		return nil, err
	}
	mean, spread := [3]float32{0.48145466, 0.4578275, 0.40821073}, [3]float32{0.26862954, 0.26130258, 0.27577711}
	area := side * side
	out := make([]float32, 3*area)
	for i := range area {
		for c := range 3 {
			out[c*area+i] = (float32(float64(p.Pix[3*i+c])/255) - mean[c]) / spread[c]
		}
	}
	return out, nil
}
