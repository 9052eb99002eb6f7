package model

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Bounds on a torch file. Embeddings are small.
const (
	maxPickle  = 1 << 20
	maxStorage = 64 << 20
)

// torchFile is a torch.save file: a zip with a pickle, which describes values, and their numbers.
type torchFile struct {
	files map[string]*zip.File // by name below the root
	value any
}

// Values that a pickle may make: nil, bool, int64, float64, string, []any, *dict, *torchTensor, and those below.
type (
	dict struct {
		keys   []string
		values map[string]any
	}
	torchTensor struct {
		storage storage
		offset  int64
		shape   []int
	}
	storage struct {
		dtype, key string
		count      int64
	}
	global string
	mark   struct{}
)

// openTorch reads the values of a torch file. A pickle is a program that may call anything; this reader knows the few
// instructions and the few names that tensors in dictionaries need, calls nothing, and refuses the rest.
//
// Source: python/cpython, Lib/pickletools.py; pytorch/pytorch, torch/_utils.py and torch/serialization.py.
func openTorch(r io.ReaderAt, size int64) (*torchFile, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("model: this is no torch file of the zip kind, convert it to safetensors: %w: %w", err, art.ErrUnsupported)
	}
	t := &torchFile{files: map[string]*zip.File{}}
	for _, f := range z.File {
		if _, name, ok := strings.Cut(f.Name, "/"); ok {
			t.files[name] = f
		}
	}
	if order, err := t.read("byteorder", 16); err == nil && string(order) != "little" {
		return nil, fmt.Errorf("model: the torch file is %.16q-endian, convert it to safetensors: %w", order, art.ErrUnsupported)
	}
	program, err := t.read("data.pkl", maxPickle)
	if err != nil {
		return nil, fmt.Errorf("model: torch file: %w: %w", err, art.ErrInvalid)
	}
	if t.value, err = unpickle(program); err != nil {
		return nil, fmt.Errorf("model: torch file: %w; convert it to safetensors where you trust it: %w", err, art.ErrUnsupported)
	}
	return t, nil
}

// read gives a part of the zip, no more than most bytes.
func (t *torchFile) read(name string, most int64) ([]byte, error) {
	f, ok := t.files[name]
	if !ok {
		return nil, fmt.Errorf("there is no %s in it", name)
	}
	if f.Method != zip.Store || f.UncompressedSize64 > uint64(most) {
		return nil, fmt.Errorf("%s is compressed, or larger than %d bytes", name, most)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, most))
}

// floats reads a tensor's numbers.
func (t *torchFile) floats(tensor *torchTensor) ([]float32, error) {
	dtype := map[string]string{"FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16"}[tensor.storage.dtype]
	if dtype == "" {
		return nil, fmt.Errorf("model: torch file: a tensor of %s, only floats can be read: %w", tensor.storage.dtype, art.ErrUnsupported)
	}
	raw, err := t.read("data/"+tensor.storage.key, maxStorage)
	if err != nil {
		return nil, fmt.Errorf("model: torch file: %w: %w", err, art.ErrInvalid)
	}
	n := int64(1)
	for _, d := range tensor.shape {
		if d < 0 || int64(d) > maxStorage || n*int64(d) > maxStorage {
			return nil, fmt.Errorf("model: torch file: a tensor of shape %v: %w", tensor.shape, art.ErrInvalid)
		}
		n *= int64(d)
	}
	width := sizeOf(dtype)
	if have := int64(len(raw)) / width; tensor.offset < 0 || tensor.offset > have || n > have-tensor.offset {
		return nil, fmt.Errorf("model: torch file: a tensor of shape %v from %d on in %d numbers: %w", tensor.shape, tensor.offset, have, art.ErrInvalid)
	}
	return widen(dtype, raw[tensor.offset*width:(tensor.offset+n)*width]), nil
}

// unpickler runs a pickle of protocol 2.
type unpickler struct {
	in    []byte
	stack []any
	memo  map[uint32]any
}

var errPickleEnds = errors.New("the pickle ends too early")

func unpickle(program []byte) (any, error) {
	u := &unpickler{in: program, memo: map[uint32]any{}}
	for {
		op, err := u.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' { // STOP
			return u.pop()
		}
		if err := u.step(op[0]); err != nil {
			return nil, err
		}
	}
}

