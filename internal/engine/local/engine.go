package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"presswerk/internal/art"
	"presswerk/internal/diffusion"
	"presswerk/internal/engine"
	"presswerk/internal/onnx"
)

// Name is what recipes call this engine.
const Name = "local"

// Options say what the engine works with.
type Options struct {
	Library   string   // the ONNX Runtime library: a file, or the folder that holds it
	Models    []string // model folders that recipes may name
	Threads   int      // threads of one network; 0 takes what the model asks for, else lets ONNX Runtime choose
	Cores     int      // that pictures made at a time share, each taking its threads; 0 means all
	Providers []string // execution providers in order of preference; nil means cpu
	Memory    int64    // bytes that loaded models may take by the size of their files, one with other adapters being another one; 0 means 4 GiB. One model is always loaded
	Adapters  []string // folders of LoRA files that recipes may name, without .safetensors
	// Sealed finds a LoRA that is encrypted on the disk by its name; art.ErrNotFound means that there is none. Nil knows none.
	Sealed         func(name string) (Sealed, error)
	SealedAdapters []art.Adapter // those that Sealed finds, for Info
	// Embeddings are folders of textual inversions that recipes may name, without .safetensors, .pt or .bin.
	Embeddings []string
	Upscalers  []Upscaler // networks that recipes may name for enlarging
	Scratch    string     // folder for networks with adapters that are too large for memory; "" is the system's
	Cache      string     // folder for optimised networks, which load quicker; "" keeps none
	// Together is how many pictures share a run of the network; 0 means what the model asks for, else 1. More is faster.
	// A picture then depends on its neighbours in the last bit, because ONNX Runtime splits small sums by the batch's
	// size, unless the model's UNet is split where it depends on the prompt alone.
	Together int
	// Open finds a picture that a recipe names by its SHA-256; nil refuses such recipes.
	Open func(ctx context.Context, sha256 string) ([]byte, error)
	// Network finds the folder of a control network that a recipe names; art.ErrNotFound means that there is none. Nil knows none.
	Network func(ref art.ModelRef) (dir string, err error)
	// Known gives the SHA-256 of a file that somebody has hashed before and that is unchanged since; "" has it hashed. Nil
	// knows none.
	Known func(name string, info fs.FileInfo) (sha256 string)
	// Card finds the card of a model by its name and folder; nil, or a nil answer, means that there is none.
	Card    func(name, dir string) *art.ModelCard
	Version string           // goes into Info and into recipes: Revision and that of the library
	Now     func() time.Time // the clock for Picture.Elapsed; nil leaves Elapsed 0
}

// Revision is raised when equal recipes give other pixels than before. It is part of a recipe's identity, so a new
// release of the program renders nothing anew unless its arithmetic has changed.
const Revision = "2"

// Engine renders in this process. It is safe for concurrent use.
type Engine struct {
	options Options
	hasher  *hasher
	pool    *pool
	cores   *semaphore.Weighted
	info    engine.Info
	models  []model
	words   vocabularies
}

// model is a folder that recipes may name, or why it can't be used.
type model struct {
	folder *Folder
	err    error
}

var (
	_ engine.Engine  = (*Engine)(nil)
	_ engine.Batcher = (*Engine)(nil)
	_ engine.Warmer  = (*Engine)(nil)

	_ engine.Previewer = (*Engine)(nil)
)

// New reads and hashes the model folders. It loads no network and no library: what is missing is told by Info and
// by Render. An unknown execution provider gives art.ErrInvalid.
func New(o Options) (*Engine, error) {
	for _, name := range o.Providers {
		if !slices.Contains(onnx.Providers(), name) {
			return nil, art.Invalid("provider", fmt.Sprintf("%q is unknown", name), "choose of "+strings.Join(onnx.Providers(), ", "))
		}
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Time{} }
	}
	o.Cores = orInt(o.Cores, runtime.GOMAXPROCS(0))
	e := &Engine{options: o, hasher: &hasher{known: o.Known}, cores: semaphore.NewWeighted(int64(o.Cores))}
	e.pool = &pool{library: o.Library, network: o.Network, budget: o.Memory, options: onnx.Options{IntraOpThreads: o.Threads, Providers: o.Providers, Scratch: o.Scratch, Cache: onnx.Cache{Dir: o.Cache}}}
	for _, dir := range o.Models {
		f, err := openFolder(e.hasher, dir)
		e.models = append(e.models, model{f, err})
	}
	e.info = e.describe()
	return e, nil
}

