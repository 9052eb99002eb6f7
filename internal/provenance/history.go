package provenance

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
)

// Step is one state of a picture in its history, as manifests tell it.
type Step struct {
	Manifest  string   `json:"manifest,omitempty"` // label; "" of a picture that has none
	Title     string   `json:"title,omitempty"`
	Generator string   `json:"generator,omitempty"`
	Signer    string   `json:"signer,omitempty"`
	When      string   `json:"when,omitempty"` // of the signature, RFC 3339, where it says so
	Actions   []string `json:"actions,omitempty"`
	Sources   []string `json:"source_types,omitempty"`
	Relation  string   `json:"relation,omitempty"` // to the step that it led to: "parentOf", "inputTo", "componentOf"; "" of the newest
	Depth     int      `json:"depth"`              // how many steps lie between it and the newest
	Thumbnail string   `json:"thumbnail,omitempty"`
}

// The bounds of a history: strangers' manifests may be as deep and as heavy as they like.
const (
	maxSteps     = 24
	maxThumbnail = 256 << 10 // bytes of one thumbnail
)

// fullStore is the report of the library with what links its manifests.
type fullStore struct {
	manifestStore

	links links
}

// links mirror how c2pa-rs' JSON report ties manifests, ingredients and thumbnails together.
type links struct {
	Manifests map[string]struct {
		Thumbnail resource `json:"thumbnail"`
		Signature struct {
			Time string `json:"time"`
		} `json:"signature_info"`
		Ingredients []struct {
			Title        string   `json:"title"`
			Relationship string   `json:"relationship"`
			Manifest     string   `json:"active_manifest"`
			Thumbnail    resource `json:"thumbnail"`
		} `json:"ingredients"`
	} `json:"manifests"`
}

type resource struct {
	Format     string `json:"format"`
	Identifier string `json:"identifier"`
}

// History tells how a file came to be, the newest state first and every state before the ones that it was made from. A detached
// manifest stands for the file's own; one without data reads the file's. A file without a manifest has no history.
func (l *Library) History(ctx context.Context, mime string, file []byte, detached Manifest) ([]Step, error) {
	store, _, err := l.readStore(ctx, mime, file, detached.Data, "")
	if err != nil || store == nil {
		return nil, err
	}
	own := detached
	if len(own.Data) == 0 {
		own, _ = ManifestOf(file) // without it the history has no pictures
	}
	return store.history(own), nil
}

func (s *fullStore) history(own Manifest) []Step {
	type visit struct {
		step Step
		path []string // manifests on the way, against circles
	}
	todo, steps := []visit{{step: Step{Manifest: s.Active}}}, []Step{}
	for len(todo) > 0 && len(steps) < maxSteps {
		v := todo[0]
		todo = todo[1:]
		m, known := s.Manifests[v.step.Manifest]
		if !known || slices.Contains(v.path, v.step.Manifest) {
			steps = append(steps, v.step)
			continue
		}
		link := s.links.Manifests[v.step.Manifest]
		v.step.tell(m)
		v.step.When = link.Signature.Time
		if v.step.Thumbnail == "" {
			v.step.Thumbnail = own.thumbnail(link.Thumbnail, v.step.Manifest)
		}
		steps = append(steps, v.step)
		var next []visit
		for _, i := range link.Ingredients {
			next = append(next, visit{
				Step{Manifest: i.Manifest, Title: i.Title, Relation: i.Relationship, Depth: v.step.Depth + 1, Thumbnail: own.thumbnail(i.Thumbnail, v.step.Manifest)},
				append(slices.Clone(v.path), v.step.Manifest),
			})
		}
		todo = append(next, todo...)
	}
	return steps
}

// tell fills in what a manifest says of its own picture.
func (s *Step) tell(m manifest) {
	if m.Title != "" {
		s.Title = m.Title
	}
	s.Signer = m.Signature.Issuer
	if len(m.Generators) > 0 {
		s.Generator = strings.TrimSpace(m.Generators[0].Name + " " + m.Generators[0].Version)
	}
	for _, a := range m.actions() {
		s.Actions = append(s.Actions, a.Action)
		if a.SourceType != "" && !slices.Contains(s.Sources, a.SourceType) {
			s.Sources = append(s.Sources, a.SourceType)
		}
	}
}

// thumbnail is a picture in a manifest as a data URI; "" where there is none, where it is too heavy, or is no plain picture.
func (m Manifest) thumbnail(r resource, manifest string) string {
	if r.Identifier == "" {
		return ""
	}
	mime, data := m.resource(r.Identifier, manifest)
	if !slices.Contains([]string{"image/jpeg", "image/png", "image/webp"}, mime) || len(data) == 0 || len(data) > maxThumbnail {
		return ""
	}
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data)
}
