package model

import (
	"fmt"

	"presswerk/internal/art"
)

// sparse is how a tensor leaves out zeros: level by level, each all places or a list of the places that are kept.
type sparse struct {
	levels []sparseLevel
	shape  []int
	values []float32
	dense  []float32
}

// sparseLevel belongs to one dimension. A list of segments says which indices belong to each place of the level above.
type sparseLevel struct {
	dimension         int
	size              int // of a level with all places
	segments, indices []int
}

// densify fills in the zeros of a sparse tensor whose stored numbers are values. Blocks do not occur in the networks
// that are known here.
func (c *tflite) densify(t tfTensor, values []float32) ([]float32, error) {
	order := t.sparsity.wholes(0, tfRank)
	_, blocks := t.sparsity.vector(1, 4)
	described := t.sparsity.tables(2, tfRank)
	if c.file.err != nil {
		return nil, c.file.err
	}
	if blocks > 0 {
		return nil, fmt.Errorf("weights that are sparse by blocks: %w", art.ErrUnsupported)
	}
	if len(order) != len(t.shape) || len(described) != len(order) {
		return nil, fmt.Errorf("%d levels of a sparse tensor of shape %v: %w", len(described), t.shape, art.ErrInvalid)
	}
	if err := c.spend(t.size()); err != nil {
		return nil, err
	}
	s := sparse{shape: t.shape, values: values, dense: make([]float32, t.size())}
	seen := make([]bool, len(order))
	for i, d := range order {
		if d < 0 || d >= len(order) || seen[d] {
			return nil, fmt.Errorf("a sparse tensor with the order %v: %w", order, art.ErrInvalid)
		}
		seen[d] = true
		level, err := c.level(described[i], d, t.shape[d])
		if err != nil {
			return nil, err
		}
		s.levels = append(s.levels, level)
	}
	if err := s.fill(0, 0, 0); err != nil {
		return nil, err
	}
	return s.dense, nil
}

func (c *tflite) level(t flatTable, dimension, size int) (sparseLevel, error) {
	l := sparseLevel{dimension: dimension, size: size}
	if t.small(0) == 0 {
		if t.whole(1, 0) != size {
			return l, fmt.Errorf("a level of %d places, where there are %d: %w", t.whole(1, 0), size, art.ErrInvalid)
		}
		return l, c.file.err
	}
	l.segments, l.indices = c.indexList(t, 2), c.indexList(t, 4)
	if len(l.segments) < 2 {
		c.file.fail("a sparse level without segments")
	}
	if c.file.err != nil {
		return l, c.file.err
	}
	return l, c.spend(len(l.segments) + len(l.indices))
}

// indexList reads a union of lists of 32, 16 and 8 bits, whose kind stands in the field before it.
func (c *tflite) indexList(t flatTable, field int) []int {
	widths := []int{0, 4, 2, 1}
	kind := t.small(field)
	if kind < 1 || kind >= len(widths) {
		c.file.fail("a list of indices of kind %d", kind)
		return nil
	}
	width := widths[kind]
	at, n := t.table(field+1).vector(0, width)
	if n > c.budget {
		c.file.fail("a list of %d indices", n)
		return nil
	}
	all := make([]int, n)
	for i := range all {
		switch width {
		case 4:
			all[i] = c.file.int32(at + 4*i)
		case 2:
			all[i] = c.file.uint16(at + 2*i)
		default:
			all[i] = int(c.file.data[at+i])
		}
	}
	return all
}

// fill walks the places below one place of level depth−1. Position counts the places of that level as they are stored,
// offset is where they lie in the dense tensor.
func (s *sparse) fill(depth, position, offset int) error {
	if depth == len(s.levels) {
		if position >= len(s.values) {
			return fmt.Errorf("a sparse tensor ends after %d numbers: %w", len(s.values), art.ErrInvalid)
		}
		s.dense[offset] = s.values[position]
		return nil
	}
	l := s.levels[depth]
	stride := 1
	for _, d := range s.shape[l.dimension+1:] {
		stride *= d
	}
	if l.segments == nil {
		for i := range l.size {
			if err := s.fill(depth+1, position*l.size+i, offset+i*stride); err != nil {
				return err
			}
		}
		return nil
	}
	if position+1 >= len(l.segments) {
		return fmt.Errorf("place %d of a sparse level with %d segments: %w", position, len(l.segments), art.ErrInvalid)
	}
	from, to := l.segments[position], l.segments[position+1]
	if from < 0 || to < from || to > len(l.indices) || to-from > l.size {
		return fmt.Errorf("the segment %d to %d of %d indices: %w", from, to, len(l.indices), art.ErrInvalid)
	}
	for i := from; i < to; i++ {
		if l.indices[i] < 0 || l.indices[i] >= l.size {
			return fmt.Errorf("index %d of %d places: %w", l.indices[i], l.size, art.ErrInvalid)
		}
		if err := s.fill(depth+1, i, offset+l.indices[i]*stride); err != nil {
			return err
		}
	}
	return nil
}
