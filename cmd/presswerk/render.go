package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/local"
	"presswerk/internal/imaging"
)

// renderCmd renders one recipe, exactly. The flags replace or expose what is otherwise drawn from the seed.
type renderCmd struct {
	Recipe      string   `arg:"" type:"existingfile" help:"${arg_recipe}"`
	Out         string   `short:"o" name:"out" type:"path" required:"" placeholder:"DIR" help:"${flag_out}"`
	Latents     string   `name:"latents" type:"existingfile" placeholder:"NPY" help:"${flag_latents}"`
	Noise       string   `name:"noise" type:"existingfile" placeholder:"NPY" help:"${flag_noise}"`
	Posterior   string   `name:"posterior" type:"existingfile" placeholder:"NPY" help:"${flag_posterior}"`
	Init        string   `name:"init" type:"existingfile" placeholder:"PNG" help:"${flag_init}"`
	Mask        string   `name:"mask" type:"existingfile" placeholder:"PNG" help:"${flag_mask}"`
	Control     []string `name:"control" type:"existingfile" sep:"none" placeholder:"PNG" help:"${flag_control}"`
	Reference   []string `name:"reference" type:"existingfile" sep:"none" placeholder:"PNG" help:"${flag_reference}"`
	SaveLatents string   `name:"save-latents" type:"path" placeholder:"NPY" help:"${flag_savelat}"`
	SaveImage   string   `name:"save-image" type:"path" placeholder:"NPY" help:"${flag_saveimg}"`
	SaveSteps   string   `name:"save-steps" type:"path" placeholder:"DIR" help:"${flag_savesteps}"`
}

// rendered is the answer of render.
type rendered struct {
	Recipe   string   `json:"recipe"`
	Pictures []string `json:"pictures"`
	Pixels   []string `json:"pixels_sha256"`
	Notes    []string `json:"notes,omitempty"`
}

// Run writes DIR/0.png … and DIR/recipe.json.
func (c *renderCmd) Run(ctx context.Context, g *globals) error {
	recipe, err := readRecipe(c.Recipe)
	if err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // pictures are written by then
	answer, err := c.render(ctx, t, recipe)
	if err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		for _, p := range answer.Pictures {
			fmt.Fprintln(w, p)
		}
		for _, n := range answer.Notes {
			g.note("%s", n)
		}
	})
}

// render has the recipe's engine make the pictures and writes them; a recipe without one means the embedded renderer.
func (c *renderCmd) render(ctx context.Context, t *tools, recipe art.Recipe) (rendered, error) {
	if recipe.Engine != "" && recipe.Engine != local.Name {
		p, named, err := c.elsewhere(ctx, t, recipe)
		if err != nil {
			return rendered{}, err
		}
		return c.write(named, []engine.Picture{p})
	}
	in, err := c.inputs(ctx)
	if err != nil {
		return rendered{}, err
	}
	e, err := t.local(recipeFolders(recipe)...)
	if err != nil {
		return rendered{}, err
	}
	result, err := e.RenderArrays(ctx, recipe, in, nil)
	if err != nil {
		return rendered{}, err
	}
	var all []engine.Picture
	for i := range result.Image.Shape[0] {
		p, err := result.Picture(i)
		if err != nil {
			return rendered{}, err
		}
		all = append(all, p)
	}
	answer, err := c.write(recipe, all)
	if err != nil {
		return answer, err
	}
	return answer, c.writeArrays(result)
}

// readRecipe reads a recipe strictly: an unknown field would be ignored silently and change the picture.
func readRecipe(path string) (art.Recipe, error) {
	var r art.Recipe
	data, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("reading %s: %w", path, err)
	}
	d := json.NewDecoder(bytes.NewReader(local.FiniteJSON(data))) // scheduler_config.json files hold -Infinity
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("%s is no recipe: %w: %w", path, err, art.ErrInvalid)
	}
	return r, nil
}

func (c *renderCmd) inputs(ctx context.Context) (local.Inputs, error) {
	in := local.Inputs{KeepSteps: c.SaveSteps != ""}
	for path, slot := range map[string]**local.Array{c.Latents: &in.Latents, c.Noise: &in.StepNoise, c.Posterior: &in.Posterior} {
		if path == "" {
			continue
		}
		a, err := readArray(path)
		if err != nil {
			return in, err
		}
		*slot = &a
	}
	for path, slot := range map[string]**imaging.RGB{c.Init: &in.Init, c.Mask: &in.Mask} {
		if path == "" {
			continue
		}
		p, err := readPicture(ctx, path)
		if err != nil {
			return in, err
		}
		*slot = p
	}
	var err error
	if in.Controls, err = readPictures(ctx, c.Control); err != nil {
		return in, err
	}
	in.References, err = readPictures(ctx, c.Reference)
	return in, err
}

func readPictures(ctx context.Context, paths []string) ([]*imaging.RGB, error) {
	var all []*imaging.RGB
	for _, path := range paths {
		p, err := readPicture(ctx, path)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func readPicture(ctx context.Context, path string) (*imaging.RGB, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	p, _, err := readApart(ctx, data, imaging.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func readArray(path string) (local.Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return local.Array{}, fmt.Errorf("opening %s: %w", path, err)
	}
	defer f.Close()
	a, err := local.ReadNPY(f)
	if err != nil {
		return a, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// write puts pictures and recipe into place.
func (c *renderCmd) write(recipe art.Recipe, pictures []engine.Picture) (rendered, error) {
	id, err := recipe.ID()
	if err != nil {
		return rendered{}, err
	}
	answer := rendered{Recipe: id, Pictures: []string{}, Pixels: []string{}}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return answer, fmt.Errorf("making %s: %w", c.Out, err)
	}
	for i, p := range pictures {
		path := filepath.Join(c.Out, fmt.Sprintf("%d.%s", i, strings.TrimPrefix(p.MIME, "image/")))
		if err := writeWhole(path, p.Bytes); err != nil {
			return answer, err
		}
		answer.Pictures, answer.Pixels = append(answer.Pictures, path), append(answer.Pixels, p.PixelsSHA256)
		answer.Notes = append(answer.Notes, p.Notes...)
	}
	text, err := json.MarshalIndent(recipe, "", "  ")
	if err != nil {
		return answer, fmt.Errorf("writing the recipe down: %w", err)
	}
	if err := writeWhole(filepath.Join(c.Out, "recipe.json"), append(text, '\n')); err != nil {
		return answer, err
	}
	return answer, nil
}

func (c *renderCmd) writeArrays(result local.Result) error {
	arrays := map[string]local.Array{}
	if c.SaveLatents != "" {
		arrays[c.SaveLatents] = result.Latents
	}
	if c.SaveImage != "" {
		arrays[c.SaveImage] = result.Image
	}
	if c.SaveSteps != "" {
		if err := os.MkdirAll(c.SaveSteps, 0o755); err != nil {
			return fmt.Errorf("making %s: %w", c.SaveSteps, err)
		}
		for i, a := range result.Steps {
			arrays[filepath.Join(c.SaveSteps, fmt.Sprintf("%02d.npy", i))] = a
		}
	}
	for path, a := range arrays {
		var b bytes.Buffer
		if err := local.WriteNPY(&b, a); err != nil {
			return err
		}
		if err := writeWhole(path, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// writeWhole writes a file beside its place and renames it, so that nobody ever sees half of it.
func writeWhole(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".presswerk-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s (is the disk full?): %w", path, err), os.Remove(tmp.Name()))
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err = errors.Join(tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
