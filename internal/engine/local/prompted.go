package local

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"presswerk/internal/art"
	lowrank "presswerk/internal/model"
	"presswerk/internal/onnx"
)

// maxSplit is the largest UNet that is split. It is read whole; all other networks stay in their files, which ONNX Runtime
// maps.
const maxSplit = 256 << 20

// prompted is the part of a UNet that depends on the prompt and the picture's size alone. It is run once for each prompt by
// itself: so steps are quicker, and what small products of matrices round differently in a batch is the same for every
// neighbour.
type prompted struct {
	session *onnx.Session
	cut     []string

	mu    sync.Mutex
	known map[[sha256.Size]byte]map[string]onnx.Tensor // by the prompt's numbers and the size; guarded by mu
}

// split loads the UNet, with changed weights if any, in two parts where the model says that this is right for it. One that takes
// adapters as inputs stays whole: what it makes of a prompt depends on them.
func (p *pipeline) split(rt *onnx.Runtime, o onnx.Options, changed map[string]onnx.Weight) error {
	path := filepath.Join(p.folder.Dir, "unet", "model.onnx")
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("local: %w", err)
	}
	if info.Size() > maxSplit {
		return art.Unsupported("model", fmt.Sprintf("its %s asks to split the UNet, which is done in memory up to %d MB, but %s has %d MB", descriptionFile, maxSplit>>20, path, info.Size()>>20), "take split out of "+descriptionFile)
	}
	if adaptable, err := p.folder.networkTakesAdapters(lowrank.UNet); err != nil || adaptable {
		return err
	}
	data, err := onnx.ReadReplaced(path, changed)
	if err != nil {
		return err
	}
	parts, ok, err := onnx.SplitInputs(data, []string{"encoder_hidden_states"}, IsResidual)
	if err != nil || !ok {
		return err
	}
	cached := p.folder.cached
	if len(changed) > 0 {
		cached = func(o onnx.Options, _ string) onnx.Options { o.Cache.Key = ""; return o } // the cache knows the folder's own weights
	}
	first, err := rt.LoadBytes(path, parts.First, cached(o, "unet/model.onnx first"))
	if err != nil {
		return err
	}
	p.prompted = &prompted{session: first, cut: parts.Cut, known: map[[sha256.Size]byte]map[string]onnx.Tensor{}}
	p.unet, err = rt.LoadBytes(path, parts.Rest, cached(o, "unet/model.onnx rest"))
	return err
}

func (p *prompted) close() error {
	if p == nil {
		return nil
	}
	return p.session.Close()
}

// fill replaces the prompts among a denoiser's inputs by what depends on them alone.
func (p *prompted) fill(ctx context.Context, inputs map[string]onnx.Tensor, wanted []onnx.Info) error {
	if p == nil {
		return nil
	}
	hidden, shape := inputs["encoder_hidden_states"], slices.Clone(inputs["sample"].Shape)
	rows := int(hidden.Shape[0])
	shape[0] = 1
	size := len(hidden.F32) / rows
	parts := make([]map[string]onnx.Tensor, rows)
	for i := range rows {
		var err error
		if parts[i], err = p.of(ctx, hidden.F32[i*size:(i+1)*size], hidden.Shape, shape); err != nil {
			return err
		}
	}
	for _, name := range p.cut {
		whole := onnx.Tensor{}
		for _, part := range parts {
			one := part[name]
			if whole.Shape == nil {
				whole = onnx.Float32(nil, append([]int64{0}, one.Shape[1:]...)...)
			}
			whole.Shape[0] += one.Shape[0]
			whole.F32 = append(whole.F32, one.F32...)
		}
		inputs[name] = whole
	}
	for _, in := range wanted {
		if in.Name == "encoder_hidden_states" {
			return nil // something needs the prompt itself, too
		}
	}
	delete(inputs, "encoder_hidden_states")
	return nil
}

// of gives what depends on one prompt and on latents of a shape, from what is known where it is.
func (p *prompted) of(ctx context.Context, hidden []float32, shape, latents []int64) (map[string]onnx.Tensor, error) {
	raw := make([]byte, 0, 4*len(hidden)+8*len(latents))
	for _, v := range hidden {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	for _, v := range latents {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	key := sha256.Sum256(raw)
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.known[key]; ok {
		return known, nil
	}
	inputs := map[string]onnx.Tensor{"encoder_hidden_states": onnx.Float32(hidden, append([]int64{1}, shape[1:]...)...)}
	for _, in := range p.session.Inputs() {
		if in.Name == "sample" { // its shape is read, and nothing of what it holds
			inputs[in.Name] = onnx.Float32(make([]float32, onnx.Tensor{Shape: latents}.Len()), latents...)
		}
	}
	out, err := p.session.Run(ctx, inputs)
	if err != nil {
		return nil, fmt.Errorf("local: what depends on the prompt: %w", err)
	}
	if len(p.known) >= maxCachedPrompts {
		clear(p.known)
	}
	p.known[key] = out
	return out, nil
}
