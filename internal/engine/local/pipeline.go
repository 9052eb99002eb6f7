package local

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"presswerk/internal/diffusion"
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/onnx"
)

// pipeline is a folder with its networks loaded. It is safe for concurrent use.
type pipeline struct {
	folder   *Folder
	encoders []textEncoder // in the order in which their outputs are put side by side
	unet     *onnx.Session
	prompted *prompted // what the UNet says of prompts alone, where it is split; else nil
	decoder  *onnx.Session
	cache    *promptCache
	network  finder // of control networks
	load     func(path string, outputs ...string) (*onnx.Session, error)
	// loadVectors loads a text encoder that is given the vectors of tokens.
	loadVectors func(network string) (*onnx.Session, error)

	extras   *extras
	branches *branches // networks that take adapters as inputs; nil where none does
}

// extras are what only some recipes need, made with the first of them.
type extras struct {
	mu     sync.Mutex               // guards what is below
	loaded map[string]*onnx.Session // by the network's file
	view   *viewer                  // for previews
}

// textEncoder is one tokenizer with its network.
type textEncoder struct {
	network string // text_encoder or text_encoder_2
	tokens  tokenize.Tokenizer
	session *onnx.Session
	length  int // tokens that it reads
}

// loadPipeline loads the networks of a folder, with adapters' weights in place of their own; all or none stay loaded.
// Circular options count for whatever looks at pictures or latents, not for text encoders.
func loadPipeline(rt *onnx.Runtime, f *Folder, o onnx.Options, weights patches) (_ *pipeline, err error) {
	p := &pipeline{folder: f, cache: newPromptCache(maxCachedPrompts), extras: &extras{loaded: map[string]*onnx.Session{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	o.Config = f.about.Session
	o.IntraOpThreads = orInt(o.IntraOpThreads, f.about.Threads)
	p.load = func(path string, outputs ...string) (*onnx.Session, error) {
		o := o
		if part, err := filepath.Rel(f.Dir, path); err == nil && filepath.IsLocal(part) {
			o = f.cached(o, filepath.ToSlash(part))
		}
		o.Outputs = outputs
		return rt.Load(path, o)
	}
	p.loadVectors = func(network string) (*onnx.Session, error) {
		o := o
		o.Outputs, o.Weights, o.Embeds, o.Circular = f.textOutputs(), weights.of(network+"/model.onnx"), vectorInput, false
		return rt.Load(filepath.Join(f.Dir, network, "model.onnx"), o)
	}
	load := func(name string, into **onnx.Session, outputs ...string) func() error {
		return func() error {
			o := f.cached(o, name)
			o.Outputs, o.Weights, o.Defaults = outputs, weights.of(name), IsResidual
			o.Circular = o.Circular && !strings.HasPrefix(name, "text_encoder")
			loaded, err := rt.Load(filepath.Join(f.Dir, filepath.FromSlash(name)), o)
			*into = loaded
			return err
		}
	}
	var all errgroup.Group // side by side, as reading and unpacking weights take one core each
	all.Go(func() error {
		if f.about.Split {
			if err := p.split(rt, o, weights.of("unet/model.onnx")); err != nil || p.unet != nil {
				return err
			}
		}
		return load("unet/model.onnx", &p.unet)()
	})
	all.Go(load("vae_decoder/model.onnx", &p.decoder))
	p.encoders = f.textEncoders()
	for i := range p.encoders {
		all.Go(load(p.encoders[i].network+"/model.onnx", &p.encoders[i].session, f.textOutputs()...))
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return p, p.complete()
}

// textEncoders are the text encoders of a folder, without their sessions and tokenizers.
func (f *Folder) textEncoders() (all []textEncoder) {
	if f.hasEncoder() {
		all = append(all, textEncoder{network: "text_encoder"})
	}
	if f.xl() {
		all = append(all, textEncoder{network: "text_encoder_2"})
	}
	return all
}

// complete opens the tokenizers, and gives the networks that take LoRA as inputs none yet.
func (p *pipeline) complete() (err error) {
	if p.unet, err = p.branch("unet/model.onnx", p.unet); err != nil {
		return err
	}
	if p.decoder, err = p.branch("vae_decoder/model.onnx", p.decoder); err != nil {
		return err
	}
	for i := range p.encoders {
		e, f := &p.encoders[i], p.folder
		if e.session, err = p.branch(e.network+"/model.onnx", e.session); err != nil {
			return err
		}
		suffix := strings.TrimPrefix(e.network, "text_encoder")
		if e.tokens, err = tokenize.Open(os.DirFS(filepath.Join(f.Dir, "tokenizer"+suffix))); err != nil {
			return fmt.Errorf("local: %s/tokenizer%s: %w", f.Dir, suffix, err)
		}
		e.length = encoderLength(e.session, e.tokens, map[string]networkConfig{"": f.text, "_2": f.text2}[suffix])
	}
	return nil
}

// cached are options under which a network of this folder is kept in the cache.
func (f *Folder) cached(o onnx.Options, part string) onnx.Options {
	o.Cache.Key = f.SHA256 + " " + part
	return o
}

// textOutputs are what is computed of a text encoder's outputs; nil means all.
func (f *Folder) textOutputs() []string {
	if !f.xl() && !f.text.HiddenStates {
		return []string{"last_hidden_state"} // the pooled output isn't used
	}
	return nil
}

// encoderLength is how many tokens an encoder reads: what its graph fixes, else the shortest that its files name,
// else 77 as CLIP's.
func encoderLength(s *onnx.Session, t tokenize.Tokenizer, c networkConfig) int {
	for _, in := range s.Inputs() {
		if in.Name == "input_ids" && len(in.Dims) == 2 && in.Dims[1] > 0 {
			return int(in.Dims[1])
		}
	}
	length := 0
	for _, n := range []int{t.MaxLength(), c.MaxPositions} {
		if n > 0 && (length == 0 || n < length) {
			length = n
		}
	}
	return orInt(length, 77)
}

func (p *pipeline) close() error {
	var all []error
	for _, e := range p.encoders {
		if e.session != nil {
			all = append(all, e.session.Close())
		}
	}
	all = append(all, p.prompted.close())
	p.extras.mu.Lock()
	defer p.extras.mu.Unlock()
	for _, s := range p.extras.loaded {
		all = append(all, s.Close())
	}
	p.extras.loaded = nil
	for _, s := range []*onnx.Session{p.unet, p.decoder} {
		if s != nil {
			all = append(all, s.Close())
		}
	}
	return errors.Join(all...)
}

// denoiser runs the UNet on latents of one size.
type denoiser struct {
	session    *onnx.Session
	prompted   *prompted
	channels   int
	height     int // latents
	width      int
	beside     [][]float32
	controls   []control
	references []reference
	call       int // of calls, told by the walk
	calls      int
}

// denoiser asks this batch's network for a walk of some calls.
func (b *batch) denoiser(calls int) *denoiser {
	return &denoiser{
		session: b.pipe.unet, prompted: b.pipe.prompted, channels: b.shape[1], height: b.shape[2], width: b.shape[3], calls: calls,
		beside: b.beside, controls: b.controls, references: b.references,
	}
}

// Denoise implements diffusion.Denoiser.
func (d *denoiser) Denoise(ctx context.Context, latents []float32, rows int, timestep float64, cond diffusion.Conditioning) ([]float32, error) {
	sample := onnx.Float32(latents, int64(rows), int64(d.channels), int64(d.height), int64(d.width))
	inputs := map[string]onnx.Tensor{
		"sample": sample, "timestep": d.timestep(timestep), "control_sample": sample,
		"encoder_hidden_states": onnx.Float32(cond.Hidden, int64(rows), int64(cond.Tokens), int64(cond.Width)),
	}
	for name, values := range cond.Extra {
		inputs[name] = onnx.Float32(values, int64(rows), int64(len(values)/rows))
	}
	if err := d.steer(ctx, inputs, rows, cond.Negative); err != nil {
		return nil, err
	}
	delete(inputs, "control_sample")
	d.refer(inputs, rows, cond.Negative)
	if err := d.prompted.fill(ctx, inputs, d.session.Inputs()); err != nil {
		return nil, err
	}
	inputs["sample"] = d.joined(latents, rows)
	out, err := d.session.Run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	result, ok := out["out_sample"]
	if !ok {
		result = out[d.session.Outputs()[0].Name]
	}
	return result.F32, nil
}

// joined puts the planes that the network reads beside the latents below them, for each row.
func (d *denoiser) joined(latents []float32, rows int) onnx.Tensor {
	channels := d.channels
	if len(d.beside) > 0 {
		size, area := len(latents)/rows, d.height*d.width
		channels += len(d.beside[0]) / area
		var all []float32
		for i := range rows {
			all = append(append(all, latents[i*size:(i+1)*size]...), d.beside[i%len(d.beside)]...)
		}
		latents = all
	}
	return onnx.Float32(latents, int64(rows), int64(channels), int64(d.height), int64(d.width))
}

// timestep makes the tensor that the graph asks for. Graphs that take whole timesteps get the nearest one.
func (d *denoiser) timestep(t float64) onnx.Tensor {
	i := slices.IndexFunc(d.session.Inputs(), func(in onnx.Info) bool { return in.Name == "timestep" })
	if i < 0 {
		return onnx.Float32([]float32{float32(t)})
	}
	in := d.session.Inputs()[i]
	var shape []int64
	if len(in.Dims) > 0 {
		shape = []int64{1}
	}
	if in.Type == onnx.TypeInt64 || in.Type == onnx.TypeInt32 {
		return onnx.Int64([]int64{int64(math.RoundToEven(t))}, shape...)
	}
	return onnx.Float32([]float32{float32(t)}, shape...)
}

// decode turns the latents of one picture into pixels [height, width, 3] in 0..1, with tiled in tiles where it is larger
// than one.
func (p *pipeline) decode(ctx context.Context, latents []float32, height, width int, tiled bool) ([]float32, error) {
	vae := p.folder.vae
	area := height * width
	scaled := make([]float32, len(latents))
	for i, v := range latents {
		c := i / area
		x := float64(v) / vae.ScalingFactor
		if c < len(vae.LatentsStd) && c < len(vae.LatentsMean) {
			x = float64(v)*vae.LatentsStd[c]/vae.ScalingFactor + vae.LatentsMean[c]
		}
		scaled[i] = float32(x + vae.ShiftFactor)
	}
	if tile := p.folder.vaeSample() / p.folder.factor(); tiled && (height > tile || width > tile) {
		return p.decodeTiles(ctx, scaled, height, width)
	}
	planes, err := p.decodeAtOnce(ctx, scaled, height, width)
	return interleave(planes), err
}

// decodeAtOnce runs the decoder and gives three planes of −1..1.
func (p *pipeline) decodeAtOnce(ctx context.Context, scaled []float32, height, width int) ([]float32, error) {
	name := p.decoder.Inputs()[0].Name
	out, err := p.decoder.Run(ctx, map[string]onnx.Tensor{
		name: onnx.Float32(scaled, 1, int64(p.folder.vae.LatentChannels), int64(height), int64(width)),
	})
	if err != nil {
		return nil, err
	}
	pixels := out[p.decoder.Outputs()[0].Name]
	if factor := int64(p.folder.factor()); !slices.Equal(pixels.Shape, []int64{1, 3, int64(height) * factor, int64(width) * factor}) {
		return nil, fmt.Errorf("local: the decoder gave shape %v for %d×%d latents, not a picture", pixels.Shape, width, height)
	}
	return pixels.F32, nil
}

// interleave turns planes of -1..1 into pixels of 0..1, clipped.
func interleave(planes []float32) []float32 {
	area := len(planes) / 3
	out := make([]float32, len(planes))
	for c := range 3 {
		for i, v := range planes[c*area : (c+1)*area] {
			out[i*3+c] = min(max(v/2+0.5, 0), 1)
		}
	}
	return out
}
