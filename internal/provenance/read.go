package provenance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
)

// State is what became of a file's manifest.
type State string

// The states. Valid means intact, but signed by somebody whom the anchors do not know.
const (
	Trusted State = "trusted"
	Valid   State = "valid"
	Invalid State = "invalid"
	Absent  State = "absent"
)

// Report is a manifest as it was read back.
type Report struct {
	State       State          `json:"state"`
	Codes       []string       `json:"codes"` // what the validator found wrong or noteworthy, in C2PA's words
	Title       string         `json:"title,omitempty"`
	Generator   string         `json:"generator,omitempty"`
	Signer      string         `json:"signer,omitempty"`
	SourceTypes []string       `json:"source_types,omitempty"` // of all manifests in the file, the active one first
	Actions     []string       `json:"actions,omitempty"`      // of the active manifest, in order
	Parameters  map[string]any `json:"parameters,omitempty"`   // of the "created" action, wherever in the chain it is
	Parents     []string       `json:"parents,omitempty"`      // titles of the parent ingredients
	Assertions  []string       `json:"assertions,omitempty"`   // labels, of the active manifest
	StampedAt   *time.Time     `json:"stamped_at,omitempty"`   // when a time-stamping authority saw the signature; nil where none did
}

// store mirrors the part of c2pa-rs' JSON report that is used here.
type manifestStore struct {
	Active    string              `json:"active_manifest"`
	State     string              `json:"validation_state"`
	Manifests map[string]manifest `json:"manifests"`
	Results   struct {
		Active struct {
			Success       []finding `json:"success"`
			Failure       []finding `json:"failure"`
			Informational []finding `json:"informational"`
		} `json:"activeManifest"`
		Deltas []struct {
			Deltas struct {
				Failure []finding `json:"failure"`
			} `json:"validationDeltas"`
		} `json:"ingredientDeltas"`
	} `json:"validation_results"`
}

type finding struct {
	Code string `json:"code"`
}

type manifest struct {
	Title      string     `json:"title"`
	Generators []Software `json:"claim_generator_info"`
	Signature  struct {
		Issuer     string `json:"issuer"`
		CommonName string `json:"common_name"`
		Time       string `json:"time"`
	} `json:"signature_info"`
	Assertions []struct {
		Label string          `json:"label"`
		Data  json.RawMessage `json:"data"`
	} `json:"assertions"`
	Ingredients []struct {
		Title        string `json:"title"`
		Relationship string `json:"relationship"`
	} `json:"ingredients"`
}

type action struct {
	Action     string         `json:"action"`
	SourceType string         `json:"digitalSourceType"`
	Parameters map[string]any `json:"parameters"`
}

type actionList struct {
	Actions []action `json:"actions"`
}

// Read validates a file's manifest. Anchors are PEM certificates of roots that are trusted beside none. A file without a
// manifest, or of a format that cannot hold one, is Absent and no error.
func (l *Library) Read(ctx context.Context, mime string, data []byte, anchors string) (Report, error) {
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("provenance: reading a manifest: %w", err)
	}
	text, broken, err := l.readAs(mime, data, anchors, l.calls.toJSON)
	if err != nil || text == "" {
		return unreadable(broken), err
	}
	var store manifestStore
	if err := json.Unmarshal([]byte(text), &store); err != nil {
		return Report{}, fmt.Errorf("provenance: reading the report on a manifest: %w", err)
	}
	return store.report(), nil
}

// CrJSON gives all that a file's manifests say, and what validation found, in C2PA's crJSON. A file without a manifest, or with one that
// can't be read, gives art.ErrNotFound.
func (l *Library) CrJSON(ctx context.Context, mime string, data []byte, anchors string) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("provenance: reading a manifest: %w", err)
	}
	text, broken, err := l.readAs(mime, data, anchors, l.calls.toCrJSON)
	if err == nil && text == "" {
		err = fmt.Errorf("provenance: no manifest can be read (%s): %w", broken, art.ErrNotFound)
	}
	return json.RawMessage(text), err
}

