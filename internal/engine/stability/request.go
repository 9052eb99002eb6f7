package stability

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

const (
	maxSeed = 4294967294
	maxRoom = 2000 // pixels on a side
)

// check refuses what the service can't honour, and what is gone.
func (e *Engine) check(r art.Recipe) (model, error) {
	at := slices.IndexFunc(e.models, func(m model) bool { return m.name == r.Model.Name })
	if at < 0 {
		_, err := e.info.Model(r.Model)
		return model{}, err
	}
	m := e.models[at]
	if err := wire.Retired(m.name, m.shutdown, m.instead, e.service.Now()); err != nil {
		return m, err
	}
	if err := engine.Check(e.capabilities(m).Capabilities, r); err != nil {
		return m, err
	}
	if err := m.takes.Check(r); err != nil {
		return m, err
	}
	changes := r.Mode == art.ModeImageToImage
	switch {
	case r.Seed > maxSeed:
		return m, art.Unsupported("seed", fmt.Sprintf("%s: %d is too large", m.name, r.Seed), fmt.Sprintf("use at most %d", maxSeed))
	case m.shape == byPicture && r.Width*r.Height > maxPixels:
		return m, art.Unsupported("width", fmt.Sprintf("%s: %d×%d has more than %d pixels", m.name, r.Width, r.Height, maxPixels), "use a smaller picture")
	case changes && r.Strength == nil:
		return m, art.Invalid("strength", "is missing", "say how far to go from the picture, 0 to 1")
	case !changes && r.Strength != nil:
		return m, art.Unsupported("strength", m.name+": goes with image-to-image only", "take it out")
	case (m.picture == kindSketch || m.picture == kindStructure) && len(r.Controls) != 1:
		return m, art.Invalid("controls", fmt.Sprintf("%s needs one picture and has %d", m.name, len(r.Controls)), "give one of kind "+m.picture)
	case m.picture == kindStyle && len(r.References) != 1:
		return m, art.Invalid("references", fmt.Sprintf("%s needs one picture and has %d", m.name, len(r.References)), "give one of kind "+m.picture)
	}
	return m, nil
}

// request writes what the recipe asks for as a form.
func (e *Engine) request(ctx context.Context, m model, r art.Recipe) (wire.Request, error) {
	fields := map[string]any{}
	maps.Copy(fields, r.Options)
	for name, value := range map[string]string{"prompt": r.Prompt, "negative_prompt": r.NegativePrompt, "model": m.fixed} {
		if value != "" {
			fields[name] = value
		}
	}
	if r.Seed != 0 {
		fields["seed"] = r.Seed
	}
	if r.GuidanceScale != 0 {
		fields["cfg_scale"] = r.GuidanceScale
	}
	if m.fixed != "" {
		fields["mode"] = r.Mode
	}
	if r.Strength != nil {
		fields["strength"] = *r.Strength
	} else if m.shape == byRatio {
		fields["aspect_ratio"] = sizes()[art.Size{Width: r.Width, Height: r.Height}]
	}
	form := wire.NewForm()
	if err := e.pictures(ctx, m, r, form, fields); err != nil {
		return wire.Request{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		form.Field(name, fields[name])
	}
	request, err := form.Request("/v2beta/stable-image/"+m.path, true)
	if err != nil {
		return request, fmt.Errorf("%s: %w", e.service.Name, err)
	}
	if !m.async {
		request.Header = http.Header{"Accept": {"image/*"}}
	}
	return request, nil
}

// pictures adds the picture that the service works on and its mask, and fields that follow from them.
func (e *Engine) pictures(ctx context.Context, m model, r art.Recipe, form *wire.Form, fields map[string]any) error {
	field, sum := "init_image", r.InitImage
	for i, c := range append(slices.Clone(r.Controls), r.References...) { // one at most, see check
		field, sum = fmt.Sprintf("%s[%d].image", map[bool]string{true: "references", false: "controls"}[m.picture == kindStyle], i), c.Image
		if c.Weight != 0 {
			fields[m.weight] = c.Weight
		}
	}
	if sum == "" {
		return nil
	}
	data, _, err := e.service.File(ctx, field, sum)
	if err != nil {
		return err
	}
	form.Picture("image", "image", data)
	switch m.shape {
	case byPicture:
		if err := wire.SameSize(field, r, data); err != nil {
			return err
		}
	case byRoom:
		room, err := wire.RoomAround(r, data)
		if err != nil {
			return err
		}
		if max(room.Left, room.Top, room.Right, room.Bottom) > maxRoom {
			return art.Unsupported("width", fmt.Sprintf("%s: %+v is more than %d on a side", m.name, room, maxRoom), "widen it in several turns")
		}
		fields["left"], fields["up"], fields["right"], fields["down"] = room.Left, room.Top, room.Right, room.Bottom
	case byRatio, larger:
	}
	if r.MaskImage != "" { // white is what is made anew there, too
		mask, _, err := e.service.File(ctx, "mask_image", r.MaskImage)
		if err != nil {
			return err
		}
		form.Picture("mask", "mask", mask)
	}
	return nil
}