// step runs one instruction.
func (u *unpickler) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		b, err := u.take(1)
		if err == nil && b[0] != 2 {
			err = fmt.Errorf("a pickle of protocol %d", b[0])
		}
		return err
	case '}':
		return u.push(&dict{values: map[string]any{}})
	case ')', ']':
		return u.push([]any{})
	case '(':
		return u.push(mark{})
	case 'N':
		return u.push(nil)
	case 0x88, 0x89:
		return u.push(op == 0x88)
	case 'X', 'K', 'M', 'J', 'G', 0x8a:
		return u.literal(op)
	case 'q', 'r', 'h', 'j':
		return u.remember(op)
	case 'c':
		return u.global()
	case 'Q':
		return u.persistent()
	case 't', 0x85, 0x86, 0x87:
		return u.tuple(op)
	case 's', 'u':
		return u.set(op)
	case 'R':
		return u.reduce()
	case 'b':
		return u.build()
	}
	return fmt.Errorf("the instruction %#x, which no plain tensor needs", op)
}

// build leaves out what is set besides a dictionary's entries: a module's state carries versions of its layers.
func (u *unpickler) build() error {
	if _, err := u.pop(); err != nil {
		return err
	}
	if len(u.stack) == 0 {
		return errPickleEnds
	}
	if _, ok := u.stack[len(u.stack)-1].(*dict); !ok {
		return errors.New("a state of something that is no dictionary")
	}
	return nil
}

func (u *unpickler) take(n int) ([]byte, error) {
	if n < 0 || n > len(u.in) {
		return nil, errPickleEnds
	}
	b := u.in[:n]
	u.in = u.in[n:]
	return b, nil
}

// literal pushes a text or a number.
func (u *unpickler) literal(op byte) error {
	b, err := u.take(map[byte]int{'X': 4, 'K': 1, 'M': 2, 'J': 4, 'G': 8, 0x8a: 1}[op])
	if err != nil {
		return err
	}
	switch op {
	case 'X': // BINUNICODE
		b, err = u.take(int(binary.LittleEndian.Uint32(b)))
		if err != nil {
			return err
		}
		return u.push(string(b))
	case 'K':
		return u.push(int64(b[0]))
	case 'M':
		return u.push(int64(binary.LittleEndian.Uint16(b)))
	case 'J':
		return u.push(int64(int32(binary.LittleEndian.Uint32(b))))
	case 'G': // BINFLOAT is big-endian
		return u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	if b[0] > 8 { // LONG1: so many bytes, little-endian, two's complement
		return errors.New("a number of more than 64 bits")
	}
	digits, err := u.take(int(b[0]))
	if err != nil {
		return err
	}
	var whole [8]byte
	if n := len(digits); n > 0 && digits[n-1]&0x80 != 0 {
		for i := range whole {
			whole[i] = 0xff
		}
	}
	copy(whole[:], digits)
	return u.push(int64(binary.LittleEndian.Uint64(whole[:])))
}

// remember puts the top of the stack into the memo, or takes it out again.
func (u *unpickler) remember(op byte) error {
	width := 1
	if op == 'r' || op == 'j' {
		width = 4
	}
	b, err := u.take(width)
	if err != nil {
		return err
	}
	at := uint32(b[0])
	if width == 4 {
		at = binary.LittleEndian.Uint32(b)
	}
	if op == 'q' || op == 'r' {
		if len(u.stack) == 0 {
			return errPickleEnds
		}
		u.memo[at] = u.stack[len(u.stack)-1]
		return nil
	}
	v, ok := u.memo[at]
	if !ok {
		return errors.New("a value that was never made")
	}
	return u.push(v)
}

// global pushes a name, when it is one that tensors need. Nothing is called.
func (u *unpickler) global() error {
	lines := strings.SplitN(string(u.in[:min(len(u.in), 512)]), "\n", 3)
	if len(lines) < 3 {
		return errPickleEnds
	}
	name := lines[0] + "." + lines[1]
	u.in = u.in[len(name)+1:]
	switch name {
	case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "collections.OrderedDict",
		"torch.FloatStorage", "torch.HalfStorage", "torch.BFloat16Storage", "torch.LongStorage":
		return u.push(global(name))
	}
	return fmt.Errorf("its pickle wants %.80q, which no plain tensor needs", name)
}

// persistent pushes the place of numbers: ("storage", type, key, device, count).
func (u *unpickler) persistent() error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	id, ok := v.([]any)
	if !ok || len(id) != 5 || id[0] != "storage" {
		return errors.New("a reference that is no storage")
	}
	kind, ok1 := id[1].(global)
	key, ok2 := id[2].(string)
	count, ok3 := id[4].(int64)
	dtype, ok4 := strings.CutPrefix(string(kind), "torch.")
	if !ok1 || !ok2 || !ok3 || !ok4 || !strings.HasSuffix(dtype, "Storage") {
		return errors.New("a reference that is no storage")
	}
	return u.push(storage{dtype, key, count})
}

