package prompt

import (
	"fmt"
	"slices"

	"presswerk/internal/art"
)

// Word is what a tokenizer makes of a piece of text: an id of its vocabulary, or the vectors that stand in its place,
// such as those of a textual inversion.
type Word struct {
	ID      int64
	Vectors [][]float32
}

// tokens is how many places the word takes.
func (w Word) tokens() int { return max(len(w.Vectors), 1) }

// Segment is a run of words with one weight. Break ends the chunk instead.
type Segment struct {
	Words  []Word
	Weight float64
	Break  bool
}

// Fix says where a chunk wants vectors in the place of its ids, which are 0 there.
type Fix struct {
	At      int
	Vectors [][]float32
}

// Chunk is as much of a prompt as a text encoder reads at once: ids and weights of equal length, with begin, end and
// padding, which weigh 1.
type Chunk struct {
	IDs     []int64
	Weights []float64
	Fixes   []Fix
}

// Plain says whether every token weighs 1.
func (c Chunk) Plain() bool {
	return !slices.ContainsFunc(c.Weights, func(w float64) bool { return w != 1 })
}

// UsualBacktrack is how far from a chunk's end a comma may be to take what follows it along into the next chunk.
const UsualBacktrack = 20

// Chunker cuts prompts of any length for a text encoder.
//
// Source: AUTOMATIC1111's stable-diffusion-webui 1.10, sd_hijack_clip. There, vectors of a textual inversion that
// move with the text behind a comma stay behind; here they move along.
type Chunker struct {
	Length int // tokens that the encoder reads, begin and end among them: 77
	Begin  int64
	End    int64
	Pad    int64
	// Comma is the comma's id; nothing is equal to it when it is below 0.
	Comma int64
	// Backtrack is UsualBacktrack, or 0 to cut wherever a chunk is full.
	Backtrack int
}

// Empty is the chunk of an empty prompt.
func (c Chunker) Empty() Chunk {
	return c.finish(Chunk{})
}

// Chunks gives at least one chunk. Vectors that take more than a whole chunk give art.ErrInvalid.
func (c Chunker) Chunks(segments []Segment) ([]Chunk, error) {
	b := chunking{Chunker: c, room: max(c.Length-2, 1), comma: -1}
	for _, s := range segments {
		if s.Break {
			b.next()
			continue
		}
		for _, w := range s.Words {
			if w.tokens() > b.room {
				return nil, art.Invalid("prompt", fmt.Sprintf("an embedding has %d vectors, and the text encoder reads %d tokens at once", w.tokens(), b.room), "use a smaller embedding")
			}
			b.add(w, s.Weight)
		}
	}
	if len(b.open.IDs) > 0 || len(b.done) == 0 {
		b.next()
	}
	return b.done, nil
}

// finish pads a chunk and puts begin and end around it. Whatever follows the first end becomes padding.
func (c Chunker) finish(open Chunk) Chunk {
	length := max(c.Length, 3)
	done := Chunk{IDs: append([]int64{c.Begin}, open.IDs...), Weights: append([]float64{1}, open.Weights...)}
	for len(done.IDs) < length {
		done.IDs = append(done.IDs, c.End)
		done.Weights = append(done.Weights, 1)
	}
	for i := slices.Index(done.IDs, c.End) + 1; i < length; i++ {
		done.IDs[i] = c.Pad
	}
	for _, fix := range open.Fixes {
		done.Fixes = append(done.Fixes, Fix{fix.At + 1, fix.Vectors})
	}
	return done
}

// chunking is a prompt being cut. The open chunk has no begin yet.
type chunking struct {
	Chunker
	room  int // tokens of text in a chunk
	done  []Chunk
	open  Chunk
	comma int // place of the last comma in the open chunk, −1 when there is none
}

func (b *chunking) next() {
	b.done = append(b.done, b.finish(b.open))
	b.open, b.comma = Chunk{}, -1
}

func (b *chunking) add(w Word, weight float64) {
	used := len(b.open.IDs)
	switch {
	case len(w.Vectors) == 0 && w.ID == b.Comma && b.Comma >= 0:
		b.comma = used
	case used == b.room && b.comma >= 0 && used-b.comma <= b.Backtrack:
		b.moveBehindComma()
	}
	if len(b.open.IDs)+w.tokens() > b.room {
		b.next()
	}
	if len(w.Vectors) > 0 {
		b.open.Fixes = append(b.open.Fixes, Fix{len(b.open.IDs), w.Vectors})
		w.ID = 0
	}
	for range w.tokens() {
		b.open.IDs = append(b.open.IDs, w.ID)
		b.open.Weights = append(b.open.Weights, weight)
	}
}

// moveBehindComma ends the chunk at its last comma; what followed it opens the next one.
func (b *chunking) moveBehindComma() {
	at := b.comma + 1
	moved := Chunk{IDs: slices.Clone(b.open.IDs[at:]), Weights: slices.Clone(b.open.Weights[at:])}
	var stay []Fix
	for _, fix := range b.open.Fixes {
		if fix.At >= at {
			moved.Fixes = append(moved.Fixes, Fix{fix.At - at, fix.Vectors})
		} else {
			stay = append(stay, fix)
		}
	}
	b.open = Chunk{IDs: b.open.IDs[:at], Weights: b.open.Weights[:at], Fixes: stay}
	b.next()
	b.open = moved
}
