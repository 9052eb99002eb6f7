package local

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
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
	sha256 string
	weight float64
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
		file, err := e.findAdapter(field, l.Name)
		if err != nil {
			return nil, err
		}
		sum, err := e.hasher.file(file)
		if err != nil {
			return nil, fmt.Errorf("local: hashing LoRA %s: %w", l.Name, err)
		}
		if l.SHA256 != "" && l.SHA256 != sum {
			return nil, &art.FieldError{
				Field: field + ".sha256", Reason: fmt.Sprintf("the recipe wants %s, but %s has %s", l.SHA256, file, sum),
				Remedy: "fetch the LoRA that the recipe names, or make a new recipe", Kind: art.ErrMismatch,
			}
		}
		if l.Weight != 0 {
			set = append(set, adapter{l.Name, file, sum, l.Weight})
		}
	}
	return set, nil
}

// findAdapter looks for a file in the folders of adapters, in their order. A name is no path.
func (e *Engine) findAdapter(field, name string) (string, error) {
	if name == "" || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return "", art.Invalid(field+".name", fmt.Sprintf("%q is no name of a file", name), "give the file's name without folder and "+adapterEnding)
	}
	for _, dir := range e.options.Adapters {
		file := filepath.Join(dir, name+adapterEnding)
		info, err := os.Stat(file)
		switch {
		case err == nil && info.Mode().IsRegular():
			return file, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("local: looking for LoRA %s: %w", name, err)
		}
	}
	remedy := "name a folder for adapters"
	if len(e.options.Adapters) > 0 {
		remedy = "put it into " + strings.Join(e.options.Adapters, " or ")
	}
	return "", &art.FieldError{Field: field + ".name", Reason: fmt.Sprintf("there is no %s%s here", name, adapterEnding), Remedy: remedy, Kind: art.ErrNotFound}
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
	opened, err := s.open(names)
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
	files []*os.File
}

// open reads the headers of all adapters. Their numbers are read from the files until these are closed.
func (s adapterSet) open(names map[string][]string) (o openedSet, err error) {
	defer func() {
		if err != nil {
			o.close(&err)
		}
	}()
	for _, a := range s {
		lora, file, err := a.open(names)
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

// open reads an adapter's header.
func (a adapter) open(names map[string][]string) (*lowrank.LoRA, *os.File, error) {
	file, err := os.Open(a.path)
	if err != nil {
		return nil, nil, err
	}
	lora, err := readAdapter(file, names)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return lora, file, nil
}

func readAdapter(file *os.File, names map[string][]string) (*lowrank.LoRA, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tensors, err := lowrank.OpenSafetensors(file, info.Size())
	if err != nil {
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
