package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/softbinding"
)

// shelf has one manifest, which everything leads to that is of the right form.
type shelf struct{}

func (shelf) ByBinding(_ context.Context, b softbinding.Binding, count int) ([]softbinding.Match, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	return []softbinding.Match{{ID: "urn:c2pa:1", Score: 100}, {ID: "urn:c2pa:2", Score: 90}}[:min(2, count)], nil
}

func (shelf) ByContent(_ context.Context, data []byte, _ string, _ *softbinding.Binding, _ int) ([]softbinding.Match, error) {
	switch string(data) {
	case "picture":
		return []softbinding.Match{{ID: "urn:c2pa:1", Score: 97}}, nil
	case "trouble":
		return nil, errors.New("trouble")
	}
	return nil, art.ErrInvalid
}

func (shelf) Manifest(_ context.Context, id string, activeOnly bool) ([]byte, error) {
	if id != "urn:c2pa:1" {
		return nil, art.ErrNotFound
	}
	return []byte("manifest " + strconv.FormatBool(activeOnly)), nil
}

// opened serves a studio with a door, and says what it answers to strangers.
func opened(t *testing.T, d art.Door, now func() time.Time) (address, key string) {
	t.Helper()
	key, ring, err := access.Ring{}.Add("test", []access.Scope{access.Read}, time.Unix(0, 0), bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	says := func(who string) func(context.Context, []byte) (provenance.Verification, error) {
		return func(_ context.Context, data []byte) (provenance.Verification, error) {
			v := provenance.Verification{Verdict: provenance.Unknown, History: []provenance.Step{}, Unsure: []string{provenance.DoubtNothing}}
			v.Layers.Metadata.Credit = who
			if string(data) != "picture" {
				return v, art.ErrInvalid
			}
			v.Layers.Metadata.SourceType = provenance.Generated
			v.Findings = []provenance.Finding{{Layer: "metadata", Sure: provenance.Said}}
			return v, nil
		}
	}
	s, err := New(Options{
		Line: line{}, Verify: says("people"), Ask: says("strangers"), Door: d, Bindings: shelf{}, Keys: func() (access.Ring, error) { return ring, nil },
		SiteDir: t.TempDir(), Name: "Test", Version: "test", Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server.URL, key
}

func noon() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

// send posts bytes, and gives the status, the headers and the body.
func send(t *testing.T, method, address, kind string, body []byte, headers map[string]string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(data)
}

// form is an upload as browsers send it.
func form(t *testing.T, name string, data []byte) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

func TestTheDoorIsShutUnlessTheWorkspaceOpensIt(t *testing.T) {
	address, key := opened(t, art.Door{}, noon)
	for path, want := range map[string]int{
		"/verify": http.StatusSeeOther, bindingsBase + "/services/supportedAlgorithms": http.StatusUnauthorized,
		bindingsBase + "/manifests/urn:c2pa:1": http.StatusUnauthorized, "/.well-known/c2pa-soft-binding": http.StatusUnauthorized,
	} {
		if got, _, _ := send(t, http.MethodGet, address+path, "", nil, nil); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if got, _, _ := send(t, http.MethodPost, address+"/api/v1/verify", "application/octet-stream", []byte("picture"), nil); got != http.StatusUnauthorized {
		t.Errorf("verify without a key: %d", got)
	}
	bearer := map[string]string{"Authorization": "Bearer " + key}
	if got, h, _ := send(t, http.MethodGet, address+bindingsBase+"/services/supportedAlgorithms", "", nil, bearer); got != http.StatusOK || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("with a key: %d, %v", got, h)
	}
}

// TestStrangersComeThroughTheDoorAndNoFurther: they verify, and see nothing else.
func TestStrangersComeThroughTheDoorAndNoFurther(t *testing.T) {
	address, key := opened(t, art.Door{Public: true, PerMinute: 100}, noon)
	kind, body := form(t, "x.jpg", []byte("picture"))
	for _, headers := range []map[string]string{nil, {"HX-Request": "true", "Accept-Language": "de"}} {
		got, _, page := send(t, http.MethodPost, address+"/verify", kind, body, headers)
		if got != http.StatusOK || !strings.Contains(page, "x.jpg") || !strings.Contains(page, "strangers") || strings.Contains(page, "/candidates/") {
			t.Errorf("%d\n%s", got, page)
		}
	}
	if got, _, answer := send(t, http.MethodPost, address+"/api/v1/verify", "application/octet-stream", []byte("picture"), nil); got != http.StatusOK || !strings.Contains(answer, `"credit":"strangers"`) || !strings.Contains(answer, `"unsure":["nothing_found"]`) {
		t.Errorf("%d %s", got, answer)
	}
	if got, _, answer := send(t, http.MethodPost, address+"/api/v1/verify", "application/octet-stream", []byte("picture"), map[string]string{"Authorization": "Bearer " + key}); got != http.StatusOK || !strings.Contains(answer, `"credit":"people"`) {
		t.Errorf("with a key: %d %s", got, answer)
	}
	for _, path := range []string{"/", "/library", "/assets/x", "/blobs/x", "/candidates/x"} {
		if got, _, _ := send(t, http.MethodGet, address+path, "", nil, nil); got != http.StatusSeeOther {
			t.Errorf("%s: %d", path, got)
		}
	}
	for _, path := range []string{"/api/v1/runs", "/api/v1/assets"} {
		if got, _, _ := send(t, http.MethodGet, address+path, "", nil, nil); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, got)
		}
	}
	got, h, _ := send(t, http.MethodPost, address+bindingsBase+"/matches/byContent", "image/jpeg", []byte("picture"), map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"})
	if got != http.StatusOK || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("another site's page: %d, %v", got, h)
	}
	if got, _, _ := send(t, http.MethodPost, address+"/logout", "", nil, map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}); got != http.StatusForbidden {
		t.Errorf("another site's page at the studio: %d", got)
	}
}

