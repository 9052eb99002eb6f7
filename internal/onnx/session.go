package onnx

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Options say how to load a network. The zero value is one CPU session with the library's own choice of threads.
type Options struct {
	IntraOpThreads int                    // threads of one operator; 0 lets the library choose
	Providers      []string               // execution providers in order of preference, see Providers; nil means cpu
	Config         map[string]string      // session configuration entries, such as session.disable_quant_qdq=1
	Outputs        []string               // outputs to compute; nil means all
	Cache          Cache                  // keeps the optimised network on disk
	Weights        map[string]Weight      // take the place of the file's initialisers of the same name, type and shape
	Defaults       func(name string) bool // tells which inputs that have a default Run is given all the same; nil means none
	Embeds         string                 // when set, an input of this name, [rows, tokens, width], takes the place of looking tokens up
	Scratch        string                 // folder for a network with other weights that is too large for memory; "" is the system's
	Circular       bool                   // convolutions see the opposite edge beyond the edge, in the place of zeros
}

// TokenInput is what text encoders call the input that Options.Embeds stands in for.
const TokenInput = "input_ids"

// Session is one loaded network, or a view of it with some inputs given, see With. It is safe for concurrent use.
type Session struct {
	path    string
	inputs  []Info // that Run must be given
	outputs []Info
	bound   map[string]Tensor // inputs that a view gives itself

	*loaded
}

// loaded is a network in memory, which its views share.
type loaded struct {
	all   []Info       // inputs in the library's order
	mu    sync.RWMutex // held for reading while the network runs
	inner *ort.DynamicAdvancedSession
	owned string // folder that ends with the session; "" when there is none
}

func newSession(path string, h header, outputs []Info, inner *ort.DynamicAdvancedSession, owned string) *Session {
	return &Session{path: path, inputs: h.inputs, outputs: outputs, loaded: &loaded{all: h.inputs, inner: inner, owned: owned}}
}

// With is a view of the network in which some more inputs have their numbers already: Inputs doesn't list them and Run
// isn't given them. Nothing is copied or loaded, so the tensors must stay as they are. Closing a view closes the network.
// A misfit gives ErrInput with the name of the tensor.
func (s *Session) With(inputs map[string]Tensor) (*Session, error) {
	v := *s
	v.bound, v.inputs = maps.Clone(s.bound), nil
	if v.bound == nil {
		v.bound = map[string]Tensor{}
	}
	for _, in := range s.inputs {
		t, ok := inputs[in.Name]
		if !ok {
			v.inputs = append(v.inputs, in)
			continue
		}
		if err := in.fits(t); err != nil {
			return nil, fmt.Errorf("onnx: giving %s inputs: %w: %w", s.path, err, ErrInput)
		}
		v.bound[in.Name] = t
	}
	if len(s.inputs)-len(v.inputs) != len(inputs) {
		return nil, fmt.Errorf("onnx: giving %s inputs: %w: %w", s.path, s.unknown(inputs), ErrInput)
	}
	return &v, nil
}

// Given are the inputs that a view gives itself; the caller must not change them.
func (s *Session) Given() map[string]Tensor { return s.bound }

// unknown names one of the tensors that the network has no input for; nil when there is none.
func (s *Session) unknown(inputs map[string]Tensor) error {
	known := names(s.inputs)
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no input %q, the network has %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// Load reads the ONNX file at path. A file that is missing gives the system's error; one that is no network, or uses
// operators that the library lacks, gives ErrModel; a provider that the library lacks gives ErrProvider.
func (r *Runtime) Load(path string, o Options) (*Session, error) {
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("onnx: loading %s: runtime: %w", path, ErrClosed)
	}
	h, err := headerOf(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: loading %s: %w", path, err)
	}
	h = h.with(o.Defaults)
	outputs, err := choose(h.outputs, o.Outputs)
	if err != nil {
		return nil, fmt.Errorf("onnx: loading %s: %w", path, err)
	}
	if o.Embeds != "" {
		h.inputs = append(h.inputs, Info{Name: o.Embeds, Type: TypeFloat32})
	}
	if len(o.Weights) > 0 || o.Circular || o.Embeds != "" {
		inner, folder, err := loadReplaced(path, o, names(h.inputs), names(outputs))
		if err != nil {
			return nil, fmt.Errorf("onnx: loading %s, changed: %w", path, err)
		}
		return newSession(path, h, outputs, inner, folder), nil
	}
	in, out := names(h.inputs), names(outputs)
	inner, err := r.session(o, in, out, func(s *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		inner, err := ort.NewDynamicAdvancedSession(path, in, out, s)
		return inner, modelError(err)
	})
	if err != nil {
		return nil, fmt.Errorf("onnx: loading %s: %w", path, err)
	}
	return newSession(path, h, outputs, inner, ""), nil
}

