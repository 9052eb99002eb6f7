package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

// control is a network that steers the layout, with its picture.
type control struct {
	art.Control
	session *onnx.Session
	pixels  []float32 // three planes of 0..1
	height  int
	width   int
	pooled  bool                           // whether the network gives one number for each channel
	known   map[int]map[string]onnx.Tensor // by rows, the residuals of a network that looks at the picture alone
}

// openControls loads the networks of a recipe's controls. A control that names no model takes the one of the pipeline's
// own folder; a picture without any control in the recipe is one with weight 1.
func (p *pipeline) openControls(r art.Recipe, pictures []*imaging.RGB) ([]control, error) {
	wanted := r.Controls
	if len(wanted) == 0 && len(pictures) == 1 {
		wanted = []art.Control{{Weight: 1, End: 1}}
	}
	if len(wanted) != len(pictures) {
		return nil, art.Invalid("controls", fmt.Sprintf("there are %d, and %d pictures for them", len(wanted), len(pictures)), "give one picture for each control")
	}
	var all []control
	for i, c := range wanted {
		path, err := p.controlPath(i, c.Model)
		if err != nil {
			return nil, fmt.Errorf("local: controls[%d]: %w", i, err)
		}
		session, err := p.extra(path)
		if err != nil {
			return nil, fmt.Errorf("local: controls[%d]: %w", i, err)
		}
		if c.End == 0 {
			c.End = 1
		}
		var config networkConfig
		if err := readOptional(os.DirFS(filepath.Dir(path)), "config.json", &config); err != nil {
			return nil, fmt.Errorf("local: controls[%d]: %w", i, err)
		}
		all = append(all, control{Control: c, session: session, pooled: config.GlobalPool, pixels: unit(pictures[i]), height: r.Height, width: r.Width, known: map[int]map[string]onnx.Tensor{}})
	}
	return all, nil
}

// finder finds the folder of a control network by what a recipe calls it; nil knows none.
type finder func(ref art.ModelRef) (dir string, err error)

// find gives the folder that controls[i] names; "" means the pipeline's own.
func (f finder) find(i int, ref art.ModelRef) (string, error) {
	if ref.Dir != "" || ref.Name == "" && ref.SHA256 == "" {
		return ref.Dir, nil
	}
	field := fmt.Sprintf("controls[%d].model", i)
	if f == nil {
		return "", &art.FieldError{Field: field, Reason: "control networks have no names here", Remedy: "name its folder as model.dir", Kind: art.ErrNotFound}
	}
	dir, err := f(ref)
	if err != nil {
		return "", fmt.Errorf("local: %s: %w", field, err)
	}
	return dir, nil
}

// check refuses controls that name a network which isn't there.
func (f finder) check(controls []art.Control) error {
	for i, c := range controls {
		if _, err := f.find(i, c.Model); err != nil {
			return err
		}
	}
	return nil
}

// controlPath finds a control network: where controls[i] says, or in the pipeline's own folder.
func (p *pipeline) controlPath(i int, ref art.ModelRef) (string, error) {
	dir, err := p.network.find(i, ref)
	if err != nil {
		return "", err
	}
	if dir == "" {
		dir = p.folder.Dir
	}
	for _, name := range []string{"controlnet/model.onnx", "model.onnx"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for a control network: %w", err)
		}
	}
	return "", &art.FieldError{Field: "controls.model", Reason: dir + " has no controlnet/model.onnx", Remedy: "name a folder that has one as model.dir", Kind: art.ErrNotFound}
}

// unit turns a picture into three planes of 0..1.
func unit(p *imaging.RGB) []float32 {
	e := encodable{RGB: p}
	out := e.planes(e.whole())
	for i, v := range out {
		out[i] = v/2 + 0.5
	}
	return out
}

// active tells whether the control steers call i of n.
//
// Source: diffusers, StableDiffusionControlNetPipeline, controlnet_keep.
func (c control) active(i, n int) bool { return during(c.Control, i, n) }

