package comfyui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/infotext"
)

// nodes are the classes that a server has, by name, as /object_info tells them.
type nodes map[string]class

// class is what one class of nodes takes.
type class struct {
	required, optional map[string]input
}

// input is one input of a class.
type input struct {
	kind    string            // "INT", "MODEL" …; "COMBO" is one of choices
	choices []string          // in the server's order
	first   json.RawMessage   // of choices, as it is sent
	given   json.RawMessage   // default; nil where there is none
	limits  map[string]number // min, max and step
	upload  bool              // choices are files that were uploaded, which come and go
}

type number = float64

// readNodes reads an answer of /object_info. Nodes whose inputs can't be read are kept without any.
func readNodes(data []byte) (nodes, error) {
	var raw map[string]struct {
		Input struct {
			Required map[string]json.RawMessage `json:"required"`
			Optional map[string]json.RawMessage `json:"optional"`
		} `json:"input"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("reading object_info: %w", err)
	}
	all := nodes{}
	for name, n := range raw {
		all[name] = class{readInputs(n.Input.Required), readInputs(n.Input.Optional)}
	}
	return all, nil
}

func readInputs(raw map[string]json.RawMessage) map[string]input {
	all := map[string]input{}
	for name, data := range raw {
		all[name] = readInput(data)
	}
	return all
}

// readInput reads [kind or choices, {"default": …}]; newer nodes write their choices as ["COMBO", {"options": …}].
func readInput(data json.RawMessage) input {
	var parts []json.RawMessage
	if json.Unmarshal(data, &parts) != nil || len(parts) == 0 {
		return input{kind: "*"}
	}
	var settings map[string]json.RawMessage
	if len(parts) > 1 {
		_ = json.Unmarshal(parts[1], &settings) // what is no object has no settings
	}
	in := input{given: settings["default"], limits: map[string]number{}}
	if string(bytes.TrimSpace(in.given)) == "null" {
		in.given = nil
	}
	for _, name := range []string{"min", "max", "step"} {
		var n number
		if json.Unmarshal(settings[name], &n) == nil {
			in.limits[name] = n
		}
	}
	for _, name := range []string{"image_upload", "video_upload", "audio_upload", "remote"} {
		in.upload = in.upload || settings[name] != nil && string(settings[name]) != "false"
	}
	var choices []json.RawMessage
	if json.Unmarshal(parts[0], &in.kind) == nil {
		_ = json.Unmarshal(settings["options"], &choices) // only choices have any
	} else if json.Unmarshal(parts[0], &choices) == nil {
		in.kind = "COMBO"
	}
	for _, c := range choices {
		in.choices = append(in.choices, plain(c))
	}
	if len(choices) > 0 {
		in.first = choices[0]
	}
	return in
}

// plain is a JSON value as people write it.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(bytes.TrimSpace(v))
}

// otherwise is what an input gets when nobody says anything; nil where it must be said.
func (in input) otherwise() json.RawMessage {
	if in.given != nil {
		return in.given
	}
	if in.upload {
		return nil
	}
	return in.first
}

// choices are those of an input of a class, none where there is no such thing.
func (n nodes) choices(class, name string) []string {
	c := n[class]
	if in, ok := c.required[name]; ok {
		return in.choices
	}
	return c.optional[name].choices
}

// problem is what keeps a graph from running on a server.
type problem struct{ node, class, input, what string }

// String tells it to a person.
func (p problem) String() string {
	if p.input == "" {
		return fmt.Sprintf("node %s: %s %s", p.node, p.class, p.what)
	}
	return fmt.Sprintf("node %s: %s.%s %s", p.node, p.class, p.input, p.what)
}

// complete gives a graph whose nodes have all that these classes require: what the graph leaves out is taken from pinned, so
// that an update doesn't change pictures, and what came since from the classes' own defaults. Servers don't do that for
// graphs in API format. Problems are what can't be filled in, and values that were pinned and are gone.
func (n nodes) complete(g infotext.Graph, pinned nodes) (infotext.Graph, []problem) {
	out := maps.Clone(g)
	var wrong []problem
	for _, id := range g.IDs() {
		node := g[id]
		c, ok := n[node.Class]
		if !ok {
			wrong = append(wrong, problem{id, node.Class, "", "is not on this server"})
			continue
		}
		before := pinned[node.Class]
		node.Inputs = maps.Clone(node.Inputs)
		if node.Inputs == nil {
			node.Inputs = map[string]any{}
		}
		for _, name := range slices.Sorted(maps.Keys(c.required)) {
			in := c.required[name]
			if value, there := node.Inputs[name]; there {
				if gone(in, before.required[name], value) {
					wrong = append(wrong, problem{id, node.Class, name, fmt.Sprintf("has no %q any more", value)})
				}
				continue
			}
			value := before.required[name].otherwise()
			if value == nil || len(in.choices) > 0 && !slices.Contains(in.choices, plain(value)) {
				value = in.otherwise()
			}
			switch {
			case value != nil:
				node.Inputs[name] = value
			case !strings.HasPrefix(in.kind, "COMFY_"): // those are written as several inputs
				wrong = append(wrong, problem{id, node.Class, name, "must be given and has no default"})
			}
		}
		out[id] = node
	}
	return out, wrong
}

// gone says that a value could be chosen when the server was pinned, and can't now.
func gone(now, before input, value any) bool {
	text, ok := value.(string)
	return ok && len(now.choices) > 0 && !now.upload && !slices.Contains(now.choices, text) && slices.Contains(before.choices, text)
}
