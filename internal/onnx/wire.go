package onnx

import (
	"errors"
	"fmt"
	"io"
)

// wire walks protobuf wire format in r between pos and end, without reading what it skips.
// Source: protobuf.dev, "Encoding".
type wire struct {
	r        io.ReaderAt
	pos, end int64
	value    uint64 // the last varint or fixed value that fields met
	depth    int

	window []byte // bytes [base, base+len) of r
	base   int64
}

var errTruncated = errors.New("truncated")

// fields calls visit for each field: sub is the body of a length-delimited field, nil for a number, which is then
// in w.value. Visit need not consume sub.
func (w *wire) fields(visit func(field int, sub *wire) error) error {
	if w.depth > 16 {
		return errors.New("nested too deep")
	}
	for w.pos < w.end {
		key, err := w.varint()
		if err != nil {
			return err
		}
		field, kind := key>>3, key&7
		if field == 0 || field > 1<<29 {
			return fmt.Errorf("field number %d", field)
		}
		var sub *wire
		switch kind {
		case 0:
			w.value, err = w.varint()
		case 1:
			err = w.skip(8)
		case 5:
			err = w.skip(4)
		case 2:
			sub, err = w.sub()
		default:
			err = fmt.Errorf("wire type %d", kind)
		}
		if err != nil {
			return err
		}
		if err := visit(int(field), sub); err != nil {
			return err
		}
	}
	return nil
}

// sub steps over a length-delimited body and returns a reader of it.
func (w *wire) sub() (*wire, error) {
	n, err := w.varint()
	if err != nil {
		return nil, err
	}
	if n > uint64(w.end-w.pos) {
		return nil, errTruncated
	}
	s := &wire{r: w.r, pos: w.pos, end: w.pos + int64(n), depth: w.depth + 1, window: w.window, base: w.base}
	w.pos = s.end
	return s, nil
}

func (w *wire) skip(n int64) error {
	if n > w.end-w.pos {
		return errTruncated
	}
	w.pos += n
	return nil
}

// text reads the whole body as a name.
func (w *wire) text() (string, error) {
	n := w.end - w.pos
	if n > maxNameBytes {
		return "", fmt.Errorf("a name of %d bytes", n)
	}
	b := make([]byte, n)
	if _, err := w.r.ReadAt(b, w.pos); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return string(b), nil
}

// bytes reads the whole body of a message that must be small.
func (w *wire) bytes() ([]byte, error) {
	n := w.end - w.pos
	if n > maxNodeBytes {
		return nil, fmt.Errorf("a node of %d bytes", n)
	}
	b := make([]byte, n)
	if got, err := w.r.ReadAt(b, w.pos); got < len(b) {
		return nil, err
	}
	return b, nil
}

func (w *wire) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := w.next()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errors.New("a number longer than 64 bits")
}

func (w *wire) next() (byte, error) {
	if w.pos >= w.end {
		return 0, errTruncated
	}
	if w.pos < w.base || w.pos >= w.base+int64(len(w.window)) {
		buf := make([]byte, 4096)
		n, err := w.r.ReadAt(buf, w.pos)
		if n == 0 {
			return 0, fmt.Errorf("%w: %w", errTruncated, err)
		}
		w.base, w.window = w.pos, buf[:n]
	}
	b := w.window[w.pos-w.base]
	w.pos++
	return b, nil
}
