package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	ort "github.com/yalue/onnxruntime_go"
)

// maxInMemory is the largest network that is handed over as bytes: protobuf ends at 2 GiB, and ONNX Runtime needs room.
const maxInMemory = 1536 << 20

// folderOfData tells ONNX Runtime where the external data of a network lie that it is given as bytes.
//
// Source: microsoft/onnxruntime, onnxruntime_session_options_config_keys.h.
const folderOfData = "session.model_external_initializers_file_folder_path"

// replaced is a network with other weights, as ONNX Runtime is given it: bytes, or a file in a folder of its own.
type replaced struct {
	bytes  []byte
	folder string // to be removed when the session ends; "" when there is none
}

// loadReplaced loads the network at path with other weights; the file is left as it is. The Go binding lacks ONNX
// Runtime's AddInitializer, so the network is written anew.
func loadReplaced(path string, o Options, inputs, outputs []string) (*ort.DynamicAdvancedSession, string, error) {
	file, err := replace(path, o, maxInMemory)
	if err != nil {
		return nil, "", err
	}
	inner, err := file.load(path, o, inputs, outputs)
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("%w: %w", err, ErrModel), file.remove())
	}
	return inner, file.folder, nil
}

// load makes a session of it; path is where the network came from.
func (r replaced) load(path string, o Options, inputs, outputs []string) (*ort.DynamicAdvancedSession, error) {
	settings, err := settings(o)
	if err != nil {
		return nil, err
	}
	defer settings.Destroy()
	if r.folder != "" {
		return ort.NewDynamicAdvancedSession(filepath.Join(r.folder, networkFile), inputs, outputs, settings)
	}
	if err := settings.AddSessionConfigEntry(folderOfData, filepath.Dir(path)); err != nil {
		return nil, err
	}
	return ort.NewDynamicAdvancedSessionWithONNXData(r.bytes, inputs, outputs, settings)
}

// ReadReplaced gives the bytes of the network at path with other weights; without any, of the file as it is. It is for networks
// that fit into memory: a larger one is ErrModel.
func ReadReplaced(path string, weights map[string]Weight) ([]byte, error) {
	if len(weights) == 0 {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("onnx: reading a network: %w", err)
		}
		return data, nil
	}
	file, err := replace(path, Options{Weights: weights}, maxInMemory)
	if err != nil {
		return nil, fmt.Errorf("onnx: reading %s with other weights: %w", path, err)
	}
	if file.folder != "" {
		return nil, errors.Join(fmt.Errorf("onnx: %s is too large for memory: %w", path, ErrModel), file.remove())
	}
	return file.bytes, nil
}

// Names of the files of a network that is too large for memory.
const (
	networkFile = "network.onnx"
	weightsFile = "presswerk-replaced.bin"
)

func (r replaced) remove() error {
	if r.folder == "" {
		return nil
	}
	return os.RemoveAll(r.folder)
}

// segment is a part of the new file: bytes, or a part of the old one.
type segment struct {
	bytes    []byte
	from, to int64
}

func (s segment) size() int64 { return int64(len(s.bytes)) + s.to - s.from }

