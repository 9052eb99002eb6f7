package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/provenance"
)

//go:embed static
var static embed.FS

// Line is what the studio asks of the factory.
type Line interface {
	Runs(ctx context.Context) ([]art.RunView, error)
	Run(ctx context.Context, id string) (art.RunView, error)
	Candidates(ctx context.Context, run string) ([]art.CandidateView, error)
	Candidate(ctx context.Context, id string) (art.CandidateView, error)
	Decisions(ctx context.Context, candidate string) ([]art.Decision, error)
	Assets(ctx context.Context, words string) ([]art.Asset, error)
	Asset(ctx context.Context, id string) (art.Asset, error)
	Decide(ctx context.Context, d art.Decision) error
	Disclose(ctx context.Context, d art.Disclosure) error
	Disclosures(ctx context.Context, candidate string) ([]art.Disclosure, error)
	Labelling(c art.CandidateView, run art.Run) (art.Labelling, *art.Disclosure, error)
	Fix(ctx context.Context, o factory.FixOrder) (art.Candidate, error)
	Again(ctx context.Context, asset string, pay bool) (art.Comparison, error)
	Blob(ctx context.Context, sha256 string) (io.ReadSeekCloser, int64, error)
	Subscribe(ctx context.Context) <-chan art.Event
}

// BriefCard is a brief of the workspace as the first page lists it.
type BriefCard struct {
	Name  string   `json:"name"` // of its file, without ".yaml"
	Title art.Text `json:"title,omitempty"`
	Error string   `json:"error,omitempty"` // what is wrong with the file
}

// Options are what the studio is made of. All fields but Logger, Comparisons, Bindings, Preview and Thumbnail are needed.
type Options struct {
	Line   Line
	Briefs func(ctx context.Context) ([]BriefCard, error)
	Make   func(ctx context.Context, brief string) (art.RunView, error) // starts a run, or finds it
	Verify func(ctx context.Context, data []byte) (provenance.Verification, error)
	Ask    func(ctx context.Context, data []byte) (provenance.Verification, error) // the same for strangers, who hear of finished files only
	Door   art.Door                                                                // what strangers may ask
	// Bindings finds kept manifests; nil serves no Soft Binding Resolution API. Preview shows a finished file of an asset, and Thumbnail
	// any picture, small, as data URIs; nil shows none.
	Bindings  Bindings
	Preview   func(ctx context.Context, asset, file string) string
	Thumbnail func(ctx context.Context, data []byte) string
	Engines   func(ctx context.Context) ([]EngineCard, art.Radar, error) // how engines are, and what depends on models that go away
	Keys      func() (access.Ring, error)
	SiteDir   string // where sites are published; shown under /site/
	// Comparisons lists the comparisons of engines, the newest first; nil: there are none. Their pages are in CompareDir, each in
	// a folder of its name, and shown under /comparisons/.
	Comparisons func(ctx context.Context) ([]art.EngineComparison, error)
	CompareDir  string
	Name        string // of the workspace
	User        string // who decides when nobody says a name
	Version     string
	Now         func() time.Time
	Logger      *slog.Logger
}

// Studio answers requests. It is safe for concurrent use.
type Studio struct {
	Options
	handler http.Handler
	door    *door
}

// New makes a studio.
func New(o Options) (*Studio, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Studio{Options: o, door: newDoor(o.Door, o.Now)}
	files, err := fs.Sub(static, "static")
	if err != nil {
		return nil, fmt.Errorf("web: reading the embedded files: %w", err)
	}
	kept, err := cached(files)
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	foreign := http.NewCrossOriginProtection()
	foreign.AddInsecureBypassPattern("POST " + bindingsBase + "/") // it changes nothing, and other sites' pages may ask
	r.Use(s.recover, headers, foreign.Handler)
	r.Handle("/static/*", http.StripPrefix("/static/", kept))
	r.Get("/login", s.loginPage)
	r.Post("/login", s.login)
	r.Post("/language", s.language)
	s.api(r)
	s.bindings(r)
	r.Method(http.MethodGet, "/verify", s.entered(s.verifyPage))
	r.Method(http.MethodPost, "/verify", s.entered(s.verify))
	r.Group(func(r chi.Router) {
		r.Use(s.signedIn)
		s.pages(r)
	})
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, art.ErrNotFound) })
	s.handler = r
	return s, nil
}

// Handler answers pages and API.
func (s *Studio) Handler() http.Handler { return s.handler }

// pages are what people see; all of them need a session.
func (s *Studio) pages(r chi.Router) {
	r.Get("/", s.runsPage)
	r.With(s.may(access.Make)).Post("/runs", s.startRun)
	r.Get("/runs/{run}", s.runPage)
	r.Get("/runs/{run}/live", s.live)
	r.Get("/candidates/{candidate}", s.candidatePage)
	r.Get("/candidates/{candidate}/heat/{scorer}", s.heat)
	r.With(s.may(access.Decide)).Post("/candidates/{candidate}/decision", s.decide)
	r.With(s.may(access.Decide)).Post("/candidates/{candidate}/disclosure", s.disclose)
	r.With(s.may(access.Decide)).Post("/candidates/{candidate}/fix", s.fix)
	r.Get("/library", s.libraryPage)
	r.Get("/assets/{asset}", s.assetPage)
	r.With(s.may(access.Make)).Post("/assets/{asset}/again", s.again)
	r.Get("/engines", s.enginesPage)
	r.Get("/blobs/{sha256}", s.blob)
	r.Handle("/site/*", http.StripPrefix("/site/", http.FileServer(http.Dir(s.SiteDir))))
	if s.Comparisons != nil {
		r.Handle("/comparisons/*", http.StripPrefix("/comparisons/", http.FileServer(http.Dir(s.CompareDir))))
	}
	r.Post("/logout", s.logout)
}

// headers close what the pages don't need. Sites under /site/ bring placeholders as inline styles.
func headers(next http.Handler) http.Handler {
	const policy = "default-src 'none'; img-src 'self' data: blob:; media-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		if len(r.URL.Path) > 6 && r.URL.Path[:6] == "/site/" {
			h.Set("Content-Security-Policy", policy+"; style-src-attr 'unsafe-inline'")
		}
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// recover turns a panic into an error page, so that one bad request never ends the studio.
func (s *Studio) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // net/http breaks the connection off, so that half an answer is not taken for a whole one
			}
			if v != nil {
				s.Logger.Error("panic", "path", r.URL.Path, "value", v)
				http.Error(w, "internal error", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// cached lets browsers keep embedded files, and ask each time whether they are still those: a new program has new ones under the same names.
func cached(files fs.FS) (http.Handler, error) {
	tags := map[string]string{}
	err := fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		tags[path] = `"` + art.Digest(data) + `"`
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("web: reading the embedded files: %w", err)
	}
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tag := tags[strings.TrimPrefix(r.URL.Path, "/")]; tag != "" {
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("ETag", tag)
		}
		serve.ServeHTTP(w, r)
	}), nil
}
