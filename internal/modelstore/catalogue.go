package modelstore

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"presswerk/internal/art"
)

//go:embed catalogue.json
var catalogueJSON []byte

// Catalogue says where known models are and under which licence. The hubs' addresses are data in it.
type Catalogue struct {
	Format   int                       `json:"format"`
	Hubs     map[string]Hub            `json:"hubs"`
	Licenses map[string]CatalogLicense `json:"licenses"`
	Models   []Entry                   `json:"models"`
}

// Hub is a place with models.
type Hub struct {
	URL string `json:"url"` // a template with {repo}, {revision} and {path}
}

// CatalogLicense is a licence as the catalogue knows it.
type CatalogLicense struct {
	Name       string   `json:"name"`
	URL        string   `json:"url"`
	Accept     bool     `json:"accept"`             // a person has to accept it
	Commercial string   `json:"commercial"`         // as art.Terms
	Excluded   []string `json:"excluded,omitempty"` // as art.Terms
	Summary    art.Text `json:"summary"`
}

// Entry is a model that can be pulled.
type Entry struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Title    string   `json:"title"`
	Makers   string   `json:"makers"`
	Kind     string   `json:"kind"`
	Form     string   `json:"form"`
	Base     string   `json:"base,omitempty"`
	Hub      string   `json:"hub"`
	Repo     string   `json:"repo,omitempty"`
	Revision string   `json:"revision,omitempty"`
	License  string   `json:"license"` // a key of Licenses
	Purpose  art.Text `json:"purpose"`
	Convert  bool     `json:"convert,omitempty"` // it has to be converted before anything is rendered
	Files    []Remote `json:"files"`
}

// Remote is one file of an entry.
type Remote struct {
	Path   string `json:"path"`             // in the model's folder
	From   string `json:"from,omitempty"`   // at the hub, where it is called otherwise
	URL    string `json:"-"`                // filled in from the hub's template
	SHA256 string `json:"sha256,omitempty"` // "" where it is not known for sure: then the first one seen is pinned
	Size   int64  `json:"size,omitempty"`   // bytes; 0 where it is not known
	seen   bool   // SHA256 is what the hub gave the first time
}

// Known is the catalogue that comes with the program.
func Known() (Catalogue, error) { return ReadCatalogue(catalogueJSON) }

// ReadCatalogue reads a catalogue strictly.
func ReadCatalogue(data []byte) (Catalogue, error) {
	var c Catalogue
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("modelstore: the catalogue cannot be read: %w: %w", err, art.ErrInvalid)
	}
	if c.Format != 1 {
		return c, art.Unsupported("format", fmt.Sprintf("the catalogue has format %d, and this program reads 1", c.Format), "use a newer presswerk")
	}
	for i := range c.Models {
		if err := c.resolve(&c.Models[i]); err != nil {
			return c, fmt.Errorf("modelstore: the catalogue's model %s: %w", c.Models[i].Name, err)
		}
	}
	return c, nil
}

// resolve checks an entry and fills its addresses in.
func (c Catalogue) resolve(e *Entry) error {
	if err := CheckName(e.Name, e.Version); err != nil {
		return err
	}
	hub, ok := c.Hubs[e.Hub]
	if _, licensed := c.Licenses[e.License]; !ok || !licensed || len(e.Files) == 0 || !slices.Contains(art.ModelKinds(), e.Kind) {
		return art.Invalid("models", "hub, license, kind or files are missing or not known", "mend the catalogue")
	}
	for i := range e.Files {
		f := &e.Files[i]
		if err := checkPath(f.Path); err != nil {
			return err
		}
		from := f.Path
		if f.From != "" {
			from = f.From
		}
		f.URL = strings.NewReplacer("{repo}", e.Repo, "{revision}", url.PathEscape(e.Revision), "{path}", escapePath(from)).Replace(hub.URL)
	}
	return nil
}

func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// Find gives an entry by "name" or "name@version", or art.ErrNotFound with the names that exist.
func (c Catalogue) Find(ref string) (Entry, error) {
	var names []string
	for _, e := range c.Models {
		if e.Name == ref || e.Name+"@"+e.Version == ref {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, &art.FieldError{
		Field: "model", Reason: fmt.Sprintf("the catalogue has no model %q", ref),
		Remedy: "name one of " + strings.Join(names, ", ") + "; or give an address that begins with https://", Kind: art.ErrNotFound,
	}
}

// Card is what the catalogue can say of a model: a draft, which a person has to complete.
func (c Catalogue) Card(e Entry) art.ModelCard {
	l := c.Licenses[e.License]
	return art.ModelCard{
		Model: e.Name, Version: e.Version, Draft: true, Kind: e.Kind, Base: e.Base, Title: art.Text{art.English: e.Title}, Makers: e.Makers,
		License: art.License{ID: e.License, Name: l.Name, URL: l.URL, Summary: l.Summary, Accept: l.Accept},
		Terms:   art.Terms{Commercial: l.Commercial, Excluded: l.Excluded}, Purpose: e.Purpose,
		AIAct: art.AIAct{GPAI: art.TermUnknown, OpenWeights: true, Role: "deployer"},
	}
}
