package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"presswerk/internal/access"
	"presswerk/internal/art"
)

// Names of the cookies.
const (
	keyCookie      = "presswerk_key"
	languageCookie = "presswerk_language"
)

// maxForm bounds what an ordinary form may send.
const maxForm = 1 << 20

type keyContext struct{}

// keyOf is the key that a request came with.
func keyOf(ctx context.Context) access.Key {
	k, _ := ctx.Value(keyContext{}).(access.Key)
	return k
}

// authorize finds the key of a request: in the header for programs, in the cookie for pages.
func (s *Studio) authorize(r *http.Request) (access.Key, bool, error) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		if c, err := r.Cookie(keyCookie); err == nil {
			secret = c.Value
		}
	}
	ring, err := s.Keys()
	if err != nil {
		return access.Key{}, false, err
	}
	k, ok := ring.Find(secret)
	return k, ok, nil
}

// signedIn sends whoever has no key to the login page. A link with ?key=… signs in, and the key leaves the address.
func (s *Studio) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secret := r.URL.Query().Get("key"); secret != "" && r.Method == http.MethodGet {
			if s.keep(w, r, secret) {
				q := r.URL.Query()
				q.Del("key")
				target := *r.URL
				target.Path = "/" + strings.TrimLeft(target.Path, "/") // two slashes would lead to another host
				target.RawQuery = q.Encode()
				http.Redirect(w, r, target.RequestURI(), http.StatusSeeOther)
				return
			}
		}
		k, ok, err := s.authorize(r)
		switch {
		case err != nil:
			s.fail(w, r, err)
		case !ok && r.Header.Get("HX-Request") != "":
			w.Header().Set("HX-Redirect", "/login")
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyContext{}, k)))
		}
	})
}

// may refuses keys without a scope.
func (s *Studio) may(scope access.Scope) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := allowed(r.Context(), scope); err != nil {
				s.fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func allowed(ctx context.Context, scope access.Scope) error {
	if k := keyOf(ctx); !k.May(scope) {
		return fmt.Errorf("the key %q has no scope %q; make one with 'presswerk keys new --scopes %s': %w", k.Name, scope, scope, art.ErrRefused)
	}
	return nil
}

// keep puts a right key into the session's cookie.
func (s *Studio) keep(w http.ResponseWriter, r *http.Request, secret string) bool {
	ring, err := s.Keys()
	if err != nil {
		return false
	}
	if _, ok := ring.Find(secret); !ok {
		return false
	}
	http.SetCookie(w, &http.Cookie{
		Name: keyCookie, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil, MaxAge: 30 * 24 * 3600,
	})
	return true
}

func (s *Studio) loginPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, loginView(s.frame(r, "login"), false))
}

func (s *Studio) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !s.keep(w, r, strings.TrimSpace(r.FormValue("key"))) {
		s.render(w, r, http.StatusUnauthorized, loginView(s.frame(r, "login"), true))
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Studio) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: keyCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// language remembers the language that a person chose, and goes back to the page.
func (s *Studio) language(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	lang := r.FormValue("language")
	if lang != art.German {
		lang = art.English
	}
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: lang, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 365 * 24 * 3600})
	back := r.FormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.HasPrefix(back, "/\\") {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// languageOf is the language that a person chose, else the first of the browser's that the studio speaks.
func languageOf(r *http.Request) art.Language {
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == art.German || c.Value == art.English) {
		return c.Value
	}
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		switch tag = strings.ToLower(strings.TrimSpace(tag)); {
		case strings.HasPrefix(tag, art.German):
			return art.German
		case strings.HasPrefix(tag, art.English):
			return art.English
		}
	}
	return art.English
}
