package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"presswerk/internal/art"
	"presswerk/internal/factory"
	"presswerk/internal/publish"
)

// maxUpload bounds the files that can be verified.
const maxUpload = 64 << 20

// render writes a page whole or not at all.
func (s *Studio) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	w.Header().Set("Cache-Control", "no-store")
	templ.Handler(c, templ.WithStatus(status), templ.WithErrorHandler(func(_ *http.Request, err error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			s.Logger.Error("writing a page", "path", r.URL.Path, "error", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
		})
	})).ServeHTTP(w, r)
}

// status maps errors to HTTP; the first match counts.
func status(err error) int {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return http.StatusRequestEntityTooLarge
	}
	for _, row := range []struct {
		err  error
		code int
	}{
		{errTooMany, http.StatusTooManyRequests},
		{art.ErrNotFound, http.StatusNotFound},
		{art.ErrRefused, http.StatusForbidden},
		{art.ErrConflict, http.StatusConflict},
		{art.ErrInvalid, http.StatusUnprocessableEntity},
		{art.ErrUnsupported, http.StatusUnprocessableEntity},
		{art.ErrMismatch, http.StatusUnprocessableEntity},
		{art.ErrUnavailable, http.StatusServiceUnavailable},
	} {
		if errors.Is(err, row.err) {
			return row.code
		}
	}
	return http.StatusInternalServerError
}

// fail answers with an error: a message at the page's edge for htmx, a page else.
func (s *Studio) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return // nobody listens any more
	}
	code := status(err)
	f := s.frame(r, "error")
	message := err.Error()
	switch {
	case err == art.ErrNotFound: //nolint:errorlint // the bare error: an address that no page has
		message = f.say("error_404")
	case code == http.StatusInternalServerError:
		s.Logger.Error("request failed", "path", r.URL.Path, "error", err)
	case code == http.StatusRequestEntityTooLarge:
		message = f.say("too_big", s.most(r.Context())>>20)
	case code == http.StatusTooManyRequests:
		message = f.say("too_many", w.Header().Get("Retry-After"))
	}
	if r.Header.Get("HX-Request") != "" {
		s.render(w, r, code, toast(message, true))
		return
	}
	s.render(w, r, code, errorView(f, message))
}

