package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
)

// shelf is where files of one kind lie that recipes name.
type shelf struct {
	kind    string   // for people
	field   string   // of the recipe
	folders []string // in the order in which they are looked through
	endings []string // in the order in which they are tried
}

// find looks for a file. A name is no path.
func (s shelf) find(name string) (string, error) {
	if name == "" || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return "", art.Invalid(s.field+".name", fmt.Sprintf("%q is no name of a file", name), "give the file's name without folder and "+strings.Join(s.endings, ", "))
	}
	for _, dir := range s.folders {
		for _, ending := range s.endings {
			file := filepath.Join(dir, name+ending)
			info, err := os.Stat(file)
			switch {
			case err == nil && info.Mode().IsRegular():
				return file, nil
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				return "", fmt.Errorf("local: looking for %s %s: %w", s.kind, name, err)
			}
		}
	}
	remedy := "name a folder for it"
	if len(s.folders) > 0 {
		remedy = "put it into " + strings.Join(s.folders, " or ")
	}
	return "", &art.FieldError{Field: s.field + ".name", Reason: fmt.Sprintf("there is no %s%s here", name, strings.Join(s.endings, " or ")), Remedy: remedy, Kind: art.ErrNotFound}
}

// pinned hashes a file and refuses one that isn't the one that the recipe names by its SHA-256.
func (s shelf) pinned(h *hasher, name, file, want string) (string, error) {
	sum, err := h.file(file)
	if err != nil {
		return "", fmt.Errorf("local: hashing %s %s: %w", s.kind, name, err)
	}
	return sum, s.matches(file, sum, want)
}

// matches refuses a file that isn't the one that the recipe names; place is where it was found.
func (s shelf) matches(place, sum, want string) error {
	if want == "" || want == sum {
		return nil
	}
	return &art.FieldError{
		Field: s.field + ".sha256", Reason: fmt.Sprintf("the recipe wants %s, but %s has %s", want, place, sum),
		Remedy: "fetch the " + s.kind + " that the recipe names, or make a new recipe", Kind: art.ErrMismatch,
	}
}
