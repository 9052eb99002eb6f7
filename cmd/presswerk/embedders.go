package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/diffusion/tokenize"
	"presswerk/internal/judge"
	"presswerk/internal/model"
	"presswerk/internal/vision"
)

// featureSource is a network whose features pictures are compared by.
type featureSource struct {
	Name    string
	remedy  string
	path    func(g *globals) (string, error)                       // of the network for pictures
	options func(path string) (vision.EmbedderOptions, error)      // how it wants its pictures
	words   func(g *globals, path string) (network, tokens string) // of the network for words, and its tokenizer's folder; nil reads none
}

// The networks that features come from.
const (
	inceptionName = "inception"
	houseCLIPName = "house-clip"
	tasteCLIPName = "clip-vit-l-14-openai" // which the aesthetic head was trained over
	tasteName     = "aesthetic-v2"
)

// featureSources lists the networks, the one that papers use first.
func featureSources() []featureSource {
	fixed := func(o vision.EmbedderOptions) func(string) (vision.EmbedderOptions, error) {
		return func(string) (vision.EmbedderOptions, error) { return o, nil }
	}
	stored := func(name string) featureSource {
		return featureSource{
			Name: name, remedy: "presswerk models pull " + name, options: fixed(vision.CLIPOptions(0)),
			path: func(g *globals) (string, error) { return g.storedFile(name, "visual", "model.onnx") },
			words: func(_ *globals, path string) (string, string) {
				folder := filepath.Join(filepath.Dir(filepath.Dir(path)), "textual")
				return filepath.Join(folder, "model.onnx"), folder
			},
		}
	}
	half := [3]float32{0.5, 0.5, 0.5}
	return []featureSource{
		{
			Name: inceptionName, options: fixed(vision.EmbedderOptions{Side: 299, Mean: half, Std: half, Whole: true}),
			path: func(g *globals) (string, error) {
				return g.settings.native(filepath.FromSlash(judgeFolder + "/inception.onnx")), nil
			},
			remedy: "no catalogue has it: put FID's Inception v3 up to its last pooling, as ONNX [n, 3, 299, 299] to [n, 2048], there as " + judgeFolder + "/inception.onnx",
		},
		stored(tasteCLIPName), stored("openclip-vit-l-14"), stored("openclip-vit-b-32"),
		{Name: houseCLIPName, path: houseCLIP, options: writtenOptions, words: houseWords, remedy: "python -m trainer.house.export_eyes models/house"},
	}
}

// storedFile is a file of a model in the store.
func (g *globals) storedFile(name string, path ...string) (string, error) {
	m, err := g.store().Find(name)
	if err != nil {
		return "", err
	}
	return filepath.Join(g.store().Folder(m), filepath.Join(path...)), nil
}

