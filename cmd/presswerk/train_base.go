package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine/local"
	"presswerk/internal/model"
	"presswerk/internal/modelstore"
	"presswerk/internal/onnx"
)

// trainBase is the model that a training adds to.
type trainBase struct {
	ref    art.ModelRef
	dir    string
	form   string // modelstore.FormONNX or FormDiffusers
	family string
	native int // pixels a side
	words  *art.Vocabulary
	card   *art.ModelCard
	usual  defaults
	learns map[string]lessons // by kind of training
}

// lessons are how a model says that it best learns; 0 says nothing.
type lessons struct {
	Steps  int      `json:"steps"`
	Batch  int      `json:"batch"`
	Rate   float64  `json:"learning_rate"`
	Layers []string `json:"layers"` // beginnings of the names of layers that learn; none says all
}

// defaults are how a model is best drawn with.
type defaults struct {
	Guidance float64 `json:"guidance_scale"`
	Steps    int     `json:"steps"`
}

// base finds a model by name or folder: one that comes along, one of the store, or a diffusers folder.
func (t *tools) base(name string) (trainBase, error) {
	b, err := t.findBase(name)
	if err != nil {
		return b, err
	}
	found, err := modelstore.Detect(b.dir)
	if err != nil {
		return b, err
	}
	b.form, b.family = found.Form, found.Family
	if found.Kind != art.ModelPipeline && (found.Kind != art.ModelCheckpoint || found.Form != modelstore.FormDiffusers) {
		return b, art.Unsupported("model", name+" is no model that can be trained on", "name the house model, or a diffusers folder of Stable Diffusion 1.x or SDXL; a single file is unpacked by presswerk models convert")
	}
	if b.ref.SHA256 == "" {
		if b.ref.SHA256, err = digestOf(b.dir, found); err != nil {
			return b, err
		}
	}
	return b, b.describe()
}

func (t *tools) findBase(name string) (trainBase, error) {
	if info, err := os.Stat(filepath.Join(name, model.IndexFile)); err == nil && info.Mode().IsRegular() {
		dir, err := filepath.Abs(name)
		if err != nil {
			return trainBase{}, fmt.Errorf("finding %s: %w", name, err)
		}
		return trainBase{ref: art.ModelRef{Name: filepath.Base(dir)}, dir: dir}, nil
	}
	for _, dir := range t.modelFolders() {
		var about struct{ Name, Version string }
		if err := readJSON(filepath.Join(dir, "model.json"), &about); err != nil {
			continue // a folder without a name of its own is found by its path
		}
		if about.Name != "" && (name == about.Name || name == about.Name+"@"+about.Version) {
			return trainBase{ref: art.ModelRef{Name: about.Name, Version: about.Version}, dir: dir}, nil
		}
	}
	m, err := t.g.store().Find(name)
	if err != nil {
		return trainBase{}, err
	}
	return trainBase{ref: art.ModelRef{Name: m.Name, Version: m.Version, SHA256: m.SHA256}, dir: t.g.store().Folder(m)}, nil
}

// describe reads what the folder says of itself.
func (b *trainBase) describe() error {
	about := struct {
		Width    int                `json:"width"`
		Defaults defaults           `json:"defaults"`
		Words    *art.Vocabulary    `json:"vocabulary"`
		Training map[string]lessons `json:"training"`
	}{}
	if err := readJSON(filepath.Join(b.dir, "model.json"), &about); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var unet struct {
		Side any `json:"sample_size"`
	}
	var vae struct {
		Blocks []int `json:"block_out_channels"`
	}
	if err := readJSON(filepath.Join(b.dir, "unet", "config.json"), &unet); err != nil {
		return err
	}
	if err := errors.Join(readJSON(filepath.Join(b.dir, "vae", "config.json"), &vae)); err != nil {
		if err := readJSON(filepath.Join(b.dir, "vae_decoder", "config.json"), &vae); err != nil {
			return err
		}
	}
	b.native, b.words, b.usual, b.learns = about.Width, about.Words, about.Defaults, about.Training
	if side, ok := unet.Side.(float64); ok && b.native == 0 {
		b.native = int(side) << max(0, len(vae.Blocks)-1)
	}
	if b.native < 8 {
		return art.Invalid("model", b.dir+" doesn't say how large its pictures are", "write --size PIXELS")
	}
	if b.usual.Guidance == 0 {
		b.usual.Guidance = 7
	}
	if b.usual.Steps == 0 {
		b.usual.Steps = 20
	}
	if c, err := readCard(filepath.Join(b.dir, cardName)); err == nil {
		b.card = &c
	}
	return nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if err := json.Unmarshal(local.FiniteJSON(data), into); err != nil {
		return fmt.Errorf("%s: %w: %w", path, err, art.ErrInvalid)
	}
	return nil
}

