package model

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// maxRank bounds what one layer of an adapter may ask for.
const maxRank = 4096

// LoRA is a low-rank change of a model's weights. It reads its numbers from the file when they are asked for.
//
// Source: Hu et al. 2021, arXiv:2106.09685.
type LoRA struct {
	Deltas []Delta // sorted by network and name
	file   *Safetensors
}

// Delta is the change of one weight.
type Delta struct {
	Network string // UNet, TextEncoder or TextEncoder2
	Name    string // torch's, of the weight
	Key     string // the file's, of its first matrix
	Shape   []int  // [out, in] or [out, in, height, width]
	Scale   float32

	up, down string
	rank     int
}

// pair collects what a file says of one weight.
type pair struct{ network, module, up, down, alpha string }

// OpenLoRA reads an adapter in diffusers', peft's or kohya's keys: linear layers and convolutions, scaled by alpha/rank.
// Networks holds torch's names of the weights of each network that the model has, see Network.Names. A key that none
// of them has, or that is no LoRA's, gives art.ErrInvalid with the key; DoRA, LoHa, LoKr and their like give
// art.ErrUnsupported.
//
// Source: diffusers, loaders/lora_conversion_utils.py and lora_base.py; kohya-ss/sd-scripts, networks/lora.py.
func OpenLoRA(file *Safetensors, networks map[string][]string) (*LoRA, error) {
	known := newKeys(networks)
	settings, err := readSettings(file)
	if err != nil {
		return nil, fmt.Errorf("model: LoRA: %w", err)
	}
	pairs := map[string]*pair{}
	for _, key := range file.Names() {
		if err := addKey(file, known, pairs, key); err != nil {
			return nil, fmt.Errorf("model: LoRA: key %q: %w", key, err)
		}
	}
	l := &LoRA{file: file}
	for _, p := range pairs {
		d, err := p.delta(file, settings)
		if err != nil {
			return nil, fmt.Errorf("model: LoRA: %w", err)
		}
		l.Deltas = append(l.Deltas, d)
	}
	slices.SortFunc(l.Deltas, func(a, b Delta) int {
		if a.Network != b.Network {
			return strings.Compare(a.Network, b.Network)
		}
		return strings.Compare(a.Name, b.Name)
	})
	if len(l.Deltas) == 0 {
		return nil, fmt.Errorf("model: LoRA: the file changes nothing: %w", art.ErrInvalid)
	}
	return l, nil
}

// Keys of a file's metadata that say which model a LoRA was trained on. Presswerk's own training writes them.
const (
	MetadataBase   = "presswerk.base.name" // name@version
	MetadataBaseID = "presswerk.base.sha256"
)

// BaseOf tells which model a file was trained on, by its SHA-256; empty where the file doesn't say.
func BaseOf(file *Safetensors) art.ModelRef {
	var ref art.ModelRef
	ref.Name, ref.Version, _ = strings.Cut(file.Metadata(MetadataBase), "@")
	ref.SHA256 = file.Metadata(MetadataBaseID)
	return ref
}

// addKey sorts one tensor of the file to its weight.
func addKey(file *Safetensors, known keys, pairs map[string]*pair, key string) error {
	if reason := otherMethod(key); reason != "" {
		return fmt.Errorf("%s: %w", reason, art.ErrUnsupported)
	}
	base, part := splitKey(key)
	if part == "" {
		return fmt.Errorf("it is none of a LoRA's: %w", art.ErrInvalid)
	}
	if err := file.Check(key); err != nil {
		return err
	}
	network, module, err := known.find(base)
	if err != nil {
		return err
	}
	at := network + " " + module
	if pairs[at] == nil {
		pairs[at] = &pair{network: network, module: module}
	}
	slot := map[string]*string{"up": &pairs[at].up, "down": &pairs[at].down, "alpha": &pairs[at].alpha}[part]
	if *slot != "" {
		return fmt.Errorf("it means the same as %q: %w", *slot, art.ErrInvalid)
	}
	*slot = key
	return nil
}

// splitKey cuts a key's ending off and tells what it is: "up", "down" or "alpha"; "" for any other.
func splitKey(key string) (base, part string) {
	for _, e := range []struct{ ending, part string }{
		{".lora_A.weight", "down"},
		{".lora_B.weight", "up"},
		{".lora_A.default.weight", "down"},
		{".lora_B.default.weight", "up"},
		{".lora_down.weight", "down"},
		{".lora_up.weight", "up"},
		{".lora.down.weight", "down"},
		{".lora.up.weight", "up"},
		{".lora_linear_layer.down.weight", "down"},
		{".lora_linear_layer.up.weight", "up"},
		{"_lora.down.weight", "down"},
		{"_lora.up.weight", "up"},
		{".alpha", "alpha"},
	} {
		if base, ok := strings.CutSuffix(key, e.ending); ok {
			return base, e.part
		}
	}
	return "", ""
}

