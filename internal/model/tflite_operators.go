package model

import (
	"fmt"

	"presswerk/internal/art"
)

// tfRule is how one kind of operator is written, and how many inputs it has.
type tfRule struct {
	least, most int
	write       func(*tflite, tfOperator) error
}

func tfRules() map[int]tfRule {
	return map[int]tfRule{
		tfAdd:            {2, 2, (*tflite).add},
		tfConcat:         {1, tfMost, (*tflite).concat},
		tfConv:           {2, 3, func(c *tflite, o tfOperator) error { return c.conv(o, false) }},
		tfDepthwise:      {2, 3, func(c *tflite, o tfOperator) error { return c.conv(o, true) }},
		tfDepthToSpace:   {1, 1, (*tflite).depthToSpace},
		tfDequantize:     {1, 1, (*tflite).dequantize},
		tfDensify:        {1, 1, (*tflite).fillIn},
		tfFullyConnected: {2, 3, (*tflite).fullyConnected},
		tfLogistic:       {1, 1, func(c *tflite, o tfOperator) error { return c.each(o, "Sigmoid") }},
		tfMaxPool:        {1, 1, (*tflite).maxPool},
		tfMean:           {2, 2, (*tflite).mean},
		tfPad:            {2, 2, (*tflite).pad},
		tfPRelu:          {2, 2, (*tflite).prelu},
		tfRelu:           {1, 1, func(c *tflite, o tfOperator) error { return c.each(o, "Relu") }},
		tfReshape:        {1, 2, (*tflite).reshape},
		tfResizeBilinear: {2, 2, (*tflite).resize},
	}
}

// operator writes one operator, which makes one tensor that nothing made before.
func (c *tflite) operator(o tfOperator) error {
	rule, ok := tfRules()[o.kind]
	if !ok {
		return fmt.Errorf("kind %d is not known here: %w", o.kind, art.ErrUnsupported)
	}
	if len(o.in) < rule.least || len(o.in) > rule.most || len(o.out) != 1 {
		return fmt.Errorf("kind %d with %d inputs and %d outputs: %w", o.kind, len(o.in), len(o.out), art.ErrInvalid)
	}
	_, constant := c.constants[o.out[0]]
	if constant || c.made[inner(o.out[0], false)] || c.made[inner(o.out[0], true)] {
		return fmt.Errorf("tensor %d is made twice: %w", o.out[0], art.ErrInvalid)
	}
	if err := rule.write(c, o); err != nil {
		return fmt.Errorf("kind %d: %w", o.kind, err)
	}
	return c.file.err
}

// write adds a node and, where the operator has one built in, the activation behind it.
func (c *tflite) write(o tfOperator, op string, in []string, channelsFirst bool, activation int, attributes ...attribute) error {
	out := inner(o.out[0], channelsFirst)
	c.made[out] = true
	before := out
	if activation != 0 {
		before = out + ", before activation"
	}
	c.graph.node(op, in, []string{before}, attributes...)
	switch activation {
	case 0:
	case 1:
		c.graph.node("Relu", []string{before}, []string{out})
	case 3:
		low, high := c.graph.weight(out+", least", []float32{0}), c.graph.weight(out+", most", []float32{6})
		c.graph.node("Clip", []string{before, low, high}, []string{out})
	default:
		return fmt.Errorf("activation %d: %w", activation, art.ErrUnsupported)
	}
	return nil
}

// each works on every number for itself, in the layout that is there.
func (c *tflite) each(o tfOperator, op string) error {
	channelsFirst := c.made[inner(o.in[0], true)]
	in, err := c.laidOut(o.in[0], channelsFirst)
	if err != nil {
		return err
	}
	return c.write(o, op, []string{in}, channelsFirst, 0)
}

