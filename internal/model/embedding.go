package model

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// maxVectors bounds one embedding: a prompt has 75 tokens, and real ones have up to a few dozen.
const maxVectors = 512

// Embedding is a textual inversion: vectors that stand where a word of the prompt stands.
//
// Source: Gal et al. 2022, arXiv:2208.01618.
type Embedding struct {
	Token   string
	Vectors map[string][][]float32 // TextEncoder, TextEncoder2 → one vector for each token of the prompt that it takes
}

// Tokens names each vector, as diffusers does: the token, then token_1, token_2 …
//
// Source: diffusers, loaders/textual_inversion.py, _extend_tokens_and_embeddings.
func (e Embedding) Tokens() []string {
	n := 0
	for _, v := range e.Vectors {
		n = max(n, len(v))
	}
	names := []string{e.Token}
	for i := 1; i < n; i++ {
		names = append(names, e.Token+"_"+strconv.Itoa(i))
	}
	return names
}

// OpenEmbedding reads an embedding in safetensors, or in torch's zip format, in one of four forms: a tensor alone,
// {token: tensor}, A1111's {"string_to_param": {"*": tensor}, "name": …}, and SDXL's {"clip_l": …, "clip_g": …}. Name is
// the token where the file has none; safetensors may have one in their metadata. Another form gives art.ErrUnsupported, a
// damaged one art.ErrInvalid.
//
// Source: diffusers, loaders/textual_inversion.py; AUTOMATIC1111/stable-diffusion-webui, modules/textual_inversion.
func OpenEmbedding(r io.ReaderAt, size int64, name string) (Embedding, error) {
	var magic [2]byte
	if n, err := r.ReadAt(magic[:], 0); n < len(magic) {
		return Embedding{}, fmt.Errorf("model: embedding %s: %w: %w", name, err, art.ErrInvalid)
	}
	tensors, token, err := embeddingTensors(r, size, string(magic[:]) == "PK", name)
	if err != nil {
		return Embedding{}, fmt.Errorf("model: embedding %s: %w", name, err)
	}
	e := Embedding{Token: token, Vectors: map[string][][]float32{}}
	for network, t := range tensors {
		if e.Vectors[network], err = t.rows(); err != nil {
			return Embedding{}, fmt.Errorf("model: embedding %s: %w", name, err)
		}
	}
	if a, b := e.Vectors[TextEncoder], e.Vectors[TextEncoder2]; b != nil && len(a) != len(b) {
		return Embedding{}, fmt.Errorf("model: embedding %s: clip_l has %d vectors and clip_g %d: %w", name, len(a), len(b), art.ErrInvalid)
	}
	return e, nil
}

// array is a tensor that is still in its file.
type array struct {
	name   string
	shape  []int
	floats func() ([]float32, error)
}

// rows cuts an array into vectors: one of [width], or several of [n, width].
func (a array) rows() ([][]float32, error) {
	if len(a.shape) < 1 || len(a.shape) > 2 || slices.Min(a.shape) < 1 || len(a.shape) == 2 && a.shape[0] > maxVectors {
		return nil, fmt.Errorf("%q has shape %v, but an embedding has [width] or [vectors, width]: %w", a.name, a.shape, art.ErrInvalid)
	}
	values, err := a.floats()
	if err != nil {
		return nil, err
	}
	return slices.Collect(slices.Chunk(values, a.shape[len(a.shape)-1])), nil
}

// embeddingTensors finds the tensors of each text encoder, and the token.
func embeddingTensors(r io.ReaderAt, size int64, torch bool, name string) (map[string]array, string, error) {
	named := map[string]array{}
	if !torch {
		s, err := OpenSafetensors(r, size)
		if err != nil {
			return nil, "", err
		}
		for _, key := range s.Names() {
			named[key] = array{key, s.Shape(key), func() ([]float32, error) { return s.Floats(key) }}
		}
		return byEncoder(named, cmp.Or(trigger(s), name))
	}
	file, err := openTorch(r, size)
	if err != nil {
		return nil, "", err
	}
	values := file.value
	if d, ok := values.(*dict); ok {
		if inner, ok := d.values["string_to_param"].(*dict); ok {
			if own, ok := d.values["name"].(string); ok && own != "" {
				name = own
			}
			values = inner.values["*"]
		}
	}
	switch v := values.(type) {
	case *torchTensor:
		named[bareTensor] = file.array(bareTensor, v)
	case *dict:
		for _, key := range v.keys {
			if t, ok := v.values[key].(*torchTensor); ok {
				named[key] = file.array(key, t)
			}
		}
	}
	return byEncoder(named, name)
}

func (t *torchFile) array(name string, tensor *torchTensor) array {
	return array{name, tensor.shape, func() ([]float32, error) { return t.floats(tensor) }}
}

// MetadataTrigger is the key of the words that call what a file was trained for.
//
// Source: Stability-AI/ModelSpec.
const MetadataTrigger = "modelspec.trigger_phrase"

// trigger is the one word that calls an embedding; several words are what a prompt should say besides.
func trigger(s *Safetensors) string {
	if said := s.Metadata(MetadataTrigger); !strings.ContainsAny(said, " \t\n,") {
		return said
	}
	return ""
}

// bareTensor is what A1111 calls a tensor without token in safetensors.
const bareTensor = "emb_params"

// byEncoder tells which tensor is which encoder's.
func byEncoder(named map[string]array, name string) (map[string]array, string, error) {
	l, hasL := named["clip_l"]
	g, hasG := named["clip_g"]
	switch {
	case hasL && hasG && len(named) == 2:
		return map[string]array{TextEncoder: l, TextEncoder2: g}, name, nil
	case len(named) != 1:
		return nil, "", fmt.Errorf("it holds %d tensors, none of the four forms of embeddings: %w", len(named), art.ErrUnsupported)
	case hasG: // of an SDXL refiner
		return map[string]array{TextEncoder2: g}, name, nil
	}
	for key, a := range named {
		if key != bareTensor && !hasL {
			name = key
		}
		return map[string]array{TextEncoder: a}, name, nil
	}
	return nil, "", nil // not reached: there is one
}
