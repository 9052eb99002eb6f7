package openai

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// sketches is how many pictures in the making are asked for; more cost more.
const sketches = 2

// request writes what the recipe asks for: a text alone as JSON, pictures with it as a form.
func (e *Engine) request(ctx context.Context, r art.Recipe, stream bool) (wire.Request, error) {
	fields := map[string]any{"model": r.Model.Name, "prompt": r.Prompt, "n": 1, "size": fmt.Sprintf("%dx%d", r.Width, r.Height)}
	maps.Copy(fields, r.Options)
	if stream {
		fields["stream"], fields["partial_images"] = true, sketches
	}
	if r.Mode == art.ModeTextToImage && len(r.References) == 0 {
		body, err := json.Marshal(fields)
		if err != nil {
			return wire.Request{}, art.Invalid("options", err.Error(), "write plain values")
		}
		return wire.Request{Method: http.MethodPost, Path: "/images/generations", Body: body, Type: "application/json", Paid: true}, nil
	}
	form, err := e.form(ctx, r, fields)
	if err != nil {
		return wire.Request{}, err
	}
	return form.Request("/images/edits", true)
}

// form writes the fields with the pictures: the one to be changed first, then those that are referred to.
func (e *Engine) form(ctx context.Context, r art.Recipe, fields map[string]any) (*wire.Form, error) {
	form := wire.NewForm()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		form.Field(name, fields[name])
	}
	var sums []string
	if r.InitImage != "" {
		sums = append(sums, r.InitImage)
	}
	for _, reference := range r.References {
		sums = append(sums, reference.Image)
	}
	for i, sum := range sums {
		data, _, err := e.options.File(ctx, "init_image", sum)
		if err != nil {
			return nil, err
		}
		form.Picture("image[]", fmt.Sprintf("image-%d", i), data)
	}
	if r.Mode == art.ModeInpaint {
		data, _, err := e.options.File(ctx, "mask_image", r.MaskImage)
		if err == nil {
			data, err = mask(data)
		}
		if err != nil {
			return nil, err
		}
		form.Picture("mask", "mask", data)
	}
	return form, nil
}

// mask turns white, which is what is made anew, into what the service takes for it: transparent.
func mask(data []byte) ([]byte, error) {
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, art.Invalid("mask_image", "is no picture: "+err.Error(), "use a PNG, white where the picture is made anew")
	}
	b := m.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			white, _ := color.GrayModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.Gray)
			out.SetNRGBA(x, y, color.NRGBA{A: 255 - white.Y})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, out); err != nil {
		return nil, fmt.Errorf("writing the mask: %w", err)
	}
	return file.Bytes(), nil
}

// stream asks and hears the events of the answer: sketches are shown, the last event holds the picture. A server that
// doesn't stream answers as usual.
func (e *Engine) stream(ctx context.Context, request wire.Request, see func(image.Image)) (said answer, err error) {
	done := false
	got, err := e.client.Events(ctx, request, func(data []byte) error {
		var v event
		if err := e.client.Read(wire.Answer{Body: data}, true, &v); err != nil {
			return err
		}
		switch {
		case v.Error != nil:
			return &wire.Error{Engine: e.options.Name, Code: v.Error.Code, Message: string(e.client.Redact([]byte(v.Error.Message))), Kind: art.ErrRefused}
		case strings.HasSuffix(v.Type, ".partial_image"):
			show(v.B64, see)
		case strings.HasSuffix(v.Type, ".completed"):
			done = true
			return e.client.Read(wire.Answer{Body: fmt.Appendf(nil, `{"data":[{"b64_json":%q}],"usage":%s}`, v.B64, or(v.Usage, "{}"))}, true, &said)
		}
		return nil
	})
	switch {
	case err != nil || done:
		return said, err
	case got.Body != nil:
		return said, e.client.Read(got, true, &said)
	}
	return said, fmt.Errorf("%s: the stream ended without a picture: %w: %w", e.options.Name, art.ErrUnavailable, engine.ErrUnknown)
}

func or(raw json.RawMessage, other string) string {
	if len(raw) == 0 {
		return other
	}
	return string(raw)
}

// show gives a sketch on; one that is broken is nothing to stop for.
func show(b64 string, see func(image.Image)) {
	data, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return
	}
	if m, _, err := image.Decode(bytes.NewReader(data)); err == nil {
		see(m)
	}
}