// replace writes the network at path as the options ask, with other weights, vectors in the place of tokens, or circular:
// into memory, or where it would be larger than limit, into a new folder below the scratch folder.
func replace(path string, o Options, limit int64) (_ replaced, err error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	g, err := OpenGraph(os.DirFS(dir), name)
	if err != nil {
		return replaced{}, err
	}
	changes, err := g.edits(o)
	if err != nil {
		return replaced{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return replaced{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return replaced{}, err
	}
	if o.Circular {
		if err := checkOpset(f, info.Size()); err != nil {
			return replaced{}, fmt.Errorf("%w: %w", err, ErrModel)
		}
		changes.node = newCircular().edit
	}
	message := func(name string, w Weight) []byte { return protowire.AppendBytes(header9(name, w), w.Raw) }
	network, err := segments(f, info.Size(), changes.with(o.Weights, message).unpacking(g, o.Weights, message))
	if err != nil {
		return replaced{}, fmt.Errorf("%w: %w", err, ErrModel)
	}
	if total(network) <= limit {
		bytes, err := joined(network, f)
		return replaced{bytes: bytes}, err
	}
	if o.Circular {
		changes.node = newCircular().edit // which remembers what it has written
	}
	return g.replaceOnDisk(dir, f, info.Size(), changes, o)
}

// joined puts all segments into memory.
func joined(list []segment, r io.ReaderAt) ([]byte, error) {
	bytes := make([]byte, 0, total(list))
	var err error
	for _, s := range list {
		if bytes, err = s.appendTo(bytes, r); err != nil {
			return nil, err
		}
	}
	return bytes, nil
}

// edits is what the options ask for beyond weights, which are checked.
func (g *Graph) edits(o Options) (edit, error) {
	for name, w := range o.Weights {
		if err := g.fits(name, w); err != nil {
			return edit{}, err
		}
	}
	if o.Embeds == "" {
		return edit{}, nil
	}
	if o.Circular {
		return edit{}, fmt.Errorf("a text encoder has no convolutions to make circular: %w", ErrInput)
	}
	l, ok := g.Lookup(TokenInput)
	if !ok || g.shared(l) {
		return edit{}, fmt.Errorf("there is no table of tokens that %s alone reads: %w", TokenInput, ErrModel)
	}
	return g.embedding(l, o.Embeds), nil
}

// with is the edit that also writes other weights, in the form that message gives.
func (e edit) with(weights map[string]Weight, message func(name string, w Weight) []byte) edit {
	dropped := e.tensor
	e.tensor = func(name string) ([]byte, bool) {
		if w, ok := weights[name]; ok {
			return message(name, w), true
		}
		if dropped != nil {
			return dropped(name)
		}
		return nil, false
	}
	return e
}

// fits makes sure that a weight takes the place of one of the same type and shape.
func (g *Graph) fits(name string, w Weight) error {
	s, ok := g.Stored[name]
	switch {
	case !ok:
		return fmt.Errorf("there is no initialiser %q to replace: %w", name, ErrModel)
	case s.Type != w.Type || !slices.Equal(s.Dims, w.Dims):
		return fmt.Errorf("initialiser %q has type %d and shape %v, its replacement %d and %v: %w", name, s.Type, s.Dims, w.Type, w.Dims, ErrModel)
	case int64(len(w.Raw)) != bytesOf(w.Type, w.Dims):
		return fmt.Errorf("the replacement of initialiser %q has %d bytes for shape %v of type %d: %w", name, len(w.Raw), w.Dims, w.Type, ErrModel)
	}
	return nil
}

// header9 begins a TensorProto, up to the tag of its raw_data.
func header9(name string, w Weight) []byte {
	return protowire.AppendTag(tensorHeader(name, w), 9, protowire.BytesType)
}

func tensorHeader(name string, w Weight) []byte {
	var b []byte
	for _, d := range w.Dims {
		b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.VarintType), uint64(d))
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), uint64(w.Type))
	return protowire.AppendString(protowire.AppendTag(b, 8, protowire.BytesType), name)
}

// segments cuts an ONNX file into what is kept and what is written otherwise.
func segments(r io.ReaderAt, size int64, e edit) ([]segment, error) {
	var out []segment
	w := &wire{r: r, end: size}
	at := int64(0)
	err := w.fields(func(field int, sub *wire) error {
		start := at
		at = w.pos
		if field != 7 || sub == nil {
			out = keep(out, start, w.pos)
			return nil
		}
		graph, err := graphSegments(sub, e)
		head := protowire.AppendTag(nil, 7, protowire.BytesType)
		out = append(out, segment{bytes: protowire.AppendVarint(head, uint64(total(graph)))})
		out = append(out, graph...)
		return err
	})
	return out, err
}

func graphSegments(w *wire, e edit) ([]segment, error) {
	var out []segment
	at := w.pos
	put := func(field protowire.Number, message []byte) {
		head := protowire.AppendTag(nil, field, protowire.BytesType)
		out = append(out, segment{bytes: protowire.AppendVarint(head, uint64(len(message)))}, segment{bytes: message})
	}
	err := w.fields(func(field int, sub *wire) error {
		start := at
		at = w.pos
		switch {
		case field == graphInitializer && sub != nil && e.tensor != nil:
			body := *sub
			name, err := readInitializerName(&body)
			if err != nil {
				return err
			}
			if message, known := e.tensor(name); known {
				if message != nil {
					put(graphInitializer, message)
				}
				return nil
			}
		case field == graphNode && sub != nil && e.node != nil:
			body := *sub
			n, err := readNode(&body)
			if err != nil {
				return err
			}
			messages, err := e.node(n, sub.bytes)
			if err != nil {
				return err
			}
			if messages != nil {
				for _, m := range messages {
					put(graphNode, m)
				}
				return nil
			}
		}
		out = keep(out, start, w.pos)
		return nil
	})
	for _, in := range e.inputs {
		put(graphInput, in)
	}
	for _, i := range e.initializers {
		put(graphInitializer, i)
	}
	return out, err
}