// readAs validates a file's manifest and writes it with one of the library's functions. Where there is none that can be read, the text is
// empty and broken says what the library said.
func (l *Library) readAs(mime string, data []byte, anchors string, write func(reader uintptr) uintptr) (text, broken string, err error) {
	settings, err := options{anchors: anchors}.settings()
	if err != nil {
		return "", "", err
	}
	text, err = locked(func() (string, error) {
		c2pa, err := l.context(settings, false)
		if err != nil {
			return "", err
		}
		defer l.calls.free(c2pa)
		reader := l.calls.readerFromContext(c2pa)
		if reader == 0 {
			return "", l.failure("making a manifest reader")
		}
		s, done := l.stream(&memory{data: data})
		defer done()
		if reader = l.calls.readerWithStream(reader, mime, s); reader == 0 {
			broken = l.text(l.calls.err())
			return "", nil
		}
		defer l.calls.free(reader)
		return l.text(write(reader)), nil
	})
	return text, broken, err
}

// unreadable tells "there is none" from "there is one, and it is broken" by the library's message, which is all that
// its interface gives.
func unreadable(message string) Report {
	for _, none := range []string{"ManifestNotFound", "JumbfNotFound", "no JUMBF", "UnsupportedType", "NotSupported", "type is unsupported"} {
		if strings.Contains(message, none) {
			return Report{State: Absent}
		}
	}
	return Report{State: Invalid, Codes: []string{message}}
}

func (s manifestStore) report() Report {
	active := s.Manifests[s.Active]
	r := Report{State: Invalid, Title: active.Title, Signer: active.Signature.Issuer}
	switch s.State {
	case "Trusted":
		r.State = Trusted
	case "Valid":
		r.State = Valid
	}
	if len(active.Generators) > 0 {
		r.Generator = strings.TrimSpace(active.Generators[0].Name + " " + active.Generators[0].Version)
	}
	for _, f := range slices.Concat(s.Results.Active.Failure, s.Results.Active.Informational) {
		r.Codes = append(r.Codes, f.Code)
	}
	r.StampedAt = s.stampedAt()
	for _, d := range s.Results.Deltas {
		for _, f := range d.Deltas.Failure {
			r.Codes = append(r.Codes, f.Code)
		}
	}
	for _, i := range active.Ingredients {
		if i.Relationship == "parentOf" {
			r.Parents = append(r.Parents, i.Title)
		}
	}
	for _, a := range active.Assertions {
		r.Assertions = append(r.Assertions, a.Label)
	}
	for _, a := range active.actions() {
		r.Actions = append(r.Actions, a.Action)
	}
	for _, m := range s.chain() {
		for _, a := range m.actions() {
			if a.SourceType != "" && !slices.Contains(r.SourceTypes, a.SourceType) {
				r.SourceTypes = append(r.SourceTypes, a.SourceType)
			}
			if a.Action == "c2pa.created" && len(a.Parameters) > 0 {
				r.Parameters = a.Parameters
			}
		}
	}
	return r
}

// stampedAt is when an authority that the anchors know saw the active manifest's signature.
func (s manifestStore) stampedAt() *time.Time {
	known := slices.ContainsFunc(s.Results.Active.Success, func(f finding) bool { return f.Code == "timeStamp.trusted" })
	at, err := time.Parse(time.RFC3339, s.Manifests[s.Active].Signature.Time)
	if !known || err != nil {
		return nil
	}
	return &at
}

// chain lists the manifests, the active one first and the others in the order of their labels.
func (s manifestStore) chain() []manifest {
	labels := make([]string, 0, len(s.Manifests))
	for label := range s.Manifests {
		if label != s.Active {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	all := []manifest{s.Manifests[s.Active]}
	for _, label := range labels {
		all = append(all, s.Manifests[label])
	}
	return all
}

func (m manifest) actions() []action {
	for _, a := range m.Assertions {
		if !strings.HasPrefix(a.Label, "c2pa.actions") {
			continue
		}
		var list actionList
		if json.Unmarshal(a.Data, &list) == nil { // another shape than the specification's says nothing here
			return list.Actions
		}
	}
	return nil
}