func (u *unpickler) push(v any) error {
	u.stack = append(u.stack, v)
	return nil
}

func (u *unpickler) pop() (any, error) {
	if len(u.stack) == 0 {
		return nil, errPickleEnds
	}
	v := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	return v, nil
}

// popMark takes all above the last mark, and the mark.
func (u *unpickler) popMark() ([]any, error) {
	for i, v := range slices.Backward(u.stack) {
		if _, ok := v.(mark); ok {
			items := slices.Clone(u.stack[i+1:])
			u.stack = u.stack[:i]
			return items, nil
		}
	}
	return nil, errors.New("a missing mark")
}

func (u *unpickler) tuple(op byte) error {
	if op == 't' {
		items, err := u.popMark()
		if err != nil {
			return err
		}
		return u.push(items)
	}
	n := int(op) - 0x84
	if len(u.stack) < n {
		return errPickleEnds
	}
	items := slices.Clone(u.stack[len(u.stack)-n:])
	u.stack = u.stack[:len(u.stack)-n]
	return u.push(items)
}

// set puts one pair, or all pairs above the mark, into a dictionary.
func (u *unpickler) set(op byte) error {
	var items []any
	var err error
	if op == 'u' {
		items, err = u.popMark()
	} else {
		if len(u.stack) < 2 {
			return errPickleEnds
		}
		items = slices.Clone(u.stack[len(u.stack)-2:])
		u.stack = u.stack[:len(u.stack)-2]
	}
	if err != nil {
		return err
	}
	if len(u.stack) == 0 || len(items)%2 != 0 {
		return errPickleEnds
	}
	d, ok := u.stack[len(u.stack)-1].(*dict)
	if !ok {
		return errors.New("pairs outside of a dictionary")
	}
	for i := 0; i < len(items); i += 2 {
		key, ok := items[i].(string)
		if !ok {
			return errors.New("a key that is no text")
		}
		if _, known := d.values[key]; !known {
			d.keys = append(d.keys, key)
		}
		d.values[key] = items[i+1]
	}
	return nil
}

// reduce stands for the call of one of the known names.
func (u *unpickler) reduce() error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	arguments, ok := v.([]any)
	if v, err = u.pop(); err != nil {
		return err
	}
	name, ok1 := v.(global)
	if !ok || !ok1 {
		return errors.New("a call of something unknown")
	}
	switch {
	case name == "collections.OrderedDict" && len(arguments) == 0:
		return u.push(&dict{values: map[string]any{}})
	case name == "torch._utils._rebuild_parameter" && len(arguments) >= 1:
		if t, ok := arguments[0].(*torchTensor); ok {
			return u.push(t)
		}
	case name == "torch._utils._rebuild_tensor_v2" && len(arguments) >= 4:
		t, err := rebuild(arguments)
		if err != nil {
			return err
		}
		return u.push(t)
	}
	return fmt.Errorf("a call of %s with other arguments than torch's", name)
}

// rebuild makes a tensor of (storage, offset, sizes, strides, …). The numbers must lie one after the other.
func rebuild(arguments []any) (*torchTensor, error) {
	s, ok1 := arguments[0].(storage)
	offset, ok2 := arguments[1].(int64)
	sizes, ok3 := arguments[2].([]any)
	strides, ok4 := arguments[3].([]any)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(sizes) != len(strides) || len(sizes) > maxShape {
		return nil, errors.New("a tensor of unknown make")
	}
	t := &torchTensor{storage: s, offset: offset, shape: make([]int, len(sizes))}
	step := int64(1)
	for i := len(sizes) - 1; i >= 0; i-- {
		size, ok1 := sizes[i].(int64)
		stride, ok2 := strides[i].(int64)
		if !ok1 || !ok2 || size < 0 || size > maxStorage || size > 1 && stride != step {
			return nil, errors.New("a tensor whose numbers don't lie one after the other")
		}
		t.shape[i] = int(size)
		if step *= max(size, 1); step > maxStorage {
			return nil, errors.New("a tensor that is larger than embeddings are")
		}
	}
	return t, nil
}
