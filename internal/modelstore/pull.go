package modelstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/model"
)

// PullOptions say how a model is pulled.
type PullOptions struct {
	Fetcher Fetcher
	Anew    bool // take what the hub gives now, although it gave something else the first time
}

// Pull fetches a model. Its files are compared with the catalogue's SHA-256, else with what the hub named, and always with
// what the hub gave the first time; a difference gives art.ErrMismatch. Files that are here already aren't fetched again.
func (s *Store) Pull(ctx context.Context, e Entry, o PullOptions) (Manifest, error) {
	m := Manifest{Name: e.Name, Version: e.Version, Kind: e.Kind, Form: e.Form, Base: e.Base, License: e.License, Trust: TrustCatalogue}
	if err := CheckName(e.Name, e.Version); err != nil {
		return m, err
	}
	if e.Hub != "" && len(e.Files) == 1 && e.Repo == "" && e.Files[0].SHA256 != "" {
		m.Trust = TrustNamed
	}
	e.Files = slices.Clone(e.Files)
	err := s.write(func() error {
		seen, err := s.firstSeen(m.Ref())
		if err != nil {
			return err
		}
		if o.Anew {
			seen = nil
		}
		for i, r := range e.Files {
			if r.SHA256 == "" {
				m.Trust = TrustFirstSeen
				e.Files[i].SHA256, e.Files[i].seen = seen[r.Path], seen[r.Path] != ""
			}
		}
		if err := s.prepare(ctx, e, o.Fetcher); err != nil {
			return err
		}
		for _, r := range e.Files {
			f, err := s.fetch(ctx, o.Fetcher, r)
			if err != nil {
				return err
			}
			if r.SHA256 == "" {
				o.Fetcher.note("first-seen", r.Path, f.SHA256)
			}
			m.Files = append(m.Files, f)
		}
		m, err = s.admit(m, e)
		return err
	})
	return m, err
}

// admit looks into what was fetched, remembers its hashes and makes it a model.
func (s *Store) admit(m Manifest, e Entry) (Manifest, error) {
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	m.Source = redact(e.Files[0].URL)
	if e.Repo != "" {
		m.Source = fmt.Sprintf("%s:%s@%s", e.Hub, e.Repo, e.Revision)
	}
	if err := s.inspect(&m); err != nil {
		return m, err
	}
	sums := map[string]string{}
	for _, f := range m.Files {
		sums[f.Path] = f.SHA256
	}
	data, err := json.MarshalIndent(sums, "", "  ")
	if err != nil {
		return m, fmt.Errorf("modelstore: remembering %s: %w", m.Ref(), err)
	}
	if err := s.writeWhole(filepath.Join(s.dir, "firstseen", m.Ref()+".json"), data); err != nil {
		return m, err
	}
	return s.commit(m)
}

// inspect refuses fetched files that are not what they should be, such as a web page under a model's name.
func (s *Store) inspect(m *Manifest) error {
	if m.Form == FormOther {
		return nil
	}
	for _, f := range m.Files {
		if ext := path.Ext(f.Path); ext != ".safetensors" && (ext != ".pt" || m.Form != FormTorch) {
			continue
		}
		in, err := os.Open(s.Blob(f.SHA256))
		if err != nil {
			return outside("looking into "+f.Path, err)
		}
		if m.Single() {
			var w model.Weights
			if w, err = model.DetectWeights(in, f.Size, f.Path); err == nil {
				m.Kind, m.Form, m.Metadata = w.Kind, w.Form, w.Metadata
				if w.Family != "" {
					m.Base = w.Family
				}
			}
		} else {
			_, err = model.OpenSafetensors(in, f.Size)
		}
		if err := errors.Join(err, in.Close()); err != nil {
			return fmt.Errorf("modelstore: %s of %s: %w", f.Path, m.Ref(), err)
		}
	}
	return nil
}

// firstSeen reads what a hub gave the first time: path → SHA-256.
func (s *Store) firstSeen(ref string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, "firstseen", ref+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, outside("reading what was seen first", err)
	}
	var sums map[string]string
	if err := json.Unmarshal(data, &sums); err != nil {
		return nil, fmt.Errorf("modelstore: firstseen/%s.json: %w: %w", ref, err, art.ErrInvalid)
	}
	for _, sum := range sums {
		if !hashPattern.MatchString(sum) {
			return nil, fmt.Errorf("modelstore: firstseen/%s.json: %q is no SHA-256: %w", ref, sum, art.ErrInvalid)
		}
	}
	return sums, nil
}

// prepare asks how large the files are, and refuses what would not fit before anything is fetched. What is here already
// need not be fetched at all.
func (s *Store) prepare(ctx context.Context, e Entry, f Fetcher) error {
	var need int64
	for i := range e.Files {
		r := &e.Files[i]
		if r.SHA256 != "" {
			if info, err := os.Stat(s.Blob(r.SHA256)); err == nil {
				r.Size = info.Size()
				continue
			}
		}
		if r.Size == 0 {
			size, err := f.size(ctx, *r)
			if err != nil {
				return err
			}
			r.Size = size
		}
		need += r.Size
	}
	if need > 0 {
		f.note("size", e.Name, bytesOf(need))
	}
	return s.room(need)
}

// size asks the first address that answers. Servers that don't know give 0; those that refuse are told at once.
func (f Fetcher) size(ctx context.Context, r Remote) (int64, error) {
	var last error
	for _, address := range f.addresses(r.URL) {
		res, about, err := f.ask(ctx, http.MethodHead, address, r.SHA256, partial{}, 0)
		if err == nil {
			return max(about.size, 0), res.Body.Close()
		}
		if ctx.Err() != nil {
			return 0, err
		}
		last = err
	}
	if _, ok := errors.AsType[*retryable](last); ok {
		return 0, nil // it may answer later; the download tries again
	}
	return 0, last
}

// EntryOf makes an entry of one file's address.
func EntryOf(address, sha256, name, version, license string) (Entry, error) {
	u, err := checkAddress(address, sha256)
	if err != nil {
		return Entry{}, err
	}
	if sha256 != "" && !hashPattern.MatchString(sha256) {
		return Entry{}, art.Invalid("sha256", fmt.Sprintf("%q is no SHA-256", sha256), "write 64 hexadecimal digits")
	}
	file := path.Base(u.Path)
	form, ok := map[string]string{".safetensors": FormSafetensors, ".pt": FormTorch, ".onnx": FormONNX}[path.Ext(file)]
	if !ok {
		return Entry{}, art.Unsupported("url", fmt.Sprintf("%q is neither .safetensors nor .onnx nor .pt", file), "name one file; folders of the catalogue are pulled by name, others with presswerk models add")
	}
	if name == "" {
		name = strings.Trim(notInNames.ReplaceAllString(strings.ToLower(strings.TrimSuffix(file, path.Ext(file))), "-"), "-.")
	}
	if version == "" {
		version = "1"
	}
	e := Entry{
		Name: name, Version: version, Title: file, Kind: art.ModelNetwork, Form: form, Hub: u.Hostname(), License: license,
		Files: []Remote{{Path: file, URL: address, SHA256: sha256}},
	}
	if err := checkPath(file); err != nil {
		return e, err
	}
	return e, CheckName(name, version)
}
