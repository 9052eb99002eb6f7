package local

import (
	"errors"
	"fmt"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/onnx"
)

// defaultMemory is what loaded models may take where nobody says.
const defaultMemory = 4 << 30

// pool keeps the last used pipelines loaded, as many as fit into a budget. It is safe for concurrent use; loading is one at a time.
type pool struct {
	network finder
	mu      sync.Mutex
	library string
	options onnx.Options
	budget  int64         // bytes; 0 means defaultMemory
	runtime *onnx.Runtime // opened with the first pipeline
	loaded  []*pooled     // least recently used first
	closed  bool
}

type pooled struct {
	pipe  *pipeline
	how   string // the key of its variant
	bytes int64
	users int
	gone  bool // no longer in the pool: the last user closes it
}

// variant is how a folder's networks are loaded.
type variant struct {
	added  adapterSet
	tiling bool // convolutions see the opposite edge beyond the edge
	// threads of one network; 0 means what the options or the model say.
	threads int
}

// variantOf is how a recipe wants its model.
func variantOf(r art.Recipe, added adapterSet) variant {
	return variant{added: added, tiling: r.Tiling}
}

func (v variant) key() string { return fmt.Sprintf("%s%t %d", v.added.key(), v.tiling, v.threads) }

// acquire gives the pipeline of a folder in a variant, loading it when needed. The caller calls release once.
func (p *pool) acquire(f *Folder, v variant) (_ *pipeline, release func() error, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, fmt.Errorf("local: the engine is closed: %w", art.ErrUnavailable)
	}
	inputs := false // whether the networks take adapters as inputs, so that all sets share one pipeline
	if len(v.added) > 0 {
		if inputs, err = f.takesAdapters(); err != nil {
			return nil, nil, err
		}
	}
	patched := v
	if inputs {
		patched.added = nil
	}
	e, err := p.find(f, patched)
	if err != nil {
		return nil, nil, err
	}
	pipe := e.pipe
	if inputs {
		if pipe, err = pipe.with(v.added); err != nil {
			return nil, nil, err
		}
	}
	e.users++
	return pipe, sync.OnceValue(func() error { return p.release(e) }), nil
}

func (p *pool) find(f *Folder, v variant) (*pooled, error) {
	for i, e := range p.loaded {
		// The same bytes in two places are one model.
		if e.pipe.folder.SHA256 == f.SHA256 && e.how == v.key() {
			p.loaded = append(append(p.loaded[:i:i], p.loaded[i+1:]...), e)
			return e, nil
		}
	}
	if p.runtime == nil {
		rt, err := onnx.Open(p.library)
		if err != nil {
			return nil, fmt.Errorf("local: %w: %w", err, art.ErrUnavailable)
		}
		p.runtime = rt
	}
	weights, err := v.added.patch(f)
	if err != nil {
		return nil, err
	}
	bytes, err := f.bytes()
	if err != nil {
		return nil, err
	}
	if err := p.evict(p.limit() - bytes); err != nil {
		return nil, err
	}
	o := p.options
	o.Circular, o.IntraOpThreads = v.tiling, orInt(v.threads, o.IntraOpThreads)
	pipe, err := loadPipeline(p.runtime, f, o, weights)
	if err != nil {
		return nil, loadError(f, err)
	}
	pipe.network = p.network
	e := &pooled{pipe: pipe, how: v.key(), bytes: bytes}
	p.loaded = append(p.loaded, e)
	return e, nil
}

// loadError gives a failure to load art's sentinels.
func loadError(f *Folder, err error) error {
	kind := art.ErrInvalid
	if errors.Is(err, onnx.ErrProvider) || errors.Is(err, onnx.ErrLibrary) {
		kind = art.ErrUnavailable
	}
	return fmt.Errorf("local: loading model %s: %w: %w", f.Dir, err, kind)
}

func (p *pool) limit() int64 {
	if p.budget == 0 {
		return defaultMemory
	}
	return p.budget
}

// evict takes the least recently used pipelines out until no more than room bytes are taken.
func (p *pool) evict(room int64) error {
	var all []error
	taken := int64(0)
	for _, e := range p.loaded {
		taken += e.bytes
	}
	for len(p.loaded) > 0 && taken > room {
		e := p.loaded[0]
		p.loaded = p.loaded[1:]
		taken -= e.bytes
		e.gone = true
		if e.users == 0 {
			all = append(all, e.pipe.close())
		}
	}
	return errors.Join(all...)
}

func (p *pool) release(e *pooled) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.users--
	if !e.gone || e.users > 0 {
		return nil
	}
	return e.pipe.close()
}

// close unloads everything. Pictures in the making must have ended.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	err := p.evict(-1)
	if p.runtime != nil {
		err = errors.Join(err, p.runtime.Close())
	}
	return err
}