// otherMethod says which method a key belongs to that is no LoRA; "" when none is recognised.
func otherMethod(key string) string {
	for _, m := range []struct{ mark, reason string }{
		{".dora_scale", "DoRA also rescales whole weights, which is not built; merge it into the model, or train a plain LoRA"},
		{"lora_magnitude_vector", "DoRA also rescales whole weights, which is not built; merge it into the model, or train a plain LoRA"},
		{".hada_", "LoHa is not built; convert it to a LoRA"},
		{".lokr_", "LoKr is not built; convert it to a LoRA"},
		{".oft_", "OFT is not built; convert it to a LoRA"},
		{".lora_mid.", "a LoRA of three matrices (LoCon's Tucker form) is not built; convert it to a plain LoRA"},
		{".b1.", "GLoRA is not built; convert it to a LoRA"},
		{".diff", "it holds whole differences of weights, which are not built; convert it to a LoRA"},
		{".lora_B.bias", "a LoRA of biases is not built"},
	} {
		if strings.Contains(key, m.mark) {
			return m.reason
		}
	}
	return ""
}

// delta checks a pair's shapes and works out its scale.
func (p *pair) delta(file *Safetensors, s settings) (Delta, error) {
	name := p.network + "." + p.module
	if p.up == "" || p.down == "" {
		return Delta{}, fmt.Errorf("%s has only one of its two matrices (%q): %w", name, p.up+p.down+p.alpha, art.ErrInvalid)
	}
	up, down := file.Shape(p.up), file.Shape(p.down)
	d := Delta{Network: p.network, Name: p.module + ".weight", Key: p.down, up: p.up, down: p.down}
	if len(down) != 2 && len(down) != 4 || len(up) != 2 && len(up) != 4 {
		return Delta{}, fmt.Errorf("%q has shape %v and %q has %v, neither a layer's nor a convolution's: %w", p.up, up, p.down, down, art.ErrInvalid)
	}
	d.rank = down[0]
	if d.rank < 1 || d.rank > maxRank || up[1] != d.rank || slices.Min(up) < 1 || slices.Min(down) < 1 {
		return Delta{}, fmt.Errorf("%q has shape %v and %q has %v, which don't go together: %w", p.up, up, p.down, down, art.ErrInvalid)
	}
	if len(up) == 4 && up[2]*up[3] != 1 {
		return Delta{}, fmt.Errorf("%q has shape %v, but only a 1×1 convolution is known there: %w", p.up, up, art.ErrUnsupported)
	}
	d.Shape = append([]int{up[0]}, down[1:]...)
	alpha := s.alpha(p.network, p.module, float64(d.rank))
	if p.alpha != "" {
		values, err := oneNumber(file, p.alpha)
		if err != nil {
			return Delta{}, err
		}
		alpha = values
	}
	divisor := float64(d.rank)
	if s.square(p.network) {
		divisor = math.Sqrt(divisor)
	}
	d.Scale = float32(alpha / divisor)
	if scale := float64(d.Scale); math.IsNaN(scale) || math.IsInf(scale, 0) {
		return Delta{}, fmt.Errorf("%q is %v: %w", p.alpha, alpha, art.ErrInvalid)
	}
	return d, nil
}

func oneNumber(file *Safetensors, name string) (float64, error) {
	for _, side := range file.Shape(name) {
		if side != 1 {
			return 0, fmt.Errorf("%q has shape %v, but is one number: %w", name, file.Shape(name), art.ErrInvalid)
		}
	}
	values, err := file.Floats(name)
	if err != nil {
		return 0, err
	}
	return float64(values[0]), nil
}

// settings are peft's, which diffusers writes into the file's metadata; without them alpha is the rank.
//
// Source: diffusers, loaders/lora_base.py, LORA_ADAPTER_METADATA_KEY; peft, tuners/lora/layer.py, LoraLayer.update_layer.
type settings map[string]json.RawMessage

func readSettings(file *Safetensors) (settings, error) {
	text := file.Metadata("lora_adapter_metadata")
	if text == "" {
		return nil, nil
	}
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, fmt.Errorf("its metadata are no JSON object: %w: %w", err, art.ErrInvalid)
	}
	for _, network := range []string{UNet, TextEncoder, TextEncoder2} {
		if s.flag(network, "use_dora") {
			return nil, fmt.Errorf("%s: %w", otherMethod(".dora_scale"), art.ErrUnsupported)
		}
	}
	return s, nil
}

// get reads a setting of a network into into, which stays as it is when there is none.
func (s settings) get(network, name string, into any) {
	raw, ok := s[network+"."+name]
	if !ok {
		raw, ok = s[name]
	}
	if ok {
		_ = json.Unmarshal(raw, into) // null, or a type of another version: as if it weren't there
	}
}

func (s settings) flag(network, name string) bool {
	on := false
	s.get(network, name, &on)
	return on
}

func (s settings) square(network string) bool { return s.flag(network, "use_rslora") }

// alpha is what peft was told for a module: its own, by the end of its name, else everybody's.
func (s settings) alpha(network, module string, otherwise float64) float64 {
	s.get(network, "lora_alpha", &otherwise)
	var pattern map[string]float64
	s.get(network, "alpha_pattern", &pattern)
	longest := -1
	for end, alpha := range pattern {
		if (module == end || strings.HasSuffix(module, "."+end)) && len(end) > longest {
			longest, otherwise = len(end), alpha
		}
	}
	return otherwise
}
