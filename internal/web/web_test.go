package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/provenance"
)

// line has no runs and says no to everything.
type line struct{ Line }

func (line) Runs(context.Context) ([]art.RunView, error) { return nil, nil }
func (line) Run(context.Context, string) (art.RunView, error) {
	return art.RunView{}, art.ErrNotFound
}
func (line) Assets(context.Context, string) ([]art.Asset, error) { return nil, nil }
func (line) Decide(context.Context, art.Decision) error          { return art.ErrRefused }
func (line) Asset(context.Context, string) (art.Asset, error)    { panic("a bug") }
func (line) Candidate(context.Context, string) (art.CandidateView, error) {
	return art.CandidateView{}, art.ErrUnavailable
}

// studio serves an empty workspace and gives a key with some scopes.
func studio(t *testing.T, scopes ...access.Scope) (address, key string) {
	t.Helper()
	key, ring, err := access.Ring{}.Add("test", scopes, time.Unix(0, 0), bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{
		Line: line{}, Briefs: func(context.Context) ([]BriefCard, error) {
			return []BriefCard{{Name: "b", Error: `<script>alert("x")</script>`}}, nil
		},
		Make: func(context.Context, string) (art.RunView, error) { return art.RunView{}, art.ErrInvalid },
		Verify: func(context.Context, []byte) (provenance.Verification, error) {
			return provenance.Verification{}, art.ErrInvalid
		},
		Engines: func(context.Context) ([]EngineCard, art.Radar, error) {
			return []EngineCard{{
				Info:   engine.Info{Name: "far", Version: "1", Reason: "<b>why</b>", Models: []engine.Model{{Capabilities: art.Capabilities{Model: art.ModelRef{Name: "cloud"}}}}},
				Health: engine.Health{State: engine.StateUnreachable, Milliseconds: 12}, Seen: engine.Figures{Requests: 4, Failed: 1},
			}}, art.Radar{Endings: []art.Ending{{
				Shutdown: art.Shutdown{Engine: "far", Model: "cloud", Date: "2026-12-01", Instead: "sky"}, Days: 5, Hits: []art.Hit{{Kind: art.HitBrief, Name: "spring"}},
				Also: []art.Shutdown{{Model: "sky", Date: "2026-12-24"}}, Lasting: "sun",
			}}, Unread: []art.Refusal{{Field: "briefs/torn.yaml", Reason: "torn"}}}, nil
		},
		Comparisons: func(context.Context) ([]art.EngineComparison, error) {
			return []art.EngineComparison{{ID: "compare-1", Title: art.Text{"en": "Which engine?"}, Rows: make([]art.EngineRow, 3)}}, nil
		},
		Keys: func() (access.Ring, error) { return ring, nil }, SiteDir: t.TempDir(), CompareDir: compareDir(t), Name: "Test", User: "tester", Version: "test",
		Now: func() time.Time { return time.Unix(0, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL, key
}

// compareDir has the page of one comparison.
func compareDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "compare-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "compare-1", "index.html"), []byte("<h1>three engines</h1>"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// reply is an answer whose body was read.
type reply struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
}

// ask sends one request and follows no redirect.
func ask(t *testing.T, method, address string, headers map[string]string, form url.Values) (reply, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, response.Cookies()}, string(body)
}

func TestWhoHasNoKeySeesNothing(t *testing.T) {
	address, key := studio(t, access.Read)
	for _, path := range []string{"/", "/runs/x", "/library", "/assets/x", "/engines", "/verify", "/blobs/x", "/site/index.html"} {
		if r, _ := ask(t, http.MethodGet, address+path, nil, nil); r.status != http.StatusSeeOther || r.header.Get("Location") != "/login" {
			t.Errorf("%s answers %d %s", path, r.status, r.header.Get("Location"))
		}
	}
	if r, _ := ask(t, http.MethodPost, address+"/login", nil, url.Values{"key": {"pw_wrong"}}); r.status != http.StatusUnauthorized || len(r.cookies) > 0 {
		t.Errorf("a wrong key answers %d with %v", r.status, r.cookies)
	}
	r, _ := ask(t, http.MethodPost, address+"/login", nil, url.Values{"key": {" " + key + "\n"}})
	if len(r.cookies) != 1 || !r.cookies[0].HttpOnly || r.cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("the right key gave %v", r.cookies)
	}
	r, body := ask(t, http.MethodGet, address+"/", map[string]string{"Cookie": "presswerk_key=" + key}, nil)
	if r.status != http.StatusOK || strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert") {
		t.Errorf("the first page: %d\n%s", r.status, body)
	}
	if policy := r.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-inline") {
		t.Errorf("the policy is %q", policy)
	}
	r, _ = ask(t, http.MethodGet, address+"/library?q=a&key="+key, nil, nil)
	if r.header.Get("Location") != "/library?q=a" {
		t.Errorf("a link with a key leads to %s", r.header.Get("Location"))
	}
}

