package main

import (
	"context"
	"fmt"
	"os"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// elsewhere renders a recipe with an engine other than the embedded one. Services that may charge are refused: a workspace's
// ledger writes their calls down, and there may be none here.
func (c *renderCmd) elsewhere(ctx context.Context, t *tools, r art.Recipe) (engine.Picture, art.Recipe, error) {
	for flag, value := range map[string]string{
		"latents": c.Latents, "noise": c.Noise, "posterior": c.Posterior, "save-latents": c.SaveLatents, "save-image": c.SaveImage, "save-steps": c.SaveSteps,
	} {
		if value != "" {
			return engine.Picture{}, r, art.Unsupported("--"+flag, "only the embedded renderer has arrays to give and take", "take it out, or use engine local")
		}
	}
	r, files, err := c.named(r)
	if err != nil {
		return engine.Picture{}, r, err
	}
	t.open = func(_ context.Context, sum string) ([]byte, error) {
		if data, ok := files[sum]; ok {
			return data, nil
		}
		return nil, &art.FieldError{Field: "picture", Reason: "no file with SHA-256 " + sum + " was given", Remedy: "name it with --init, --mask, --control or --reference", Kind: art.ErrNotFound}
	}
	registry, err := t.engines(ctx)
	if err != nil {
		return engine.Picture{}, r, err
	}
	e, err := registry.Get(r.Engine)
	if err != nil {
		return engine.Picture{}, r, err
	}
	if m, err := e.Info().Model(r.Model); err == nil && m.Service != nil {
		return engine.Picture{}, r, art.Unsupported("engine", r.Engine+" may charge for pictures, and what is bought is written down beforehand", "use presswerk make")
	}
	p, err := e.Render(ctx, r, nil)
	return p, r, err
}

// named puts the pictures that flags give into the recipe, by their SHA-256, over those that it names.
func (c *renderCmd) named(r art.Recipe) (art.Recipe, map[string][]byte, error) {
	files := map[string][]byte{}
	read := func(path string, into *string) error {
		if path == "" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		sum := art.Digest(data)
		files[sum], *into = data, "sha256:"+sum
		return nil
	}
	if err := read(c.Init, &r.InitImage); err != nil {
		return r, nil, err
	}
	if err := read(c.Mask, &r.MaskImage); err != nil {
		return r, nil, err
	}
	for _, list := range []struct {
		field string
		paths []string
		in    *[]art.Control
	}{{"controls", c.Control, &r.Controls}, {"references", c.Reference, &r.References}} {
		if len(list.paths) > len(*list.in) {
			return r, nil, art.Invalid(list.field, fmt.Sprintf("the recipe has %d, and %d pictures were given", len(*list.in), len(list.paths)), "describe each in the recipe")
		}
		own := append([]art.Control(nil), *list.in...)
		for i, path := range list.paths {
			if err := read(path, &own[i].Image); err != nil {
				return r, nil, err
			}
		}
		*list.in = own
	}
	return r, files, nil
}