// modelError marks what the library says of a network that it can't load.
func modelError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", err, ErrModel)
}

func headerOf(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return header{}, err
	}
	if info.IsDir() {
		return header{}, fmt.Errorf("a folder, not a file: %w", ErrModel)
	}
	return readHeader(f, info.Size())
}

func settings(o Options) (*ort.SessionOptions, error) {
	s, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = apply(s, o)
	if err != nil {
		return nil, errors.Join(err, s.Destroy())
	}
	return s, nil
}

func apply(s *ort.SessionOptions, o Options) error {
	if o.IntraOpThreads > 0 {
		if err := s.SetIntraOpNumThreads(o.IntraOpThreads); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o.Config)) {
		if err := s.AddSessionConfigEntry(key, o.Config[key]); err != nil {
			return fmt.Errorf("setting %s: %w", key, err)
		}
	}
	for _, name := range o.Providers {
		if err := addProvider(s, name); err != nil {
			return err
		}
	}
	return nil
}

// Inputs describes what Run must be given. The caller must not change it.
func (s *Session) Inputs() []Info { return s.inputs }

// Outputs describes what Run gives. The caller must not change it.
func (s *Session) Outputs() []Info { return s.outputs }

// Run computes the outputs. Every input must be given, with the type and shape that the graph asks for; whole numbers
// and floats are converted where that loses nothing but precision. It stops soon after ctx ends and then returns
// ctx.Err(), wrapped. A misfit gives ErrInput with the name of the tensor.
func (s *Session) Run(ctx context.Context, inputs map[string]Tensor) (map[string]Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("onnx: running %s: %w", s.path, err)
	}
	if err := s.fits(inputs); err != nil {
		return nil, fmt.Errorf("onnx: running %s: %w: %w", s.path, err, ErrInput)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.inner == nil {
		return nil, fmt.Errorf("onnx: running %s: session: %w", s.path, ErrClosed)
	}
	out, err := s.run(ctx, inputs)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("onnx: running %s: %w", s.path, ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("onnx: running %s: %w", s.path, err)
	}
	return out, nil
}

// Close frees the network after running calls have ended. A second Close does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inner == nil {
		return nil
	}
	err := s.inner.Destroy()
	s.inner = nil
	err = errors.Join(err, replaced{folder: s.owned}.remove())
	if err != nil {
		return fmt.Errorf("onnx: closing %s: %w", s.path, err)
	}
	return nil
}

// fits checks names and shapes.
func (s *Session) fits(inputs map[string]Tensor) error {
	for _, in := range s.inputs {
		t, ok := inputs[in.Name]
		if !ok {
			return errors.Join(s.unknown(inputs), fmt.Errorf("input %q is missing", in.Name))
		}
		if err := in.fits(t); err != nil {
			return err
		}
	}
	if len(inputs) > len(s.inputs) {
		return s.unknown(inputs)
	}
	return nil
}

// fits tells whether a tensor can be this input.
func (i Info) fits(t Tensor) error {
	if err := t.check(); err != nil {
		return fmt.Errorf("input %q: %w", i.Name, err)
	}
	if i.Dims == nil {
		return nil // a scalar, or a graph that says nothing of the shape: the library knows
	}
	if len(t.Shape) != len(i.Dims) {
		return fmt.Errorf("input %q has shape %v, but the network wants %d dimensions", i.Name, t.Shape, len(i.Dims))
	}
	for k, d := range i.Dims {
		if d >= 0 && t.Shape[k] != d {
			return fmt.Errorf("input %q has shape %v, but the network wants %d at position %d", i.Name, t.Shape, d, k)
		}
	}
	return nil
}

func names(infos []Info) []string {
	out := make([]string, len(infos))
	for i, in := range infos {
		out[i] = in.Name
	}
	return out
}

// choose picks the wanted outputs in the wanted order.
func choose(all []Info, wanted []string) ([]Info, error) {
	if wanted == nil {
		return all, nil
	}
	var out []Info
	for _, name := range wanted {
		i := slices.Index(names(all), name)
		if i < 0 {
			return nil, fmt.Errorf("there is no output %q, the network has %s: %w", name, strings.Join(names(all), ", "), ErrModel)
		}
		out = append(out, all[i])
	}
	return out, nil
}