// keep adds a part of the old file, to the last one where it goes on.
func keep(list []segment, from, to int64) []segment {
	if n := len(list); n > 0 && list[n-1].bytes == nil && list[n-1].to == from {
		list[n-1].to = to
		return list
	}
	return append(list, segment{from: from, to: to})
}

func total(list []segment) int64 {
	n := int64(0)
	for _, s := range list {
		n += s.size()
	}
	return n
}

func (s segment) appendTo(b []byte, r io.ReaderAt) ([]byte, error) {
	if s.bytes != nil {
		return append(b, s.bytes...), nil
	}
	n := len(b)
	b = b[:n+int(s.to-s.from)]
	if got, err := r.ReadAt(b[n:], s.from); got < len(b)-n {
		return nil, err
	}
	return b, nil
}

// replaceOnDisk writes the network with the new weights in a file beside it, and brings the other data files along.
func (g *Graph) replaceOnDisk(dir string, f io.ReaderAt, size int64, changes edit, o Options) (_ replaced, err error) {
	folder, err := os.MkdirTemp(o.Scratch, "presswerk-network-*")
	if err != nil {
		return replaced{}, err
	}
	r := replaced{folder: folder}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.remove())
		}
	}()
	places, err := writeWeights(filepath.Join(folder, weightsFile), o.Weights)
	if err != nil {
		return replaced{}, err
	}
	message := func(name string, w Weight) []byte { return externalTensor(name, w, places[name]) }
	network, err := segments(f, size, changes.with(o.Weights, message).unpacking(g, o.Weights, message))
	if err != nil {
		return replaced{}, err
	}
	if err := writeSegments(filepath.Join(folder, networkFile), network, f); err != nil {
		return replaced{}, err
	}
	brought := map[string]bool{}
	for name, s := range g.Stored {
		if _, gone := o.Weights[name]; gone || s.file == "" || brought[s.file] {
			continue
		}
		if s.file == networkFile || s.file == weightsFile {
			return replaced{}, fmt.Errorf("its data lie in %s, a name that is needed here: %w", s.file, ErrModel)
		}
		brought[s.file] = true
		if err := bring(filepath.Join(dir, filepath.FromSlash(s.file)), filepath.Join(folder, filepath.FromSlash(s.file))); err != nil {
			return replaced{}, err
		}
	}
	return r, nil
}

// writeWeights writes the weights one after the other and tells where each begins.
func writeWeights(path string, weights map[string]Weight) (_ map[string]int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	places := map[string]int64{}
	at := int64(0)
	for name, w := range weights {
		places[name] = at
		padded := (int64(len(w.Raw)) + 4095) / 4096 * 4096 // so that ONNX Runtime can map it
		if _, err := f.WriteAt(w.Raw, at); err != nil {
			return nil, err
		}
		at += padded
	}
	return places, f.Truncate(at)
}

// externalTensor is a TensorProto whose numbers lie in weightsFile.
func externalTensor(name string, w Weight, offset int64) []byte {
	b := tensorHeader(name, w)
	for _, pair := range [][2]string{
		{"location", weightsFile}, {"offset", strconv.FormatInt(offset, 10)}, {"length", strconv.Itoa(len(w.Raw))},
	} {
		entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), pair[0])
		entry = protowire.AppendString(protowire.AppendTag(entry, 2, protowire.BytesType), pair[1])
		b = protowire.AppendBytes(protowire.AppendTag(b, 13, protowire.BytesType), entry)
	}
	return protowire.AppendVarint(protowire.AppendTag(b, 14, protowire.VarintType), 1)
}

func writeSegments(path string, list []segment, r io.ReaderAt) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, s := range list {
		if s.bytes != nil {
			_, err = f.Write(s.bytes)
		} else {
			_, err = io.Copy(f, io.NewSectionReader(r, s.from, s.to-s.from))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bring links a file to another place, or copies it where links aren't possible.
func bring(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