func TestComparisonsOfEnginesAreShownToWhoIsSignedIn(t *testing.T) {
	address, key := studio(t, access.Scopes()...)
	signedIn := map[string]string{"Cookie": "presswerk_key=" + key}
	if _, body := ask(t, http.MethodGet, address+"/", signedIn, nil); !strings.Contains(body, `<a href="/comparisons/compare-1/">Which engine?</a>`) || !strings.Contains(body, "3 engines") {
		t.Errorf("the first page says\n%s", body)
	}
	if r, body := ask(t, http.MethodGet, address+"/comparisons/compare-1/", signedIn, nil); r.status != http.StatusOK || !strings.Contains(body, "three engines") {
		t.Errorf("%d: %s", r.status, body)
	}
	if r, _ := ask(t, http.MethodGet, address+"/comparisons/compare-1/", nil, nil); r.status != http.StatusSeeOther {
		t.Errorf("a stranger gets %d", r.status)
	}
}

func TestRequestsFromElsewhereAreRefused(t *testing.T) {
	address, key := studio(t, access.Scopes()...)
	for name, headers := range map[string]map[string]string{
		"another site":    {"Sec-Fetch-Site": "cross-site"},
		"another origin":  {"Origin": "https://evil.example"},
		"without cookies": {"Origin": address},
	} {
		if name != "without cookies" {
			headers["Cookie"] = "presswerk_key=" + key
		}
		r, _ := ask(t, http.MethodPost, address+"/candidates/x/decision", headers, url.Values{"action": {"approve"}})
		if r.status != http.StatusForbidden && r.header.Get("Location") != "/login" {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}

func TestScopesAndErrors(t *testing.T) {
	address, key := studio(t, access.Read)
	cookie := map[string]string{"Cookie": "presswerk_key=" + key}
	for _, x := range []struct {
		method, path string
		code         int
	}{
		{http.MethodPost, "/candidates/x/decision", http.StatusForbidden},
		{http.MethodPost, "/runs", http.StatusForbidden},
		{http.MethodGet, "/runs/x", http.StatusNotFound},
		{http.MethodGet, "/candidates/x", http.StatusServiceUnavailable},
		{http.MethodGet, "/assets/x", http.StatusInternalServerError},
		{http.MethodGet, "/nothing", http.StatusNotFound},
		{http.MethodPost, "/verify", http.StatusUnprocessableEntity},
	} {
		r, body := ask(t, x.method, address+x.path, cookie, url.Values{})
		if r.status != x.code || body == "" {
			t.Errorf("%s %s: %d, not %d", x.method, x.path, r.status, x.code)
		}
	}
	r, body := ask(t, http.MethodPost, address+"/runs", map[string]string{"Cookie": "presswerk_key=" + key, "HX-Request": "true"}, url.Values{})
	if r.status != http.StatusForbidden || !strings.Contains(body, `hx-target="#toasts"`) {
		t.Errorf("htmx gets %d %s", r.status, body)
	}
}

func TestLanguages(t *testing.T) {
	address, _ := studio(t)
	for accept, want := range map[string]string{"": "en", "de-AT,de;q=0.9": "de", "fr, de;q=0.5, en;q=0.2": "de", "en-GB, de": "en"} {
		if _, body := ask(t, http.MethodGet, address+"/login", map[string]string{"Accept-Language": accept}, nil); !strings.Contains(body, `<html lang="`+want+`">`) {
			t.Errorf("%q is not answered in %s", accept, want)
		}
	}
	for back, want := range map[string]string{"/library?q=a": "/library?q=a", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "": "/"} {
		r, _ := ask(t, http.MethodPost, address+"/language", nil, url.Values{"language": {"de"}, "back": {back}})
		if got := r.header.Get("Location"); got != want {
			t.Errorf("back to %q leads to %q", back, got)
		}
	}
}

// TestEverySentenceIsThereInBothLanguages also finds keys that no sentence has.
func TestEverySentenceIsThereInBothLanguages(t *testing.T) {
	gaps := regexp.MustCompile(`%(\.[0-9]+)?[a-z]`)
	for key, s := range catalogue() {
		if s.en == "" || s.de == "" {
			t.Errorf("%s lacks a language", key)
		}
		en, de := gaps.FindAllString(s.en, -1), gaps.FindAllString(s.de, -1)
		if strings.Join(en, " ") != strings.Join(de, " ") {
			t.Errorf("%s has the gaps %v in English and %v in German", key, en, de)
		}
	}
	for _, row := range standings() {
		if _, ok := catalogue()[row.Word]; !ok {
			t.Errorf("no sentence for the state %q", row.Word)
		}
	}
	for _, state := range []art.RunState{art.RunWorking, art.RunReview, art.RunPublished, art.RunEmpty, art.RunFailed, art.RunExplored} {
		if _, ok := catalogue()["run_"+string(state)]; !ok {
			t.Errorf("no sentence for the run's state %q", state)
		}
	}
}

func TestARunsCostIsAddedUpByCurrency(t *testing.T) {
	paid, open := spent([]art.Spending{
		{Currency: "USD", Amount: art.AmountOf(0.1), Open: art.AmountOf(0.04)}, {Currency: "EUR", Amount: art.AmountOf(1)}, {Currency: "USD", Amount: art.AmountOf(0.2)}, {},
	})
	if paid != "1.00 EUR + 0.30 USD" || open != "0.04 USD" {
		t.Errorf("%q, open %q", paid, open)
	}
	if paid, open := spent(nil); paid != "" || open != "" {
		t.Errorf("nothing costs %q, %q", paid, open)
	}
}

func TestEnginesSayHowTheyAreAndWhatGoesAway(t *testing.T) {
	address, key := studio(t, access.Read)
	for lang, want := range map[string][]string{
		"en": {"not there", "12 ms", "&lt;b&gt;why", "4, 1 failed", "in 5 days", "brief spring", "sky; sky ends as well, on 2026-12-24; sun has no known end", "until 2026-12-01", "briefs/torn.yaml can&#39;t be read"},
		"de": {"nicht da", "4, 1 fehlgeschlagen", "in 5 Tagen", "Briefing spring", "auch sky endet"},
	} {
		r, body := ask(t, http.MethodGet, address+"/engines", map[string]string{"Cookie": "presswerk_key=" + key, "Accept-Language": lang}, nil)
		for _, w := range want {
			if r.status != http.StatusOK || !strings.Contains(body, w) {
				t.Errorf("%s: %d, no %q in\n%s", lang, r.status, w, body)
			}
		}
	}
}

// A browser that has a file from an older program asks, and gets the new one; one that has this program's gets an empty answer.
func TestStaticFilesAreAskedForAnew(t *testing.T) {
	address, _ := studio(t)
	ask := func(tag string) (int, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/static/studio.css", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", tag)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode, answer.Header
	}
	code, head := ask(`"of another program"`)
	if again, _ := ask(head.Get("ETag")); code != http.StatusOK || head.Get("Cache-Control") != "no-cache" || again != http.StatusNotModified {
		t.Errorf("%d, then %d, %v", code, again, head)
	}
}
