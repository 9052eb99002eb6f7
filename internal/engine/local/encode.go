package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/onnx"
)

// maxCachedPrompts bounds the embedding cache of one model: 512 SDXL prompts are about 320 MB, house prompts 25 MB.
const maxCachedPrompts = 512

// prompt is all that decides an embedding.
type prompt struct {
	first  string // for the first encoder
	second string // for the second one, where there is one
	skip   int    // layers from the end, as A1111 counts; 0 as the pipeline does
	zero   bool   // SDXL's stand-in for "no negative prompt"
}

// embedding is an encoded prompt.
type embedding struct {
	hidden []float32 // [tokens, width]
	tokens int
	width  int
	pooled []float32 // SDXL's, of the last encoder
	notes  []string
}

// promptCache keeps the last embeddings. It is safe for concurrent use.
type promptCache struct {
	mu    sync.Mutex
	max   int
	known map[prompt]embedding
	order []prompt // oldest first
}

func newPromptCache(max int) *promptCache {
	return &promptCache{max: max, known: map[prompt]embedding{}}
}

func (c *promptCache) get(p prompt) (embedding, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.known[p]
	return e, ok
}

func (c *promptCache) put(p prompt, e embedding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.known[p]; ok {
		return
	}
	if len(c.order) == c.max {
		delete(c.known, c.order[0])
		c.order = c.order[1:]
	}
	c.known[p] = e
	c.order = append(c.order, p)
}

// prompts gives the positive and the negative prompt of a recipe.
func (p *pipeline) prompts(r art.Recipe) (positive, negative prompt) {
	positive = prompt{first: r.Prompt}
	negative = prompt{first: r.NegativePrompt}
	if r.ClipSkip != nil {
		positive.skip, negative.skip = *r.ClipSkip, *r.ClipSkip
	}
	if p.folder.xl() {
		positive.second, negative.second = or(r.Prompt2, r.Prompt), r.NegativePrompt
		negative.zero = r.NegativePrompt == "" && p.folder.index.ForceZeros
	}
	return positive, negative
}

// encode gives the embedding of a prompt, from the cache where it is known. Each prompt is encoded by itself, so that
// a picture doesn't depend on its neighbours in the batch.
func (p *pipeline) encode(ctx context.Context, text prompt) (embedding, error) {
	if e, ok := p.cache.get(text); ok {
		return e, nil
	}
	var whole embedding
	for i, encoder := range p.encoders {
		words := text.first
		if i > 0 || !p.folder.hasEncoder() {
			words = text.second
		}
		part, err := encoder.encode(ctx, words, p.hiddenName(encoder, text.skip))
		if err != nil {
			return embedding{}, fmt.Errorf("local: encoding the prompt: %w", err)
		}
		if whole, err = beside(whole, part); err != nil {
			return embedding{}, err
		}
	}
	if text.zero {
		clear(whole.hidden)
		clear(whole.pooled)
	}
	p.cache.put(text, whole)
	return whole, nil
}

// hiddenName is the encoder's output that skip means. Stable Diffusion takes the last layer; SDXL the last but one.
func (p *pipeline) hiddenName(e textEncoder, skip int) string {
	if !p.folder.xl() {
		return e.session.Outputs()[0].Name
	}
	layers := 0
	for _, out := range e.session.Outputs() {
		if strings.HasPrefix(out.Name, "hidden_states.") {
			layers++
		}
	}
	return "hidden_states." + strconv.Itoa(layers-orInt(skip, 2))
}

func (e textEncoder) encode(ctx context.Context, text, hiddenName string) (embedding, error) {
	enc := tokenize.Encode(e.tokens, text, e.length)
	out, err := e.session.Run(ctx, map[string]onnx.Tensor{"input_ids": onnx.Int64(enc.IDs, 1, int64(e.length))})
	if err != nil {
		return embedding{}, err
	}
	hidden, ok := out[hiddenName]
	if !ok || len(hidden.Shape) != 3 {
		return embedding{}, art.Unsupported("clip_skip", fmt.Sprintf("this model's text encoder has no output %q", hiddenName), "export the model again with hidden states, or take clip_skip out")
	}
	result := embedding{hidden: hidden.F32, tokens: int(hidden.Shape[1]), width: int(hidden.Shape[2]), pooled: out["text_embeds"].F32}
	if len(enc.Dropped) > 0 {
		result.notes = []string{fmt.Sprintf("the prompt is longer than the %d tokens that this model reads; cut: %q", e.length-2, e.tokens.Decode(enc.Dropped))}
	}
	return result, nil
}

// beside puts two encoders' numbers for each token side by side; the pooled vector is the last encoder's.
func beside(a, b embedding) (embedding, error) {
	if a.hidden == nil {
		return b, nil
	}
	if a.tokens != b.tokens {
		return embedding{}, fmt.Errorf("local: the two text encoders read %d and %d tokens: %w", a.tokens, b.tokens, art.ErrUnsupported)
	}
	joined := embedding{tokens: a.tokens, width: a.width + b.width, pooled: b.pooled, notes: a.notes}
	if len(a.notes) == 0 {
		joined.notes = b.notes
	}
	for i := range a.tokens {
		joined.hidden = append(joined.hidden, a.hidden[i*a.width:(i+1)*a.width]...)
		joined.hidden = append(joined.hidden, b.hidden[i*b.width:(i+1)*b.width]...)
	}
	return joined, nil
}

// conditioning encodes the prompts of a batch. The notes say what was cut.
func (p *pipeline) conditioning(ctx context.Context, recipes []art.Recipe) (positive, negative diffusion.Conditioning, notes [][]string, err error) {
	for i, r := range recipes {
		texts := [2]prompt{}
		texts[0], texts[1] = p.prompts(r)
		var rows [2]diffusion.Conditioning
		var said []string
		for k, text := range texts {
			e, err := p.encode(ctx, text)
			if err != nil {
				return positive, negative, nil, err
			}
			rows[k] = p.row(r, e)
			said = append(said, e.notes...)
		}
		notes = append(notes, said)
		if i == 0 {
			positive, negative = rows[0], rows[1]
			continue
		}
		if positive, err = positive.Join(rows[0]); err != nil {
			return positive, negative, nil, err
		}
		if negative, err = negative.Join(rows[1]); err != nil {
			return positive, negative, nil, err
		}
	}
	return positive, negative, notes, nil
}

// row makes one row of conditioning; SDXL's pooled vector and sizes go with it.
func (p *pipeline) row(r art.Recipe, e embedding) diffusion.Conditioning {
	c := diffusion.Conditioning{Rows: 1, Hidden: e.hidden, Tokens: e.tokens, Width: e.width}
	if p.folder.xl() {
		c.Extra = map[string][]float32{"text_embeds": e.pooled, "time_ids": timeIDs(r)}
	}
	return c
}

// timeIDs are SDXL's size conditions: the original size, the crop's corner and the target size, each (height, width).
//
// Source: Podell et al. 2023, arXiv:2307.01952, section 2.2.
func timeIDs(r art.Recipe) []float32 {
	var ids []float32
	for _, pair := range [][]int{r.OriginalSize, r.CropsTopLeft, r.TargetSize} {
		if pair == nil {
			pair = []int{r.Height, r.Width}
			if len(ids) == 2 {
				pair = []int{0, 0}
			}
		}
		for _, v := range pair {
			ids = append(ids, float32(v))
		}
	}
	return ids
}
