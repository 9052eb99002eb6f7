package firefly

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

const maxUpload = 15 << 20 // bytes

// check refuses what the model can't honour, and what is gone.
func (e *Engine) check(r art.Recipe) (model, error) {
	m, ok := e.model(r.Model.Name)
	if !ok {
		_, err := e.info.Model(r.Model)
		return m, err
	}
	if err := wire.Retired(m.name, m.shutdown, m.instead, e.options.Now()); err != nil {
		return m, err
	}
	if err := engine.Check(e.options.capabilities(m).Capabilities, r); err != nil {
		return m, err
	}
	if len(r.Controls) > 1 {
		return m, art.Unsupported("controls", fmt.Sprintf("%s: %d are too many", m.name, len(r.Controls)), "use one")
	}
	return m, m.takes.Check(r)
}

// body writes what the recipe asks for, and uploads the pictures that it names.
func (e *Engine) body(ctx context.Context, m model, r art.Recipe) (map[string]any, error) {
	body := map[string]any{}
	maps.Copy(body, r.Options)
	delete(body, "presets")
	for name, value := range map[string]string{"prompt": r.Prompt, "negativePrompt": r.NegativePrompt, "customModelId": m.custom} {
		if value != "" {
			body[name] = value
		}
	}
	if r.Seed != 0 || m.place == larger { // which needs one
		body["seeds"] = []art.Seed{r.Seed}
	}
	if m.place != larger {
		body["numVariations"], body["size"] = 1, map[string]int{"width": r.Width, "height": r.Height}
	}
	if err := e.changed(ctx, r, body); err != nil {
		return nil, err
	}
	return body, e.guides(ctx, r, body)
}

// changed adds the picture that is worked on, with its mask or its place.
func (e *Engine) changed(ctx context.Context, r art.Recipe, body map[string]any) error {
	if r.InitImage == "" {
		return nil
	}
	source, data, err := e.upload(ctx, "init_image", r.InitImage)
	if err != nil {
		return err
	}
	body["image"] = source
	switch r.Mode {
	case art.ModeInpaint: // white is what is made anew there, too
		body["mask"], _, err = e.upload(ctx, "mask_image", r.MaskImage)
	case art.ModeOutpaint:
		var room wire.Room
		room, err = wire.RoomAround(r, data)
		body["placement"] = map[string]any{"inset": map[string]int{"left": room.Left, "top": room.Top, "right": room.Right, "bottom": room.Bottom}}
	}
	return err
}

// guides adds the pictures that steer, each with a strength of 0 to 100, and style presets.
func (e *Engine) guides(ctx context.Context, r art.Recipe, body map[string]any) error {
	style := map[string]any{}
	if presets, ok := r.Options["presets"]; ok {
		style["presets"] = presets
	}
	guide := func(field string, c art.Control, into map[string]any, least float64) error {
		source, _, err := e.upload(ctx, field, c.Image)
		into["imageReference"] = source
		if c.Weight != 0 {
			into["strength"] = int(max(math.Round(100*c.Weight), least))
		}
		return err
	}
	for i, c := range r.References {
		if err := guide(fmt.Sprintf("references[%d].image", i), c, style, 1); err != nil {
			return err
		}
	}
	for i, c := range r.Controls {
		structure := map[string]any{}
		if err := guide(fmt.Sprintf("controls[%d].image", i), c, structure, 0); err != nil {
			return err
		}
		body["structure"] = structure
	}
	if len(style) > 0 {
		body["style"] = style
	}
	return nil
}

// upload brings a picture to the service, which keeps it for seven days, and names it there.
func (e *Engine) upload(ctx context.Context, field, sum string) (source map[string]any, data []byte, err error) {
	data, kind, err := e.options.File(ctx, field, sum)
	if err != nil {
		return nil, nil, err
	}
	if kind == "image/gif" || len(data) > maxUpload {
		return nil, nil, art.Invalid(field, fmt.Sprintf("is %s with %d bytes", kind, len(data)), "use PNG, JPEG or WebP with at most 15 MiB")
	}
	var said struct {
		Images []struct {
			ID string `json:"id"`
		} `json:"images"`
	}
	if _, err := e.door.Call(ctx, wire.Request{Method: http.MethodPost, Path: "/v2/storage/image", Type: kind, Body: data}, &said); err != nil {
		return nil, nil, fmt.Errorf("uploading %s: %w", field, err)
	}
	if len(said.Images) != 1 || said.Images[0].ID == "" {
		return nil, nil, fmt.Errorf("%s: uploading %s gave no name: %w", e.options.Name, field, art.ErrUnavailable)
	}
	return map[string]any{"source": map[string]string{"uploadId": said.Images[0].ID}}, data, nil
}

// request makes the one that is paid.
func (e *Engine) request(ctx context.Context, m model, r art.Recipe) (wire.Request, error) {
	body, err := e.body(ctx, m, r)
	if err != nil {
		return wire.Request{}, err
	}
	data, err := json.Marshal(body)
	if err != nil {
		return wire.Request{}, art.Invalid("options", err.Error(), "write plain values")
	}
	request := wire.Request{Method: http.MethodPost, Path: "/v3/images/" + m.path, Type: "application/json", Body: data, Paid: true, Header: http.Header{}}
	if m.version != "" {
		request.Header.Set("X-Model-Version", m.version)
	}
	return request, nil
}