func during(c art.Control, i, n int) bool {
	return float64(i)/float64(n) >= c.Start && float64(i+1)/float64(n) <= c.End
}

// residuals runs the network and gives what it adds to the denoiser, by the names of the denoiser's inputs. A T2I-Adapter
// sees the picture and no latents, so it runs once. The caller must not change the numbers.
func (c control) residuals(ctx context.Context, inputs map[string]onnx.Tensor, rows int) (map[string]onnx.Tensor, error) {
	if known, ok := c.known[rows]; ok {
		return known, nil
	}
	own := map[string]onnx.Tensor{}
	scaled := false
	for _, in := range c.session.Inputs() {
		switch in.Name {
		case "controlnet_cond", "image":
			own[in.Name] = c.picture(in, rows)
		case "conditioning_scale":
			scaled = true
			own[in.Name] = onnx.Float32([]float32{float32(c.Weight)}, ones(len(in.Dims))...)
		case "sample":
			own[in.Name] = inputs["control_sample"]
		default:
			t, ok := inputs[in.Name]
			if !ok {
				return nil, fmt.Errorf("local: the control network wants %q, which this model doesn't have: %w", in.Name, art.ErrUnsupported)
			}
			own[in.Name] = t
		}
	}
	out, err := c.session.Run(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("local: running a control network: %w", err)
	}
	if !scaled {
		for _, t := range out {
			for i := range t.F32 {
				t.F32[i] *= float32(c.Weight)
			}
		}
	}
	if c.still() {
		c.known[rows] = out
	}
	return out, nil
}

// picture is the control's picture for each row; networks that look at lines may take one plane, the red one.
func (c control) picture(in onnx.Info, rows int) onnx.Tensor {
	planes := int64(3)
	if len(in.Dims) == 4 && in.Dims[1] == 1 {
		planes = 1
	}
	size := int(planes) * c.height * c.width
	all := make([]float32, 0, rows*size)
	for range rows {
		all = append(all, c.pixels[:size]...)
	}
	return onnx.Float32(all, int64(rows), planes, int64(c.height), int64(c.width))
}

func ones(n int) []int64 {
	shape := make([]int64, n)
	for i := range shape {
		shape[i] = 1
	}
	return shape
}

// IsResidual tells inputs of a denoiser that a control network or a T2I-Adapter fills.
func IsResidual(name string) bool {
	return isIntrablock(name) || strings.HasPrefix(name, "down_block_res_sample") || strings.HasPrefix(name, "mid_block_res_sample") ||
		strings.HasPrefix(name, "down_block_additional_residual") || strings.HasPrefix(name, "mid_block_additional_residual")
}

// isIntrablock tells those that a T2I-Adapter fills.
func isIntrablock(name string) bool {
	return strings.HasPrefix(name, "down_intrablock_additional_residual")
}

// steer adds the residuals of all active controls to the denoiser's inputs; where nothing steers, they are zeros.
func (d *denoiser) steer(ctx context.Context, inputs map[string]onnx.Tensor, rows, negative int) error {
	var wanted []onnx.Info
	for _, in := range d.session.Inputs() {
		if IsResidual(in.Name) {
			wanted = append(wanted, in)
		}
	}
	if len(wanted) == 0 {
		if len(d.controls) > 0 {
			return art.Unsupported("controls", "this model's UNet was exported without inputs for control networks", "export it again with residual inputs")
		}
		return nil
	}
	for _, c := range d.controls {
		if !c.active(d.call, d.calls) {
			continue
		}
		out, err := c.guided(ctx, inputs, rows, negative)
		if err != nil {
			return err
		}
		if err := add(inputs, wanted, c.session.Outputs(), out); err != nil {
			return err
		}
	}
	for _, in := range wanted {
		if _, ok := inputs[in.Name]; !ok {
			inputs[in.Name] = nothing(in)
		}
	}
	return nil
}

