package bfl

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// check refuses what the model can't honour, and what is gone.
func (e *Engine) check(r art.Recipe) (model, error) {
	m, ok := e.model(r.Model.Name)
	if !ok {
		_, err := e.info.Model(r.Model)
		return m, err
	}
	if m.gone {
		return m, &art.FieldError{
			Field: "model", Reason: m.name + " was gone from the service's description on " + described, Kind: art.ErrUnsupported,
			Remedy: "its operator recommends flux-2-pro; pictures that it made can still be imported",
		}
	}
	if err := engine.Check(e.capabilities(m).Capabilities, r); err != nil {
		return m, err
	}
	if err := m.takes.Check(r); err != nil {
		return m, err
	}
	given := len(r.References)
	if r.InitImage != "" {
		given++
	}
	no := func(field, reason, remedy string) error { return art.Unsupported(field, m.name+": "+reason, remedy) }
	switch {
	case m.pixels > 0 && r.Width*r.Height > m.pixels:
		return m, no("width", fmt.Sprintf("%d×%d has more than %d pixels", r.Width, r.Height, m.pixels), "make it smaller, and enlarge afterwards")
	case m.shape == byRatio && (9*r.Width > 21*r.Height || 9*r.Height > 21*r.Width):
		return m, no("width", fmt.Sprintf("%d×%d is beyond 21:9", r.Width, r.Height), "use 21:9 to 9:21")
	case m.shape == byClass && !slices.Contains(ratios(), ratio(r)):
		return m, no("width", fmt.Sprintf("the ratio %s is not made", ratio(r)), fmt.Sprintf("use one of %v", ratios()))
	case given > max(m.most, 1):
		return m, no("references", fmt.Sprintf("%d pictures are too many", given), fmt.Sprintf("use at most %d, that to be changed included", m.most))
	case m.steps[1] > 0 && r.Steps > 0 && r.Steps < m.steps[0]:
		return m, no("steps", fmt.Sprintf("%d are too few", r.Steps), fmt.Sprintf("use at least %d", m.steps[0]))
	case m.guidance[1] > 0 && r.GuidanceScale != 0 && (r.GuidanceScale < m.guidance[0] || r.GuidanceScale > m.guidance[1]):
		return m, no("guidance_scale", fmt.Sprintf("%v is not taken", r.GuidanceScale), fmt.Sprintf("use %v to %v", m.guidance[0], m.guidance[1]))
	}
	return m, nil
}

// ratio writes width to height in the smallest whole numbers, but those of widescreen as they are known.
func ratio(r art.Recipe) string {
	a, b := r.Width, r.Height
	for b != 0 {
		a, b = b, a%b
	}
	short := fmt.Sprintf("%d:%d", r.Width/a, r.Height/a)
	switch short {
	case "7:3":
		return "21:9"
	case "3:7":
		return "9:21"
	}
	return short
}

// class is the class of resolution with the area next to the recipe's.
func class(r art.Recipe) string {
	best, nearest := "", math.Inf(1)
	for _, c := range []struct {
		name string
		side float64 // of a square
	}{{"768sq", 768}, {"1k", 1024}, {"1.5k", 1536}, {"2k", 2048}, {"4k", 4096}} {
		if d := math.Abs(math.Log(float64(r.Width) * float64(r.Height) / (c.side * c.side))); d < nearest {
			best, nearest = c.name, d
		}
	}
	return best
}

// body writes what the recipe asks for.
func (e *Engine) body(ctx context.Context, m model, r art.Recipe) (map[string]any, error) {
	body := map[string]any{}
	switch m.shape {
	case bySides, byCanvas:
		body["width"], body["height"] = r.Width, r.Height
	case byRatio:
		body["aspect_ratio"] = ratio(r)
	case byClass:
		body["aspect_ratio"], body["resolution"] = ratio(r), class(r)
	}
	if r.Prompt != "" {
		body["prompt"] = r.Prompt
	}
	if r.Seed != 0 {
		body["seed"] = r.Seed
	}
	if m.steps[1] > 0 && r.Steps > 0 {
		body["steps"] = r.Steps
	}
	if m.guidance[1] > 0 && r.GuidanceScale != 0 {
		body["guidance"] = r.GuidanceScale
	}
	maps.Copy(body, r.Options)
	if m.shape == byPicture || m.shape == byRoom || m.shape == byCanvas {
		return body, e.tool(ctx, m, r, body)
	}
	return body, e.pictures(ctx, m, r, body)
}

// tool adds the one picture that a tool works on, with its mask or its room.
func (e *Engine) tool(ctx context.Context, m model, r art.Recipe, body map[string]any) error {
	data, _, err := e.service.File(ctx, "init_image", r.InitImage)
	if err != nil {
		return err
	}
	body[m.pictures] = base64.StdEncoding.EncodeToString(data)
	if m.shape == byPicture {
		if err := wire.SameSize("init_image", r, data); err != nil {
			return err
		}
		mask, _, err := e.service.File(ctx, "mask_image", r.MaskImage) // white is what is made anew there, too
		body["mask"] = base64.StdEncoding.EncodeToString(mask)
		return err
	}
	room, err := wire.RoomAround(r, data)
	if err != nil || m.shape == byCanvas {
		return err
	}
	const most = 2048
	if max(room.Left, room.Top, room.Right, room.Bottom) > most {
		return art.Unsupported("width", fmt.Sprintf("%s: %+v is more than %d on a side", m.name, room, most), "widen it in several turns")
	}
	body["left"], body["top"], body["right"], body["bottom"] = room.Left, room.Top, room.Right, room.Bottom
	return nil
}

// pictures adds the picture to be changed and those that are referred to, in this order.
func (e *Engine) pictures(ctx context.Context, m model, r art.Recipe, body map[string]any) error {
	type named struct{ field, sum string }
	var all []named
	if r.InitImage != "" {
		all = append(all, named{"init_image", r.InitImage})
	}
	for i, c := range r.References {
		all = append(all, named{fmt.Sprintf("references[%d].image", i), c.Image})
		if m.takes.Weights && c.Weight != 0 {
			body[m.pictures+"_strength"] = c.Weight
		}
	}
	var list []string
	for i, one := range all {
		data, _, err := e.service.File(ctx, one.field, one.sum)
		if err != nil {
			return err
		}
		list = append(list, base64.StdEncoding.EncodeToString(data))
		switch {
		case m.pictures == "images":
			body[m.pictures] = list
		case i == 0:
			body[m.pictures] = list[0]
		default:
			body[fmt.Sprintf("%s_%d", m.pictures, i+1)] = list[i]
		}
	}
	return nil
}
