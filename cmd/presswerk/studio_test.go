package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// reviewBrief waits for a person, and has enough pictures to be alive for a while.
const reviewBrief = `title: {en: Fruit for the new box, de: Obst für die neue Kiste}
goal: {en: Try the studio., de: Das Studio ausprobieren.}
kpi: {metric: ctr, target: 0.03}
brand: morgenrot
channels: [web-gallery]
languages: [en, de]
run: production
approval: review
styles: [cartoon]
prompt:
  background: {en: peach, de: pfirsich}
matrix:
  - field: prompt.subject
    values:
      - {en: strawberry, de: eine Erdbeere}
      - {en: red apple, de: ein roter Apfel}
      - {en: avocado, de: eine Avocado}
      - {en: lemon, de: eine Zitrone}
  - field: prompt.background
    values: [{en: light blue, de: hellblau}, {en: mint, de: mint}]
  - field: seed
    values: [2, 3, 4, 5, 6, 7]
select: {count: 6, share: 0.5}
legal: {no_gos: []}
`

// studio is a serving presswerk.
type studio struct {
	program
	address, key string
}

// serve starts the studio and ends it with the test.
func (p program) serve(t *testing.T) studio {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	c := p.command(context.Background(), "serve", "--listen", "127.0.0.1:0", "--ready-file", ready)
	var messages bytes.Buffer
	c.Stdout, c.Stderr = &messages, &messages
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("serve ended with %v\n%s", err, messages.Bytes())
		}
	})
	for range 100 {
		if address, err := os.ReadFile(ready); err == nil {
			var made struct {
				Key string `json:"key"`
			}
			p.run(t, &made, "keys", "new")
			return studio{p, strings.TrimSpace(string(address)), made.Key}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("serve never answered:\n%s", messages.Bytes())
	return studio{}
}

// ask sends a request to the API and decodes its answer.
func (s studio) ask(t *testing.T, method, path, key string, body, answer any) int {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.address+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if data, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	if answer != nil {
		if err := json.Unmarshal(data, answer); err != nil {
			t.Fatalf("%s %s: %v\n%s", method, path, err, data)
		}
	}
	return response.StatusCode
}

// TestTheStudio reviews a run by keyboard while it is being made, and looks at every page.
func TestTheStudio(t *testing.T) {
	if testing.Short() {
		t.Skip("renders four dozen pictures")
	}
	p := build(t)
	if err := os.WriteFile(p.brief("fruit"), []byte(reviewBrief), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.brief("broken"), []byte("title: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := p.serve(t)
	tab := testkit.Browser(t)
	screen := testkit.Screens()[0]

	testkit.Show(t, tab, screen, s.address+"/")
	if at := testkit.Evaluate[string](t, tab, "location.pathname"); at != "/login" {
		t.Fatalf("without a key the studio shows %s", at)
	}
	testkit.Accessible(t, tab, "login")
	testkit.Do(t, tab, chromedp.SendKeys("#key", s.key+"\r"), chromedp.WaitVisible(".briefs"))
	testkit.Do(t, tab, chromedp.Click(`input[value="fruit"] ~ button`), chromedp.WaitVisible("#sheet"))
	run := strings.TrimPrefix(testkit.Evaluate[string](t, tab, "location.pathname"), "/runs/")

	// The first picture that passed is approved while others are still being made.
	testkit.Until(t, tab, `document.querySelector(".tile[data-group=waiting]") && document.querySelectorAll(".tile[data-group=busy]").length > 8`, 3*time.Minute)
	testkit.Keep(t, tab, "live")
	first := testkit.Evaluate[string](t, tab, `document.querySelector(".tile[data-group=waiting]").dataset.candidate`)
	testkit.Do(t, tab, chromedp.KeyEvent("a"))
	testkit.Until(t, tab, fmt.Sprintf(`document.querySelector('[data-candidate=%q]').dataset.group === "approved"`, first), 10*time.Second)
	if testkit.Evaluate[int](t, tab, `document.querySelectorAll(".tile[data-group=busy]").length`) == 0 {
		t.Error("the run was over before the picture was approved")
	}
	testkit.Until(t, tab, fmt.Sprintf(`document.querySelector('[data-candidate=%q]').dataset.state === "finished"`, first), 2*time.Minute)
	testkit.Until(t, tab, `document.querySelector("#summary a")`, time.Minute)
	if files := pictures(t, filepath.Join(p.dir, "site", "fruit")); len(files) < 10 {
		t.Errorf("only %d files were published", len(files))
	}

	// One is sent back with a reason, and comes again from a fresh seed; one is rejected.
	testkit.Until(t, tab, `document.querySelectorAll(".tile[data-group=busy]").length === 0`, 2*time.Minute)
	before := testkit.Evaluate[int](t, tab, `document.querySelectorAll(".tile").length`)
	testkit.Do(t, tab, chromedp.Focus(`.tile[data-state=waiting] .picture`), chromedp.KeyEvent("s"), chromedp.WaitVisible("#ask textarea"), chromedp.SendKeys("#ask textarea", "too much shine"))
	testkit.Accessible(t, tab, "reason")
	testkit.Keep(t, tab, "reason")
	testkit.Do(t, tab, chromedp.Click("#ask [data-send]"))
	testkit.Until(t, tab, fmt.Sprintf(`document.querySelectorAll(".tile").length === %d`, before+1), 10*time.Second)
	testkit.Until(t, tab, `[...document.querySelectorAll(".tile")].at(-1).dataset.group !== "busy"`, 2*time.Minute)
	testkit.Do(t, tab, chromedp.Focus(`.tile[data-state=waiting] .picture`))
	rejected := testkit.Evaluate[string](t, tab, `document.activeElement.closest(".tile").dataset.candidate`)
	testkit.Do(t, tab, chromedp.KeyEvent("r"))
	testkit.Until(t, tab, fmt.Sprintf(`document.querySelector('[data-candidate=%q]').dataset.state === "rejected"`, rejected), 10*time.Second)

	decided := map[string]art.CandidateView{}
	for _, c := range p.candidates(t, run) {
		decided[c.ID] = c
	}
	if c := decided[first]; c.AssetID == "" || c.Decision == nil || c.Decision.By != "tester" {
		t.Errorf("the approved picture is %+v", c)
	}
	if c := decided[rejected]; c.Decision == nil || c.Decision.Action != art.Reject {
		t.Errorf("the rejected picture is %+v", c.Decision)
	}
	again := decided[fmt.Sprintf("%s-%03d", run, before+1)]
	parent := decided[again.Parent]
	// The driver types the key into the field that it has opened, too; a person's browser doesn't.
	if parent.Decision == nil || !strings.HasSuffix(parent.Decision.Reason, "too much shine") || again.Planned.Seed == parent.Planned.Seed || again.Planned.Prompt != parent.Planned.Prompt {
		t.Errorf("%s was made again from %s: %+v", again.ID, again.Parent, parent.Decision)
	}
	testStudioAPI(t, s, run, first)
	testStudioSlowly(t, s, run)
	testStudioPages(t, s, []string{"/", "/runs/" + run, "/runs/" + run + "?show=waiting", "/candidates/" + first, "/library", "/assets/" + decided[first].AssetID, "/verify", "/nothing"}, decided[first].AssetID)
}

// testStudioSlowly opens a run's page where the last of its scripts arrives late: it has to become live all the same.
func testStudioSlowly(t *testing.T, s studio, run string) {
	target, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "hx-sse.min.js") {
			time.Sleep(500 * time.Millisecond)
		}
		proxy.ServeHTTP(w, r)
	}))
	tab := testkit.Browser(t)
	testkit.Show(t, tab, testkit.Screens()[0], slow.URL+"/runs/"+run+"?key="+s.key)
	testkit.Until(t, tab, `document.querySelector("#live")._htmx?.sse`, 20*time.Second)
	slow.CloseClientConnections() // the live page's never ends by itself
	slow.Close()
}