// describe makes the Info once.
func (e *Engine) describe() engine.Info {
	info := engine.Info{Name: Name, Version: e.options.Version, Ready: true}
	var reasons []string
	if _, err := os.Stat(e.options.Library); err != nil {
		reasons = append(reasons, fmt.Sprintf("%v (%v)", onnx.ErrLibrary, err))
	}
	adapters, wrong := e.shelved()
	reasons = append(reasons, wrong...)
	for _, m := range e.models {
		if m.err != nil {
			reasons = append(reasons, m.err.Error())
			continue
		}
		about := m.folder.capabilities(e.options.Version)
		if e.options.Card != nil {
			about.Card = e.options.Card(about.Capabilities.Model.Name, m.folder.Dir)
		}
		if about.Card != nil && about.ModelLicense == "" {
			about.ModelLicense = about.Card.License.ID
		}
		about.LoRAs = adapters
		info.Models = append(info.Models, about)
	}
	info.Reason = strings.Join(reasons, "; ")
	info.Ready = len(reasons) == 0
	return info
}

// capabilities says what this engine honours with the folder's model.
func (f *Folder) capabilities(version string) engine.Model {
	width, height := f.native()
	return engine.Model{
		Defaults: f.about.Defaults,
		Capabilities: art.Capabilities{
			Engine: Name, EngineVersion: version, Model: f.Ref(), ModelLicense: f.about.License,
			Modes:    []string{art.ModeTextToImage, art.ModeImageToImage, art.ModeInpaint, art.ModeOutpaint, art.ModeUpscale},
			Samplers: diffusion.Samplers(), Schedulers: diffusion.Curves(),
			MinSize: orInt(f.about.MinSize, f.step()), MaxSize: orInt(f.about.MaxSize, maxSide), SizeStep: f.step(),
			NativeWidth: width, NativeHeight: height, MaxSteps: 1000,
			Seeds: true, Negative: true, Weights: false, Dialect: f.about.Dialect, Deterministic: true,
			SecondsPerPicture: f.about.Seconds, Vocabulary: f.about.Words, Checkpoint: f.about.Checkpoint,
			TakesLoRAs: true, Embeddings: f.hasEncoder() || f.xl(), Hires: true, Tiling: true, Refiner: f.xl(), MaxBatch: maxBatch, OnlyMasked: true,
			MaxReferences: f.unet.ImageAdapters,
		},
	}
}

// Info tells what the engine can do.
func (e *Engine) Info() engine.Info { return e.info }

// Close unloads the networks and the library. Pictures in the making must have ended.
func (e *Engine) Close() error {
	if err := e.pool.close(); err != nil {
		return fmt.Errorf("local: closing: %w", err)
	}
	return nil
}

// Warm loads a model before the first picture is asked for.
func (e *Engine) Warm(_ context.Context, ref art.ModelRef) error {
	f, err := e.folder(ref)
	if err != nil {
		return err
	}
	_, release, err := e.pool.acquire(f, variant{})
	if err != nil {
		return err
	}
	return release()
}

// Check says whether a recipe can be rendered, without loading a network.
func (e *Engine) Check(r art.Recipe) error {
	if err := e.checkUpscalers(r); err != nil || onlyEnlarged(r) {
		return err
	}
	r = redrawn(r)
	f, err := e.folder(r.Model)
	if err != nil {
		return err
	}
	if _, err := e.adapters(r); err != nil {
		return err
	}
	if err := e.checkEmbeddings(f, r); err != nil {
		return err
	}
	if err := e.pool.network.check(r.Controls); err != nil {
		return err
	}
	return check(f, r)
}

// folder finds the model that ref names and makes sure that it is the one whose SHA-256 ref has.
func (e *Engine) folder(ref art.ModelRef) (*Folder, error) {
	if ref.Dir != "" {
		f, err := openFolder(e.hasher, ref.Dir)
		if err != nil {
			return nil, err
		}
		return f, pinned(f, ref)
	}
	var names []string
	var broken []error
	for _, m := range e.models {
		if m.err != nil {
			broken = append(broken, m.err)
			continue
		}
		known := m.folder.Ref()
		if ref.Name == known.Name && (ref.Version == "" || ref.Version == known.Version) || ref.Name == "" && ref.SHA256 == known.SHA256 && ref.SHA256 != "" {
			return m.folder, pinned(m.folder, ref)
		}
		names = append(names, fmt.Sprintf("%s %s", known.Name, known.Version))
	}
	missing := &art.FieldError{
		Field: "model", Reason: fmt.Sprintf("there is no model %q version %q here", ref.Name, ref.Version),
		Remedy: "choose one of: " + strings.Join(names, ", "), Kind: art.ErrNotFound,
	}
	return nil, errors.Join(append([]error{missing}, broken...)...)
}

// pinned refuses a model that isn't the one that was named by its SHA-256.
func pinned(f *Folder, ref art.ModelRef) error {
	if ref.SHA256 == "" || ref.SHA256 == f.SHA256 {
		return nil
	}
	return &art.FieldError{
		Field: "model.sha256", Reason: fmt.Sprintf("the recipe wants %s, but %s has %s", ref.SHA256, f.Dir, f.SHA256),
		Remedy: "fetch the model that the recipe names, or make a new recipe", Kind: art.ErrMismatch,
	}
}
