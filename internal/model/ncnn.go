package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// ConverterVersion is part of the key under which converted files are cached.
const ConverterVersion = "2"

// Bounds on strangers' files. A Split lets a short name stand for a long one, so long names would multiply.
const (
	maxWeights = 1 << 28 // numbers that one layer may ask for
	maxText    = 1 << 20 // bytes of a .param
	maxName    = 255     // bytes of a name
)

// ConvertNCNN turns an ncnn network for pictures, its .param text and its .bin weights, into an ONNX file of the same
// arithmetic: one input [n, 3, h, w] with values 0..1, one output. It knows the layers of ESRGAN-like networks; another
// layer gives art.ErrUnsupported, a damaged file art.ErrInvalid.
//
// Source: Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md and operators.md.
func ConvertNCNN(param, bin []byte) ([]byte, error) {
	if len(param) > maxText {
		return nil, fmt.Errorf("model: %d bytes of .param text are too many: %w", len(param), art.ErrInvalid)
	}
	lines := strings.Split(strings.ReplaceAll(string(param), "\r\n", "\n"), "\n")
	if len(lines) < 3 || strings.TrimSpace(lines[0]) != "7767517" {
		return nil, fmt.Errorf("model: this is no ncnn .param text: %w", art.ErrInvalid)
	}
	c := &converter{bin: bin, alias: map[string]string{}, made: map[string]bool{}}
	for i, line := range lines[2:] {
		l, err := parseLayer(line)
		if err == nil && l.kind != "" {
			err = c.layer(l)
		}
		if err != nil {
			return nil, fmt.Errorf("model: line %d of the ncnn network: %w", i+3, err)
		}
	}
	if len(c.bin) != c.offset {
		return nil, fmt.Errorf("model: %d bytes of weights are left over: %w", len(c.bin)-c.offset, art.ErrInvalid)
	}
	if c.input == "" || c.output == "" {
		return nil, fmt.Errorf("model: the network has no input or no output: %w", art.ErrInvalid)
	}
	return c.graph.encode("ncnn", [][]byte{picture(c.input, 3, "h", "w")}, [][]byte{picture(c.output, 3, "H", "W")}), nil
}

// layer is one line of a .param file.
type layer struct {
	kind, name string
	in, out    []string
	params     map[int]string
}

func parseLayer(line string) (layer, error) {
	f := strings.Fields(line)
	if len(f) == 0 {
		return layer{}, nil
	}
	bad := fmt.Errorf("%.80q is no layer: %w", line, art.ErrInvalid)
	if len(f) < 4 {
		return layer{}, bad
	}
	ins, err1 := strconv.Atoi(f[2])
	outs, err2 := strconv.Atoi(f[3])
	if err1 != nil || err2 != nil || ins < 0 || outs < 0 || ins > len(f)-4 || outs > len(f)-4-ins {
		return layer{}, bad
	}
	l := layer{kind: f[0], name: f[1], in: f[4 : 4+ins], out: f[4+ins : 4+ins+outs], params: map[int]string{}}
	for _, name := range f[1 : 4+ins+outs] {
		if len(name) > maxName {
			return layer{}, bad
		}
	}
	for _, p := range f[4+ins+outs:] {
		k, v, ok := strings.Cut(p, "=")
		n, err := strconv.Atoi(k)
		if !ok || err != nil {
			return layer{}, bad
		}
		l.params[n] = v
	}
	return l, nil
}

// own names something that the layer needs for itself. What it makes is named once, and a stranger's name has no space.
func (l layer) own(name string) string { return l.out[0] + " " + name }

// whole reads a parameter that is a whole number.
func (l layer) whole(id, otherwise int) (int, error) {
	v, ok := l.params[id]
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > maxWeights {
		return 0, fmt.Errorf("parameter %d of %s is %.80q: %w", id, l.name, v, art.ErrInvalid)
	}
	return n, nil
}