// testStudioPages looks at every page on every screen, and at its HTML.
func testStudioPages(t *testing.T, s studio, paths []string, asset string) {
	for _, screen := range testkit.Screens() {
		tab := testkit.Browser(t)
		testkit.Show(t, tab, screen, s.address+"/?key="+s.key)
		for _, path := range paths {
			t.Run(screen.Name+path, func(t *testing.T) {
				testkit.Show(t, tab, screen, s.address+path)
				if overflow := testkit.Evaluate[float64](t, tab, `document.documentElement.scrollWidth - innerWidth`); overflow > 0 {
					t.Errorf("the page is %v pixels wider than the screen", overflow)
				}
				testkit.Accessible(t, tab, path)
				testkit.Keep(t, tab, "page")
			})
		}
	}
	tab := testkit.Browser(t)
	testkit.Show(t, tab, testkit.Screens()[0], s.address+"/assets/"+asset+"?key="+s.key)
	testkit.Do(t, tab, chromedp.Click("#content form button"), chromedp.WaitVisible("#again .good"))
	dir := t.TempDir()
	var files []string
	for i, path := range append(paths, "/login") {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "presswerk_key", Value: s.key})
		r.Header.Set("Accept-Language", []string{"en", "de"}[i%2])
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, fmt.Sprintf("%d.html", i)))
		if err := os.WriteFile(files[i], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	testkit.ValidHTML(t, files...)
}

