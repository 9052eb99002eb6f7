package modelstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"

	"presswerk/internal/art"
	"presswerk/internal/model"
)

// AddOptions say under which name a model from disk is kept.
type AddOptions struct {
	Name      string        // "" makes one of the file's or folder's name
	Version   string        // "" takes what the model says of itself, else "1"
	Kind      string        // "" goes by the content
	License   string        // "" takes what the model says of itself
	Source    string        // where it came from; "" is the path
	Recipient age.Recipient // encrypts a LoRA or an embedding for it; nil keeps the files as they are
	Progress  Progress      // nil tells nobody
}

// Progress hears how much of a file is done; total is -1 where that is not known.
type Progress func(file string, done, total int64)

// Found is what Detect says about a file or folder.
type Found struct {
	model.Weights
	Files []string // slash paths below the folder; of a file, its name
}

// Add copies a model in, hashed file by file. What is there already, byte for byte, is left alone; another model of the same
// name and version gives art.ErrConflict.
func (s *Store) Add(ctx context.Context, from string, o AddOptions) (Manifest, error) {
	found, err := Detect(from)
	if err != nil {
		return Manifest{}, err
	}
	m, err := found.manifest(from, o)
	if err != nil {
		return m, err
	}
	if o.Recipient != nil && m.Kind != art.ModelLoRA && m.Kind != art.ModelEmbedding {
		return m, art.Unsupported("encrypt", "only LoRA and embeddings can be kept encrypted: the renderer opens whole models from the disk", "put the store on an encrypted disk")
	}
	err = s.write(func() error {
		if err := s.room(sizeOf(from, found.Files)); err != nil {
			return err
		}
		for _, name := range found.Files {
			f, err := s.copyIn(ctx, place(from, name), name, o)
			if err != nil {
				return fmt.Errorf("adding %s: %w", name, err)
			}
			m.Files = append(m.Files, f)
		}
		m, err = s.commit(m)
		return err
	})
	return m, err
}

// place is where a file of a model lies: the model itself where it is one file.
func place(from, name string) string {
	if info, err := os.Stat(from); err == nil && !info.IsDir() {
		return from
	}
	return filepath.Join(from, filepath.FromSlash(name))
}

func sizeOf(from string, files []string) int64 {
	var n int64
	for _, name := range files {
		if info, err := os.Stat(place(from, name)); err == nil {
			n += info.Size()
		}
	}
	return n
}