func (c *tflite) add(o tfOperator) error {
	a, b := c.tensors[o.in[0]].shape, c.tensors[o.in[1]].shape
	if fmt.Sprint(a) != fmt.Sprint(b) {
		return fmt.Errorf("a sum of shapes %v and %v: %w", a, b, art.ErrUnsupported)
	}
	layout, channelsFirst := c.plain, len(a) == 4
	if channelsFirst {
		layout = c.first
	}
	in, err := all(layout, o.in)
	if err != nil {
		return err
	}
	return c.write(o, "Add", in, channelsFirst, o.options.small(0))
}

// all lays out several tensors.
func all(layout func(int) (string, error), tensors []int) ([]string, error) {
	names := make([]string, len(tensors))
	for i, t := range tensors {
		var err error
		if names[i], err = layout(t); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (c *tflite) concat(o tfOperator) error {
	rank := len(c.tensors[o.out[0]].shape)
	axis := o.options.whole(0, 0)
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return fmt.Errorf("axis %d of %d dimensions: %w", axis, rank, art.ErrInvalid)
	}
	in, err := all(c.plain, o.in)
	if err != nil {
		return err
	}
	return c.write(o, "Concat", in, false, o.options.small(1), whole("axis", int64(axis)))
}

// conv is a convolution over all channels, or over each channel for itself.
func (c *tflite) conv(o tfOperator, depthwise bool) error {
	in, err := c.first(o.in[0])
	if err != nil {
		return err
	}
	kernel, channels := c.tensors[o.in[1]].shape, c.tensors[o.in[0]].shape[3]
	if len(kernel) != 4 {
		return fmt.Errorf("a kernel of shape %v: %w", kernel, art.ErrInvalid)
	}
	turn, group, made, option := []int{0, 3, 1, 2}, 1, kernel[0], 3
	if depthwise {
		turn, group, made, option = []int{3, 0, 1, 2}, channels, kernel[3], 4
	}
	if depthwise && (kernel[0] != 1 || made%channels != 0) || !depthwise && kernel[3] != channels {
		return fmt.Errorf("a kernel of shape %v over %d channels: %w", kernel, channels, art.ErrInvalid)
	}
	weights, err := c.turned(o, "kernel", turn...)
	if err != nil {
		return err
	}
	inputs := []string{in, weights}
	if len(o.in) == 3 && o.in[2] >= 0 {
		bias, err := c.numbers(o.in[2])
		if err != nil {
			return err
		}
		if len(bias) != made {
			return fmt.Errorf("%d biases for %d channels: %w", len(bias), made, art.ErrInvalid)
		}
		inputs = append(inputs, c.graph.weight(inner(o.out[0], true)+", bias", bias, int64(made)))
	}
	apart := [2]int{o.options.whole(option+2, 1), o.options.whole(option+1, 1)}
	window, err := c.window(o, [2]int{kernel[1], kernel[2]}, apart)
	if err != nil {
		return err
	}
	window = append(window, whole("group", int64(group)), wholes("dilations", int64(apart[0]), int64(apart[1])))
	return c.write(o, "Conv", inputs, true, o.options.small(option), window...)
}

// window gives the attributes of an operator with a window, of height by width, whose places lie so far apart. Its first
// options are the padding and the strides. Padding 0 keeps the size, divided by the stride, with the odd pixel right and
// below; 1 pads nothing.
func (c *tflite) window(o tfOperator, size, apart [2]int) ([]attribute, error) {
	kind, strides := o.options.small(0), [2]int{o.options.whole(2, 0), o.options.whole(1, 0)}
	var pads [4]int64
	for k := range 2 {
		const most = 1 << 8
		if least := min(strides[k], size[k], apart[k]); least < 1 || max(strides[k], size[k], apart[k]) > most || kind > 1 {
			return nil, fmt.Errorf("a window of %v, %v apart, with strides %v and padding %d: %w", size, apart, strides, kind, art.ErrInvalid)
		}
		if n := c.tensors[o.in[0]].shape[1+k]; kind == 0 {
			steps := (n - 1) / strides[k]
			more := max(0, steps*strides[k]+(size[k]-1)*apart[k]+1-n)
			pads[k], pads[2+k] = int64(more/2), int64(more-more/2)
		}
	}
	return []attribute{
		wholes("pads", pads[:]...), wholes("strides", int64(strides[0]), int64(strides[1])),
		wholes("kernel_shape", int64(size[0]), int64(size[1])),
	}, nil
}

// turned writes the four-dimensional constant that is the second input in another order of its dimensions.
func (c *tflite) turned(o tfOperator, name string, turn ...int) (string, error) {
	values, err := c.numbers(o.in[1])
	if err != nil {
		return "", err
	}
	if err := c.spend(len(values)); err != nil {
		return "", err
	}
	shape := c.tensors[o.in[1]].shape
	strides := []int{shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1}
	dims := make([]int64, 4)
	for i, d := range turn {
		dims[i] = int64(shape[d])
	}
	out := make([]float32, 0, len(values))
	for i := range shape[turn[0]] {
		for j := range shape[turn[1]] {
			for k := range shape[turn[2]] {
				for l := range shape[turn[3]] {
					out = append(out, values[i*strides[turn[0]]+j*strides[turn[1]]+k*strides[turn[2]]+l*strides[turn[3]]])
				}
			}
		}
	}
	return c.graph.weight(inner(o.out[0], true)+", "+name, out, dims...), nil
}

func (c *tflite) depthToSpace(o tfOperator) error {
	in, err := c.first(o.in[0])
	if err != nil {
		return err
	}
	block := o.options.whole(0, 0)
	if block < 1 || block > 16 {
		return fmt.Errorf("blocks of %d: %w", block, art.ErrInvalid)
	}
	return c.write(o, "DepthToSpace", []string{in}, true, 0, whole("blocksize", int64(block)), words("mode", "DCR"))
}

// dequantize makes whole floats of half ones; here both are kept as whole ones.
func (c *tflite) dequantize(o tfOperator) error {
	values, err := c.numbers(o.in[0])
	if err != nil {
		return err
	}
	if c.tensors[o.out[0]].kind != tfFloat32 || c.tensors[o.out[0]].size() != len(values) {
		return fmt.Errorf("%d numbers become shape %v: %w", len(values), c.tensors[o.out[0]].shape, art.ErrInvalid)
	}
	c.constants[o.out[0]] = values
	return nil
}

func (c *tflite) fillIn(o tfOperator) error {
	if o.in[0] < 0 {
		return fmt.Errorf("weights are missing: %w", art.ErrInvalid)
	}
	t := c.tensors[o.in[0]]
	values, err := c.stored(t)
	if err != nil {
		return err
	}
	dense, err := c.densify(t, values)
	if err != nil {
		return err
	}
	if len(dense) != c.tensors[o.out[0]].size() {
		return fmt.Errorf("shape %v becomes %v: %w", t.shape, c.tensors[o.out[0]].shape, art.ErrInvalid)
	}
	c.constants[o.out[0]] = dense
	return nil
}

func (c *tflite) fullyConnected(o tfOperator) error {
	in, err := c.plain(o.in[0])
	if err != nil {
		return err
	}
	values, err := c.numbers(o.in[1])
	if err != nil {
		return err
	}
	from, shape := c.tensors[o.in[0]].shape, c.tensors[o.in[1]].shape
	if len(from) != 2 || len(shape) != 2 || shape[1] != from[1] || o.options.small(1) != 0 {
		return fmt.Errorf("weights of shape %v for %v: %w", shape, from, art.ErrUnsupported)
	}
	if err := c.spend(len(values)); err != nil {
		return err
	}
	inputs := []string{in, c.graph.weight(inner(o.out[0], false)+", weights", values, wide(shape)...)}
	if len(o.in) == 3 && o.in[2] >= 0 {
		bias, err := c.numbers(o.in[2])
		if err != nil {
			return err
		}
		if len(bias) != shape[0] {
			return fmt.Errorf("%d biases for %d outputs: %w", len(bias), shape[0], art.ErrInvalid)
		}
		inputs = append(inputs, c.graph.weight(inner(o.out[0], false)+", bias", bias, int64(len(bias))))
	}
	return c.write(o, "Gemm", inputs, false, o.options.small(0), whole("transB", 1))
}

func (c *tflite) maxPool(o tfOperator) error {
	in, err := c.first(o.in[0])
	if err != nil {
		return err
	}
	window, err := c.window(o, [2]int{o.options.whole(4, 0), o.options.whole(3, 0)}, [2]int{1, 1})
	if err != nil {
		return err
	}
	return c.write(o, "MaxPool", []string{in}, true, o.options.small(5), window...)
}

// mean is taken over height and width; nothing else occurs in these networks.
func (c *tflite) mean(o tfOperator) error {
	in, err := c.plain(o.in[0])
	if err != nil {
		return err
	}
	axes, err := c.wholes(o.in[1], 2)
	if err != nil {
		return err
	}
	if len(c.tensors[o.in[0]].shape) != 4 || axes[0] != 1 || axes[1] != 2 {
		return fmt.Errorf("a mean of shape %v over %v: %w", c.tensors[o.in[0]].shape, axes, art.ErrUnsupported)
	}
	return c.write(o, "ReduceMean", []string{in}, false, 0, wholes("axes", axes...), whole("keepdims", int64(min(1, o.options.small(0)))))
}

func (c *tflite) pad(o tfOperator) error {
	in, err := c.first(o.in[0])
	if err != nil {
		return err
	}
	n, err := c.wholes(o.in[1], 8)
	if err != nil {
		return err
	}
	for _, v := range n {
		if v < 0 || v > 1<<12 {
			return fmt.Errorf("a border of %v: %w", n, art.ErrInvalid)
		}
	}
	pads := c.graph.integers(inner(o.out[0], true)+", border", n[0], n[6], n[2], n[4], n[1], n[7], n[3], n[5])
	return c.write(o, "Pad", []string{in, pads}, true, 0)
}

func (c *tflite) prelu(o tfOperator) error {
	in, err := c.first(o.in[0])
	if err != nil {
		return err
	}
	slopes, err := c.numbers(o.in[1])
	if err != nil {
		return err
	}
	if n := c.tensors[o.in[0]].shape[3]; len(slopes) != n {
		return fmt.Errorf("%d slopes for %d channels: %w", len(slopes), n, art.ErrUnsupported)
	}
	if err := c.spend(len(slopes)); err != nil {
		return err
	}
	return c.write(o, "PRelu", []string{in, c.graph.weight(inner(o.out[0], true)+", slopes", slopes, int64(len(slopes)), 1, 1)}, true, 0)
}

func (c *tflite) reshape(o tfOperator) error {
	in, err := c.plain(o.in[0])
	if err != nil {
		return err
	}
	from, to := c.tensors[o.in[0]], c.tensors[o.out[0]]
	if from.size() != to.size() {
		return fmt.Errorf("shape %v becomes %v: %w", from.shape, to.shape, art.ErrInvalid)
	}
	return c.write(o, "Reshape", []string{in, c.graph.integers(inner(o.out[0], false)+", shape", wide(to.shape)...)}, false, 0)
}

func (c *tflite) resize(o tfOperator) error {
	in, err := c.first(o.in[0])
	if err != nil {
		return err
	}
	size, err := c.wholes(o.in[1], 2)
	if err != nil {
		return err
	}
	from := c.tensors[o.in[0]].shape
	if size[0] < 1 || size[1] < 1 || size[0] > 1<<13 || size[1] > 1<<13 {
		return fmt.Errorf("a size of %v: %w", size, art.ErrInvalid)
	}
	corners := "asymmetric"
	switch {
	case o.options.small(2) != 0:
		corners = "align_corners"
	case o.options.small(3) != 0:
		corners = "half_pixel"
	}
	sizes := c.graph.integers(inner(o.out[0], true)+", size", int64(from[0]), int64(from[3]), size[0], size[1])
	return c.write(o, "Resize", []string{in, "", "", sizes}, true, 0, words("mode", "linear"), words("coordinate_transformation_mode", corners))
}
