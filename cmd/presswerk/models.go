package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/model"
)

// modelsCmd is about models.
type modelsCmd struct {
	List    modelsListCmd    `cmd:"" default:"1" help:"${models_list}"`
	Show    modelsShowCmd    `cmd:"" help:"${models_show}"`
	Convert modelsConvertCmd `cmd:"" help:"${models_convert}"`
}

type modelsListCmd struct{}

// Run lists every model that an engine can use.
func (*modelsListCmd) Run(g *globals) error {
	models, err := allModels(g)
	if err != nil {
		return err
	}
	return g.answer(struct {
		Models []engine.Model `json:"models"`
	}{models}, func(w io.Writer) {
		for _, m := range models {
			ref := m.Capabilities.Model
			fmt.Fprintf(w, "%-12s %-8s %s  %s\n", ref.Name, ref.Version, ref.SHA256[:min(16, len(ref.SHA256))], m.ModelLicense)
		}
	})
}

func allModels(g *globals) ([]engine.Model, error) {
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	registry, err := t.engines()
	if err != nil {
		return nil, err
	}
	all := []engine.Model{}
	for _, e := range registry.All() {
		all = append(all, e.Info().Models...)
	}
	return all, nil
}

type modelsShowCmd struct {
	Name string `arg:"" help:"${arg_model}"`
}

// Run shows what is known of one model, with its card.
func (c *modelsShowCmd) Run(g *globals) error {
	models, err := allModels(g)
	if err != nil {
		return err
	}
	for _, m := range models {
		if m.Capabilities.Model.Name != c.Name {
			continue
		}
		return g.answer(m, func(w io.Writer) {
			for _, dir := range g.settings.ModelDirs {
				if card, err := os.ReadFile(filepath.Join(dir, c.Name, "CARD.md")); err == nil {
					fmt.Fprintln(w, string(card))
					return
				}
			}
			fmt.Fprintf(w, "%s %s %s\n", c.Name, m.Capabilities.Model.Version, m.Capabilities.Model.SHA256)
		})
	}
	return fmt.Errorf("there is no model %q; see 'presswerk models list': %w", c.Name, art.ErrNotFound)
}

// modelsConvertCmd turns an ncnn network into ONNX.
type modelsConvertCmd struct {
	Param string `arg:"" type:"existingfile" help:"${arg_param}"`
	Bin   string `arg:"" type:"existingfile" help:"${arg_bin}"`
	Out   string `arg:"" type:"path" help:"${arg_onnx}"`
}

// Run writes the ONNX file whole or not at all.
func (c *modelsConvertCmd) Run(g *globals) error {
	param, err := os.ReadFile(c.Param)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.Param, err)
	}
	bin, err := os.ReadFile(c.Bin)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.Bin, err)
	}
	data, err := model.ConvertNCNN(param, bin)
	if err != nil {
		return fmt.Errorf("converting %s: %w", c.Param, err)
	}
	if err := writeWhole(c.Out, data); err != nil {
		return err
	}
	answer := struct {
		File   string `json:"file"`
		SHA256 string `json:"sha256"`
	}{c.Out, art.Digest(data)}
	return g.answer(answer, func(w io.Writer) { fmt.Fprintln(w, answer.SHA256, answer.File) })
}