// digestOf is a folder's identity, as the store and the engine reckon it.
func digestOf(dir string, f modelstore.Found) (string, error) {
	sums := map[string]string{}
	for _, name := range f.Files {
		if f.Kind == art.ModelPipeline && !model.PartOfFolder(name) {
			continue
		}
		sum, err := fileDigest(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		sums[name] = sum
	}
	return model.FolderDigest(sums), nil
}

// size is how large training pictures are.
func (b trainBase) size(asked int) (width, height int) {
	if asked > 0 {
		return asked, asked
	}
	return b.native, b.native
}

func (b trainBase) subjects() []string {
	if b.words == nil {
		return nil
	}
	return b.words.Subjects
}

// can refuses what a model can't be trained for, with the reason.
func (b trainBase) can(kind string) error {
	if b.form != modelstore.FormONNX {
		return nil
	}
	if b.family == model.FamilySDXL {
		return art.Unsupported("model", b.ref.Name+" is there as ONNX graphs of SDXL, whose second text encoder the trainer doesn't read", "train on the diffusers folder that it was converted from")
	}
	if kind != kindControlNet {
		return nil
	}
	g, err := onnx.OpenGraph(os.DirFS(b.dir), "unet/model.onnx")
	if err != nil {
		return fmt.Errorf("looking for a UNet's inputs: %w", err)
	}
	for _, n := range g.Nodes {
		if slices.ContainsFunc(n.Inputs, local.IsResidual) {
			return nil
		}
	}
	return art.Unsupported("model", b.ref.Name+" has a UNet that takes no residuals of a control network", "export it again with inputs for them, or train on a diffusers folder of Stable Diffusion and convert both: presswerk models convert MODEL --controlnet NAME")
}

// weights tells the trainer where torch's weights lie in an ONNX UNet, by the names under which the renderer will look for
// a LoRA's changes: those of layers whose names begin as asked.
func (b trainBase) weights(layers []string) (map[string]string, error) {
	if b.form != modelstore.FormONNX {
		if len(layers) > 0 {
			return nil, art.Unsupported("layers", "layers are named for models in ONNX only, and "+b.ref.Name+" is a diffusers folder", "leave --layers out")
		}
		return nil, nil
	}
	n, err := model.OpenNetwork(os.DirFS(b.dir), "unet/model.onnx")
	if err != nil {
		return nil, err
	}
	places := n.Places()
	if len(places) == 0 {
		return nil, art.Unsupported("model", b.ref.Name+" has no weights that a LoRA could change", "export it again from its checkpoint: presswerk models convert")
	}
	for _, beginning := range layers {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(places)), func(name string) bool { return strings.HasPrefix(name, beginning) }) {
			return nil, art.Invalid("layers", fmt.Sprintf("no layer of %s has a name that begins with %q", b.ref.Name, beginning), "write one of: "+strings.Join(parts(places), ", "))
		}
	}
	maps.DeleteFunc(places, func(name, _ string) bool {
		return len(layers) > 0 && !slices.ContainsFunc(layers, func(beginning string) bool { return strings.HasPrefix(name, beginning) })
	})
	return places, nil
}

// parts are what names of layers begin with, up to their first dot.
func parts(places map[string]string) []string {
	found := map[string]bool{}
	for name := range places {
		first, _, _ := strings.Cut(name, ".")
		found[first+"."] = true
	}
	return slices.Sorted(maps.Keys(found))
}
