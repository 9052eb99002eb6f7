package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/model"
	"presswerk/internal/modelstore"
)

// modelsConvertCmd turns a checkpoint into a model that the renderer opens, or an ncnn network into ONNX.
type modelsConvertCmd struct {
	Source     []string `arg:"" placeholder:"MODEL" help:"${arg_convert}"`
	As         string   `name:"as" placeholder:"NAME[@VERSION]" help:"${flag_as}"`
	Config     string   `name:"config" placeholder:"NAME|DIR" help:"${flag_config}"`
	ControlNet []string `name:"controlnet" placeholder:"NAME|DIR" help:"${flag_controlnet}"`
	Half       bool     `name:"fp16" help:"${flag_fp16}"`
	Check      bool     `name:"check" help:"${flag_check}"`
}

// Run converts into a folder of its own and takes that into the store.
func (c *modelsConvertCmd) Run(ctx context.Context, g *globals) error {
	if len(c.Source) == 3 {
		return c.ncnn(g)
	}
	if len(c.Source) != 1 {
		return art.Invalid("MODEL", fmt.Sprintf("%d were named", len(c.Source)), "name one model; or PARAM BIN OUT of an ncnn network")
	}
	from, found, m, err := g.weights(c.Source[0])
	if err != nil {
		return err
	}
	if err := convertible(c.Source[0], found); err != nil {
		return err
	}
	t, err := g.trainer(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(g.settings.Cache, 0o755); err != nil {
		return fmt.Errorf("making a folder to convert in: %w", err)
	}
	work, err := os.MkdirTemp(g.settings.Cache, "convert-")
	if err != nil {
		return fmt.Errorf("making a folder to convert in: %w", err)
	}
	defer os.RemoveAll(work)
	if found.Form == modelstore.FormSafetensors {
		if from, err = c.unpack(ctx, g, t, from, found, work); err != nil {
			return err
		}
	}
	out := filepath.Join(work, "onnx")
	command, err := c.command(g, t, from, out)
	if err != nil {
		return err
	}
	if err := g.runTool(ctx, t.root, command...); err != nil {
		return fmt.Errorf("converting %s: %w", c.Source[0], err)
	}
	return c.keep(ctx, g, m, from, out)
}

// weights finds what is to be converted: a path, or a model of the store.
func (g *globals) weights(name string) (string, modelstore.Found, modelstore.Manifest, error) {
	if _, err := os.Stat(name); err == nil {
		found, err := modelstore.Detect(name)
		return name, found, modelstore.Manifest{Source: filepath.ToSlash(name)}, err
	}
	m, err := g.store().Find(name)
	if err != nil {
		return "", modelstore.Found{}, m, err
	}
	dir := g.store().Folder(m)
	if m.Single() {
		dir = filepath.Join(dir, filepath.FromSlash(m.Files[0].Path))
	}
	found, err := modelstore.Detect(dir)
	return dir, found, m, err
}

func convertible(name string, f modelstore.Found) error {
	switch f.Kind {
	case art.ModelCheckpoint:
		return nil
	case art.ModelPipeline:
		return art.Unsupported(name, "is ONNX already", "add it: presswerk models add")
	case art.ModelLoRA, art.ModelEmbedding:
		return art.Unsupported(name, "is a "+f.Kind+", which is used as it is", "add it: presswerk models add; recipes then name it")
	case art.ModelControl:
		return art.Unsupported(name, "is converted together with the model that it steers", "presswerk models convert MODEL --controlnet "+name)
	default:
		return art.Unsupported(name, "is no checkpoint", "name a diffusers folder, or a single safetensors file of Stable Diffusion or SDXL")
	}
}

// unpack turns a single file into a diffusers folder. Sizes and vocabulary, which such a file lacks, come from a folder
// of its family.
func (c *modelsConvertCmd) unpack(ctx context.Context, g *globals, t trainer, file string, f modelstore.Found, work string) (string, error) {
	known := map[string]string{model.FamilySD1: "sd-1.5-config", model.FamilySDXL: "sdxl-config"}[f.Family]
	config := cmp.Or(c.Config, known)
	if config == "" {
		return "", art.Invalid("config", fmt.Sprintf("no configuration is known for a checkpoint of the family %q", f.Family), "name a diffusers folder of its family: --config DIR")
	}
	if _, err := os.Stat(config); err != nil {
		m, err := g.store().Find(config)
		if err != nil {
			return "", fmt.Errorf("a single file lacks configuration and vocabulary; fetch them (presswerk models pull %s) or name a diffusers folder of its family (--config DIR): %w", cmp.Or(known, "sd-1.5-config"), err)
		}
		config = g.store().Folder(m)
	}
	out := filepath.Join(work, "diffusers")
	for _, path := range []*string{&file, &config} {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return "", fmt.Errorf("finding %s: %w", *path, err)
		}
		*path = abs
	}
	if err := g.runTool(ctx, t.root, t.python, "-m", "trainer.export.single", file, config, out); err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	return out, nil
}

