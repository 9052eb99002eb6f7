package workspace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Names in a workspace.
const (
	markerFile = "presswerk.yaml"
	stateDir   = ".presswerk"
	siteDir    = "site"
)

// Format is the version of the folder's layout that this program reads and writes.
const Format = 1

// Workspace is an opened folder. The zero value is none.
type Workspace struct {
	Dir  string // absolute path
	Name string // from presswerk.yaml

	Signing art.Signing // the same
	Door    art.Door    // the same
}

// marker is presswerk.yaml.
type marker struct {
	Name    string       `yaml:"name"`
	Version int          `yaml:"version"`
	Budgets []art.Budget `yaml:"budgets"`           // what may be spent in the whole workspace; one for each currency
	Signing art.Signing  `yaml:"signing,omitempty"` // who attests when files were signed

	Door art.Door `yaml:"door,omitempty"` // who may ask without a key where a picture comes from
}

// Find opens the workspace that contains start, a folder or a file in it. Outside any it gives art.ErrNotFound.
func Find(start string) (Workspace, error) {
	from, err := filepath.Abs(start)
	if err != nil {
		return Workspace{}, fmt.Errorf("workspace: looking around %s: %w", start, err)
	}
	for dir := from; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(filepath.Join(dir, markerFile)); err == nil && info.Mode().IsRegular() {
			return Open(dir)
		}
		if dir == filepath.Dir(dir) {
			return Workspace{}, &art.FieldError{
				Field: "workspace", Reason: fmt.Sprintf("neither %s nor a folder around it has a %s", start, markerFile),
				Remedy: "make one with presswerk init DIR, or name one with --workspace DIR", Kind: art.ErrNotFound,
			}
		}
	}
}

// Open opens a folder that is a workspace. A folder that is none gives art.ErrNotFound; one of a newer layout gives
// art.ErrUnsupported.
func Open(dir string) (Workspace, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Workspace{}, fmt.Errorf("workspace: opening %s: %w", dir, err)
	}
	w := Workspace{Dir: abs}
	var m marker
	d, err := w.read(markerFile, &m)
	if errors.Is(err, fs.ErrNotExist) {
		return Workspace{}, &art.FieldError{
			Field: "workspace", Reason: fmt.Sprintf("%s is no workspace: it has no %s", dir, markerFile),
			Remedy: "make one with presswerk init DIR", Kind: art.ErrNotFound,
		}
	}
	if err != nil {
		return Workspace{}, err
	}
	if m.Version > Format {
		return Workspace{}, art.Unsupported("version", fmt.Sprintf("%s has version %d, and this program reads %d", markerFile, m.Version, Format), "use a newer presswerk")
	}
	if m.Version < 1 {
		d.place([]*art.FieldError{{Field: "version", Reason: "is missing or below 1", Remedy: fmt.Sprintf("write version: %d", Format)}})
	}
	d.place(art.CheckBudgets("budgets", m.Budgets))
	d.place(art.CheckSigning("signing", m.Signing))
	d.place(m.Door.Check("door"))
	if err := d.found.err(); err != nil {
		return Workspace{}, err
	}
	w.Signing = m.Signing
	w.Door = m.Door
	if w.Name = m.Name; w.Name == "" {
		w.Name = filepath.Base(abs)
	}
	return w, nil
}

// StateDir is where database, pictures and keys are kept. It may not exist yet.
func (w Workspace) StateDir() string { return filepath.Join(w.Dir, stateDir) }

// SiteDir is where pages are published. It may not exist yet.
func (w Workspace) SiteDir() string { return filepath.Join(w.Dir, siteDir) }

// Briefs lists the paths of all briefs, relative to the workspace, in alphabetical order.
func (w Workspace) Briefs() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(w.Dir, "briefs", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("workspace: listing briefs: %w", err)
	}
	for i, f := range found {
		found[i] = w.short(f)
	}
	slices.Sort(found)
	return found, nil
}

// short is a path as messages show it: inside the workspace relative to it, with slashes.
func (w Workspace) short(path string) string {
	if rel, err := filepath.Rel(w.Dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return path
}

// read decodes one file of the workspace; path is absolute or relative to it. The error is about the file as a whole;
// what is wrong inside stands in the decoder.
func (w Workspace) read(path string, out any) (*decoder, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(w.Dir, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("workspace: reading %s: %w", w.short(path), err)
	}
	return decode(w.short(path), data, out), nil
}
