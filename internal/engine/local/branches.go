package local

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"sync"

	lowrank "presswerk/internal/model"
	"presswerk/internal/onnx"
)

// maxViews bounds how many sets of adapters stay in memory beside one model.
const maxViews = 4

// branches are the networks of a pipeline that take LoRA's matrices as inputs. Another set of adapters is then another
// view of the same sessions. It is safe for concurrent use.
type branches struct {
	networks map[string]branch // by folder, "unet"

	mu    sync.Mutex
	views map[string]*pipeline // by the key of the adapters
	order []string             // of views, least recently used first
}

// branch is one such network.
type branch struct {
	session *onnx.Session
	slots   *lowrank.Branches
}

// takesAdapters tells whether all networks that adapters change have inputs for them; then nothing need be patched.
func (f *Folder) takesAdapters() (bool, error) {
	for _, network := range f.adaptable() {
		if ok, err := f.networkTakesAdapters(network); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (f *Folder) networkTakesAdapters(network string) (bool, error) {
	inputs, err := onnx.ReadInputs(filepath.Join(f.Dir, network, "model.onnx"))
	if err != nil {
		return false, fmt.Errorf("local: model %s: %w", f.about.Name, err)
	}
	slots, err := lowrank.FindBranches(inputs)
	if err != nil {
		return false, fmt.Errorf("local: model %s: %w", f.about.Name, err)
	}
	return slots.Any(), nil
}

// branch gives the view of a network in which its inputs for LoRA add nothing; a network without such inputs is given back
// as it is. File is "unet/model.onnx".
func (p *pipeline) branch(file string, s *onnx.Session) (*onnx.Session, error) {
	slots, err := lowrank.FindBranches(s.Inputs())
	if err != nil || !slots.Any() {
		return s, err
	}
	b := branch{s, slots}
	view, err := b.with(path.Dir(file), nil)
	if err != nil {
		return s, err
	}
	if p.branches == nil {
		p.branches = &branches{networks: map[string]branch{}, views: map[string]*pipeline{}}
	}
	p.branches.networks[path.Dir(file)] = b
	return view, nil
}

// with gives the view of a network with adapters.
func (b branch) with(network string, loras []lowrank.Weighted) (*onnx.Session, error) {
	inputs, err := b.slots.Fill(network, loras)
	if err != nil {
		return nil, err
	}
	return b.session.With(inputs)
}

// with gives the view of a pipeline that takes adapters as inputs, with these. It loads no network, shares all sessions
// and caches its own prompts, because the text encoder says other things of them.
func (p *pipeline) with(added adapterSet) (*pipeline, error) {
	if len(added) == 0 {
		return p, nil
	}
	b, key := p.branches, added.key()
	b.mu.Lock()
	defer b.mu.Unlock()
	if view, ok := b.views[key]; ok {
		b.used(key)
		return view, nil
	}
	view, err := p.view(added)
	if err != nil {
		return nil, fmt.Errorf("local: adding LoRAs to model %s: %w", p.folder.about.Name, err)
	}
	b.views[key] = view
	b.used(key)
	if len(b.order) > maxViews {
		delete(b.views, b.order[0])
		b.order = b.order[1:]
	}
	return view, nil
}

// used moves a view to the end of the order.
func (b *branches) used(key string) {
	b.order = append(slices.DeleteFunc(b.order, func(k string) bool { return k == key }), key)
}

func (p *pipeline) view(added adapterSet) (_ *pipeline, err error) {
	names := map[string][]string{}
	for network, b := range p.branches.networks {
		names[network] = b.slots.Names()
	}
	opened, err := added.open(p.folder, names)
	if err != nil {
		return nil, err
	}
	defer opened.close(&err)
	sessions := map[string]*onnx.Session{}
	for network, b := range p.branches.networks {
		if sessions[network], err = b.with(network, opened.loras); err != nil {
			return nil, err
		}
	}
	v := *p
	v.cache, v.unet, v.encoders = newPromptCache(maxCachedPrompts), sessions[lowrank.UNet], nil
	for _, e := range p.encoders {
		e.session = sessions[e.network]
		v.encoders = append(v.encoders, e)
	}
	return &v, nil
}
