package modelstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/model"
)

// manifestFormat is the version of manifests that this program reads and writes.
const manifestFormat = 1

// Limits against a stranger's manifest.
const (
	maxManifest = 4 << 20
	maxFiles    = 10_000
)

// Forms in which models are stored.
const (
	FormONNX        = "onnx"        // an optimum folder, or one graph
	FormDiffusers   = "diffusers"   // a diffusers folder of safetensors
	FormSafetensors = "safetensors" // one file
	FormTorch       = "torch"       // one small file in torch's zip format, which is read without running it
	FormOther       = "other"       // what a catalogue names and this package does not look into
)

// How much is known about where a file's bytes come from, in falling order.
const (
	TrustCatalogue = "catalogue"  // its SHA-256 stands in the catalogue
	TrustNamed     = "named"      // whoever asked for it named its SHA-256
	TrustBundle    = "bundle"     // a bundle's signature was checked
	TrustLocal     = "local"      // it was added from this machine
	TrustFirstSeen = "first-seen" // nobody said its SHA-256 before: it was taken as it came, and is pinned since
)

// Manifest is one version of a model.
type Manifest struct {
	Format    int               `json:"format"`
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Kind      string            `json:"kind"`           // art.ModelKinds
	Form      string            `json:"form"`           // Form…
	Base      string            `json:"base,omitempty"` // the family that it belongs to or was made for: sd1, sd2, sdxl, sdxl-refiner
	SHA256    string            `json:"sha256"`         // what recipes and pins name: of the file, or model.FolderDigest of the folder
	License   string            `json:"license,omitempty"`
	Source    string            `json:"source"` // where it came from, without secrets
	Trust     string            `json:"trust"`  // Trust…, the weakest of its files
	Encrypted bool              `json:"encrypted,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"` // what the file says of itself
	Added     time.Time         `json:"added"`
	Files     []File            `json:"files"` // sorted by path
}

// File is one file of a model.
type File struct {
	Path   string `json:"path"` // below the model's folder, with slashes
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`            // bytes
	Plain  string `json:"plain,omitempty"` // of an encrypted file: the SHA-256 of what is inside
}

// Ref is "name@version".
func (m Manifest) Ref() string { return m.Name + "@" + m.Version }

// Size is how many bytes its files have together.
func (m Manifest) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Single tells whether the model is one file.
func (m Manifest) Single() bool {
	return len(m.Files) == 1 && m.Form != FormDiffusers && m.Kind != art.ModelPipeline
}

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,62}$`)
	hashPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// CheckName says whether a model may have this name and version.
func CheckName(name, version string) error {
	if !namePattern.MatchString(name) {
		return art.Invalid("name", fmt.Sprintf("%q is no name for a model", name), "use a–z, 0–9, dots, hyphens and underscores, at most 63")
	}
	if !versionPattern.MatchString(version) {
		return art.Invalid("version", fmt.Sprintf("%q is no version", version), "use letters, digits, dots, hyphens and plus signs, at most 63")
	}
	return nil
}

// checkPath refuses whatever is no plain path below the model's folder.
func checkPath(name string) error {
	if name == "" || len(name) > 512 || strings.ContainsAny(name, "\\\x00:") || path.Clean(name) != name || !filepath.IsLocal(name) {
		return art.Invalid("path", fmt.Sprintf("%q leads out of the model's folder or is no plain path", name), "this model was not made by presswerk; don't use it")
	}
	return nil
}

// Check finds what would make a manifest dangerous or useless.
func (m Manifest) Check() error {
	if m.Format > manifestFormat {
		return art.Unsupported("format", fmt.Sprintf("the manifest has format %d, and this program reads %d", m.Format, manifestFormat), "use a newer presswerk")
	}
	if err := CheckName(m.Name, m.Version); err != nil {
		return err
	}
	if !slices.Contains(art.ModelKinds(), m.Kind) {
		return art.Invalid("kind", fmt.Sprintf("nobody knows the kind %q", m.Kind), "use a newer presswerk")
	}
	if len(m.Files) == 0 || len(m.Files) > maxFiles {
		return art.Invalid("files", fmt.Sprintf("a model of %d files", len(m.Files)), fmt.Sprintf("1 to %d are possible", maxFiles))
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if err := checkPath(f.Path); err != nil {
			return err
		}
		if !hashPattern.MatchString(f.SHA256) || f.Plain != "" && !hashPattern.MatchString(f.Plain) || f.Size < 0 {
			return art.Invalid("files", fmt.Sprintf("%s has no SHA-256 or no size", f.Path), "")
		}
		if seen[strings.ToLower(f.Path)] {
			return art.Invalid("files", f.Path+" is there twice", "")
		}
		seen[strings.ToLower(f.Path)] = true
	}
	if m.SHA256 != m.identity() {
		return fmt.Errorf("model %s: its files give the SHA-256 %s, and the manifest says %s: %w", m.Ref(), m.identity(), m.SHA256, art.ErrMismatch)
	}
	return nil
}

// identity works out what SHA256 has to be.
func (m Manifest) identity() string {
	sums := map[string]string{}
	for _, f := range m.Files {
		sum := f.SHA256
		if f.Plain != "" {
			sum = f.Plain
		}
		if m.Single() {
			return sum
		}
		if m.Kind != art.ModelPipeline || model.PartOfFolder(f.Path) {
			sums[f.Path] = sum
		}
	}
	return model.FolderDigest(sums)
}

func decodeManifest(data []byte) (Manifest, error) {
	var m Manifest
	if len(data) > maxManifest {
		return m, art.Invalid("manifest", fmt.Sprintf("is larger than %d MiB", maxManifest>>20), "")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("a manifest cannot be read: %w: %w", err, art.ErrInvalid)
	}
	return m, m.Check()
}

func (s *Store) manifestPath(ref string) string {
	return filepath.Join(s.dir, "manifests", ref+".json")
}

// List gives all models by name, the newest version first. A manifest that cannot be read is told in the error, beside the
// others.
func (s *Store) List() ([]Manifest, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "manifests"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, outside("listing models", err)
	}
	var all []Manifest
	var wrong []error
	for _, e := range entries {
		ref, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		m, err := s.read(ref)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Manifest) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return b.Added.Compare(a.Added)
	})
	return all, errors.Join(wrong...)
}

func (s *Store) read(ref string) (Manifest, error) {
	data, err := os.ReadFile(s.manifestPath(ref))
	if err != nil {
		return Manifest{}, outside("reading the manifest of "+ref, err)
	}
	m, err := decodeManifest(data)
	if err != nil {
		return m, fmt.Errorf("modelstore: %s: %w", s.manifestPath(ref), err)
	}
	if m.Ref() != ref {
		return m, fmt.Errorf("modelstore: %s is the manifest of %s: %w", s.manifestPath(ref), m.Ref(), art.ErrInvalid)
	}
	return m, nil
}

// Find gives the model that "name" or "name@version" means; a name alone means the version that was added last. Nothing
// found gives art.ErrNotFound with the names that exist.
func (s *Store) Find(ref string) (Manifest, error) {
	all, err := s.List()
	var names []string
	for _, m := range all {
		if m.Name == ref || m.Ref() == ref {
			return m, nil
		}
		names = append(names, m.Ref())
	}
	if err != nil {
		return Manifest{}, err
	}
	remedy := "there is none yet: see presswerk models list --known"
	if len(names) > 0 {
		remedy = "there are: " + strings.Join(names, ", ")
	}
	return Manifest{}, &art.FieldError{Field: "model", Reason: fmt.Sprintf("the store has no model %q", ref), Remedy: remedy, Kind: art.ErrNotFound}
}
