package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	weights "presswerk/internal/model"
)

// description is model.json, a file of ours beside model_index.json: what people and the planner should know.
type description struct {
	Name       string            `json:"name"`
	Version    string            `json:"version"`
	License    string            `json:"license"`
	Dialect    string            `json:"dialect"`
	Width      int               `json:"width"` // native size in pixels
	Height     int               `json:"height"`
	MinSize    int               `json:"min_size"`
	MaxSize    int               `json:"max_size"`
	Seconds    float64           `json:"seconds_per_picture"`
	Defaults   engine.Defaults   `json:"defaults"`
	Words      *art.Vocabulary   `json:"vocabulary"`
	Session    map[string]string `json:"session"`    // ONNX Runtime session entries that this model wants
	Checkpoint art.ModelRef      `json:"checkpoint"` // what the folder was converted from
	// Threads of one network. Small networks are made fastest one thread a picture, several pictures at a time; and
	// then the number of cores doesn't change the bits.
	Threads int `json:"threads"`
	// Split says that the UNet may be cut where it depends on the prompt alone, and that pictures then come out the same
	// to the bit whatever shares their batch. Together is how many are best made in one.
	Split    bool `json:"split"`
	Together int  `json:"together"`
}

// lock is model.lock: the SHA-256 of each file and of the folder.
type lock struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	SHA256  string            `json:"sha256"`
	Files   map[string]string `json:"files"`
}

// Folder is a model on disk whose files were hashed and whose configuration was read. No network is loaded.
type Folder struct {
	Dir    string
	SHA256 string            // model.FolderDigest of Files
	Files  map[string]string // slash path → SHA-256

	index     index
	about     description
	text      networkConfig
	text2     networkConfig
	unet      networkConfig
	vae       networkConfig
	vision    networkConfig
	scheduler json.RawMessage
}

// openFolder reads and checks a model folder. When it has a model.lock, a file that differs gives art.ErrMismatch.
func openFolder(h *hasher, dir string) (*Folder, error) {
	f := &Folder{Dir: dir}
	if err := f.read(os.DirFS(dir)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.Join(err, art.ErrNotFound)
		}
		return nil, fmt.Errorf("local: model folder %s: %w", dir, err)
	}
	sums, err := h.files(dir)
	if err != nil {
		return nil, err
	}
	f.Files, f.SHA256 = sums, weights.FolderDigest(sums)
	if err := f.checkLock(os.DirFS(dir)); err != nil {
		return nil, fmt.Errorf("local: model folder %s: %w", dir, err)
	}
	return f, nil
}

func (f *Folder) read(folder fs.FS) error {
	if err := readConfig(folder, indexFile, &f.index); err != nil {
		return err
	}
	f.about = description{Name: filepath.Base(f.Dir), Dialect: "plain"}
	if err := readOptional(folder, descriptionFile, &f.about); err != nil {
		return err
	}
	var raw any
	if err := readConfig(folder, "scheduler/scheduler_config.json", &raw); err != nil {
		return err
	}
	var err error
	if f.scheduler, err = json.Marshal(raw); err != nil {
		return err
	}
	f.vae.ScalingFactor = 0.18215 // diffusers' default
	for name, into := range map[string]*networkConfig{
		"text_encoder/config.json": &f.text, "text_encoder_2/config.json": &f.text2, "unet/config.json": &f.unet,
		"vae_decoder/config.json": &f.vae, "image_encoder/config.json": &f.vision,
	} {
		if err := readOptional(folder, name, into); err != nil {
			return err
		}
	}
	return f.checkConfigs()
}

func (f *Folder) checkConfigs() error {
	switch {
	case f.vae.LatentChannels < 1 || len(f.vae.BlockChannels) < 1 || len(f.vae.BlockChannels) > 8:
		return art.Invalid("vae_decoder/config.json", "latent_channels or block_out_channels are missing", "export the model again with optimum")
	case f.unet.InChannels < 1 || len(f.unet.BlockChannels) < 1 || len(f.unet.BlockChannels) > 8:
		return art.Invalid("unet/config.json", "in_channels or block_out_channels are missing", "export the model again with optimum")
	case f.unet.ImageAdapters < 0 || f.unet.ImageAdapters > 0 && (f.vision.ImageSize < 1 || len(f.unet.ImageLayers) == 0):
		return art.Invalid("image_encoder/config.json", "image_size is missing, or the UNet's layers for IP-Adapters", "export the model again with --image-encoder")
	case f.vae.ScalingFactor == 0:
		return art.Invalid("vae_decoder/config.json", "scaling_factor is zero", "export the model again with optimum")
	case !strings.Contains(f.index.Class, "StableDiffusion") && !strings.Contains(f.index.Class, "LatentConsistency"):
		return art.Unsupported(indexFile, fmt.Sprintf("pipelines of class %q are not known", f.index.Class), "use a Stable Diffusion or SDXL folder")
	}
	return nil
}

// checkLock compares the files with model.lock, where there is one.
func (f *Folder) checkLock(folder fs.FS) error {
	var l lock
	if err := readConfig(folder, lockFile, &l); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for name, want := range l.Files {
		if got := f.Files[name]; got != want {
			return fmt.Errorf("%s has SHA-256 %s, but %s says %s; fetch the model again: %w", name, or(got, "(missing)"), lockFile, want, art.ErrMismatch)
		}
	}
	if l.SHA256 != f.SHA256 {
		return fmt.Errorf("the folder's SHA-256 is %s, but %s says %s; remove files that don't belong there: %w", f.SHA256, lockFile, l.SHA256, art.ErrMismatch)
	}
	return nil
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// xl says whether the folder is an SDXL base or refiner.
func (f *Folder) xl() bool { return strings.Contains(f.index.Class, "XL") }

// factor is how many pixels a latent stands for, each way.
func (f *Folder) factor() int { return 1 << (len(f.vae.BlockChannels) - 1) }

// step is what sizes must be multiples of: 8, as diffusers asks, and what the UNet halves without a rest. Exported
// graphs can't do sizes between, because the skip connections no longer meet.
func (f *Folder) step() int {
	return max(8, f.factor()<<(len(f.unet.BlockChannels)-1))
}

// native is the model's own size in pixels.
func (f *Folder) native() (width, height int) {
	side := f.unet.sampleSize() * f.factor()
	return orInt(f.about.Width, side), orInt(f.about.Height, side)
}

func orInt(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// Ref names the folder so that a recipe is pinned to it.
func (f *Folder) Ref() art.ModelRef {
	return art.ModelRef{Name: f.about.Name, Version: f.about.Version, SHA256: f.SHA256}
}

// bytes is about what the folder's networks take in memory: the size of their files, and where weights are kept as int8 and
// unpacked when they are loaded, four times that.
func (f *Folder) bytes() (int64, error) {
	total := int64(0)
	for name := range f.Files {
		if ext := path.Ext(name); ext == ".json" || ext == ".txt" {
			continue
		}
		info, err := os.Stat(filepath.Join(f.Dir, filepath.FromSlash(name)))
		if err != nil {
			return 0, fmt.Errorf("local: model folder %s: %w", f.Dir, err)
		}
		total += info.Size()
	}
	if f.about.Session["session.disable_quant_qdq"] == "1" {
		total *= 4
	}
	return total, nil
}

// hasEncoder says whether there is a first text encoder; an SDXL refiner has only the second.
func (f *Folder) hasEncoder() bool { return f.index.TextEncoder.present() }
