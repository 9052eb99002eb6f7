package comfyui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine/wire"
)

// folder is where pictures go below a server's input folder.
const folder = "presswerk"

// upload sends the recipe's pictures and writes the names that the server gives them into the graph. Names are the
// pictures' SHA-256, so that a second upload changes nothing.
func (e *Engine) upload(ctx context.Context, s *server, d drawn) error {
	for _, sum := range slices.Sorted(maps.Keys(d.images)) {
		field := d.images[sum][0].field
		if e.o.Open == nil {
			return art.Unsupported(field, "pictures can't be opened here", "render inside a workspace")
		}
		data, err := e.o.Open(ctx, sum)
		if err != nil {
			return fmt.Errorf("%s: opening %s: %w", e.o.Name, sum, err)
		}
		name, err := s.upload(ctx, field, sum, data)
		if err != nil {
			return err
		}
		for _, at := range d.images[sum] {
			d.graph[at.node].Inputs[at.input] = name
		}
	}
	return nil
}

func (s *server) upload(ctx context.Context, field, sum string, data []byte) (string, error) {
	kind := http.DetectContentType(data)
	ending, ok := strings.CutPrefix(kind, "image/")
	if !ok {
		return "", art.Invalid(field, "is no picture", "use PNG, JPEG or WebP")
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="image"; filename=%q`, sum+"."+ending)}, "Content-Type": {kind},
	})
	if err == nil {
		_, err = part.Write(data)
	}
	for _, f := range [][2]string{{"type", "input"}, {"subfolder", folder}, {"overwrite", "true"}} {
		err = errors.Join(err, form.WriteField(f[0], f[1]))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		return "", fmt.Errorf("%s: writing a form: %w", s.client.Name, err)
	}
	answer, err := s.client.Do(ctx, wire.Request{Method: http.MethodPost, Path: "/upload/image", Body: body.Bytes(), Type: form.FormDataContentType()})
	if err != nil {
		return "", err
	}
	var got struct{ Name, Subfolder string }
	if err := s.client.Read(answer, false, &got); err != nil {
		return "", err
	}
	if got.Name == "" {
		return "", fmt.Errorf("%s: %s doesn't say where it put a picture: %w", s.client.Name, s.base(), art.ErrUnavailable)
	}
	return strings.TrimPrefix(got.Subfolder+"/"+got.Name, "/"), nil
}

// refusal is what /prompt answers to a graph that it doesn't take as a whole.
type refusal struct {
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Details string `json:"details"`
	} `json:"error"`
	Nodes json.RawMessage `json:"node_errors"` // an object by node; an empty list where there are none
}

type nodeErrors struct {
	Class  string      `json:"class_type"`
	Errors []nodeError `json:"errors"`
}

type nodeError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Details string `json:"details"`
	Extra   struct {
		Input string `json:"input_name"`
	} `json:"extra_info"`
}

// submit asks for a picture. The links say to a later call what it needs, and travel with the job, so that it can be found
// without a ticket.
func (s *server) submit(ctx context.Context, id string, d drawn, links map[string]string) error {
	body, err := json.Marshal(map[string]any{
		"prompt": d.graph, "prompt_id": id, "client_id": id, "extra_data": map[string]any{"presswerk": links},
	})
	if err != nil {
		return art.Invalid("options", err.Error(), "write plain values")
	}
	answer, err := s.client.Do(ctx, wire.Request{Method: http.MethodPost, Path: "/prompt", Body: body, Type: "application/json", Paid: true})
	if _, refused := errors.AsType[*wire.Error](err); refused {
		var no refusal
		if json.Unmarshal(answer.Body, &no) == nil {
			if field := d.complaint(s, no); field != nil {
				return field
			}
		}
		return err
	}
	if err != nil {
		return err
	}
	var yes struct {
		ID    string          `json:"prompt_id"`
		Nodes json.RawMessage `json:"node_errors"`
	}
	if err := s.client.Read(answer, true, &yes); err != nil {
		return err
	}
	if yes.ID != id {
		old := art.Unsupported("engine", fmt.Sprintf("%s calls the job %q instead of %q, so it couldn't be found again", s.base(), yes.ID, id), "update ComfyUI there")
		return errors.Join(old, s.cancel(ctx, yes.ID))
	}
	if no := d.complaint(s, refusal{Nodes: yes.Nodes}); no != nil { // it would make a part of it
		return errors.Join(no, s.cancel(ctx, id))
	}
	return nil
}

// complaint makes an error of the first thing that a server says against a node, naming the recipe's field.
func (d drawn) complaint(s *server, no refusal) error {
	var nodes map[string]nodeErrors
	if json.Unmarshal(no.Nodes, &nodes) != nil {
		nodes = nil // a list: there are none
	}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		if len(nodes[id].Errors) > 0 {
			return d.against(s, id, nodes[id].Class, nodes[id].Errors[0])
		}
	}
	if t := no.Error.Type; t == "missing_node_type" || t == "invalid_prompt" {
		return &art.FieldError{Field: "nodes", Reason: s.base() + ": " + no.Error.Message, Remedy: "install the node there, or use another server", Kind: art.ErrUnsupported}
	}
	return nil
}

// against makes an error of what a server says against a node.
func (d drawn) against(s *server, id, class string, e nodeError) error {
	in := e.Extra.Input
	if in == "" { // a check of the node's own names the input in its details
		in, _, _ = strings.Cut(e.Details, " ")
	}
	field, known := d.field(id, in), true
	if field == "" {
		field, known = fmt.Sprintf("nodes.%s.%s", id, in), false
	}
	reason := fmt.Sprintf("%s: %s %s: %s", s.base(), class, strings.ToLower(e.Message), e.Details)
	err := &art.FieldError{Field: field, Reason: reason, Remedy: "correct the recipe", Kind: art.ErrInvalid}
	switch {
	case e.Type == "value_not_in_list":
		err.Kind, err.Remedy = art.ErrNotFound, "put the file on the server, or name one that it has"
	case e.Type == "required_input_missing":
		err.Kind, err.Remedy = art.ErrUnsupported, "the server's node wants more than the workflow says: bring one to the other"
	case !known:
		err.Remedy = "correct the workflow"
	}
	return err
}

// field is the recipe's for an input of a node; "" where it has none.
func (d drawn) field(node, input string) string {
	for _, s := range d.slots {
		if s.node == node && s.input == input {
			return s.field
		}
	}
	for _, in := range []struct{ input, field string }{
		{"steps", "steps"}, {"cfg", "guidance_scale"}, {"sampler_name", "sampler"}, {"scheduler", "scheduler"}, {"seed", "seed"}, {"noise_seed", "seed"}, {"denoise", "strength"},
	} {
		if in.input == input && isSampler(d.graph[node]) {
			return in.field
		}
	}
	return ""
}
