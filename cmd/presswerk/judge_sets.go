package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge/sets"
	"presswerk/internal/vision"
)

// featureSource is a network whose features sets are compared by.
type featureSource struct {
	Name    string `json:"name"`
	path    func(g *globals) (string, error)
	options vision.EmbedderOptions
	remedy  string
}

// featureSources lists the networks, the one that papers use first.
func featureSources() []featureSource {
	half := [3]float32{0.5, 0.5, 0.5}
	native := func(name string) func(*globals) (string, error) {
		return func(g *globals) (string, error) { return g.settings.native(filepath.FromSlash(name)), nil }
	}
	stored := func(name string) featureSource {
		return featureSource{name, func(g *globals) (string, error) {
			m, err := g.store().Find(name)
			if err != nil {
				return "", err
			}
			return filepath.Join(g.store().Folder(m), "visual", "model.onnx"), nil
		}, vision.CLIPOptions(0), "presswerk models pull " + name}
	}
	return []featureSource{
		{"inception", native(judgeFolder + "/inception.onnx"), vision.EmbedderOptions{Side: 299, Mean: half, Std: half, Whole: true}, "no catalogue has it: put FID's Inception v3 up to its last pooling, as ONNX [n, 3, 299, 299] to [n, 2048], there as " + judgeFolder + "/inception.onnx"},
		stored("clip-vit-l-14-openai"), stored("openclip-vit-l-14"), stored("openclip-vit-b-32"),
		{"house-clip", native("models/house-clip/image_encoder/model.onnx"), vision.EmbedderOptions{Side: 64, Mean: half, Std: half, Whole: true}, "python -m trainer.house.export_clip models/house-clip"},
	}
}

// setsAnswer is the answer of judge --set.
type setsAnswer struct {
	Set      string         `json:"set"`
	Against  string         `json:"against"`
	Pictures [2]int         `json:"pictures"` // in each
	Features string         `json:"features"` // the network's name: numbers of another one can't be compared
	SHA256   string         `json:"features_sha256"`
	Measures []sets.Measure `json:"measures"`
}

// runSets compares two folders of pictures.
func (c *judgeCmd) runSets(ctx context.Context, g *globals) error {
	if c.Set == "" || c.Against == "" || len(c.Files) > 0 {
		return art.Invalid("set", "two folders are compared, and no files beside them", "give --set DIR --against DIR")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	source, embedder, path, err := t.features(c.Features)
	if err != nil {
		return err
	}
	answer := setsAnswer{Set: c.Set, Against: c.Against, Features: source}
	if answer.SHA256, err = fileDigest(path); err != nil {
		return err
	}
	var both [2]sets.Set
	for i, dir := range []string{c.Set, c.Against} {
		rows, err := embedFolder(ctx, embedder, dir)
		if err != nil {
			return err
		}
		if both[i], err = sets.New(rows); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		answer.Pictures[i] = len(rows)
	}
	if answer.Measures, err = sets.Compare(ctx, both[0], both[1], sets.Options{Resamples: c.Resamples}); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("sets_features", source, answer.Pictures[0], answer.Pictures[1]))
		for _, m := range answer.Measures {
			fmt.Fprintf(w, "  %-14s %10.4f  %10.4f … %-10.4f %s\n", m.Name, m.Value, m.Low, m.High, m.Meaning.In(g.words.lang))
		}
	})
}

// features opens the network that is named, or the first that is there.
func (t *tools) features(name string) (string, *vision.Embedder, string, error) {
	var remedies []string
	for _, s := range featureSources() {
		if name != "" && s.Name != name {
			continue
		}
		path, err := s.path(t.g)
		if err == nil {
			_, err = os.Stat(path)
		}
		if errors.Is(err, art.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			remedies = append(remedies, fmt.Sprintf("%s (%s)", s.Name, s.remedy))
			continue
		}
		if err != nil {
			return "", nil, "", fmt.Errorf("looking for %s: %w", s.Name, err)
		}
		network, err := t.network(path, nil, t.g.settings.Threads)
		if err != nil {
			return "", nil, "", err
		}
		e, err := vision.NewEmbedder(network, s.options)
		return s.Name, e, path, err
	}
	if len(remedies) == 0 {
		return "", nil, "", art.Invalid("features", fmt.Sprintf("%q is no network for them", name), "take inception, clip-vit-l-14-openai, openclip-vit-l-14, openclip-vit-b-32 or house-clip")
	}
	return "", nil, "", fmt.Errorf("no network for features of pictures is here; any of these will do: %s: %w", strings.Join(remedies, "; "), art.ErrUnavailable)
}

// embedFolder takes the pictures of a folder by name. Files that are no pictures are an error: a set should be what it's
// taken for.
func embedFolder(ctx context.Context, e *vision.Embedder, dir string) ([][]float32, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading a set: %w: %w", err, art.ErrInvalid)
	}
	files = slices.DeleteFunc(files, func(f os.DirEntry) bool { return f.IsDir() || strings.HasPrefix(f.Name(), ".") })
	rows := make([][]float32, 0, len(files))
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		p, _, err := readApart(ctx, data, imaging.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		v, err := e.Embed(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		rows = append(rows, v)
	}
	return rows, nil
}
