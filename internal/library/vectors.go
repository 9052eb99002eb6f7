package library

import (
	"encoding/base64"
	"fmt"
	"math"
	"sync"

	"presswerk/internal/art"
)

// WriteVector writes a vector's direction as text: 8 bits a number, base64.
func WriteVector(v []float32) string {
	high := 0.0
	for _, f := range v {
		high = math.Max(high, math.Abs(float64(f)))
	}
	levels := make([]byte, len(v))
	for i, f := range v {
		levels[i] = byte(int8(math.Round(float64(f) / math.Max(high, 1e-30) * 127)))
	}
	return base64.RawStdEncoding.EncodeToString(levels)
}

// ReadVector reads what WriteVector wrote, brought to length 1.
func ReadVector(text string) ([]float32, error) {
	levels, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, art.Invalid("vector", "it isn't base64", "write it with WriteVector")
	}
	v, squares := make([]float32, len(levels)), 0.0
	for i, l := range levels {
		v[i] = float32(int8(l))
		squares += float64(v[i]) * float64(v[i])
	}
	if squares == 0 {
		return nil, art.Invalid("vector", fmt.Sprintf("its %d numbers are no direction", len(v)), "write it with WriteVector")
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(squares))
	}
	return v, nil
}

// Likeness is the picture found to lie nearest by its vector.
type Likeness struct {
	Print
	Cosine float64
	Which  int // of the vectors that were looked up
}

// Vectors are known pictures by their vector of one network. It is safe for concurrent use.
type Vectors struct {
	mu     sync.RWMutex // guards what is below
	index  *Embeddings  // nil until the first vector says how wide they are
	prints []Print
}

// Len is how many there are.
func (x *Vectors) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.prints)
}

// Add puts in a picture, which is found from then on. A vector of another width gives art.ErrInvalid.
func (x *Vectors) Add(print Print, v []float32) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.index == nil {
		var err error
		if x.index, err = NewEmbeddings(len(v), nil); err != nil {
			return err
		}
	}
	if _, err := x.index.Add(v); err != nil {
		return err
	}
	x.prints = append(x.prints, print)
	return nil
}

// Nearest gives the picture that lies nearest to any of some vectors, such as those of a picture and its mirror image.
func (x *Vectors) Nearest(vectors ...[]float32) (best Likeness, ok bool, err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.index == nil {
		return best, false, nil
	}
	for k, v := range vectors {
		near, err := x.index.Nearest(v, 1, 0)
		if err != nil {
			return best, false, err
		}
		if len(near) > 0 && (!ok || near[0].Cosine > best.Cosine) {
			best, ok = Likeness{x.prints[near[0].Number], near[0].Cosine, k}, true
		}
	}
	return best, ok, nil
}
