package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/prompt"
)

// maxWeight bounds the weights of a prompt; far larger ones overflow and leave a black picture.
const maxWeight = 1e6

// checkSyntax refuses a syntax that is unknown or that doesn't go with the model.
func checkSyntax(f *Folder, r art.Recipe) error {
	if r.Syntax == "" || r.Syntax == prompt.Plain {
		return nil
	}
	kind := f.text.ModelType
	if !f.hasEncoder() {
		kind = f.text2.ModelType
	}
	switch {
	case r.Syntax != prompt.A1111:
		return art.Unsupported("syntax", fmt.Sprintf("%q is unknown, known are %s and %s", r.Syntax, prompt.Plain, prompt.A1111), "choose one of them")
	case kind != "" && !strings.HasPrefix(kind, "clip"):
		return art.Unsupported("syntax", fmt.Sprintf("%s is for CLIP, and this model's text encoder is of the kind %q", prompt.A1111, kind), "use plain")
	case r.Prompt2 != "" && len(prompt.SplitAND(r.Prompt))+len(prompt.SplitAND(r.Prompt2)) > 2:
		return art.Unsupported("prompt_2", "does not go with AND in a prompt", "write one prompt for both encoders")
	}
	return nil
}

// promptsA1111 encodes the prompts as A1111 does. They are those of every picture of this batch.
func (b *batch) promptsA1111(ctx context.Context) (conditioned, error) {
	r := b.recipes[0]
	_, negative := b.pipe.prompts(r, b.words)
	c := composition{batch: b}
	for _, part := range prompt.SplitAND(r.Prompt) {
		text := wording{first: part.Text, second: part.Text, skip: negative.skip, words: b.words}
		if r.Prompt2 != "" {
			text.second = prompt.SplitAND(r.Prompt2)[0].Text
		}
		e, err := b.edited(ctx, text)
		if err != nil {
			return conditioned{}, err
		}
		e.weight = part.Weight
		c.positive = append(c.positive, e)
	}
	var err error
	if c.negative, err = b.edited(ctx, negative); err != nil {
		return conditioned{}, err
	}
	empty, err := b.edited(ctx, wording{skip: negative.skip})
	if err != nil {
		return conditioned{}, err
	}
	c.empty = empty.rows[0]
	if err := c.fits(); err != nil {
		return conditioned{}, err
	}
	return conditioned{schedule: c.mix, notes: make([][]string, len(b.recipes))}, nil
}

// edited is one prompt of a composition with the embeddings of its stages. Stages that say the same share one.
type edited struct {
	weight float64
	stages []prompt.Stage // the text is the place of the embedding among rows, see place
	place  []int
	rows   []embedding
}

// at is what the prompt says at a call that prompt editing counts from 0.
func (e edited) at(call int) embedding { return e.rows[e.place[prompt.At(e.stages, call)]] }

// steps is what prompt editing must know of this batch. A sampler of two calls a step counts calls.
//
// Source: AUTOMATIC1111's setup_conds and calculate_hr_conds, which ask the sampler for its total_steps.
func (b *batch) steps() prompt.Steps {
	s := prompt.Steps{Base: b.recipes[0].Steps * orderOf(b.samplers[0])}
	if b.again {
		s.Hires = s.Base
	}
	return s
}

// edited encodes a prompt through all of its stages.
func (b *batch) edited(ctx context.Context, text wording) (edited, error) {
	e := edited{stages: prompt.Schedule(text.first, b.steps())}
	seconds := e.stages
	if text.second != text.first {
		seconds = prompt.Schedule(text.second, b.steps())
		e.stages = bothEnds(e.stages, seconds)
	}
	var different []wording
	var times []int // how many stages say each
	for _, stage := range e.stages {
		// A stage's own end is the last call of a stage in either schedule.
		say := text
		say.first, say.second = stage.Text, seconds[prompt.At(seconds, stage.End)].Text
		at := slices.Index(different, say)
		if at < 0 {
			at = len(different)
			different, times = append(different, say), append(times, 0)
		}
		times[at]++
		e.place = append(e.place, at)
	}
	var err error
	e.rows, err = b.pipe.encodeStages(ctx, different, times)
	return e, err
}

// bothEnds cuts the stages of a at the ends of b too.
func bothEnds(a, b []prompt.Stage) []prompt.Stage {
	var ends []int
	for _, s := range slices.Concat(a, b) {
		ends = append(ends, s.End)
	}
	slices.Sort(ends)
	var cut []prompt.Stage
	for _, end := range slices.Compact(ends) {
		cut = append(cut, prompt.Stage{End: end, Text: a[prompt.At(a, end)].Text})
	}
	return cut
}

