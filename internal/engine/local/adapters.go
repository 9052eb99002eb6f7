package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"strings"

	"presswerk/internal/art"
	lowrank "presswerk/internal/model"
	"presswerk/internal/onnx"
)

// Limits of a recipe's adapters.
const (
	maxAdapters      = 16
	maxAdapterWeight = 10
	adapterEnding    = ".safetensors"
)

// adapter is a LoRA file that a recipe names, and its strength.
type adapter struct {
	name   string
	path   string
	sealed func() ([]byte, error) // in place of path where the file is encrypted
	sha256 string
	weight float64
}

// Sealed is a LoRA that is encrypted on the disk. Its bytes are decrypted into memory while it is added to a model.
type Sealed struct {
	SHA256 string                 // of the plain bytes
	Open   func() ([]byte, error) // decrypts
}

// adapterSet is what is added to a model, in the recipe's order.
type adapterSet []adapter

// key tells sets apart: the same bytes with the same strengths are one set.
func (s adapterSet) key() string {
	var b strings.Builder
	for _, a := range s {
		fmt.Fprintf(&b, "%s:%v ", a.sha256, a.weight)
	}
	return b.String()
}

// adapters finds the files that a recipe's LoRAs name and makes sure that they are those whose SHA-256 it has. An adapter
// of weight 0 is left out, so that the model alone makes the picture, to the bit.
func (e *Engine) adapters(r art.Recipe) (adapterSet, error) {
	if len(r.LoRAs) > maxAdapters {
		return nil, art.Invalid("loras", fmt.Sprintf("%d are more than %d", len(r.LoRAs), maxAdapters), "take some out")
	}
	var set adapterSet
	for i, l := range r.LoRAs {
		field := fmt.Sprintf("loras[%d]", i)
		if math.IsNaN(l.Weight) || math.Abs(l.Weight) > maxAdapterWeight {
			return nil, art.Invalid(field+".weight", fmt.Sprintf("%v is not in %v … %v", l.Weight, -maxAdapterWeight, maxAdapterWeight), "1 is the strength that it was trained with")
		}
		a, err := e.locate(shelf{"LoRA", field, e.options.Adapters, []string{adapterEnding}}, l)
		if err != nil {
			return nil, err
		}
		if a.weight = l.Weight; a.weight != 0 {
			set = append(set, a)
		}
	}
	return set, nil
}

// locate finds a LoRA: a file in the folders, else one that is encrypted.
func (e *Engine) locate(s shelf, l art.LoRA) (adapter, error) {
	file, err := s.find(l.Name)
	if err == nil {
		sum, err := s.pinned(e.hasher, l.Name, file, l.SHA256)
		return adapter{name: l.Name, path: file, sha256: sum}, err
	}
	if e.options.Sealed == nil || !errors.Is(err, art.ErrNotFound) {
		return adapter{}, err
	}
	sealed, missing := e.options.Sealed(l.Name)
	switch {
	case errors.Is(missing, art.ErrNotFound):
		return adapter{}, err
	case missing != nil:
		return adapter{}, fmt.Errorf("local: LoRA %s: %w", l.Name, missing)
	}
	return adapter{name: l.Name, sealed: sealed.Open, sha256: sealed.SHA256}, s.matches(l.Name, sealed.SHA256, l.SHA256)
}

// patches holds, by network, the weights that take the place of a model's own.
type patches map[string]map[string]onnx.Weight

// of gives those of a network by its file, "unet/model.onnx".
func (p patches) of(file string) map[string]onnx.Weight { return p[path.Dir(file)] }

// patch computes a model's weights with the adapters added. The model's files are only read.
func (s adapterSet) patch(f *Folder) (_ patches, err error) {
	if len(s) == 0 {
		return nil, nil
	}
	networks, names := map[string]*lowrank.Network{}, map[string][]string{}
	for _, name := range f.adaptable() {
		n, err := lowrank.OpenNetwork(os.DirFS(f.Dir), name+"/model.onnx")
		if err != nil {
			return nil, fmt.Errorf("local: adding LoRAs to model %s: %w", f.about.Name, err)
		}
		networks[name], names[name] = n, n.Names()
	}
	opened, err := s.open(f, names)
	if err != nil {
		return nil, fmt.Errorf("local: adding LoRAs to model %s: %w", f.about.Name, err)
	}
	defer opened.close(&err)
	all := patches{}
	for name, n := range networks {
		if all[name], err = n.Patch(name, opened.loras); err != nil {
			return nil, fmt.Errorf("local: adding LoRAs to model %s: %w", f.about.Name, err)
		}
	}
	return all, nil
}

// openedSet is a set of adapters whose files are open.
type openedSet struct {
	loras []lowrank.Weighted
	files []io.Closer
}

// open reads the headers of all adapters. Their numbers are read from the files until these are closed.
func (s adapterSet) open(f *Folder, names map[string][]string) (o openedSet, err error) {
	defer func() {
		if err != nil {
			o.close(&err)
		}
	}()
	for _, a := range s {
		lora, file, err := a.open(f, names)
		if err != nil {
			return o, fmt.Errorf("LoRA %s: %w", a.name, err)
		}
		o.files = append(o.files, file)
		o.loras = append(o.loras, lowrank.Weighted{LoRA: lora, Name: a.name, Weight: a.weight})
	}
	return o, nil
}

// close closes the files; its error stands behind the one that is on its way already.
func (o openedSet) close(err *error) {
	for _, f := range o.files {
		*err = errors.Join(*err, f.Close())
	}
}

// open reads an adapter's header. Its numbers are read from the file later; one that is encrypted is decrypted into memory,
// and nothing of it is written.
func (a adapter) open(f *Folder, names map[string][]string) (*lowrank.LoRA, io.Closer, error) {
	if a.sealed != nil {
		data, err := a.sealed()
		if err != nil {
			return nil, nil, err
		}
		if sum := art.Digest(data); sum != a.sha256 {
			return nil, nil, fmt.Errorf("it has SHA-256 %s, and %s was named: %w", sum, a.sha256, art.ErrMismatch)
		}
		lora, err := readAdapter(f, bytes.NewReader(data), int64(len(data)), names)
		return lora, io.NopCloser(nil), err
	}
	file, err := os.Open(a.path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	lora, err := readAdapter(f, file, info.Size(), names)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return lora, file, nil
}

func readAdapter(f *Folder, file io.ReaderAt, size int64, names map[string][]string) (*lowrank.LoRA, error) {
	tensors, err := lowrank.OpenSafetensors(file, size)
	if err != nil {
		return nil, err
	}
	if err := f.made(tensors); err != nil {
		return nil, err
	}
	return lowrank.OpenLoRA(tensors, names)
}

// adaptable lists the networks that adapters change.
func (f *Folder) adaptable() []string {
	names := []string{lowrank.UNet}
	if f.hasEncoder() {
		names = append(names, lowrank.TextEncoder)
	}
	if f.xl() {
		names = append(names, lowrank.TextEncoder2)
	}
	return names
}
