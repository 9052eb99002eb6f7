package local

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"

	"presswerk/internal/art"
	lowrank "presswerk/internal/model"
	"presswerk/internal/onnx"
)

// maxSplit is the largest UNet that is split. It is read whole; all other networks stay in their files, which ONNX Runtime
// maps.
const maxSplit = 256 << 20

// prompted is the part of a UNet that depends on the prompt alone. It is run once for each prompt by itself: so steps are
// quicker, and what small products of matrices round differently in a batch is the same for every neighbour.
type prompted struct {
	session *onnx.Session
	cut     []string

	mu    sync.Mutex
	known map[[sha256.Size]byte]map[string]onnx.Tensor // by the prompt's numbers; guarded by mu
}

// split loads the UNet in two parts where the model says that this is right for it. One that takes adapters stays whole:
// what it makes of a prompt depends on them.
func (p *pipeline) split(rt *onnx.Runtime, o onnx.Options) error {
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
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("local: %w", err)
	}
	parts, ok, err := onnx.SplitInputs(data, []string{"encoder_hidden_states"}, IsResidual)
	if err != nil || !ok {
		return err
	}
	first, err := rt.LoadBytes(path, parts.First, p.folder.cached(o, "unet/model.onnx first"))
	if err != nil {
		return err
	}
	p.prompted = &prompted{session: first, cut: parts.Cut, known: map[[sha256.Size]byte]map[string]onnx.Tensor{}}
	p.unet, err = rt.LoadBytes(path, parts.Rest, p.folder.cached(o, "unet/model.onnx rest"))
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
	hidden := inputs["encoder_hidden_states"]
	rows := int(hidden.Shape[0])
	size := len(hidden.F32) / rows
	parts := make([]map[string]onnx.Tensor, rows)
	for i := range rows {
		var err error
		if parts[i], err = p.of(ctx, hidden.F32[i*size:(i+1)*size], hidden.Shape); err != nil {
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

// of gives what depends on one prompt, from what is known where it is.
func (p *prompted) of(ctx context.Context, hidden []float32, shape []int64) (map[string]onnx.Tensor, error) {
	raw := make([]byte, 0, 4*len(hidden))
	for _, v := range hidden {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	key := sha256.Sum256(raw)
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.known[key]; ok {
		return known, nil
	}
	out, err := p.session.Run(ctx, map[string]onnx.Tensor{"encoder_hidden_states": onnx.Float32(hidden, append([]int64{1}, shape[1:]...)...)})
	if err != nil {
		return nil, fmt.Errorf("local: what depends on the prompt: %w", err)
	}
	if len(p.known) >= maxCachedPrompts {
		clear(p.known)
	}
	p.known[key] = out
	return out, nil
}
