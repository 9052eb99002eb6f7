package workspace

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/brand"
)

// maxPicture is how large a picture may be that a brief names.
const maxPicture = 32 << 20

// pictures reads the files that a brief and its kit name by their paths. None may lie outside of the workspace.
func (w Workspace) pictures(b art.Brief, k brand.Kit) (map[string][]byte, []*art.FieldError) {
	named := []struct{ field, path string }{{"identity", cmp.Or(b.Identity, k.Identity)}}
	if b.Clip != nil {
		named = append(named, struct{ field, path string }{"clip.first", b.Clip.First}, struct{ field, path string }{"clip.last", b.Clip.Last})
	}
	found := map[string][]byte{}
	var bad []*art.FieldError
	for _, f := range named {
		if f.path == "" || strings.HasPrefix(f.path, "sha256:") || found[f.path] != nil {
			continue
		}
		data, err := w.picture(f.path)
		if err != nil {
			bad = append(bad, &art.FieldError{
				Field: f.field, Reason: err.Error(), Kind: art.ErrInvalid,
				Remedy: "write the path of a PNG, JPEG or WebP file from the top of the workspace, or sha256:… of a picture that was made here",
			})
			continue
		}
		found[f.path] = data
	}
	return found, bad
}

func (w Workspace) picture(path string) ([]byte, error) {
	f, err := os.OpenInRoot(w.Dir, filepath.FromSlash(path))
	if err != nil {
		return nil, fmt.Errorf("the picture %q can't be read: %w", path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPicture+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the picture %q can't be read: %w", path, err)
	case len(data) > maxPicture:
		return nil, fmt.Errorf("the picture %q has more than %d bytes", path, maxPicture)
	case len(data) == 0:
		return nil, fmt.Errorf("the picture %q is empty", path)
	}
	return data, nil
}