// floats reads a parameter that is a list, "count,a,b,…".
func (l layer) floats(id int) ([]float32, error) {
	v, ok := l.params[id]
	if !ok {
		return nil, nil
	}
	var list []float32
	for _, f := range strings.Split(v, ",")[1:] {
		x, err := strconv.ParseFloat(f, 32)
		if err != nil {
			return nil, fmt.Errorf("parameter %d of %s is %.80q: %w", id, l.name, v, art.ErrInvalid)
		}
		list = append(list, float32(x))
	}
	return list, nil
}

// converter walks the layers in their order, which is also that of the weights.
type converter struct {
	bin           []byte
	offset        int
	graph         graph
	alias         map[string]string // a Split only gives another name to a value
	made          map[string]bool
	input, output string
}

// arity says how many inputs and outputs a kind of layer has; −1 means any number from one.
func arity() map[string][2]int {
	return map[string][2]int{
		"Input": {0, 1}, "Split": {1, -1}, "Convolution": {1, 1}, "PReLU": {1, 1}, "Concat": {-1, 1},
		"Eltwise": {-1, 1}, "BinaryOp": {2, 1}, "Interp": {1, 1}, "PixelShuffle": {1, 1},
	}
}

// understood lists the parameters that are read here, by kind of layer.
func understood() map[string][]int {
	return map[string][]int{
		"Input": {0, 1, 2}, "Convolution": {0, 1, 3, 4, 5, 6, 9, -23310}, "PReLU": {0}, "Eltwise": {0, -23301},
		"BinaryOp": {0, 1}, "Interp": {0, 1, 2}, "PixelShuffle": {0},
	}
}

// assumed lists those whose usual value is built in.
func assumed() map[string]map[int]string {
	return map[string]map[int]string{
		"Convolution": {2: "1", 8: "0", 18: "0"}, "Concat": {0: "0"}, "Interp": {3: "0", 4: "0", 5: "0", 6: "0"}, "PixelShuffle": {1: "0"},
	}
}

// foreign refuses a layer with a parameter that nobody here knows: it would be another arithmetic.
func foreign(l layer) error {
	for _, id := range slices.Sorted(maps.Keys(l.params)) {
		usual, ok := assumed()[l.kind][id]
		if slices.Contains(understood()[l.kind], id) || ok && l.params[id] == usual {
			continue
		}
		return fmt.Errorf("parameter %d of %s is %.80q, which is not known here: %w", id, l.name, l.params[id], art.ErrUnsupported)
	}
	return nil
}

func (c *converter) layer(l layer) error {
	want, ok := arity()[l.kind]
	if !ok {
		return fmt.Errorf("the layer %.80s is not known here: %w", l.kind, art.ErrUnsupported)
	}
	fits := func(n, want int) bool { return n == want || want < 0 && n > 0 }
	if !fits(len(l.in), want[0]) || !fits(len(l.out), want[1]) {
		return fmt.Errorf("%s has %d inputs and %d outputs: %w", l.kind, len(l.in), len(l.out), art.ErrInvalid)
	}
	if err := foreign(l); err != nil {
		return err
	}
	in := make([]string, len(l.in))
	for i, name := range l.in {
		in[i] = c.resolve(name)
		if !c.made[in[i]] {
			return fmt.Errorf("%s uses %q before anything made it: %w", l.name, name, art.ErrInvalid)
		}
	}
	l.in = in
	for i, name := range l.out {
		if c.made[name] || c.alias[name] != "" || slices.Contains(l.out[:i], name) {
			return fmt.Errorf("%q is made twice: %w", name, art.ErrInvalid)
		}
	}
	if l.kind == "Split" {
		for _, name := range l.out {
			c.alias[name] = l.in[0]
		}
		return nil
	}
	c.made[l.out[0]] = true
	if l.kind == "Input" {
		if c.input != "" {
			return fmt.Errorf("%q is a second input: %w", l.out[0], art.ErrUnsupported)
		}
		c.input = l.out[0]
		return nil
	}
	c.output = l.out[0]
	return map[string]func(layer) error{
		"Convolution": c.convolution, "PReLU": c.prelu, "Concat": c.concat, "Eltwise": c.eltwise,
		"BinaryOp": c.add, "Interp": c.interpolate, "PixelShuffle": c.pixelShuffle,
	}[l.kind](l)
}

