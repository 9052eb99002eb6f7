package icc

import (
	"fmt"
	"math"
	"unsafe"

	"presswerk/internal/art"
)

// Intent says what becomes of colours that the target lacks.
type Intent string

// The intents of ICC.1.
const (
	Perceptual Intent = "perceptual" // all colours move a little, so that their distances live on
	Relative   Intent = "relative"   // what fits stays, the rest goes to the edge; white becomes the paper
	Saturation Intent = "saturation" // vivid before true
	Absolute   Intent = "absolute"   // like relative, but the paper's tint is kept: for proofs
)

// Intents are all of them, in the order of their numbers in ICC.1.
func Intents() []Intent { return []Intent{Perceptual, Relative, Saturation, Absolute} }

func (i Intent) number() (uint32, error) {
	for n, known := range Intents() {
		if i == known {
			return uint32(n), nil
		}
	}
	return 0, art.Invalid("intent", fmt.Sprintf("there is no rendering intent %q", i), "write perceptual, relative, saturation or absolute")
}

// Options tell how colours are turned.
type Options struct {
	Intent     Intent
	BlackPoint bool // the darkest of one becomes the darkest of the other; without a meaning for absolute
}

// Flags and formats of lcms2.h.
const (
	flagBlackPoint  = 0x2000
	flagNoOptimize  = 0x0100 // every pixel goes the whole way: a table computed beforehand loses the darks of sRGB
	formatLabDouble = 1<<22 | 10<<16 | 3<<3
)

func (s Space) format() uint32 {
	kind := map[Space]uint32{Grey: 3, RGB: 4, CMYK: 6}[s]
	return kind<<16 | uint32(s.Channels())<<3 | 2
}

// Transform turns colours. It is safe for concurrent use until it is closed.
type Transform struct {
	l       *Library
	handle  uintptr
	in, out int // channels
}

// Transform makes a transform from one profile to another.
func (l *Library) Transform(from, to *Profile, o Options) (*Transform, error) {
	return l.transform(from, to.handle, to.Space.format(), to.Space.Channels(), to.Name, o)
}

// ToLab makes a transform to CIELAB under D50: see Transform.Lab. The black point does not apply.
func (l *Library) ToLab(from *Profile, intent Intent) (*Transform, error) {
	lab := l.calls.createLab4Profile(0)
	defer l.calls.closeProfile(lab)
	return l.transform(from, lab, formatLabDouble, 0, "Lab", Options{Intent: intent})
}

func (l *Library) transform(from *Profile, to uintptr, format uint32, channels int, name string, o Options) (*Transform, error) {
	intent, err := o.Intent.number()
	if err != nil {
		return nil, err
	}
	flags := uint32(flagNoOptimize)
	if o.BlackPoint && o.Intent != Absolute {
		flags |= flagBlackPoint
	}
	t := &Transform{l: l, in: from.Space.Channels(), out: channels, handle: l.calls.createTransform(from.handle, from.Space.format(), to, format, intent, flags)}
	if t.handle == 0 {
		return nil, fmt.Errorf("icc: the profiles %q and %q give no %s transform; one of them lacks the tables for it: %w", from.Name, name, o.Intent, art.ErrInvalid)
	}
	return t, nil
}

// Do turns pixels, 16 bits a channel and without padding. dst needs room for as many pixels as src holds.
func (t *Transform) Do(dst, src []uint16) error {
	n := len(src) / t.in
	if t.out == 0 || n*t.in != len(src) || len(dst) != n*t.out || n > math.MaxUint32 {
		return fmt.Errorf("icc: %d numbers of %d channels do not become %d numbers of %d channels: %w", len(src), t.in, len(dst), t.out, art.ErrInvalid)
	}
	if n > 0 {
		t.l.calls.doTransform(t.handle, unsafe.Pointer(&src[0]), unsafe.Pointer(&dst[0]), uint32(n))
	}
	return nil
}

// Lab turns pixels into L 0..100, a and b, three numbers a pixel. The transform must come from ToLab.
func (t *Transform) Lab(dst []float64, src []uint16) error {
	n := len(src) / t.in
	if t.out != 0 || n*t.in != len(src) || len(dst) != 3*n || n > math.MaxUint32 {
		return fmt.Errorf("icc: %d numbers of %d channels do not become %d numbers of Lab: %w", len(src), t.in, len(dst), art.ErrInvalid)
	}
	if n > 0 {
		t.l.calls.doTransform(t.handle, unsafe.Pointer(&src[0]), unsafe.Pointer(&dst[0]), uint32(n))
	}
	return nil
}

// Close frees the transform.
func (t *Transform) Close() {
	if t.handle != 0 {
		t.l.calls.deleteTransform(t.handle)
		t.handle = 0
	}
}
