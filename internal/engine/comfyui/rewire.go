package comfyui

import (
	"fmt"
	"maps"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// chain puts the recipe's LoRAs in place of the workflow's. Without any the workflow keeps its own, unless they were named
// as the place for the recipe's.
func (t template) chain(d *drawn, k known, r art.Recipe) error {
	if len(t.loras) == 0 || len(r.LoRAs) == 0 && !t.seat {
		return nil
	}
	for _, id := range t.loras[1:] {
		bypass(d.graph, id, "model", "clip")
	}
	first := t.loras[0]
	before := d.graph[first]
	var last string
	for i, l := range r.LoRAs {
		field := fmt.Sprintf("loras[%d]", i)
		file, err := find(field, l.Name, k.nodes.choices(before.Class, "lora_name"))
		if err != nil {
			return err
		}
		id := first
		if i > 0 {
			id = fresh(d.graph, fmt.Sprintf("%s-%d", first, i))
			d.graph[id] = infotext.Node{Class: before.Class, Inputs: maps.Clone(before.Inputs)}
			relink(d.graph, last, id)
			d.graph[id].Inputs["model"] = infotext.Link(last, 0)
			if before.Inputs["clip"] != nil {
				d.graph[id].Inputs["clip"] = infotext.Link(last, 1)
			}
		}
		d.set(slot{id, "lora_name", field}, file)
		d.set(slot{id, "strength_model", field + ".weight"}, l.Weight)
		if before.Inputs["strength_clip"] != nil {
			d.set(slot{id, "strength_clip", field + ".weight"}, l.Weight)
		}
		last = id
	}
	if len(r.LoRAs) == 0 {
		bypass(d.graph, first, "model", "clip")
	}
	return nil
}

// apply fills in control networks; those that the recipe doesn't use are passed by. The recipe's pictures are finished
// control pictures, so nodes that would make some are passed by, too.
func (t template) apply(d *drawn, k known, r art.Recipe) error {
	for i, id := range t.controls {
		node := d.graph[id]
		if i >= len(r.Controls) {
			if node.Inputs["positive"] != nil {
				bypass(d.graph, id, "positive", "negative")
			} else {
				bypass(d.graph, id, "conditioning")
			}
			continue
		}
		c, field := r.Controls[i], fmt.Sprintf("controls[%d]", i)
		if c.GuessMode {
			return art.Unsupported(field+".guess_mode", "ComfyUI's core has no node for it", "take it out")
		}
		file := t.network(id)
		if c.Model.Name != "" || infotext.KindOfModel(file) != c.Kind {
			var err error
			if file, err = k.network(field, c); err != nil {
				return err
			}
		}
		loader, _, ok := infotext.LinkOf(node.Inputs["control_net"])
		if !ok || d.graph[loader].Inputs["control_net_name"] == nil {
			return art.Unsupported(field+".model", "the workflow "+t.name+" loads its network in a way of its own", "take the control out")
		}
		own := fresh(d.graph, id+"-network") // two controls may share a loader
		d.graph[own] = infotext.Node{Class: d.graph[loader].Class, Inputs: maps.Clone(d.graph[loader].Inputs)}
		d.set(slot{own, "control_net_name", field + ".model"}, file)
		node.Inputs["control_net"] = infotext.Link(own, 0)
		d.set(slot{id, "strength", field + ".weight"}, c.Weight)
		if node.Inputs["end_percent"] != nil {
			d.set(slot{id, "start_percent", field + ".start"}, c.Start)
			d.set(slot{id, "end_percent", field + ".end"}, c.End)
		} else if c.Start != 0 || c.End != 1 {
			return art.Unsupported(field+".start", node.Class+" steers the whole walk", "use 0 to 1, or ControlNetApplyAdvanced in the workflow")
		}
		picture := fresh(d.graph, id+"-picture")
		d.graph[picture] = infotext.Node{Class: "LoadImage", Inputs: map[string]any{}}
		node.Inputs["image"] = infotext.Link(picture, 0)
		if err := d.load(c.Image, slot{picture, "image", field + ".image"}); err != nil {
			return err
		}
	}
	return nil
}

// fresh is a node's identity that the graph doesn't have yet.
func fresh(g infotext.Graph, want string) string {
	for g[want].Class != "" {
		want += "-"
	}
	return want
}

// relink leads all who take from one node to another.
func relink(g infotext.Graph, from, to string) {
	for id, n := range g {
		for name, v := range n.Inputs {
			if node, output, ok := infotext.LinkOf(v); ok && node == from && id != to {
				n.Inputs[name] = infotext.Link(to, output)
			}
		}
	}
}

// bypass takes a node out: who takes its outputs gets what came in under these names.
func bypass(g infotext.Graph, id string, inputs ...string) {
	for _, n := range g {
		for name, v := range n.Inputs {
			if node, output, ok := infotext.LinkOf(v); ok && node == id && output < len(inputs) && g[id].Inputs[inputs[output]] != nil {
				n.Inputs[name] = g[id].Inputs[inputs[output]]
			}
		}
	}
	delete(g, id)
}