func (c *converter) resolve(name string) string {
	if to, ok := c.alias[name]; ok {
		return to
	}
	return name
}

// convolution is followed by an activation where parameter 9 says so.
func (c *converter) convolution(l layer) error {
	var p [7]int // channels, kernel, stride, padding, bias, weights, activation
	for i, id := range []int{0, 1, 3, 4, 5, 6, 9} {
		var err error
		otherwise := 0
		if id == 3 {
			otherwise = 1
		}
		if p[i], err = l.whole(id, otherwise); err != nil {
			return err
		}
	}
	channels, kernel, stride, pad, bias, size, activation := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	if channels < 1 || kernel < 1 || kernel > 64 || stride < 1 || size < 1 || channels > size || size%(channels*kernel*kernel) != 0 {
		return fmt.Errorf("the sizes of %s do not fit together: %w", l.name, art.ErrInvalid)
	}
	weights, err := c.tagged(size)
	if err != nil {
		return err
	}
	k := int64(kernel)
	in := []string{l.in[0], c.graph.weight(l.own("weight"), weights, int64(channels), int64(size/(channels*kernel*kernel)), k, k)}
	if bias == 1 {
		values, err := c.plain(channels)
		if err != nil {
			return err
		}
		in = append(in, c.graph.weight(l.own("bias"), values, int64(channels)))
	}
	out := l.out[0]
	if activation != 0 {
		out = l.own("before activation")
	}
	c.graph.node("Conv", in, []string{out}, wholes("kernel_shape", k, k),
		wholes("pads", int64(pad), int64(pad), int64(pad), int64(pad)), wholes("strides", int64(stride), int64(stride)))
	switch activation {
	case 0:
	case 1:
		c.graph.node("Relu", []string{out}, l.out)
	case 2:
		slope, err := l.floats(-23310)
		if err != nil {
			return err
		}
		if len(slope) < 1 {
			return fmt.Errorf("the leaky activation of %s has no slope: %w", l.name, art.ErrInvalid)
		}
		c.graph.node("LeakyRelu", []string{out}, l.out, float("alpha", slope[0]))
	default:
		return fmt.Errorf("activation %d of %s is not known here: %w", activation, l.name, art.ErrUnsupported)
	}
	return nil
}

func (c *converter) prelu(l layer) error {
	n, err := l.whole(0, 0)
	if err != nil {
		return err
	}
	if n < 1 {
		return fmt.Errorf("%s has no slopes: %w", l.name, art.ErrInvalid)
	}
	slopes, err := c.plain(n)
	if err != nil {
		return err
	}
	c.graph.node("PRelu", []string{l.in[0], c.graph.weight(l.own("slopes"), slopes, int64(n), 1, 1)}, l.out)
	return nil
}

func (c *converter) concat(l layer) error {
	c.graph.node("Concat", l.in, l.out, whole("axis", 1))
	return nil
}

// eltwise is a weighted sum; other operations do not occur in these networks.
func (c *converter) eltwise(l layer) error {
	if op, err := l.whole(0, 0); err != nil || op != 1 {
		return errors.Join(err, fmt.Errorf("operation %d of %s is not known here: %w", op, l.name, art.ErrUnsupported))
	}
	factors, err := l.floats(-23301)
	if err != nil {
		return err
	}
	if factors != nil && len(factors) != len(l.in) {
		return fmt.Errorf("%s has %d inputs and %d factors: %w", l.name, len(l.in), len(factors), art.ErrInvalid)
	}
	terms := append([]string{}, l.in...)
	for i, f := range factors {
		if f == 1 {
			continue
		}
		terms[i] = l.own(fmt.Sprintf("term %d", i))
		c.graph.node("Mul", []string{l.in[i], c.graph.weight(l.own(fmt.Sprintf("factor %d", i)), []float32{f})}, []string{terms[i]})
	}
	c.graph.node("Sum", terms, l.out)
	return nil
}

