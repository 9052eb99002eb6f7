package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/softbinding"
)

// Bindings finds kept manifests; softbinding.Resolver does.
type Bindings interface {
	ByBinding(ctx context.Context, b softbinding.Binding, count int) ([]softbinding.Match, error)
	ByContent(ctx context.Context, data []byte, algorithm string, hint *softbinding.Binding, count int) ([]softbinding.Match, error)
	Manifest(ctx context.Context, id string, activeOnly bool) ([]byte, error)
}

// bindingsBase is where the Soft Binding Resolution API lies.
const bindingsBase = "/c2pa/v1"

// The bounds of a query. A value of more than 4 KiB belongs into a POST.
const (
	maxValue   = 4 << 10
	maxQuery   = 64 << 10
	maxMatches = 100
)

// What the API answers, in C2PA's names.
type (
	bindingQuery struct {
		Algorithm string `json:"alg"`
		Value     string `json:"value"`
	}
	bindingResult struct {
		Matches []bindingMatch `json:"matches"`
	}
	bindingMatch struct {
		ManifestID string `json:"manifestId"`
		Score      int    `json:"similarityScore"`
	}
	algorithmList struct {
		Watermarks   []algorithm `json:"watermarks"`
		Fingerprints []algorithm `json:"fingerprints"`
	}
	algorithm struct {
		Name string `json:"alg"`
	}
)

// bindings serves C2PA's Soft Binding Resolution API 1.0, and says at a well-known address where it lies.
func (s *Studio) bindings(r chi.Router) {
	if s.Bindings == nil {
		return
	}
	r.Get("/.well-known/c2pa-soft-binding", s.open(func(w http.ResponseWriter, _ *http.Request) {
		s.answer(w, map[string]any{"softBindingResolutionApi": bindingsBase, "supportedAlgorithms": algorithms()})
	}))
	r.Route(bindingsBase, func(r chi.Router) {
		r.Get("/services/supportedAlgorithms", s.open(func(w http.ResponseWriter, _ *http.Request) { s.answer(w, algorithms()) }))
		r.Get("/matches/byBinding", s.open(s.queryByBinding))
		r.Post("/matches/byBinding", s.open(s.queryByLargeBinding))
		r.Post("/matches/byContent", s.open(s.uploadFile))
		r.Get("/manifests/{id}", s.open(s.manifestByID))
		r.Options("/*", func(w http.ResponseWriter, _ *http.Request) {
			if s.door.Public {
				w.Header().Set("Access-Control-Allow-Origin", "*")
				w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
				w.Header().Set("Access-Control-Allow-Headers", "Content-Type, Authorization")
			}
			w.WriteHeader(http.StatusNoContent)
		})
	})
}

func algorithms() algorithmList {
	var all algorithmList
	watermarks, fingerprints := softbinding.Algorithms()
	for _, name := range watermarks {
		all.Watermarks = append(all.Watermarks, algorithm{name})
	}
	for _, name := range fingerprints {
		all.Fingerprints = append(all.Fingerprints, algorithm{name})
	}
	return all
}

// open lets in whoever may enter, other sites' pages too where the door is public; a key needs the scope to read.
func (s *Studio) open(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		k, ok, err := s.enter(w, r)
		switch {
		case errors.Is(err, errTooMany):
			w.WriteHeader(http.StatusTooManyRequests)
		case err != nil:
			s.refuse(w, r, err)
		case !ok:
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.WriteHeader(http.StatusUnauthorized)
		case k.SHA256 != "" && !k.May(access.Read):
			w.WriteHeader(http.StatusForbidden)
		default:
			if s.door.Public {
				w.Header().Set("Access-Control-Allow-Origin", "*")
			}
			next(w, r.WithContext(context.WithValue(r.Context(), keyContext{}, k)))
		}
	}
}

// refuse answers with the status that C2PA's description names, and no body.
func (s *Studio) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := status(err)
	switch code {
	case http.StatusUnprocessableEntity:
		code = http.StatusBadRequest
	case http.StatusInternalServerError:
		if errors.Is(err, context.Canceled) {
			return // nobody listens any more
		}
		s.Logger.Error("request failed", "path", r.URL.Path, "error", err)
	}
	w.WriteHeader(code)
}

func (s *Studio) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.Logger.Debug("writing an answer", "error", err)
	}
}

func (s *Studio) matched(w http.ResponseWriter, r *http.Request, found []softbinding.Match, err error) {
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	result := bindingResult{Matches: []bindingMatch{}}
	for _, m := range found {
		result.Matches = append(result.Matches, bindingMatch{m.ID, m.Score})
	}
	s.answer(w, result)
}

// countOf reads maxResults: 10 where it is left out.
func countOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("maxResults")
	if text == "" {
		return 10, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, art.Invalid("maxResults", "is no number above 0", "leave it out, or write one")
	}
	return min(n, maxMatches), nil
}

func (s *Studio) queryByBinding(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if len(q.Get("value")) > maxValue {
		w.WriteHeader(http.StatusRequestURITooLong)
		return
	}
	s.find(w, r, bindingQuery{q.Get("alg"), q.Get("value")})
}

func (s *Studio) queryByLargeBinding(w http.ResponseWriter, r *http.Request) {
	var q bindingQuery
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuery)).Decode(&q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.find(w, r, q)
}

func (s *Studio) find(w http.ResponseWriter, r *http.Request, q bindingQuery) {
	n, err := countOf(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	found, err := s.Bindings.ByBinding(r.Context(), softbinding.Binding{Algorithm: q.Algorithm, Value: q.Value}, n)
	s.matched(w, r, found, err)
}

// uploadFile looks at a picture in the body. What is none is of an invalid type, 415.
func (s *Studio) uploadFile(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	n, err := countOf(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "image/") {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	q := r.URL.Query()
	var hint *softbinding.Binding
	if q.Has("hintAlg") || q.Has("hintValue") {
		hint = &softbinding.Binding{Algorithm: q.Get("hintAlg"), Value: q.Get("hintValue")}
		if err := hint.Check(); err != nil {
			s.refuse(w, r, err)
			return
		}
	}
	if alg := q.Get("alg"); alg != "" && !known(alg) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.most(ctx)))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	done, err := s.turn(ctx)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	defer done()
	found, err := s.Bindings.ByContent(ctx, data, q.Get("alg"), hint, n)
	if errors.Is(err, art.ErrInvalid) {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	s.matched(w, r, found, err)
}

func known(alg string) bool {
	all := algorithms()
	for _, a := range append(all.Watermarks, all.Fingerprints...) {
		if a.Name == alg {
			return true
		}
	}
	return false
}

// manifestByID gives a manifest store. Identifiers are labels as C2PA writes them, with at most two hundred characters.
func (s *Studio) manifestByID(w http.ResponseWriter, r *http.Request) {
	id, activeOnly := chi.URLParam(r, "id"), false
	const longest = 200
	if text := r.URL.Query().Get("returnActiveManifest"); text != "" {
		var err error
		if activeOnly, err = strconv.ParseBool(text); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	if len(id) > longest || !strings.HasPrefix(id, "urn:") && !strings.Contains(id, ":urn:") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	data, err := s.Bindings.Manifest(r.Context(), id, activeOnly)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", provenance.ManifestMIME)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if _, err := w.Write(data); err != nil { //nolint:gosec // a manifest of our own, of a type that no browser shows
		s.Logger.Debug("writing an answer", "error", err)
	}
}
