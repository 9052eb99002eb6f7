package infotext

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// maxNodes bounds a graph; the largest that people share have a few hundred nodes.
const maxNodes = 10_000

// Graph is a ComfyUI graph in API format: nodes by their identity.
type Graph map[string]Node

// Node is one node of a graph. Inputs are values, or links: [identity, output].
type Node struct {
	Class  string         `json:"class_type"`
	Inputs map[string]any `json:"inputs"`
	Meta   map[string]any `json:"_meta,omitempty"`
}

// Link is an input that comes from a node's output.
func Link(node string, output int) []any { return []any{node, output} }

// LinkOf reads a link; ok is false for values.
func LinkOf(v any) (node string, output int, ok bool) {
	list, is := v.([]any)
	if !is || len(list) != 2 {
		return "", 0, false
	}
	node, ok = textOf(list[0])
	switch n := list[1].(type) {
	case json.Number:
		i, err := strconv.Atoi(n.String())
		return node, i, ok && err == nil
	case int:
		return node, n, ok
	default:
		return "", 0, false
	}
}

// IDs are a graph's identities, numbers by size before words.
func (g Graph) IDs() []string {
	var all []string
	for id := range g {
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		switch {
		case errX == nil && errY == nil && x != y:
			return x - y
		case (errX == nil) != (errY == nil):
			if errX == nil {
				return -1
			}
			return 1
		default:
			return strings.Compare(a, b)
		}
	})
	return all
}

// ParseGraph reads a graph: API format, or the editor's workflow, of which only nodes of ComfyUI's core are understood.
// Workflow says that it was the latter.
func ParseGraph(text string) (g Graph, workflow bool, err error) {
	o, err := parseObject(text)
	if err != nil {
		return nil, false, err
	}
	if inner, ok := o["prompt"].(map[string]any); ok && o["nodes"] == nil {
		o = inner // as it is posted to /prompt
	}
	if _, ok := o["nodes"].([]any); ok {
		g, err = fromWorkflow(o)
		return g, true, err
	}
	g = Graph{}
	for id, v := range o {
		m, _ := v.(map[string]any)
		class, ok := m["class_type"].(string)
		if !ok {
			continue // "extra_data" and the like stand beside nodes
		}
		inputs, _ := m["inputs"].(map[string]any)
		meta, _ := m["_meta"].(map[string]any)
		g[id] = Node{Class: class, Inputs: inputs, Meta: meta}
	}
	if len(g) == 0 || len(g) > maxNodes {
		return nil, false, fmt.Errorf("infotext: a ComfyUI graph has 1 to %d nodes with a class_type, and this has %d: %w", maxNodes, len(g), art.ErrInvalid)
	}
	return g, false, nil
}

// modes of a workflow's node.
const (
	nodeMuted    = 2
	nodeBypassed = 4
)

// uiNode is a node of the editor's workflow.
type uiNode struct {
	id, class string
	mode      int
	inputs    []map[string]any
	outputs   []map[string]any
	values    any // list by place, or object by name
}

// fromWorkflow turns an editor's workflow into API format. Widgets go by place, which is known for nodes of the core;
// other nodes keep their values as "widgets_values". Bypassed nodes are passed through, muted ones left out.
func fromWorkflow(o object) (Graph, error) {
	list, _ := o["nodes"].([]any)
	if len(list) == 0 || len(list) > maxNodes {
		return nil, fmt.Errorf("infotext: a ComfyUI workflow has 1 to %d nodes, and this has %d: %w", maxNodes, len(list), art.ErrInvalid)
	}
	nodes := map[string]uiNode{}
	for _, v := range list {
		if n, ok := readUINode(v); ok {
			nodes[n.id] = n
		}
	}
	links := map[string]uiLink{}
	if all, ok := o["links"].([]any); ok {
		for _, v := range all {
			if l, id, ok := readUILink(v); ok {
				links[id] = l
			}
		}
	}
	w := workflow{nodes, links}
	g := Graph{}
	for id, n := range nodes {
		if n.mode == nodeMuted || n.mode == nodeBypassed || n.class == "Reroute" || n.class == "Note" || n.class == "MarkdownNote" || n.class == "PrimitiveNode" {
			continue
		}
		g[id] = Node{Class: n.class, Inputs: w.inputs(n)}
	}
	if len(g) == 0 {
		return nil, fmt.Errorf("infotext: every node of this ComfyUI workflow is switched off: %w", art.ErrInvalid)
	}
	return g, nil
}

type uiLink struct {
	from string
	slot int
	kind string
}

func readUINode(v any) (uiNode, bool) {
	m, _ := v.(map[string]any)
	id, okID := textOf(m["id"])
	class, okClass := m["type"].(string)
	n := uiNode{id: id, class: class, values: m["widgets_values"]}
	if mode, ok := textOf(m["mode"]); ok {
		n.mode, _ = wholeNumber(mode, 16)
	}
	for _, v := range asList(m["inputs"]) {
		if in, ok := v.(map[string]any); ok {
			n.inputs = append(n.inputs, in)
		}
	}
	for _, v := range asList(m["outputs"]) {
		if out, ok := v.(map[string]any); ok {
			n.outputs = append(n.outputs, out)
		}
	}
	return n, okID && okClass
}

func asList(v any) []any { l, _ := v.([]any); return l }