// command is the exporter's command line.
func (c *modelsConvertCmd) command(g *globals, t trainer, from, out string) ([]string, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", from, err)
	}
	command := []string{t.python, "-m", "trainer.export", from, out}
	if len(c.ControlNet) > 0 {
		command = append(command, "--controlnet")
	}
	for _, name := range c.ControlNet {
		dir, found, _, err := g.weights(name)
		if err != nil {
			return nil, err
		}
		if found.Kind != art.ModelControl {
			return nil, art.Unsupported("controlnet", name+" is no control network", "name one: presswerk models list --known")
		}
		if dir, err = filepath.Abs(dir); err != nil {
			return nil, fmt.Errorf("finding %s: %w", name, err)
		}
		command = append(command, dir)
	}
	if c.Half {
		command = append(command, "--fp16")
	}
	if c.Check {
		command = append(command, "--check")
	}
	return command, nil
}

// keep takes the converted folder into the store, under the checkpoint's name and a version of its own.
func (c *modelsConvertCmd) keep(ctx context.Context, g *globals, m modelstore.Manifest, from, out string) error {
	o := modelstore.AddOptions{License: m.License, Source: "converted from " + m.Source}
	o.Name, o.Version, _ = strings.Cut(c.As, "@")
	if m.Name != "" {
		o.Name, o.Version = cmp.Or(o.Name, m.Name), cmp.Or(o.Version, m.Version+"-onnx")
		o.Source = "converted from " + m.Ref() + " " + m.SHA256
	}
	if o.Name == "" {
		base := strings.TrimSuffix(filepath.Base(c.Source[0]), filepath.Ext(c.Source[0]))
		o.Name = strings.ToLower(base)
	}
	if err := keepCard(from, out); err != nil {
		return fmt.Errorf("keeping the card: %w", err)
	}
	if err := descend(out, m); err != nil {
		return err
	}
	kept, err := g.store().Add(ctx, out, o)
	if err != nil {
		return err
	}
	if err := g.draftFor(kept); err != nil {
		return err
	}
	return g.kept(kept)
}

// descend writes into a converted folder which model of the store it came from: a LoRA that was trained on that fits.
func descend(out string, m modelstore.Manifest) error {
	if m.Name == "" {
		return nil
	}
	file := filepath.Join(out, "model.json")
	about := map[string]any{}
	if err := readJSON(file, &about); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	about["checkpoint"] = art.ModelRef{Name: m.Name, Version: m.Version, SHA256: m.SHA256}
	text, err := json.MarshalIndent(about, "", " ")
	if err != nil {
		return fmt.Errorf("saying what the model was converted from: %w", err)
	}
	return writeWhole(file, text)
}

// ncnn writes the ONNX file of an ncnn network whole or not at all.
func (c *modelsConvertCmd) ncnn(g *globals) error {
	in, err := os.ReadFile(c.Source[0])
	if err != nil {
		return fmt.Errorf("reading %s: %w: %w", c.Source[0], err, art.ErrInvalid)
	}
	bin, err := os.ReadFile(c.Source[1])
	if err != nil {
		return fmt.Errorf("reading %s: %w: %w", c.Source[1], err, art.ErrInvalid)
	}
	data, err := model.ConvertNCNN(in, bin)
	if err != nil {
		return fmt.Errorf("converting %s: %w", c.Source[0], err)
	}
	if err := writeWhole(c.Source[2], data); err != nil {
		return err
	}
	answer := struct {
		File   string `json:"file"`
		SHA256 string `json:"sha256"`
	}{c.Source[2], art.Digest(data)}
	return g.answer(answer, func(w io.Writer) { fmt.Fprintln(w, answer.SHA256, answer.File) })
}

// keepCard copies a model's card, where it has one, with the pictures on it. A card with a mistake goes along as it is.
func keepCard(from, to string) error {
	files := []string{cardName}
	if card, err := readCard(filepath.Join(from, cardName)); err == nil {
		for _, p := range card.Pictures {
			files = append(files, filepath.FromSlash(p.File))
		}
	}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		file := filepath.Join(to, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, data, 0o600)); err != nil {
			return err
		}
	}
	return nil
}
