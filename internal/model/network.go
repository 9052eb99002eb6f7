package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// SidecarFile lies beside an ONNX file of our own export and maps torch's names of weights to initialisers.
const SidecarFile = "weights.json"

// maxSidecar bounds what is read of it.
const maxSidecar = 16 << 20

// Network is an ONNX file whose weights are known by torch's names, such as
// "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight". It reads no weight before it is asked.
type Network struct {
	graph   *onnx.Graph
	places  map[string]place
	reasons map[string]string // for weights that are known and can't be changed
}

// place is where a torch weight lies.
type place struct {
	Initializer string `json:"initializer"`
	Transposed  bool   `json:"transposed"`
}

// OpenNetwork reads the names of an ONNX file's weights: from the sidecar beside it, else from its nodes' names, which
// torch's exporter makes of the modules' ("/conv_in/Conv"). Files of the folder must be io.ReaderAt.
func OpenNetwork(folder fs.FS, name string) (*Network, error) {
	g, err := onnx.OpenGraph(folder, name)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	n := &Network{graph: g, places: map[string]place{}, reasons: map[string]string{}}
	sidecar := path.Join(path.Dir(name), SidecarFile)
	err = n.readSidecar(folder, sidecar, name)
	if errors.Is(err, fs.ErrNotExist) {
		finder{graph: g, makers: makers(g)}.find(n)
		return n, nil
	}
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", sidecar, err)
	}
	return n, nil
}

// readSidecar reads {"sha256": …, "weights": {torch name: place}, "quantised": [torch name, …]}, where the SHA-256 is that
// of the ONNX file, or the weights alone.
func (n *Network) readSidecar(folder fs.FS, name, network string) error {
	f, err := folder.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSidecar+1))
	if err != nil {
		return err
	}
	if len(data) > maxSidecar {
		return fmt.Errorf("larger than %d bytes: %w", maxSidecar, art.ErrInvalid)
	}
	var whole struct {
		SHA256    string           `json:"sha256"`
		Weights   map[string]place `json:"weights"`
		Quantised []string         `json:"quantised"` // weights that the graph keeps with fewer bits
	}
	if err = json.Unmarshal(data, &whole); err == nil && whole.Weights == nil {
		err = json.Unmarshal(data, &whole.Weights)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, art.ErrInvalid)
	}
	if whole.SHA256 != "" {
		if err := sameDigest(folder, network, whole.SHA256); err != nil {
			return err
		}
	}
	taken := map[string]bool{}
	for torch, p := range whole.Weights {
		if _, ok := n.graph.Stored[p.Initializer]; !ok || taken[p.Initializer] {
			return fmt.Errorf("%s should be %q, but the network has no such initialiser, or another weight has it: %w", torch, p.Initializer, art.ErrInvalid)
		}
		taken[p.Initializer] = true
	}
	n.places = whole.Weights
	for _, torch := range whole.Quantised {
		delete(n.places, torch)
		n.reasons[torch] = "is quantised"
	}
	return nil
}

// sameDigest makes sure that a file is the one that a sidecar was written for.
func sameDigest(folder fs.FS, name, want string) error {
	f, err := folder.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return fmt.Errorf("it is for a network of SHA-256 %s, but %s has %s; export the model again: %w", want, name, got, art.ErrMismatch)
	}
	return nil
}

// Names lists torch's names of the weights, sorted.
func (n *Network) Names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(n.places)), maps.Keys(n.reasons))
	slices.Sort(names)
	return slices.Compact(names)
}

// Places tells in which value of the graph each weight lies: an initialiser, or what a DequantizeLinear makes of one.
func (n *Network) Places() map[string]string {
	places := map[string]string{}
	for name, p := range n.places {
		places[name] = p.Initializer
	}
	return places
}

// Shape is a weight's shape as torch has it, [out, in] or [out, in, height, width]; nil where it is unknown.
func (n *Network) Shape(torch string) []int {
	p, ok := n.places[torch]
	if !ok {
		return nil
	}
	var shape []int
	for _, d := range n.graph.Stored[p.Initializer].Dims {
		shape = append(shape, int(d))
	}
	if p.Transposed {
		slices.Reverse(shape)
	}
	return shape
}

// finder finds weights by the names of nodes.
type finder struct {
	graph  *onnx.Graph
	makers map[string]*onnx.Node // by output
}

