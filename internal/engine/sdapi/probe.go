package sdapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine/wire"
)

// Paths that are asked.
const (
	cppPath      = "/sdcpp/v1/capabilities"
	describePath = "/openapi.json"
	textPath     = "/sdapi/v1/txt2img"
	picturePath  = "/sdapi/v1/img2img"
	modelsPath   = "/sdapi/v1/sd-models"
	taskPath     = "/internal/progress"
	statePath    = "/sdapi/v1/progress"
	stopPath     = "/sdapi/v1/interrupt"
)

// probe finds out which product answers. Whatever fails is told with what a person can do.
func (e *Engine) probe(ctx context.Context) (server, error) {
	own, err := e.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: cppPath})
	if err == nil {
		if c, err := newCPP(e, own); err == nil {
			return c, nil
		}
	} else if !absentPath(err) {
		return nil, err
	}
	described, err := e.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: describePath})
	if absentPath(err) {
		return nil, fmt.Errorf("%s: neither %s nor %s is there: it is no web UI, or one without its API (--api), or an old stable-diffusion.cpp: %w", e.o.Name, cppPath, describePath, art.ErrUnavailable)
	}
	if err != nil {
		return nil, err
	}
	return newWeb(ctx, e, described)
}

// absentPath tells whether a server is there and doesn't know a path.
func absentPath(err error) bool {
	var said *wire.Error
	return errors.As(err, &said) && (said.Status == http.StatusNotFound || said.Status == http.StatusMethodNotAllowed)
}

// description is what is read of an OpenAPI document: which paths there are and which fields their requests have.
type description struct {
	Info struct {
		Title string `json:"title"`
	} `json:"info"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	RequestBody struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type schema struct {
	Ref        string                     `json:"$ref"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func (d description) has(path string) bool { return len(d.Paths[path]) > 0 }

// fields are those that the body of a POST may have, with what is said of each.
func (d description) fields(path string) map[string]json.RawMessage {
	s := d.Paths[path]["post"].RequestBody.Content["application/json"].Schema
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	return s.Properties
}

// standard is the number that a field has when nobody says one; 0 where the description doesn't tell.
func standard(field json.RawMessage) int {
	var said struct {
		Default float64 `json:"default"`
	}
	if json.Unmarshal(field, &said) != nil {
		return 0
	}
	return int(said.Default)
}

// signature says which product in which version with which extensions it is, as far as paths and fields tell.
func (d description) signature() string {
	lines := slices.Sorted(maps.Keys(d.Paths))
	for _, path := range []string{textPath, picturePath} {
		lines = append(lines, slices.Sorted(maps.Keys(d.fields(path)))...)
	}
	return art.Digest([]byte(d.Info.Title + "\n" + strings.Join(lines, "\n")))
}