func (c *converter) add(l layer) error {
	for _, id := range []int{0, 1} { // 0: addition; 1: with a constant instead of a second input
		if n, err := l.whole(id, 0); err != nil || n != 0 {
			return errors.Join(err, fmt.Errorf("the operation of %s is not known here: %w", l.name, art.ErrUnsupported))
		}
	}
	c.graph.node("Add", l.in, l.out)
	return nil
}

// interpolate enlarges: 1 nearest, 2 linear, 3 cubic.
func (c *converter) interpolate(l layer) error {
	kind, err := l.whole(0, 0)
	if err != nil {
		return err
	}
	height, err1 := strconv.ParseFloat(l.params[1], 32)
	width, err2 := strconv.ParseFloat(l.params[2], 32)
	if err1 != nil || err2 != nil || !(height > 0) || !(width > 0) || height > 16 || width > 16 {
		return fmt.Errorf("the scale of %s is %.40q × %.40q: %w", l.name, l.params[1], l.params[2], art.ErrInvalid)
	}
	modes := map[int][]attribute{
		1: {words("mode", "nearest"), words("coordinate_transformation_mode", "asymmetric"), words("nearest_mode", "floor")},
		2: {words("mode", "linear"), words("coordinate_transformation_mode", "half_pixel")},
		3: {words("mode", "cubic"), words("coordinate_transformation_mode", "half_pixel"), float("cubic_coeff_a", -0.75)},
	}
	mode, ok := modes[kind]
	if !ok {
		return fmt.Errorf("interpolation %d of %s is not known here: %w", kind, l.name, art.ErrUnsupported)
	}
	scales := c.graph.weight(l.own("scales"), []float32{1, 1, float32(height), float32(width)}, 4)
	c.graph.node("Resize", []string{l.in[0], "", scales}, l.out, mode...)
	return nil
}

func (c *converter) pixelShuffle(l layer) error {
	n, err := l.whole(0, 1)
	if err != nil {
		return err
	}
	if n < 1 || n > 16 {
		return fmt.Errorf("%s shuffles by %d: %w", l.name, n, art.ErrInvalid)
	}
	c.graph.node("DepthToSpace", l.in, l.out, whole("blocksize", int64(n)), words("mode", "CRD"))
	return nil
}

// Tags before a layer's weights.
const (
	halfTag  = 0x01306B47
	floatTag = 0
)

// tagged reads weights that begin with a tag for their format, and are padded to four bytes.
func (c *converter) tagged(n int) ([]float32, error) {
	head, err := c.take(4)
	if err != nil {
		return nil, err
	}
	switch tag := binary.LittleEndian.Uint32(head); tag {
	case floatTag:
		return c.plain(n)
	case halfTag:
		data, err := c.take((2*n + 3) / 4 * 4)
		if err != nil {
			return nil, err
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = half(binary.LittleEndian.Uint16(data[2*i:]))
		}
		return values, nil
	default:
		return nil, fmt.Errorf("weights of format %#x are not known here: %w", tag, art.ErrUnsupported)
	}
}

// plain reads 32-bit weights.
func (c *converter) plain(n int) ([]float32, error) {
	data, err := c.take(4 * n)
	if err != nil {
		return nil, err
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values, nil
}

func (c *converter) take(n int) ([]byte, error) {
	if n < 0 || n > len(c.bin)-c.offset {
		return nil, fmt.Errorf("the weights end %d bytes too early: %w", n-(len(c.bin)-c.offset), art.ErrInvalid)
	}
	data := c.bin[c.offset : c.offset+n]
	c.offset += n
	return data, nil
}

// half widens an IEEE 754 half-precision number.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exponent == 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	case exponent > 0:
		return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
	default:
		v := float32(fraction) / (1 << 24)
		if sign != 0 {
			v = -v
		}
		return v
	}
}
