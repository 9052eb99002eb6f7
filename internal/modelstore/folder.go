package modelstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"presswerk/internal/art"
)

// descriptionFile is what the renderer reads of a folder beside diffusers' own files.
const descriptionFile = "model.json"

// materialise puts a model's files where the renderer looks for them. What is encrypted stays where it is.
func (s *Store) materialise(m Manifest) error {
	if m.Encrypted {
		return nil
	}
	tmp, err := os.MkdirTemp(filepath.Join(s.dir, "tmp"), "folder-")
	if err != nil {
		return outside("making a folder", err)
	}
	defer os.RemoveAll(tmp)
	for _, f := range m.Files {
		to := filepath.Join(tmp, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return outside("making a folder", err)
		}
		if err := link(s.Blob(f.SHA256), to); err != nil {
			return err
		}
	}
	if m.Kind == art.ModelPipeline {
		if err := describe(filepath.Join(tmp, descriptionFile), m); err != nil {
			return err
		}
	}
	to := s.Folder(m)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return outside("making a folder", err)
	}
	if err := os.RemoveAll(to); err != nil { // of a process that was killed before it wrote the manifest
		return outside("putting "+m.Ref()+" in place", err)
	}
	if err := errors.Join(os.Chmod(tmp, 0o755), os.Rename(tmp, to)); err != nil {
		return outside("putting "+m.Ref()+" in place", err)
	}
	return s.nameAdapter(m)
}

// link makes one file of two places; where the disk can't, it copies.
func link(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return outside("copying", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
	if err != nil {
		return outside("copying", err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return outside("copying", err)
	}
	return nil
}

// describe writes model.json with the name and version under which the store knows the model; all else stays as the
// model's own model.json says.
func describe(path string, m Manifest) error {
	about := map[string]any{}
	if data, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(data, &about); err != nil {
			return fmt.Errorf("modelstore: %s of %s is no JSON object: %w: %w", descriptionFile, m.Ref(), err, art.ErrInvalid)
		}
		if err := os.Remove(path); err != nil { // a link to the blob, which stays as it is
			return outside("writing "+descriptionFile, err)
		}
	}
	about["name"], about["version"] = m.Name, m.Version
	if _, said := about["license"]; !said && m.License != "" {
		about["license"] = m.License
	}
	data, err := json.MarshalIndent(about, "", " ")
	if err != nil {
		return fmt.Errorf("modelstore: writing %s: %w", descriptionFile, err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return outside("writing "+descriptionFile, err)
	}
	return nil
}

// adapterDir is where adapters of a kind stand under their names; "" for any other model.
func (s *Store) adapterDir(kind string) string {
	return map[string]string{art.ModelLoRA: s.Adapters(), art.ModelEmbedding: s.Embeddings()}[kind]
}

// nameAdapter puts a LoRA or an embedding where recipes find it: as name@version, and the one added last as name.
func (s *Store) nameAdapter(m Manifest) error {
	dir := s.adapterDir(m.Kind)
	if dir == "" {
		return nil
	}
	for _, name := range []string{m.Ref(), m.Name} {
		to := filepath.Join(dir, name+filepath.Ext(m.Files[0].Path))
		tmp := filepath.Join(s.dir, "tmp", fmt.Sprintf("link-%d-%s", os.Getpid(), name))
		if err := os.RemoveAll(tmp); err != nil {
			return outside("naming "+m.Ref(), err)
		}
		if err := link(s.Blob(m.Files[0].SHA256), tmp); err != nil {
			return err
		}
		if err := os.Rename(tmp, to); err != nil {
			return outside("naming "+m.Ref(), err)
		}
		_ = os.Remove(tmp) // rename leaves both names when they are one file already
	}
	return nil
}

// unname takes an adapter's names away; another version takes the bare name over.
func (s *Store) unname(m Manifest, rest []Manifest) error {
	dir := s.adapterDir(m.Kind)
	if dir == "" || len(m.Files) == 0 {
		return nil
	}
	for _, name := range []string{m.Ref(), m.Name} {
		if err := os.RemoveAll(filepath.Join(dir, name+filepath.Ext(m.Files[0].Path))); err != nil {
			return outside("removing "+m.Ref(), err)
		}
	}
	for _, other := range rest {
		if other.Name == m.Name && other.Kind == m.Kind && !other.Encrypted {
			return s.nameAdapter(other)
		}
	}
	return nil
}