// nothing is a residual that adds nothing: one zero for each channel, which ONNX spreads over rows and places. At the size
// of SDXL whole tensors of zeros would be over 100 MB for each call.
func nothing(in onnx.Info) onnx.Tensor {
	shape, n := ones(max(len(in.Dims), 4)), int64(1)
	for i, d := range in.Dims {
		if d > 0 {
			shape[i] = d
			n *= d
		}
	}
	return onnx.Float32(make([]float32, n), shape...)
}

// add sums one control's outputs into the inputs: by name where the denoiser has their names, else by order.
func add(inputs map[string]onnx.Tensor, wanted, outputs []onnx.Info, out map[string]onnx.Tensor) error {
	names, err := places(wanted, outputs)
	if err != nil {
		return err
	}
	for i, o := range outputs {
		name, t := names[i], out[o.Name]
		before, ok := inputs[name]
		if !ok {
			inputs[name] = t
			continue
		}
		if len(before.F32) != len(t.F32) {
			return art.Unsupported("controls", fmt.Sprintf("%s differs in shape between two control networks", name), "use networks that were made for the same model")
		}
		sum := make([]float32, len(t.F32)) // before may be kept for the next call
		for k, v := range t.F32 {
			sum[k] = before.F32[k] + v
		}
		inputs[name] = onnx.Float32(sum, t.Shape...)
	}
	return nil
}

// places finds the denoiser's input for each output of a control.
func places(wanted, outputs []onnx.Info) ([]string, error) {
	known := map[string]bool{}
	var ordered []string // inputs that a ControlNet fills
	for _, in := range wanted {
		known[in.Name] = true
		if !isIntrablock(in.Name) {
			ordered = append(ordered, in.Name)
		}
	}
	var named []string
	for _, o := range outputs {
		if known[o.Name] {
			named = append(named, o.Name)
		}
	}
	switch {
	case len(named) == len(outputs):
		return named, nil
	case len(ordered) == len(outputs) && !isIntrablock(outputs[0].Name):
		return ordered, nil
	}
	return nil, art.Unsupported("controls", fmt.Sprintf("the control network has %d outputs, and this model's UNet takes %d", len(outputs), len(ordered)), "use one that was made for this model")
}

// addConditions gives the networks that ask for more than prompts what they ask for: latent consistency models the
// guidance scale, SDXL refiners an aesthetic score.
func (p *pipeline) addConditions(r art.Recipe, positive, negative *diffusion.Conditioning) {
	if dim := p.folder.unet.TimeCond; dim != 0 {
		one := guidanceEmbedding(r.GuidanceScale-1, dim)
		var all []float32
		for range positive.Rows {
			all = append(all, one...)
		}
		if positive.Extra == nil {
			positive.Extra = map[string][]float32{}
		}
		positive.Extra["timestep_cond"] = all
	}
	if p.folder.xl() && p.folder.index.Aesthetic {
		score(r, positive, 6)
		score(r, negative, 2.5)
	}
}

// score puts the aesthetic score where SDXL's base has the target size.
//
// Source: diffusers, StableDiffusionXLImg2ImgPipeline._get_add_time_ids; the scores are its defaults.
func score(r art.Recipe, c *diffusion.Conditioning, value float32) {
	var all []float32
	for range c.Rows {
		all = append(all, append(timeIDs(r)[:4:4], value)...)
	}
	c.Extra["time_ids"] = all
}

// guidanceEmbedding writes a guidance scale as sines and cosines.
//
// Source: diffusers, LatentConsistencyModelPipeline.get_guidance_scale_embedding.
func guidanceEmbedding(w float64, dim int) []float32 {
	half := dim / 2
	out := make([]float32, dim)
	for i := range half {
		angle := w * 1000 * math.Exp(-math.Log(10000)/float64(half-1)*float64(i))
		out[i], out[half+i] = float32(math.Sin(angle)), float32(math.Cos(angle))
	}
	return out
}
