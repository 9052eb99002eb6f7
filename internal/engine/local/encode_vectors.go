package local

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/onnx"
	"presswerk/internal/prompt"
)

// vectorInput is what the vectors of tokens are called where a text encoder is given them.
const vectorInput = "token_embeddings"

// vectorEncoder is a text encoder that is given the vectors of tokens, so that those of textual inversions can be among
// them. It's loaded when the first prompt needs it.
type vectorEncoder struct {
	session *onnx.Session
	graph   *onnx.Graph
	lookup  onnx.Lookup
}

// vectors opens the encoder of a network that is given vectors.
func (p *pipeline) vectors(e textEncoder) (vectorEncoder, error) {
	g, err := onnx.OpenGraph(os.DirFS(p.folder.Dir), e.network+"/model.onnx")
	if err != nil {
		return vectorEncoder{}, err
	}
	l, ok := g.Lookup(onnx.TokenInput)
	if !ok {
		return vectorEncoder{}, art.Unsupported("embeddings", "this model's text encoder has no table of tokens", "take them out, or export the model again")
	}
	p.extras.mu.Lock()
	defer p.extras.mu.Unlock()
	key := e.network + " given " + vectorInput
	session, ok := p.extras.loaded[key]
	if !ok {
		if session, err = p.loadVectors(e.network); err != nil {
			return vectorEncoder{}, fmt.Errorf("local: loading a text encoder for textual inversions: %w", err)
		}
		p.extras.loaded[key] = session
	}
	if adapters := e.session.Given(); len(adapters) > 0 {
		if session, err = session.With(adapters); err != nil {
			return vectorEncoder{}, fmt.Errorf("local: adding LoRAs to a text encoder for textual inversions: %w", err)
		}
	}
	return vectorEncoder{session, g, l}, nil
}

// inputs looks the ids up but for those in whose place vectors stand.
func (v vectorEncoder) inputs(ids []int64, fixes []prompt.Fix) (map[string]onnx.Tensor, error) {
	own := slices.Clone(ids)
	for _, fix := range fixes {
		clear(own[fix.At:min(fix.At+len(fix.Vectors), len(own))]) // of which any row does
	}
	rows, err := v.graph.Rows(v.lookup.Table, own)
	if err != nil {
		return nil, err
	}
	for _, fix := range fixes {
		for i, vector := range fix.Vectors {
			if len(vector) != len(rows[0]) {
				return nil, art.Unsupported("embeddings", fmt.Sprintf("a vector has %d numbers, and this model's have %d", len(vector), len(rows[0])), "use one that was made for this kind of model")
			}
			rows[fix.At+i] = vector
		}
	}
	return map[string]onnx.Tensor{
		onnx.TokenInput: onnx.Int64(ids, 1, int64(len(ids))),
		vectorInput:     onnx.Float32(slices.Concat(rows...), 1, int64(len(ids)), int64(len(rows[0]))),
	}, nil
}

// runIDs runs an encoder over ids, with vectors in the place of some.
func (p *pipeline) runIDs(ctx context.Context, e textEncoder, ids []int64, fixes []prompt.Fix) (map[string]onnx.Tensor, error) {
	if len(fixes) == 0 {
		return e.session.Run(ctx, map[string]onnx.Tensor{onnx.TokenInput: onnx.Int64(ids, 1, int64(len(ids)))})
	}
	v, err := p.vectors(e)
	if err != nil {
		return nil, err
	}
	inputs, err := v.inputs(ids, fixes)
	if err != nil {
		return nil, err
	}
	return v.session.Run(ctx, inputs)
}

// worded is a tokenizer that knows further words, one id for each of their vectors. The ids follow its own, as diffusers
// counts on: encoders that end a prompt at its largest id end it at such a word.
type worded struct {
	tokenize.Tokenizer
	literals map[string]int64    // the number of each word
	words    []string            // by number
	ids      [][]int64           // by number
	vectors  map[int64][]float32 // by id
	names    map[int64]string    // by id
}

// worded adds a vocabulary's words to an encoder's tokenizer.
func (e textEncoder) worded(v *vocabulary, known int64) worded {
	w := worded{Tokenizer: e.tokens, literals: map[string]int64{}, vectors: map[int64][]float32{}, names: map[int64]string{}}
	literals := v.literals(e.network)
	for _, word := range sortedWords(literals) {
		w.literals[word] = int64(len(w.words))
		w.words = append(w.words, word)
		var ids []int64
		for _, vector := range literals[word] {
			id := known + int64(len(w.vectors))
			w.vectors[id], w.names[id] = vector, word
			ids = append(ids, id)
		}
		w.ids = append(w.ids, ids)
	}
	return w
}

// Tokens implements tokenize.Tokenizer.
func (w worded) Tokens(text string) []int64 {
	var ids []int64
	tokenize.Split(text, w.literals, func(word int64) {
		ids = append(ids, w.ids[word]...)
	}, func(text string) {
		ids = append(ids, w.Tokenizer.Tokens(text)...)
	})
	return ids
}

// Decode implements tokenize.Tokenizer. A word whose vectors stand in a row is said once.
func (w worded) Decode(ids []int64) string {
	var parts []string
	for len(ids) > 0 {
		n := slices.IndexFunc(ids, func(id int64) bool { return w.names[id] != "" })
		switch {
		case n < 0:
			return strings.Join(append(parts, w.Tokenizer.Decode(ids)), " ")
		case n > 0:
			parts = append(parts, w.Tokenizer.Decode(ids[:n]))
			ids = ids[n:]
		default:
			if name := w.names[ids[0]]; len(parts) == 0 || parts[len(parts)-1] != name {
				parts = append(parts, name)
			}
			ids = ids[1:]
		}
	}
	return strings.Join(parts, " ")
}

// fixes says where in ids vectors stand.
func (w worded) fixes(ids []int64) []prompt.Fix {
	var all []prompt.Fix
	for i, id := range ids {
		if vector, ok := w.vectors[id]; ok {
			all = append(all, prompt.Fix{At: i, Vectors: [][]float32{vector}})
		}
	}
	return all
}

// encodePlain gives the embedding of as much of a text as an encoder reads at once, with the vectors of a vocabulary.
func (p *pipeline) encodePlain(ctx context.Context, e textEncoder, text wording, words string) (embedding, error) {
	tokens, fixes := e.tokens, func([]int64) []prompt.Fix { return nil }
	if text.words != nil {
		v, err := p.vectors(e)
		if err != nil {
			return embedding{}, err
		}
		w := e.worded(text.words, v.graph.Stored[v.lookup.Table].Dims[0])
		tokens, fixes = w, w.fixes
	}
	enc := tokenize.Encode(tokens, words, e.length)
	result, err := p.encodeIDs(ctx, e, enc.IDs, fixes(enc.IDs), text.skip)
	if err == nil && len(enc.Dropped) > 0 {
		result.notes = []string{fmt.Sprintf("the prompt is longer than the %d tokens that this model reads; cut: %q", e.length-2, tokens.Decode(enc.Dropped))}
	}
	return result, err
}