// makers tells which node makes a value, for nodes that hand a weight on.
func makers(g *onnx.Graph) map[string]*onnx.Node {
	made := map[string]*onnx.Node{}
	for i, n := range g.Nodes {
		switch n.Op {
		case "Identity", "Cast", "Transpose", "DequantizeLinear":
			for _, out := range n.Outputs {
				made[out] = &g.Nodes[i]
			}
		}
	}
	return made
}

// find fills in places and reasons.
func (f finder) find(n *Network) {
	users := map[string]map[string]bool{} // initialiser → torch names
	for _, node := range f.graph.Nodes {
		module := moduleOf(node)
		for k, in := range node.Inputs {
			at, turned, quantised := f.source(in)
			if at == "" || f.makesOf(node) {
				continue
			}
			torch := torchName(module, at)
			weight := k == 1 && torch != "" && (node.Op == "Conv" || node.Op == "Gemm" || node.Op == "MatMul")
			switch {
			case !weight && packed(node.Op) && module != "":
				n.reasons[torch] = "is quantised (" + node.Op + ")"
				continue
			case !weight:
				torch = "" // a use that is no layer's weight
			case quantised:
				n.reasons[torch] = "is quantised (DequantizeLinear)"
				continue
			}
			if users[at] == nil {
				users[at] = map[string]bool{}
			}
			users[at][torch] = true
			if weight {
				f.put(n, torch, place{at, turned != turnedBy(node)})
			}
		}
	}
	for torch, p := range n.places {
		if others := users[p.Initializer]; len(others) > 1 {
			n.reasons[torch] = "shares its numbers with another part of the network"
		}
	}
	for torch := range n.reasons {
		delete(n.places, torch)
	}
}

// torchName is the name of the weight that a module takes from an initialiser. Many initialisers still bear it; a module
// that runs twice has two names, and then the initialiser's is right.
func torchName(module, initializer string) string {
	own := module + ".weight"
	switch {
	case module == "" && !strings.HasSuffix(initializer, ".weight"):
		return ""
	case module == "" || strings.HasSuffix(initializer, ".weight") && !strings.HasSuffix("."+initializer, "."+own):
		return initializer
	}
	return own
}

// put notes where a weight lies; two places under one name can't be told apart.
func (f finder) put(n *Network, torch string, p place) {
	if known, ok := n.places[torch]; ok && known != p {
		n.reasons[torch] = "can't be told from another weight of the same module"
		return
	}
	n.places[torch] = p
}

// turnedBy tells whether a layer's weight is stored as torch's transposed: MatMul takes [in, out], Gemm says it itself.
func turnedBy(n onnx.Node) bool {
	switch n.Op {
	case "MatMul":
		return true
	case "Gemm":
		v := n.Ints["transB"]
		return len(v) == 0 || v[0] == 0
	}
	return false
}

// source follows a value back to the initialiser that it is.
func (f finder) source(value string) (initializer string, turned, quantised bool) {
	for range 8 {
		if _, ok := f.graph.Stored[value]; ok {
			return value, turned, quantised
		}
		n := f.makers[value]
		if n == nil || len(n.Inputs) == 0 {
			return "", false, false
		}
		switch n.Op {
		case "Transpose":
			if perm := n.Ints["perm"]; perm != nil && !slices.Equal(perm, []int64{1, 0}) {
				return "", false, false
			}
			turned = !turned
		case "DequantizeLinear":
			quantised = true
		}
		value = n.Inputs[0]
	}
	return "", false, false
}

// makesOf tells whether a node only hands weights on.
func (f finder) makesOf(n onnx.Node) bool {
	return len(n.Outputs) > 0 && f.makers[n.Outputs[0]] != nil
}

// packed tells whether an operator takes its weights in a form that can't be added to.
func packed(op string) bool {
	switch op {
	case "MatMulNBits", "MatMulInteger", "ConvInteger", "QLinearConv", "QLinearMatMul", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulBnb4":
		return true
	}
	return false
}

// moduleOf is the torch module that a node was exported from: "/a.0/b/MatMul" is of "a.0.b". "" where it isn't known.
func moduleOf(n onnx.Node) string {
	name, last := path.Split(n.Name)
	if !strings.HasPrefix(name, "/") || len(name) < 2 || last != n.Op && !packed(n.Op) {
		return ""
	}
	module := strings.ReplaceAll(strings.Trim(name, "/"), "/", ".")
	return strings.TrimPrefix(module, "unet.") // a UNet that was exported inside of something else
}