// readUILink reads [id, from, slot, to, slot, type], or the object that newer workflows write.
func readUILink(v any) (l uiLink, id string, ok bool) {
	if m, is := v.(map[string]any); is {
		id, _ = textOf(m["id"])
		l.from, ok = textOf(m["origin_id"])
		slot, _ := textOf(m["origin_slot"])
		l.slot, _ = wholeNumber(slot, maxNodes)
		l.kind, _ = m["type"].(string)
		return l, id, ok
	}
	list := asList(v)
	if len(list) < 5 {
		return l, "", false
	}
	id, _ = textOf(list[0])
	l.from, ok = textOf(list[1])
	slot, _ := textOf(list[2])
	l.slot, _ = wholeNumber(slot, maxNodes)
	if len(list) > 5 {
		l.kind, _ = list[5].(string)
	}
	return l, id, ok
}

// workflow is what inputs are resolved in.
type workflow struct {
	nodes map[string]uiNode
	links map[string]uiLink
}

func (w workflow) inputs(n uiNode) map[string]any {
	inputs := map[string]any{}
	switch values := n.values.(type) {
	case map[string]any:
		maps.Copy(inputs, values)
	case []any:
		names, ok := widgets(n.class)
		for i, v := range values {
			if ok && i < len(names) && names[i] != "" {
				inputs[names[i]] = v
			}
		}
		if !ok && len(values) > 0 {
			inputs["widgets_values"] = values
		}
	}
	for _, in := range n.inputs {
		name, _ := in["name"].(string)
		id, linked := textOf(in["link"])
		if name == "" || !linked {
			continue
		}
		if l, ok := w.links[id]; ok {
			if v, ok := w.follow(l, 0); ok {
				inputs[name] = v
			}
		}
	}
	return inputs
}

// follow goes through reroutes, bypassed nodes and primitives to where a link really comes from.
func (w workflow) follow(l uiLink, depth int) (any, bool) {
	n, ok := w.nodes[l.from]
	if !ok || depth > maxDepth || n.mode == nodeMuted {
		return nil, false
	}
	if n.class == "PrimitiveNode" {
		values := asList(n.values)
		if len(values) == 0 {
			return nil, false
		}
		return values[0], true
	}
	if n.class != "Reroute" && n.mode != nodeBypassed {
		return Link(l.from, l.slot), true
	}
	kind := l.kind
	if l.slot < len(n.outputs) {
		if t, ok := n.outputs[l.slot]["type"].(string); ok {
			kind = t
		}
	}
	for _, in := range n.inputs {
		id, linked := textOf(in["link"])
		t, _ := in["type"].(string)
		if next, ok := w.links[id]; linked && ok && (t == kind || t == "*" || kind == "*" || n.class == "Reroute") {
			return w.follow(next, depth+1)
		}
	}
	return nil, false
}

// widgets are the names of a core node's values in the order in which the editor writes them; "" is the editor's own.
//
// Source: ComfyUI 0.3.64, nodes.py and comfy_extras, read 2026-11.
func widgets(class string) ([]string, bool) {
	names, ok := map[string]string{
		"CheckpointLoaderSimple": "ckpt_name", "CheckpointLoader": "config_name ckpt_name", "UNETLoader": "unet_name weight_dtype",
		"DiffusersLoader": "model_path", "VAELoader": "vae_name", "CLIPLoader": "clip_name type device",
		"DualCLIPLoader": "clip_name1 clip_name2 type device", "LoraLoader": "lora_name strength_model strength_clip",
		"LoraLoaderModelOnly": "lora_name strength_model", "CLIPTextEncode": "text", "CLIPSetLastLayer": "stop_at_clip_layer",
		"CLIPTextEncodeSDXL":        "width height crop_w crop_h target_width target_height text_g text_l",
		"CLIPTextEncodeSDXLRefiner": "ascore width height text", "CLIPTextEncodeFlux": "clip_l t5xxl guidance", "FluxGuidance": "guidance",
		"EmptyLatentImage": "width height batch_size", "EmptySD3LatentImage": "width height batch_size", "LoadImage": "image -",
		"LoadImageMask": "image channel -", "VAEEncode": "", "VAEDecode": "", "VAEEncodeForInpaint": "grow_mask_by",
		"SetLatentNoiseMask": "", "InpaintModelConditioning": "noise_mask",
		"KSampler":         "seed - steps cfg sampler_name scheduler denoise",
		"KSamplerAdvanced": "add_noise noise_seed - steps cfg sampler_name scheduler start_at_step end_at_step return_with_leftover_noise",
		"SamplerCustom":    "add_noise noise_seed - cfg", "SamplerCustomAdvanced": "", "KSamplerSelect": "sampler_name",
		"BasicScheduler": "scheduler steps denoise", "KarrasScheduler": "steps sigma_max sigma_min rho",
		"ExponentialScheduler": "steps sigma_max sigma_min", "BasicGuider": "", "CFGGuider": "cfg", "RandomNoise": "noise_seed -",
		"ControlNetLoader": "control_net_name", "DiffControlNetLoader": "control_net_name", "ControlNetApply": "strength",
		"ControlNetApplyAdvanced": "strength start_percent end_percent", "LatentUpscale": "upscale_method width height crop",
		"LatentUpscaleBy": "upscale_method scale_by", "UpscaleModelLoader": "model_name", "ImageUpscaleWithModel": "",
		"ImageScale": "upscale_method width height crop", "ImageScaleBy": "upscale_method scale_by", "VAEDecodeTiled": "tile_size overlap temporal_size temporal_overlap",
		"SaveImage": "filename_prefix", "PreviewImage": "", "Canny": "low_threshold high_threshold",
		"ModelSamplingDiscrete": "sampling zsnr", "RescaleCFG": "multiplier", "ConditioningZeroOut": "", "EmptyImage": "width height batch_size color",
	}[class]
	fields := strings.Fields(names)
	for i, f := range fields {
		if f == "-" {
			fields[i] = ""
		}
	}
	return fields, ok
}