// encodeStages encodes different texts of one prompt, each said by some stages, with as many chunks as the longest.
func (p *pipeline) encodeStages(ctx context.Context, texts []wording, times []int) ([]embedding, error) {
	chunks := make([][][]prompt.Chunk, len(p.encoders)) // of each encoder, for each text
	longest := 0
	for i, e := range p.encoders {
		for _, text := range texts {
			words := text.first
			if i > 0 || !p.folder.hasEncoder() {
				words = text.second
			}
			cut, err := e.chunks(words, text.words.named(e))
			if err != nil {
				return nil, err
			}
			chunks[i] = append(chunks[i], cut)
			longest = max(longest, len(cut))
		}
	}
	rows := make([]embedding, len(texts))
	for i := range p.encoders {
		parts, err := p.encodeChunks(ctx, i, chunks[i], times, longest, texts[0].skip)
		if err != nil {
			return nil, fmt.Errorf("local: encoding the prompt: %w", err)
		}
		for k := range rows {
			if rows[k], err = beside(rows[k], parts[k]); err != nil {
				return nil, err
			}
		}
	}
	for k, text := range texts {
		if text.zero {
			rows[k].hidden = make([]float32, len(rows[k].hidden))
			rows[k].pooled = make([]float32, len(rows[k].pooled))
		}
	}
	return rows, nil
}

// chunker is what cuts prompts for this encoder.
func (e textEncoder) chunker() prompt.Chunker {
	special := e.tokens.Special()
	c := prompt.Chunker{Length: e.length, Begin: special.Begin, End: special.End, Pad: special.Pad, Comma: -1, Backtrack: prompt.UsualBacktrack}
	if comma := e.tokens.Tokens(","); len(comma) == 1 {
		c.Comma = comma[0]
	}
	return c
}

// chunks cuts a text, with the weights of its words and vectors in the place of some.
func (e textEncoder) chunks(text string, added []namedVectors) ([]prompt.Chunk, error) {
	var segments []prompt.Segment
	for _, piece := range prompt.ParseAttention(text) {
		if math.IsNaN(piece.Weight) || math.Abs(piece.Weight) > maxWeight {
			return nil, art.Invalid("prompt", fmt.Sprintf("%q has the weight %g", piece.Text, piece.Weight), "weights of 0.5 to 1.5 are usual")
		}
		s := prompt.Segment{Weight: piece.Weight, Break: piece.IsBreak()}
		for ids := e.tokens.Tokens(piece.Text); len(ids) > 0; {
			if one, ok := at(added, ids); ok {
				s.Words = append(s.Words, prompt.Word{Vectors: one.vectors})
				ids = ids[len(one.ids):]
				continue
			}
			s.Words = append(s.Words, prompt.Word{ID: ids[0]})
			ids = ids[1:]
		}
		segments = append(segments, s)
	}
	return e.chunker().Chunks(segments)
}

// encodeChunks runs encoder i over the chunks of each text and puts what it gives below each other; texts that are
// shorter than count chunks get empty ones. The pooled vector is the first chunk's.
func (p *pipeline) encodeChunks(ctx context.Context, i int, texts [][]prompt.Chunk, times []int, count, skip int) ([]embedding, error) {
	rows := make([]embedding, len(texts))
	for c := range count {
		parts := make([]weighted, len(texts))
		for k, chunks := range texts {
			chunk := p.encoders[i].chunker().Empty()
			if c < len(chunks) {
				chunk = chunks[c]
			}
			e, err := p.encodeChunk(ctx, i, chunk, skip)
			if err != nil {
				return nil, err
			}
			if c == 0 {
				rows[k] = embedding{width: e.width, pooled: e.pooled}
			}
			parts[k] = weighted{slices.Clone(e.hidden), e.width, chunk, times[k]}
			rows[k].tokens += e.tokens
		}
		emphasise(parts)
		for k := range rows {
			rows[k].hidden = append(rows[k].hidden, parts[k].hidden...)
		}
	}
	return rows, nil
}

// encodeChunk gives what encoder i makes of a chunk, from the cache where it is known.
func (p *pipeline) encodeChunk(ctx context.Context, i int, chunk prompt.Chunk, skip int) (embedding, error) {
	if len(chunk.Fixes) > 0 { // ids alone don't tell such chunks apart
		return p.encodeIDs(ctx, p.encoders[i], chunk.IDs, chunk.Fixes, skip)
	}
	key := make([]byte, 0, 8*len(chunk.IDs))
	for _, id := range chunk.IDs {
		key = binary.LittleEndian.AppendUint64(key, uint64(id))
	}
	known := wording{first: string(key), skip: skip, chunk: i + 1}
	if e, ok := p.cache.get(known); ok {
		return e, nil
	}
	e, err := p.encodeIDs(ctx, p.encoders[i], chunk.IDs, nil, skip)
	if err == nil {
		p.cache.put(known, e)
	}
	return e, err
}

