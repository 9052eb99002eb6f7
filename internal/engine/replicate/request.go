package replicate

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/engine/wire"
)

// maxInside is how many bytes a picture inside a request should have; larger ones are uploaded.
const maxInside = 256 << 10

// input writes what the recipe asks for, in the model's own fields.
func (e *Engine) input(ctx context.Context, m model, r art.Recipe) (map[string]any, error) {
	in := map[string]any{"prompt": r.Prompt}
	maps.Copy(in, r.Options)
	set := func(name string, given bool, value any) {
		if name != "" && given {
			in[name] = value
		}
	}
	set("seed", r.Seed != 0, int64(r.Seed))
	set("negative_prompt", r.NegativePrompt != "", r.NegativePrompt)
	set("scheduler", r.Sampler != "", m.samplers[r.Sampler])
	set(m.steps, r.Steps > 0, r.Steps)
	set(m.guidance, r.GuidanceScale > 0, r.GuidanceScale)
	if r.Strength != nil {
		set(m.strength, true, *r.Strength)
	}
	switch at := slices.IndexFunc(m.shapes, func(s shape) bool { return s.size == art.Size{Width: r.Width, Height: r.Height} }); {
	case at >= 0:
		in["aspect_ratio"] = m.shapes[at].ratio
	case m.text:
		in["width"], in["height"] = r.Width, r.Height
		set("aspect_ratio", m.custom != "", m.custom)
	}
	return in, e.pictures(ctx, m, r, in)
}

// pictures puts the recipe's pictures into the model's fields; a field with several is a list.
func (e *Engine) pictures(ctx context.Context, m model, r art.Recipe, in map[string]any) error {
	type file struct{ ours, sum, theirs string }
	var files []file
	if r.InitImage != "" {
		files = append(files, file{"init_image", r.InitImage, m.edit})
	}
	if r.Mode == art.ModeInpaint {
		files = append(files, file{"mask_image", r.MaskImage, m.mask})
	}
	for i, reference := range r.References {
		files = append(files, file{fmt.Sprintf("references[%d].image", i), reference.Image, m.references})
	}
	for _, f := range files {
		address, err := e.address(ctx, f.ours, f.sum)
		if err != nil {
			return err
		}
		if m.several > 0 && f.theirs == m.references {
			list, _ := in[f.theirs].([]string)
			in[f.theirs] = append(list, address)
			continue
		}
		in[f.theirs] = address
	}
	return nil
}

// address gives a picture as one that the service can open.
func (e *Engine) address(ctx context.Context, field, sum string) (string, error) {
	data, kind, err := e.service.File(ctx, field, sum)
	if err != nil {
		return "", err
	}
	if len(data) <= maxInside {
		return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data), nil
	}
	return e.upload(ctx, data, kind)
}

// upload lays a picture into the service's file store.
func (e *Engine) upload(ctx context.Context, data []byte, kind string) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="content"; filename="picture"`}, "Content-Type": {kind}})
	if err == nil {
		_, err = part.Write(data)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return "", fmt.Errorf("%s: writing a form: %w", e.service.Name, err)
	}
	got, err := e.client.Do(ctx, wire.Request{Method: http.MethodPost, Path: "/files", Body: body.Bytes(), Type: form.FormDataContentType()})
	if err != nil {
		return "", err
	}
	var said struct {
		URLs struct {
			Get string `json:"get"`
		} `json:"urls"`
	}
	if err := e.client.Read(got, false, &said); err != nil {
		return "", err
	}
	if said.URLs.Get == "" {
		return "", fmt.Errorf("%s: an uploaded picture has no address: %w", e.service.Name, art.ErrUnavailable)
	}
	return said.URLs.Get, nil
}