// houseFile is a file of the house model, in the first folder of models that has it.
func houseFile(g *globals, path string) string {
	found := ""
	for _, dir := range g.settings.ModelDirs {
		found = filepath.Join(dir, "house", filepath.FromSlash(path))
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	return found
}

// houseCLIP is house CLIP's eye: it comes with the house model, or lies beside the native libraries.
func houseCLIP(g *globals) (string, error) {
	if path := houseFile(g, "image_encoder/model.onnx"); path != "" {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return g.settings.native(filepath.FromSlash("models/house-clip/image_encoder/model.onnx")), nil
}

// houseWords reads by the house model's own text encoder, whose space house CLIP was trained into.
func houseWords(g *globals, _ string) (network, tokens string) {
	return houseFile(g, "text_encoder/model.onnx"), houseFile(g, "tokenizer")
}

// writtenOptions are those that trainer/house/export_eyes.py writes beside the network.
func writtenOptions(path string) (o vision.EmbedderOptions, err error) {
	data, err := os.ReadFile(filepath.Join(filepath.Dir(path), "config.json"))
	if err != nil {
		return o, fmt.Errorf("reading how %s wants its pictures: %w: %w", path, err, art.ErrUnavailable)
	}
	var c struct {
		Side     int        `json:"image_size"`
		Mean     [3]float32 `json:"mean"`
		Std      [3]float32 `json:"std"`
		Resample string     `json:"resample"` // "area" squeezes the whole picture; "bicubic" cuts its middle out, as for CLIP
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return o, fmt.Errorf("reading how %s wants its pictures: %w: %w", path, err, art.ErrInvalid)
	}
	return vision.EmbedderOptions{Side: c.Side, Mean: c.Mean, Std: c.Std, Whole: c.Resample == "area"}, nil
}

// source finds the network that is named, or the first of those that are here; only those that read words count where words
// is true. None gives art.ErrUnavailable with what to do.
func (g *globals) source(name string, words bool) (featureSource, string, error) {
	var remedies, names []string
	for _, s := range featureSources() {
		if words && s.words == nil {
			continue
		}
		names = append(names, s.Name)
		if name != "" && s.Name != name {
			continue
		}
		path, err := s.path(g)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err == nil {
			return s, path, nil
		}
		if !errors.Is(err, art.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) {
			return s, "", fmt.Errorf("looking for %s: %w", s.Name, err)
		}
		remedies = append(remedies, fmt.Sprintf("%s (%s)", s.Name, s.remedy))
	}
	if len(remedies) == 0 {
		return featureSource{}, "", art.Invalid("features", fmt.Sprintf("%q is no network for them", name), "take one of "+strings.Join(names, ", "))
	}
	return featureSource{}, "", fmt.Errorf("no network for features of pictures is here; any of these will do: %s: %w", strings.Join(remedies, "; "), art.ErrUnavailable)
}

// embedder opens a network for pictures.
func (t *tools) embedder(s featureSource, path string) (*vision.Embedder, error) {
	o, err := s.options(path)
	if err != nil {
		return nil, err
	}
	network, err := t.network(path, nil, t.g.settings.Threads)
	if err != nil {
		return nil, err
	}
	return vision.NewEmbedder(network, o)
}

// embedders are judge.Embedders by what is configured and what is here; each network is opened once.
type embedders struct {
	t     *tools
	name  func() (judge.EmbedderName, error)
	open  func() (judge.Embedding, error)
	taste func() (judge.Taste, error)
	sum   func() string
}

func (t *tools) embedders() *embedders {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sees != nil {
		return t.sees
	}
	e := &embedders{t: t}
	t.sees = e
	e.name, e.open = sync.OnceValues(e.find), sync.OnceValues(e.load)
	e.taste, e.sum = sync.OnceValues(e.loadTaste), sync.OnceValue(e.tasteSum)
	return e
}

// Embedder implements judge.Embedders.
func (e *embedders) Embedder() judge.EmbedderName {
	name, _ := e.name() // Open tells what is wrong
	return name
}

// Open implements judge.Embedders.
func (e *embedders) Open() (judge.Embedding, error) { return e.open() }

// Taste implements judge.Embedders.
func (e *embedders) Taste() (judge.Taste, error) { return e.taste() }

// TasteSHA256 implements judge.Embedders.
func (e *embedders) TasteSHA256() string { return e.sum() }

func (e *embedders) find() (n judge.EmbedderName, err error) {
	s, path, err := e.t.g.source(e.t.g.settings.Embedder, true)
	if err != nil {
		return n, err
	}
	if n.SHA256, err = fileDigest(path); err != nil {
		return judge.EmbedderName{}, err
	}
	n.Name = s.Name
	words, _ := s.words(e.t.g, path)
	n.Words, _ = fileDigest(words) // a network may be here without its words
	return n, nil
}

func (e *embedders) load() (judge.Embedding, error) {
	s, path, err := e.t.g.source(e.t.g.settings.Embedder, true)
	if err != nil {
		return judge.Embedding{}, err
	}
	pictures, err := e.t.embedder(s, path)
	if err != nil {
		return judge.Embedding{}, err
	}
	words, folder := s.words(e.t.g, path)
	if e.Embedder().Words == "" { // it is here without its words
		return judge.Embedding{Pictures: pictures}, nil
	}
	tokens, err := tokenize.Open(os.DirFS(folder))
	if err != nil {
		return judge.Embedding{}, fmt.Errorf("opening the tokenizer of %s: %w", s.Name, err)
	}
	network, err := e.t.network(words, nil, e.t.g.settings.Threads)
	if err != nil {
		return judge.Embedding{}, err
	}
	text, err := vision.NewTextEmbedder(network, tokens)
	return judge.Embedding{Pictures: pictures, Words: text}, err
}

// tasteFile is the head's file in the store.
func (e *embedders) tasteFile() (string, error) {
	return e.t.g.storedFile(tasteName, "sac+logos+ava1-l14-linearMSE.pth")
}

func (e *embedders) tasteSum() string {
	path, err := e.tasteFile()
	if err != nil {
		return ""
	}
	sum, _ := fileDigest(path) // Taste tells what is wrong with it
	return sum
}

func (e *embedders) loadTaste() (judge.Taste, error) {
	missing := fmt.Errorf("the head for aesthetics or its network isn't here; run presswerk models pull %s and presswerk models pull %s: %w", tasteCLIPName, tasteName, art.ErrUnavailable)
	path, err := e.tasteFile()
	if err != nil {
		return judge.Taste{}, missing
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return judge.Taste{}, missing
	}
	head, err := model.OpenLinear(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return judge.Taste{}, fmt.Errorf("%s: %w", path, err)
	}
	if cmp.Or(e.t.g.settings.Embedder, tasteCLIPName) == tasteCLIPName && e.Embedder().Name == tasteCLIPName {
		open, err := e.open() // the same network: its weights are kept once
		return judge.Taste{Pictures: open.Pictures, Head: head}, err
	}
	s, network, err := e.t.g.source(tasteCLIPName, true)
	if err != nil {
		return judge.Taste{}, missing
	}
	pictures, err := e.t.embedder(s, network)
	return judge.Taste{Pictures: pictures, Head: head}, err
}