func (s *Store) copyIn(ctx context.Context, from, name string, o AddOptions) (File, error) {
	in, err := os.Open(from)
	if err != nil {
		return File{}, outside("opening "+from, err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return File{}, outside("looking at "+from, err)
	}
	var r io.Reader = &counting{in, name, 0, info.Size(), o.Progress}
	if o.Recipient != nil {
		return s.seal(ctx, r, name, info.Size(), o.Recipient)
	}
	sum, size, err := s.keep(ctx, r, "", -1)
	return File{Path: name, SHA256: sum, Size: size}, err
}

// counting tells how much was read.
type counting struct {
	r           io.Reader
	name        string
	done, total int64
	tell        Progress
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.tell != nil {
		c.tell(c.name, c.done, c.total)
	}
	return n, err
}

var notInNames = regexp.MustCompile(`[^a-z0-9._-]+`)

// manifest fills in what nobody said.
func (f Found) manifest(from string, o AddOptions) (Manifest, error) {
	base := filepath.Base(filepath.Clean(from))
	if f.Kind != art.ModelPipeline && f.Form != FormDiffusers {
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	said := f.about(from)
	m := Manifest{
		Name:    cmp.Or(o.Name, said.Name, strings.Trim(notInNames.ReplaceAllString(strings.ToLower(base), "-"), "-.")),
		Version: cmp.Or(o.Version, said.Version, "1"), Kind: cmp.Or(o.Kind, f.Kind), Form: f.Form, Base: f.Family,
		License: cmp.Or(o.License, said.License, f.Metadata["modelspec.license"]), Source: cmp.Or(o.Source, filepath.ToSlash(from)), Trust: TrustLocal,
		Encrypted: o.Recipient != nil, Metadata: f.Metadata,
	}
	if len(f.Triggers) > 0 {
		m.Metadata["triggers"] = strings.Join(f.Triggers, ", ")
	}
	if !slices.Contains(art.ModelKinds(), m.Kind) {
		return m, art.Invalid("kind", fmt.Sprintf("nobody knows the kind %q", m.Kind), "use "+strings.Join(art.ModelKinds(), ", "))
	}
	return m, CheckName(m.Name, m.Version)
}

// about is what a folder's own model.json says.
func (f Found) about(from string) (said struct{ Name, Version, License string }) {
	if data, err := os.ReadFile(filepath.Join(from, descriptionFile)); err == nil && len(data) < maxManifest {
		_ = json.Unmarshal(data, &said) // the renderer tells what is wrong with it
	}
	return said
}

// Detect tells what a file or folder is. What nobody here can use gives art.ErrUnsupported with the reason.
func Detect(from string) (Found, error) {
	info, err := os.Stat(from)
	if err != nil {
		return Found{}, outside("looking at "+from, err)
	}
	if info.IsDir() {
		return detectFolder(from)
	}
	f, err := os.Open(from)
	if err != nil {
		return Found{}, outside("opening "+from, err)
	}
	defer f.Close()
	if ext := filepath.Ext(from); ext == ".ckpt" || ext == ".pkl" || ext == ".bin" {
		if w, err := model.DetectWeights(f, info.Size(), filepath.Base(from)); err == nil {
			return Found{w, []string{filepath.Base(from)}}, nil
		}
	}
	w, err := model.DetectWeights(f, info.Size(), filepath.Base(from))
	return Found{w, []string{filepath.Base(from)}}, err
}

// classes tells a folder's kind by the class that its config.json names.
func classes() map[string]string {
	return map[string]string{"ControlNetModel": art.ModelControl, "T2IAdapter": art.ModelControl, "MultiAdapter": art.ModelControl}
}

func detectFolder(dir string) (Found, error) {
	files, err := listFiles(dir)
	if err != nil {
		return Found{}, err
	}
	has := func(match func(string) bool) bool { return slices.ContainsFunc(files, match) }
	graphs := has(func(n string) bool { return strings.HasSuffix(n, ".onnx") })
	tensors := has(func(n string) bool { return strings.HasSuffix(n, ".safetensors") })
	f := Found{Weights: model.Weights{Metadata: map[string]string{}}, Files: files}
	switch {
	case slices.Contains(files, model.IndexFile) && slices.Contains(files, "unet/model.onnx"):
		f.Kind, f.Form = art.ModelPipeline, FormONNX
		f.Family = familyOfIndex(dir)
	case slices.Contains(files, model.IndexFile) && tensors:
		f.Kind, f.Form = art.ModelCheckpoint, FormDiffusers
		f.Family = familyOfIndex(dir)
	case slices.Contains(files, "config.json") && tensors:
		f.Kind, f.Form = cmp.Or(classes()[classOf(filepath.Join(dir, "config.json"))], art.ModelNetwork), FormDiffusers
	case graphs:
		f.Kind, f.Form = cmp.Or(classes()[classOf(filepath.Join(dir, "config.json"))], art.ModelNetwork), FormONNX
	case has(isPickle):
		return f, art.Unsupported(dir, "holds its weights only as Python pickles (.bin, .ckpt, .pt): opening one can run whatever its author wrote into it", "fetch the model as safetensors; most hubs offer both")
	default:
		return f, art.Unsupported(dir, "is no model folder that is known here: it has neither "+model.IndexFile+" nor a network", "name a diffusers or optimum folder, or one file")
	}
	f.Files = slices.DeleteFunc(f.Files, func(n string) bool { return f.Form == FormDiffusers && isPickle(n) }) // the same weights once more
	return f, nil
}

func isPickle(name string) bool {
	return slices.Contains([]string{".bin", ".ckpt", ".pt", ".pth", ".pkl"}, path.Ext(name))
}

// listFiles lists a folder's files by slash path, sorted. Hidden ones are left out; links to files are followed, as hubs'
// caches have them, and links to folders are not.
func listFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && name != "." {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		info, err := os.Stat(at)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		if len(files) == maxFiles {
			return art.Invalid(dir, fmt.Sprintf("has more than %d files", maxFiles), "is this one model?")
		}
		files = append(files, filepath.ToSlash(name))
		return nil
	})
	if err != nil && !errors.Is(err, art.ErrInvalid) {
		err = outside("looking into "+dir, err)
	}
	slices.Sort(files)
	return files, err
}

func classOf(file string) string {
	var c struct {
		Class string `json:"_class_name"`
	}
	if data, err := os.ReadFile(file); err == nil && len(data) < maxManifest {
		_ = json.Unmarshal(data, &c) // no class: an unknown network
	}
	return c.Class
}

func familyOfIndex(dir string) string {
	class := classOf(filepath.Join(dir, model.IndexFile))
	_, err := os.Stat(filepath.Join(dir, "text_encoder"))
	switch {
	case strings.Contains(class, "XL") && err != nil:
		return model.FamilyRefiner
	case strings.Contains(class, "XL"):
		return model.FamilySDXL
	}
	var unet struct {
		Cross any `json:"cross_attention_dim"`
	}
	if data, err := os.ReadFile(filepath.Join(dir, "unet", "config.json")); err == nil && len(data) < maxManifest {
		_ = json.Unmarshal(data, &unet) // an unknown family
	}
	return map[any]string{768.0: model.FamilySD1, 1024.0: model.FamilySD2}[unet.Cross]
}
