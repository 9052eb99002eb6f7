package prompt

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"presswerk/internal/art"
)

const (
	begin, end, pad, comma = 1000, 1001, 0, 11
	plainID                = 5
)

func clipChunker() Chunker {
	return Chunker{Length: 77, Begin: begin, End: end, Pad: pad, Comma: comma, Backtrack: UsualBacktrack}
}

func repeated(id int64, n int) []Word {
	return slices.Repeat([]Word{{ID: id}}, n)
}

// texts is how many tokens each chunk has before its end.
func texts(chunks []Chunk) []int {
	var n []int
	for _, c := range chunks {
		n = append(n, slices.Index(c.IDs, end)-1)
	}
	return n
}

// TestChunkLengths: the cases are read from A1111's tokenize_line, version 1.10.
func TestChunkLengths(t *testing.T) {
	behind := func(n int) []Word { // a comma with n tokens behind it fills a chunk; five more follow
		return slices.Concat(repeated(plainID, 74-n), repeated(comma, 1), repeated(plainID, n+5))
	}
	for name, test := range map[string]struct {
		segments []Segment
		want     []int
	}{
		"nothing":              {nil, []int{0}},
		"three":                {[]Segment{{Words: repeated(plainID, 3), Weight: 1}}, []int{3}},
		"full":                 {[]Segment{{Words: repeated(plainID, 75), Weight: 1}}, []int{75}},
		"one more":             {[]Segment{{Words: repeated(plainID, 76), Weight: 1}}, []int{75, 1}},
		"two segments":         {[]Segment{{Words: repeated(plainID, 70), Weight: 1}, {Words: repeated(plainID, 10), Weight: 2}}, []int{75, 5}},
		"break":                {[]Segment{{Words: repeated(plainID, 3), Weight: 1}, {Break: true}, {Words: repeated(plainID, 2), Weight: 1}}, []int{3, 2}},
		"break at the end":     {[]Segment{{Words: repeated(plainID, 3), Weight: 1}, {Break: true}}, []int{3}},
		"break at the start":   {[]Segment{{Break: true}, {Words: repeated(plainID, 3), Weight: 1}}, []int{0, 3}},
		"comma at the end":     {[]Segment{{Words: behind(0), Weight: 1}}, []int{75, 5}},
		"comma near":           {[]Segment{{Words: behind(19), Weight: 1}}, []int{56, 24}},
		"comma too far":        {[]Segment{{Words: behind(20), Weight: 1}}, []int{75, 5}},
		"comma after the full": {[]Segment{{Words: slices.Concat(repeated(comma, 1), repeated(plainID, 74), repeated(comma, 1), repeated(plainID, 3)), Weight: 1}}, []int{75, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			chunks, err := clipChunker().Chunks(test.segments)
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(chunks); !slices.Equal(got, test.want) {
				t.Errorf("the chunks have %v tokens, want %v", got, test.want)
			}
		})
	}
}

