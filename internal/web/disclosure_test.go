package web

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/testkit"
)

// labelLine has one candidate on which rules want a word, and takes words.
type labelLine struct {
	Line
	said []art.Disclosure
}

func (l *labelLine) Candidate(context.Context, string) (art.CandidateView, error) {
	c := seen()
	c.Planned.Source.Subject.Words = art.Text{"en": "Ball"}
	return c, nil
}

func (*labelLine) Run(context.Context, string) (art.RunView, error) {
	return art.RunView{Run: art.Run{ID: "r", Kind: art.Production, BrandKit: []byte("{}"), Brief: art.Brief{Title: art.Text{"en": "Toys"}}}}, nil
}

func (*labelLine) Candidates(context.Context, string) ([]art.CandidateView, error) { return nil, nil }

func (*labelLine) Decisions(context.Context, string) ([]art.Decision, error) { return nil, nil }

func (l *labelLine) Disclosures(context.Context, string) ([]art.Disclosure, error) {
	return l.said, nil
}

func (l *labelLine) Disclose(_ context.Context, d art.Disclosure) error {
	d.At = time.Unix(0, 0)
	l.said = append(l.said, d)
	return nil
}

func (l *labelLine) Labelling(art.CandidateView, art.Run) (art.Labelling, *art.Disclosure, error) {
	want := art.Labelling{Dated: "2026-11-26", Rules: []string{"eu-50-2", "eu-50-4"}, Decide: []string{"eu-50-4"}, AnyMark: []string{"c2pa", "watermark"}}
	if len(l.said) == 0 {
		return want, nil, nil
	}
	d := &l.said[len(l.said)-1]
	if d.Misleads() {
		want.Label = &art.VisibleLabel{Words: art.Text{"en": "AI", "de": "KI"}, Share: 0.05}
	}
	return want, d, nil
}

// labelStudio serves the line and signs requests in.
func labelStudio(t *testing.T, l Line) (address string, headers map[string]string) {
	t.Helper()
	key, ring, err := access.Ring{}.Add("test", []access.Scope{access.Read, access.Decide}, time.Unix(0, 0), bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Line: l, Keys: func() (access.Ring, error) { return ring, nil }, SiteDir: t.TempDir(), Name: "Test", User: "tester", Version: "test", Now: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL, map[string]string{"Cookie": "presswerk_key=" + key}
}

func TestTheStudioAsksWhetherAPictureCouldMislead(t *testing.T) {
	l := &labelLine{}
	address, headers := labelStudio(t, l)
	has := func(wants ...string) {
		t.Helper()
		_, body := ask(t, http.MethodGet, address+"/candidates/c-1", headers, nil)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	}
	has("Nobody has said so yet, and eu-50-4 asks", `name="could_mislead" value="yes" required`, "c2pa / watermark", "none on the picture")
	form := url.Values{"could_mislead": {"yes"}, "shows[]": {"person", "place"}, "reason": {" a face <b>that exists "}, "note": {"Symbolic picture"}}
	if r, _ := ask(t, http.MethodPost, address+"/candidates/c-1/disclosure", headers, form); r.status != http.StatusSeeOther || r.header.Get("Location") != "/candidates/c-1#misleading" {
		t.Fatalf("%d, %v", r.status, r.header)
	}
	d := l.said[0]
	if !d.Misleads() || d.By != "tester" || d.Reason != "a face <b>that exists" || len(d.Shows) != 2 || d.Note["en"] != "Symbolic picture" || d.Candidate != "c-1" {
		t.Errorf("%+v", d)
	}
	has("Could mislead: labelled", "a face &lt;b&gt;that exists", "AI · ≥ 5 %", `name="could_mislead" value="yes" required checked`)
	r, _ := ask(t, http.MethodPost, address+"/candidates/c-1/disclosure", headers, url.Values{"reason": {"x"}})
	if l.said[len(l.said)-1].CouldMislead != nil {
		t.Errorf("no answer was taken for one: %d", r.status)
	}
}

func TestTheQuestionIsAccessible(t *testing.T) {
	tab := testkit.Browser(t)
	address, headers := labelStudio(t, &labelLine{})
	key := strings.TrimPrefix(headers["Cookie"], "presswerk_key=")
	testkit.Show(t, tab, testkit.Screens()[0], address+"/verify?key="+key)
	for _, s := range testkit.Screens()[:3] {
		testkit.Show(t, tab, s, address+"/candidates/c-1")
		testkit.Keep(t, tab, s.Name)
		testkit.Accessible(t, tab, "candidate on "+s.Name)
	}
}

func TestTheAPITakesAWordOnMisleading(t *testing.T) {
	l := &labelLine{}
	address, headers := labelStudio(t, l)
	post := func(body string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/api/v1/candidates/c-1/disclosures", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(headers["Cookie"], "presswerk_key="))
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	if got := post(`{"could_mislead": true, "shows": ["place"], "reason": "a real tower", "note": {"de": "Symbolbild"}}`); got != http.StatusOK {
		t.Fatalf("%d", got)
	}
	if d := l.said[0]; !d.Misleads() || d.Reason != "a real tower" || d.By != "tester" || d.Note["de"] != "Symbolbild" || len(d.Shows) != 1 {
		t.Errorf("%+v", d)
	}
	if got := post(`{"reason": "no answer"}`); got < 400 || len(l.said) != 1 {
		t.Errorf("a body without an answer: %d, %d words", got, len(l.said))
	}
}