// weighted is an encoded chunk with its weights, which some stages of a prompt say.
type weighted struct {
	hidden []float32
	width  int
	chunk  prompt.Chunk
	times  int
}

// emphasise multiplies each token's numbers by its weight, then all by what brings back the mean over all stages. A
// mean that is no more than rounding can't be brought back, and isn't.
//
// Source: AUTOMATIC1111's EmphasisOriginal, which encodes all stages of a prompt as one batch.
func emphasise(parts []weighted) {
	if !slices.ContainsFunc(parts, func(w weighted) bool { return !w.chunk.Plain() }) {
		return
	}
	before, _ := means(parts)
	for _, part := range parts {
		for t, weight := range part.chunk.Weights {
			for j := range part.hidden[t*part.width : (t+1)*part.width] {
				part.hidden[t*part.width+j] *= float32(weight)
			}
		}
	}
	after, size := means(parts)
	if math.Abs(after) <= 1e-5*size {
		return
	}
	for _, part := range parts {
		for j := range part.hidden {
			part.hidden[j] *= float32(before / after)
		}
	}
}

// means gives the mean over all stages, and that of the absolute numbers.
func means(parts []weighted) (mean, size float64) {
	n := 0
	for _, part := range parts {
		var sum, absolute float64
		for _, v := range part.hidden {
			sum += float64(v)
			absolute += math.Abs(float64(v))
		}
		mean += sum * float64(part.times)
		size += absolute * float64(part.times)
		n += len(part.hidden) * part.times
	}
	return mean / float64(n), size / float64(n)
}

// composition is all that steers the pictures of a batch.
type composition struct {
	batch    *batch
	positive []edited
	negative edited
	empty    embedding // of the empty prompt, a chunk long
}

// fits refuses a prompt that is longer than the denoiser reads.
func (c composition) fits() error {
	longest := 0
	for _, e := range append([]edited{c.negative}, c.positive...) {
		longest = max(longest, e.rows[0].tokens)
	}
	for _, in := range c.batch.pipe.unet.Inputs() {
		if in.Name == "encoder_hidden_states" && len(in.Dims) == 3 && in.Dims[1] > 0 && int(in.Dims[1]) != longest {
			return art.Unsupported("prompt", fmt.Sprintf("has %d tokens with padding, and this model's UNet was exported for %d", longest, in.Dims[1]), "shorten it, or export the model with any length")
		}
	}
	return nil
}

// mix is what steers a call of the samplers. Prompts that are composed and differ in length repeat their last vector;
// the shorter one of both sides gets empty chunks.
//
// Source: AUTOMATIC1111's stack_conds and pad_cond_uncond. There, both sides may also stay as they are.
func (c composition) mix(call int) diffusion.Mix {
	call -= c.batch.origin
	negative := c.negative.at(call)
	positive := make([]embedding, len(c.positive))
	longest := 0
	for i, e := range c.positive {
		positive[i] = e.at(call)
		longest = max(longest, positive[i].tokens)
	}
	var m diffusion.Mix
	for i, e := range positive {
		last := embedding{hidden: e.hidden[len(e.hidden)-e.width:], tokens: 1}
		e = e.padded(longest, last).padded(negative.tokens, c.empty)
		m.Positive = append(m.Positive, diffusion.Weighted{Conditioning: c.rows(e), Weight: c.positive[i].weight})
	}
	m.Negative = c.rows(negative.padded(longest, c.empty))
	for i := range m.Positive {
		own := m.Negative // whose extras are set anew each time
		c.batch.pipe.addConditions(c.batch.recipes[0], &m.Positive[i].Conditioning, &own)
		if step, ok := m.Positive[i].Extra["timestep_cond"]; ok {
			if own.Extra == nil {
				own.Extra = map[string][]float32{}
			}
			own.Extra["timestep_cond"] = step
		}
		m.Negative = own
	}
	return m
}

// padded puts copies of by below the embedding until it has as many tokens.
func (e embedding) padded(tokens int, by embedding) embedding {
	if e.tokens < tokens {
		e.hidden = slices.Clone(e.hidden)
	}
	for e.tokens < tokens {
		e.hidden = append(e.hidden, by.hidden...)
		e.tokens += by.tokens
	}
	return e
}

// rows gives every picture of the batch the same prompt.
func (c composition) rows(e embedding) diffusion.Conditioning {
	one := c.batch.pipe.row(c.batch.recipes[0], e)
	all := diffusion.Conditioning{Rows: len(c.batch.recipes), Tokens: one.Tokens, Width: one.Width}
	if one.Extra != nil {
		all.Extra = map[string][]float32{}
	}
	for range c.batch.recipes {
		all.Hidden = append(all.Hidden, one.Hidden...)
		for name, values := range one.Extra {
			all.Extra[name] = append(all.Extra[name], values...)
		}
	}
	return all
}
