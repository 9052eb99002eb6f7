package model

import (
	"encoding/binary"
	"fmt"

	"presswerk/internal/art"
)

// flat reads a FlatBuffer of strangers. The first place that lies outside leaves an error, which stays; what is read
// then is zero or empty. No length is believed before the bytes were seen.
//
// Source: FlatBuffers, "FlatBuffer Internals".
type flat struct {
	data []byte
	err  error
}

// flatTable is a table at a place in the file. The zero place stands for a table that was left out: all of its fields
// have their defaults.
type flatTable struct {
	file *flat
	at   int
}

// part gives n bytes, or nil where there are not so many.
func (f *flat) part(at, n int) []byte {
	if at < 0 || n < 0 || at > len(f.data) || n > len(f.data)-at {
		if f.err == nil {
			f.err = fmt.Errorf("%d bytes at %d lie outside the file of %d: %w", n, at, len(f.data), art.ErrInvalid)
		}
		return nil
	}
	return f.data[at : at+n]
}

func (f *flat) uint16(at int) int {
	if b := f.part(at, 2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (f *flat) uint32(at int) int {
	if b := f.part(at, 4); b != nil {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (f *flat) int32(at int) int { return int(int32(f.uint32(at))) }

func (f *flat) root() flatTable { return flatTable{f, f.uint32(0)} }

// field is the place of a table's field, or 0 when it was left out.
func (t flatTable) field(i int) int {
	if t.at == 0 {
		return 0
	}
	fields := t.at - t.file.int32(t.at)
	if 4+2*i+2 > t.file.uint16(fields) {
		return 0
	}
	offset := t.file.uint16(fields + 4 + 2*i)
	if offset == 0 {
		return 0
	}
	return t.at + offset
}

// whole reads a field of 32 bits.
func (t flatTable) whole(i, otherwise int) int {
	if at := t.field(i); at != 0 {
		return t.file.int32(at)
	}
	return otherwise
}

// small reads a field of one byte, of 0..255; 0 when it was left out.
func (t flatTable) small(i int) int {
	if at := t.field(i); at != 0 {
		if b := t.file.part(at, 1); b != nil {
			return int(b[0])
		}
	}
	return 0
}

// table follows a field to another table, which may be left out.
func (t flatTable) table(i int) flatTable {
	at := t.field(i)
	if at == 0 {
		return flatTable{file: t.file}
	}
	return flatTable{t.file, at + t.file.uint32(at)}
}

// vector gives the place and the count of a vector, whose elements have size bytes and all lie in the file.
func (t flatTable) vector(i, size int) (at, n int) {
	field := t.field(i)
	if field == 0 {
		return 0, 0
	}
	at = field + t.file.uint32(field)
	n = t.file.uint32(at)
	if t.file.part(at+4, n*size) == nil {
		return 0, 0
	}
	return at + 4, n
}

// bytes are a vector of bytes, shared with the file.
func (t flatTable) bytes(i int) []byte {
	at, n := t.vector(i, 1)
	return t.file.part(at, n)
}

// wholes are a vector of at most so many 32-bit numbers; more are an error.
func (t flatTable) wholes(i, most int) []int {
	at, n := t.vector(i, 4)
	if n > most {
		t.file.fail("a list of %d numbers, where %d at most make sense", n, most)
		return nil
	}
	all := make([]int, n)
	for k := range all {
		all[k] = t.file.int32(at + 4*k)
	}
	return all
}

// tables are a vector of at most so many tables; more are an error.
func (t flatTable) tables(i, most int) []flatTable {
	at, n := t.vector(i, 4)
	if n > most {
		t.file.fail("a list of %d tables, where %d at most make sense", n, most)
		return nil
	}
	all := make([]flatTable, n)
	for k := range all {
		all[k] = flatTable{t.file, at + 4*k + t.file.uint32(at+4*k)}
	}
	return all
}

// fail keeps the first error.
func (f *flat) fail(format string, values ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format+": %w", append(values, art.ErrInvalid)...)
	}
}