func TestAnUploadIsBounded(t *testing.T) {
	address, _ := opened(t, art.Door{Public: true, PerMinute: 100, MaxBytes: 1000}, noon)
	big := make([]byte, 5000)
	kind, body := form(t, "x.jpg", big)
	for name, c := range map[string]struct {
		path, kind string
		body       []byte
	}{
		"the page": {"/verify", kind, body}, "the API": {"/api/v1/verify", "application/octet-stream", big}, "C2PA's": {bindingsBase + "/matches/byContent", "image/png", big},
	} {
		if got, _, _ := send(t, http.MethodPost, address+c.path, c.kind, c.body, nil); got != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", name, got)
		}
	}
	for name, c := range map[string]struct {
		kind string
		body string
	}{
		"no form": {"text/plain", "x"}, "no boundary": {"multipart/form-data", "x"}, "a torn form": {kind, string(body[:100])},
		"an empty form": {"multipart/form-data; boundary=b", "--b--\r\n"}, "no picture": {kind, strings.ReplaceAll(string(body), string(big), "text")},
	} {
		if got, _, _ := send(t, http.MethodPost, address+"/verify", c.kind, []byte(c.body), nil); got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// TestAnAddressMayAskSoOftenInAMinute: whichever way it asks, and whatever it says of itself.
func TestAnAddressMayAskSoOftenInAMinute(t *testing.T) {
	var later atomic.Int64
	now := func() time.Time { return noon().Add(time.Duration(later.Load())) }
	address, key := opened(t, art.Door{Public: true, PerMinute: 3, Proxies: 1}, now)
	ask := func(forwarded string) (int, string) {
		got, h, _ := send(t, http.MethodGet, address+bindingsBase+"/services/supportedAlgorithms", "", nil, map[string]string{"X-Forwarded-For": forwarded})
		return got, h.Get("Retry-After")
	}
	for range 3 {
		if got, _ := ask("192.0.2.1"); got != http.StatusOK {
			t.Fatalf("%d", got)
		}
	}
	if got, wait := ask("192.0.2.1"); got != http.StatusTooManyRequests || wait != "20" {
		t.Errorf("the fourth: %d, after %s", got, wait)
	}
	if got, _ := ask("203.0.113.9, 192.0.2.1"); got != http.StatusTooManyRequests {
		t.Errorf("an address that names another before its own: %d", got)
	}
	if got, _ := ask("192.0.2.2"); got != http.StatusOK {
		t.Errorf("another address: %d", got)
	}
	for path, kind := range map[string]string{"/verify": "", "/api/v1/verify": "application/octet-stream"} {
		method := http.MethodGet
		if kind != "" {
			method = http.MethodPost
		}
		if got, h, _ := send(t, method, address+path, kind, []byte("picture"), map[string]string{"X-Forwarded-For": "192.0.2.1"}); got != http.StatusTooManyRequests || h.Get("Retry-After") == "" {
			t.Errorf("%s: %d", path, got)
		}
	}
	if got, _, _ := send(t, http.MethodGet, address+"/verify", "", nil, map[string]string{"X-Forwarded-For": "192.0.2.1", "Cookie": keyCookie + "=" + key}); got != http.StatusOK {
		t.Errorf("with a key: %d", got)
	}
	later.Store(int64(21 * time.Second))
	if got, _ := ask("192.0.2.1"); got != http.StatusOK {
		t.Errorf("a third of a minute later: %d", got)
	}
	if got, _ := ask("192.0.2.1"); got != http.StatusTooManyRequests {
		t.Errorf("and once more: %d", got)
	}
}

func TestAnAddressIsWhatItsOwnProxiesSaw(t *testing.T) {
	for name, c := range map[string]struct {
		remote, forwarded string
		proxies           int
		want              string
	}{
		"no proxy believes nothing":       {"192.0.2.7:1", "198.51.100.1", 0, "192.0.2.7/32"},
		"one proxy":                       {"127.0.0.1:1", "198.51.100.1", 1, "198.51.100.1/32"},
		"one proxy, a forged head":        {"127.0.0.1:1", "10.0.0.1, 198.51.100.1", 1, "198.51.100.1/32"},
		"two proxies":                     {"127.0.0.1:1", "10.0.0.1, 198.51.100.1, 192.0.2.9", 2, "198.51.100.1/32"},
		"fewer than said":                 {"127.0.0.1:1", "198.51.100.1", 2, "198.51.100.1/32"},
		"a customer's network":            {"[2001:db8:1:2:3:4:5:6]:1", "", 0, "2001:db8:1:2::/64"},
		"IPv4 in IPv6":                    {"[::ffff:192.0.2.7]:1", "", 0, "192.0.2.7/32"},
		"no address":                      {"127.0.0.1:1", "unknown", 1, "invalid Prefix"},
		"a proxy that forgot what it saw": {"127.0.0.1:1", "", 1, "invalid Prefix"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := clientOf(r, c.proxies).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	l := newLimiter(1, noon)
	for i := range 3 {
		l.take(netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32))
	}
	l.now = func() time.Time { return noon().Add(2 * time.Minute) }
	l.take(netip.Prefix{})
	if len(l.buckets) != 1 {
		t.Errorf("%d addresses are remembered for ever", len(l.buckets))
	}
}

// TestOnlySoManyPicturesAreLookedAtAtOnce: who waits is served when one is done, and whoever leaves waits no more.
func TestOnlySoManyPicturesAreLookedAtAtOnce(t *testing.T) {
	s := &Studio{door: newDoor(art.Door{}, noon)}
	var ends []func()
	for range atOnce {
		done, err := s.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, done)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.turn(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if done, err := s.turn(context.WithValue(t.Context(), keyContext{}, access.Key{SHA256: "x"})); err != nil {
		t.Errorf("with a key: %v", err)
	} else {
		done()
	}
	ends[0]()
	done, err := s.turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done()
}

// FuzzUpload: whatever form is sent, it is read or refused, and never more than what is allowed.
func FuzzUpload(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\npicture\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\r\n"))
	f.Add([]byte("--b\r\n\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/verify", bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 4096)
		name, data, err := upload(r, 4096)
		if err == nil && (name == "" || len(name) > 120 || len(data) > 4096) {
			t.Errorf("%q, %d bytes", name, len(data))
		}
		if err != nil && !errors.Is(err, art.ErrInvalid) && !errors.Is(err, http.ErrMissingFile) && !tooLarge(err) {
			t.Errorf("%v", err)
		}
	})
}