func testStudioAPI(t *testing.T, s studio, run, approved string) {
	t.Helper()
	if code := s.ask(t, http.MethodGet, "/api/v1/runs", "", nil, nil); code != http.StatusUnauthorized {
		t.Errorf("without a key the API answers %d", code)
	}
	var description struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if code := s.ask(t, http.MethodGet, "/openapi.json", "", nil, &description); code != http.StatusOK || !strings.HasPrefix(description.OpenAPI, "3.1") || len(description.Paths) < 10 {
		t.Errorf("the description: %d %s %d", code, description.OpenAPI, len(description.Paths))
	}
	var list struct {
		Candidates []art.CandidateView `json:"candidates"`
	}
	if code := s.ask(t, http.MethodGet, "/api/v1/runs/"+run+"/candidates", s.key, nil, &list); code != http.StatusOK || len(list.Candidates) < 48 {
		t.Fatalf("the candidates: %d, %d of them", code, len(list.Candidates))
	}
	var reader struct {
		Key string `json:"key"`
	}
	s.run(t, &reader, "keys", "new", "--scopes", "read")
	approve := map[string]string{"action": "approve"}
	target := "/api/v1/candidates/" + approved + "/decisions"
	for _, x := range []struct {
		name, path, key string
		body            any
		code            int
	}{
		{"a key that may only read", target, reader.Key, approve, http.StatusForbidden},
		{"a candidate that isn't there", "/api/v1/candidates/none/decisions", s.key, approve, http.StatusNotFound},
		{"a decision that is none", target, s.key, map[string]string{"action": "praise"}, http.StatusUnprocessableEntity},
		{"sending back without a reason", target, s.key, map[string]string{"action": "fix"}, http.StatusUnprocessableEntity},
		{"a brief that isn't there", "/api/v1/runs", s.key, map[string]string{"brief": "none"}, http.StatusNotFound},
		{"a brief that is broken", "/api/v1/runs", s.key, map[string]string{"brief": "broken"}, http.StatusUnprocessableEntity},
		{"a brief that leads elsewhere", "/api/v1/runs", s.key, map[string]string{"brief": "../presswerk"}, http.StatusUnprocessableEntity},
		{"a picture that is none", "/api/v1/verify", s.key, "no picture", http.StatusUnprocessableEntity},
	} {
		var problem struct {
			Detail string `json:"detail"`
		}
		if code := s.ask(t, http.MethodPost, x.path, x.key, x.body, &problem); code != x.code || problem.Detail == "" {
			t.Errorf("%s: %d %q, not %d", x.name, code, problem.Detail, x.code)
		}
	}
}
