package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/prompt"
)

// maxCachedPrompts bounds the embedding cache of one model: 512 SDXL prompts are about 320 MB, house prompts 25 MB.
const maxCachedPrompts = 512

// wording is all that decides an embedding.
type wording struct {
	first  string      // for the first encoder
	second string      // for the second one, where there is one
	skip   int         // layers from the end, as A1111 counts; 0 as the pipeline does
	zero   bool        // SDXL's stand-in for "no negative prompt"
	words  *vocabulary // of textual inversions
	chunk  int         // above 0, first holds the ids of one chunk for the encoder of this number, counted from 1
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
	known map[wording]embedding
	order []wording // oldest first
}

func newPromptCache(max int) *promptCache {
	return &promptCache{max: max, known: map[wording]embedding{}}
}

func (c *promptCache) get(p wording) (embedding, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.known[p]
	return e, ok
}

func (c *promptCache) put(p wording, e embedding) {
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
func (p *pipeline) prompts(r art.Recipe, words *vocabulary) (positive, negative wording) {
	positive = wording{first: r.Prompt, words: words}
	negative = wording{first: r.NegativePrompt, words: words}
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
func (p *pipeline) encode(ctx context.Context, text wording) (embedding, error) {
	if e, ok := p.cache.get(text); ok {
		return e, nil
	}
	var whole embedding
	for i, encoder := range p.encoders {
		words := text.first
		if i > 0 || !p.folder.hasEncoder() {
			words = text.second
		}
		part, err := p.encodePlain(ctx, encoder, text, words)
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

// encodeIDs runs an encoder, with vectors in the place of some ids. Skip counts layers from the end as A1111 does: Stable Diffusion takes the last layer,
// and the norm behind it whatever the layer; SDXL takes the last but one, and no norm.
func (p *pipeline) encodeIDs(ctx context.Context, e textEncoder, ids []int64, fixes []prompt.Fix, skip int) (embedding, error) {
	out, err := p.runIDs(ctx, e, ids, fixes)
	if err != nil {
		return embedding{}, err
	}
	name, layers := "last_hidden_state", e.layers()
	if p.folder.xl() || skip > 1 {
		name = hiddenState(layers - orInt(skip, 2))
	}
	hidden, ok := out[name]
	if !ok || len(hidden.Shape) != 3 {
		return embedding{}, art.Unsupported("clip_skip", fmt.Sprintf("this model's text encoder has no output %q", name), "export the model again with hidden states, or take clip_skip out")
	}
	result := embedding{hidden: hidden.F32, tokens: int(hidden.Shape[1]), width: int(hidden.Shape[2]), pooled: out["text_embeds"].F32}
	if !p.folder.xl() && skip > 1 {
		last, normed := out[hiddenState(layers-1)], out["last_hidden_state"]
		if len(last.F32) != len(hidden.F32) || len(normed.F32) != len(hidden.F32) {
			return embedding{}, art.Unsupported("clip_skip", "this model's text encoder doesn't give its last layer with and without its norm", "export the model again with hidden states, or take clip_skip out")
		}
		fitNorm(last.F32, normed.F32, result.width).apply(result.hidden)
	}
	return result, nil
}

// layers is how many hidden states the encoder gives, the embeddings among them.
func (e textEncoder) layers() int {
	n := 0
	for _, out := range e.session.Outputs() {
		if strings.HasPrefix(out.Name, "hidden_states.") {
			n++
		}
	}
	return n
}

func hiddenState(i int) string { return "hidden_states." + strconv.Itoa(i) }

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
func (p *pipeline) conditioning(ctx context.Context, recipes []art.Recipe, words *vocabulary) (positive, negative diffusion.Conditioning, notes [][]string, err error) {
	for i, r := range recipes {
		texts := [2]wording{}
		texts[0], texts[1] = p.prompts(r, words)
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
	height, width := r.Height, r.Width
	if t := r.TiledDiffusion; t != nil { // the network sees no more than a window
		height, width = min(height, t.Tile), min(width, t.Tile)
	}
	var ids []float32
	for _, pair := range [][]int{r.OriginalSize, r.CropsTopLeft, r.TargetSize} {
		if pair == nil {
			pair = []int{height, width}
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