func TestChunkPadding(t *testing.T) {
	c := clipChunker()
	c.Length = 6
	chunks, err := c.Chunks([]Segment{{Words: repeated(plainID, 1), Weight: 1.1}, {Words: repeated(6, 1), Weight: 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Chunk{{IDs: []int64{begin, plainID, 6, end, pad, pad}, Weights: []float64{1, 1.1, 0.5, 1, 1, 1}}}
	if !reflect.DeepEqual(chunks, want) {
		t.Errorf("got %v, want %v", chunks, want)
	}
	if got := c.Empty(); !slices.Equal(got.IDs, []int64{begin, end, pad, pad, pad, pad}) || !got.Plain() {
		t.Errorf("the empty chunk is %v", got)
	}
}

// TestVectorsStayTogether: an embedding that doesn't fit goes to the next chunk whole, and along when its text moves.
func TestVectorsStayTogether(t *testing.T) {
	embedding := Word{Vectors: make([][]float32, 4)}
	chunks, err := clipChunker().Chunks([]Segment{{Words: append(repeated(plainID, 73), embedding), Weight: 1.2}})
	if err != nil || len(chunks) != 2 || len(chunks[0].Fixes) != 0 || chunks[1].Fixes[0].At != 1 {
		t.Errorf("got %v, %v", chunks, err)
	}
	chunks, err = clipChunker().Chunks([]Segment{{Words: slices.Concat(repeated(plainID, 69), repeated(comma, 1), repeated(plainID, 1), []Word{embedding}, repeated(plainID, 3)), Weight: 1}})
	if err != nil || len(chunks) != 2 || len(chunks[0].Fixes) != 0 || chunks[1].Fixes[0].At != 2 {
		t.Errorf("got %v, %v", chunks, err)
	}
	if _, err := clipChunker().Chunks([]Segment{{Words: []Word{{Vectors: make([][]float32, 76)}}}}); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("an embedding longer than a chunk gives %v", err)
	}
}

// checkChunks: chunks are whole, weights align, and no word gets lost, torn or out of order.
func checkChunks(t rapid.TB, c Chunker, segments []Segment, chunks []Chunk) {
	var want, got []float64 // the weights of all tokens of text
	for _, s := range segments {
		for _, w := range s.Words {
			for range w.tokens() {
				want = append(want, s.Weight)
			}
		}
	}
	for _, chunk := range chunks {
		if len(chunk.IDs) != c.Length || len(chunk.Weights) != c.Length || chunk.IDs[0] != c.Begin {
			t.Fatalf("a chunk of %d ids and %d weights", len(chunk.IDs), len(chunk.Weights))
		}
		n := slices.Index(chunk.IDs, c.End)
		got = append(got, chunk.Weights[1:n]...)
		for _, fix := range chunk.Fixes {
			if fix.At < 1 || fix.At+len(fix.Vectors) > n {
				t.Fatalf("vectors at %d to %d of %d", fix.At, fix.At+len(fix.Vectors), n)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the weights are %v, want %v", got, want)
	}
}

func TestEveryTokenKeepsItsWeight(t *testing.T) {
	word := rapid.Custom(func(t *rapid.T) Word {
		if n := rapid.IntRange(-20, 6).Draw(t, "vectors"); n > 0 {
			return Word{Vectors: make([][]float32, n)}
		}
		return Word{ID: rapid.Int64Range(5, 15).Draw(t, "id")}
	})
	segment := rapid.Custom(func(t *rapid.T) Segment {
		if rapid.IntRange(0, 5).Draw(t, "break") == 0 {
			return Segment{Break: true}
		}
		return Segment{Words: rapid.SliceOfN(word, 0, 120).Draw(t, "words"), Weight: rapid.Float64Range(-2, 2).Draw(t, "weight")}
	})
	rapid.Check(t, func(t *rapid.T) {
		c := clipChunker()
		c.Backtrack = rapid.IntRange(0, 80).Draw(t, "backtrack")
		segments := rapid.SliceOfN(segment, 0, 6).Draw(t, "segments")
		chunks, err := c.Chunks(segments)
		if err != nil {
			t.Fatal(err)
		}
		checkChunks(t, c, segments, chunks)
	})
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte("a, b, c"), 77, 20)
	f.Add([]byte{200, 1, 2, ',', 255}, 10, 3)
	f.Fuzz(func(t *testing.T, data []byte, length, backtrack int) {
		c := Chunker{Length: 12 + abs(length%100), Begin: begin, End: end, Comma: ',', Backtrack: backtrack}
		segments := []Segment{{Weight: 1}}
		for _, b := range data {
			last := &segments[len(segments)-1]
			switch {
			case b == 255:
				segments = append(segments, Segment{Break: true}, Segment{Weight: 1})
			case b > 240:
				segments = append(segments, Segment{Weight: float64(b) / 200})
			case b > 230:
				last.Words = append(last.Words, Word{Vectors: make([][]float32, b-230)})
			default:
				last.Words = append(last.Words, Word{ID: int64(b)})
			}
		}
		chunks, err := c.Chunks(segments)
		if err != nil {
			t.Fatal(err)
		}
		checkChunks(t, c, segments, chunks)
	})
}

func abs(n int) int { return max(n, -n) }