func (s *Studio) runsPage(w http.ResponseWriter, r *http.Request) {
	runs, err := s.Line.Runs(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	briefs, err := s.Briefs(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var compared []art.EngineComparison
	if s.Comparisons != nil {
		if compared, err = s.Comparisons(r.Context()); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.render(w, r, http.StatusOK, runsView(s.frame(r, "runs"), runs, briefs, compared))
}

func (s *Studio) startRun(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	run, err := s.Make(r.Context(), r.FormValue("brief"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/runs/"+run.ID, http.StatusSeeOther)
}

func (s *Studio) runPage(w http.ResponseWriter, r *http.Request) {
	f := s.frame(r, "runs")
	run, tiles, err := s.sheet(r.Context(), chi.URLParam(r, "run"), f.words, nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	show := r.URL.Query().Get("show")
	if !slices.Contains([]string{"", groupWaiting, groupApproved, groupOut}, show) {
		show = ""
	}
	f.Title = run.Brief.Title.In(f.lang)
	s.render(w, r, http.StatusOK, runView(f, run, tiles, show))
}

// sheet reads a run with its tiles. Steps are of renderings in progress, by candidate.
func (s *Studio) sheet(ctx context.Context, id string, w words, steps map[string]making) (art.RunView, []tile, error) {
	run, err := s.Line.Run(ctx, id)
	if err != nil {
		return run, nil, err
	}
	candidates, err := s.Line.Candidates(ctx, run.ID)
	if err != nil {
		return run, nil, err
	}
	tiles := make([]tile, len(candidates))
	for i, c := range candidates {
		tiles[i] = newTile(c, run.Kind, w, steps[c.ID])
	}
	return run, tiles, nil
}

func (s *Studio) candidatePage(w http.ResponseWriter, r *http.Request) {
	ctx, f := r.Context(), s.frame(r, "runs")
	c, run, err := s.candidate(ctx, chi.URLParam(r, "candidate"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	decisions, err := s.Line.Decisions(ctx, c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	kit, err := factory.Kit(run.Run)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	labels, err := s.labels(r, c, run.Run)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	siblings, err := s.Line.Candidates(ctx, c.Run)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t := newTile(c, run.Kind, f.words, making{})
	t.Heirs, f.Title = heirs(c.ID, siblings), t.Name()
	s.render(w, r, http.StatusOK, candidateView(f, run, t, newOverlay(c, r.URL.Query().Get("show")), kit, decisions, labels))
}

func (s *Studio) candidate(ctx context.Context, id string) (art.CandidateView, art.RunView, error) {
	c, err := s.Line.Candidate(ctx, id)
	if err != nil {
		return c, art.RunView{}, err
	}
	run, err := s.Line.Run(ctx, c.Run)
	return c, run, err
}

// decide takes a person's word. htmx gets the tile as it is now; a form without scripts goes back to the picture.
func (s *Studio) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx := r.Context()
	d := art.Decision{
		Candidate: chi.URLParam(r, "candidate"), Action: art.Action(r.FormValue("action")), Reason: r.FormValue("reason"), By: s.User,
	}
	if err := s.Line.Decide(ctx, d); err != nil {
		s.fail(w, r, err)
		return
	}
	if r.Header.Get("HX-Request") == "" {
		http.Redirect(w, r, "/candidates/"+d.Candidate, http.StatusSeeOther)
		return
	}
	c, run, err := s.candidate(ctx, d.Candidate)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	words := words{languageOf(r)}
	s.render(w, r, http.StatusOK, templ.Join(
		changes(words, &run, []tile{newTile(c, run.Kind, words, making{})}, nil),
		toast(words.say("decided_"+string(d.Action)), false),
	))
}

func (s *Studio) libraryPage(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query().Get("q")
	assets, err := s.Line.Assets(r.Context(), asked)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, libraryView(s.frame(r, "library"), assets, asked))
}

func (s *Studio) assetPage(w http.ResponseWriter, r *http.Request) {
	ctx, f := r.Context(), s.frame(r, "library")
	a, err := s.Line.Asset(ctx, chi.URLParam(r, "asset"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	run, err := s.Line.Run(ctx, a.Run)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	snippet, err := s.snippet(run, a, f.lang)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f.Title = a.Title.In(f.lang)
	s.render(w, r, http.StatusOK, assetView(f, a, run, snippet))
}

// snippet is what a page of the run's site would hold, in a language that the site has.
func (s *Studio) snippet(run art.RunView, a art.Asset, lang art.Language) (string, error) {
	languages := run.Brief.Languages
	if len(languages) == 0 {
		languages = []art.Language{art.English}
	}
	if !slices.Contains(languages, lang) {
		lang = languages[0]
	}
	base := "/site/" + run.Brief.ID + "/"
	return publish.Snippet(publish.Campaign{Run: run.Run, Languages: languages, BaseURL: base}, a, base, lang)
}

func (s *Studio) again(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	a, err := s.Line.Asset(ctx, chi.URLParam(r, "asset"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	c, err := s.Line.Again(ctx, a.ID, r.FormValue("pay") == "true")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := s.frame(r, "library")
	if r.Header.Get("HX-Request") != "" {
		s.render(w, r, http.StatusOK, againResult(f.words, c))
		return
	}
	s.render(w, r, http.StatusOK, againView(f, a, c))
}

// blob hands out kept bytes. They never change, so browsers may keep them for ever; what is neither picture, clip nor
// track is only ever saved, never shown.
func (s *Studio) blob(w http.ResponseWriter, r *http.Request) {
	sum := chi.URLParam(r, "sha256")
	file, _, err := s.Line.Blob(r.Context(), sum)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		s.fail(w, r, fmt.Errorf("web: reading %s: %w", sum, err))
		return
	}
	kind := pictureType(head[:n])
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("ETag", `"`+sum+`"`)
	disposition := "inline"
	if kind == "application/octet-stream" {
		disposition = "attachment"
	}
	if name := r.URL.Query().Get("name"); name != "" {
		disposition = mime.FormatMediaType("attachment", map[string]string{"filename": name})
	}
	h.Set("Content-Disposition", disposition)
	http.ServeContent(w, r, "", s.Now(), file)
}

// pictureType tells the formats of pictures, clips and their tracks by their first bytes; anything else is bytes.
func pictureType(head []byte) string {
	if len(head) >= 12 && string(head[4:12]) == "ftypavif" {
		return "image/avif"
	}
	if bytes.HasPrefix(head, []byte("WEBVTT\n")) {
		return "text/vtt; charset=utf-8"
	}
	switch kind := http.DetectContentType(head); kind {
	case "image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/webm":
		return kind
	default:
		return "application/octet-stream"
	}
}
