package vision

import (
	"context"
	"fmt"

	"presswerk/internal/art"
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/onnx"
)

// defaultTokens is how many tokens CLIP and OpenCLIP read.
const defaultTokens = 77

// TextEmbedder turns words into vectors of the same space as an Embedder's: one that lies close to a picture's says what
// the picture shows. It is safe for concurrent use.
type TextEmbedder struct {
	network       Runner
	input, output string
	tokens        tokenize.Tokenizer
	length        int
	mean          bool
}

// NewTextEmbedder takes a network with one input of tokens [n, length]. Its first output is a vector [n, width] of the whole
// text, as CLIP gives, or states of tokens [n, length, width], of which the mean over those that aren't padding is taken. A
// length that the network leaves open is the tokenizer's, else CLIP's. Another network gives art.ErrUnsupported.
func NewTextEmbedder(network Runner, tokens tokenize.Tokenizer) (*TextEmbedder, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) == 0 || len(in[0].Dims) != 2 {
		return nil, fmt.Errorf("vision: a network that embeds words has one input of two dimensions: %w", art.ErrUnsupported)
	}
	e := &TextEmbedder{network: network, input: in[0].Name, output: out[0].Name, tokens: tokens, length: int(in[0].Dims[1])}
	switch len(out[0].Dims) {
	case 2:
	case 3:
		e.mean = true
	default:
		return nil, fmt.Errorf("vision: a network that embeds words gives one vector, or one for each token: %w", art.ErrUnsupported)
	}
	if e.length < 1 {
		e.length = defaultTokens
		if own := tokens.MaxLength(); own > 0 {
			e.length = min(own, defaultTokens)
		}
	}
	return e, nil
}

// Embed gives the vector of some words, as long as the network makes it, and the words that it couldn't take any more.
func (e *TextEmbedder) Embed(ctx context.Context, words string) (v []float32, dropped string, err error) {
	enc := tokenize.Encode(e.tokens, words, e.length)
	if len(enc.Dropped) > 0 {
		dropped = e.tokens.Decode(enc.Dropped)
	}
	made, err := e.network.Run(ctx, map[string]onnx.Tensor{e.input: onnx.Int64(enc.IDs, 1, int64(len(enc.IDs)))})
	if err != nil {
		return nil, dropped, fmt.Errorf("vision: embedding words: %w", err)
	}
	t := made[e.output]
	dims := len(t.Shape)
	if len(t.F32) == 0 || e.mean != (dims == 3) || dims < 2 || t.Shape[0] != 1 || e.mean && t.Shape[1] != int64(len(enc.IDs)) {
		return nil, dropped, fmt.Errorf("vision: the network for words made %v instead of one vector: %w", t.Shape, art.ErrUnsupported)
	}
	if !e.mean {
		return t.F32, dropped, nil
	}
	v = make([]float32, t.Shape[2])
	for n := range enc.Used {
		for i := range v {
			v[i] += t.F32[n*len(v)+i] / float32(enc.Used)
		}
	}
	return v, dropped, nil
}
