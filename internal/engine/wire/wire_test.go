package wire

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// serve starts a service for the length of the test and gives a client with a key.
func serve(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return &Client{Name: "example", Base: s.URL, Header: http.Header{"X-Key": {"hush"}}, Secrets: []string{"hush"}, Limit: 1 << 16}
}

func TestRefusalsAreSorted(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		header string // Retry-After
		want   error
		says   string
		wait   time.Duration
	}{
		{400, `{"error":{"code":"bad_size","message":"size is odd"}}`, "", art.ErrInvalid, "bad_size: size is odd", 0},
		{401, `{"error":{"message":"key hush is wrong"}}`, "", art.ErrRefused, "key [secret] is wrong", 0},
		{402, `{"name":"payment_required","errors":["no credit"]}`, "", art.ErrRefused, "no credit", 0},
		{404, `{"detail":[{"loc":["x"],"msg":"no such model"}]}`, "", art.ErrNotFound, "no such model", 0},
		{409, `{"title":"already done"}`, "", art.ErrConflict, "already done", 0},
		{429, `{"error":"slow down"}`, "7", art.ErrUnavailable, "asks to wait 7s", 7 * time.Second},
		{503, `<html><body>Bad  gateway hush</body></html>`, "nonsense", art.ErrUnavailable, "Bad gateway [secret]", 0},
		{302, ``, "", art.ErrUnavailable, "status 302", 0},
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if test.header != "" {
				w.Header().Set("Retry-After", test.header)
			}
			w.WriteHeader(test.status)
			_, _ = w.Write([]byte(test.body))
		})
		err := c.Pay(context.Background(), "/v1/jobs", map[string]int{"n": 1}, nil)
		var said *Error
		if !errors.As(err, &said) || !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || said.RetryAfter() != test.wait {
			t.Errorf("status %d gives %v", test.status, err)
		}
		if errors.Is(err, engine.ErrUnknown) || strings.Contains(err.Error(), "hush") {
			t.Errorf("status %d: a definite no leaves something open or tells a secret: %v", test.status, err)
		}
	}
}

// What may have been carried out is unknown, what never left is not.
func TestLostAnswersAreUnknown(t *testing.T) {
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
			err = conn.Close()
		}
		if err != nil {
			t.Error(err)
		}
	})
	nobody := &Client{Name: "example", Base: "http://127.0.0.1:1"}
	for name, test := range map[string]struct {
		err     error
		unknown bool
	}{
		"cut and paid":    {cut.Pay(context.Background(), "/", nil, nil), true},
		"cut and free":    {cut.JSON(context.Background(), http.MethodGet, "/", nil, nil), false},
		"nobody answers":  {nobody.Pay(context.Background(), "/", nil, nil), false},
		"page and paid":   {page(t).Pay(context.Background(), "/", nil, new(int)), true},
		"page and free":   {page(t).JSON(context.Background(), http.MethodGet, "/", nil, new(int)), false},
		"2 GB and paid":   {large(t).Pay(context.Background(), "/", nil, new(int)), true},
		"wrong type free": {page(t).JSON(context.Background(), http.MethodGet, "/json", nil, new(int)), false},
	} {
		if !errors.Is(test.err, art.ErrUnavailable) || errors.Is(test.err, engine.ErrUnknown) != test.unknown {
			t.Errorf("%s: %v; unknown must be %t", name, test.err, test.unknown)
		}
	}
}

func page(t *testing.T) *Client {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/json" {
			_, _ = w.Write([]byte(`"text"`))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>Router</title>"))
	})
}

// large goes on sending until nobody listens any more.
func large(t *testing.T) *Client {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 2 << 10 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
		t.Error("2 GB were read")
	})
}

func TestAnEndedContextIsSaid(t *testing.T) {
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	if err := c.Pay(ctx, "/", nil, nil); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, engine.ErrUnknown) {
		t.Errorf("a paid call that was ended: %v", err)
	}
}

// Keys are for the service alone, not for where its links lead.
func TestKeysStayWithTheService(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "" {
			t.Error("another host got the key")
		}
		_, _ = w.Write([]byte("1"))
	}))
	defer other.Close()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "hush" {
			t.Error("the service didn't get the key")
		}
		if r.URL.Path == "/forever" {
			http.Redirect(w, r, "/forever", http.StatusFound)
			return
		}
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	for _, path := range []string{"/", other.URL + "/file.png"} {
		var n int
		if err := c.JSON(context.Background(), http.MethodGet, path, nil, &n); err != nil || n != 1 {
			t.Errorf("%s: %d, %v", path, n, err)
		}
	}
	if err := c.JSON(context.Background(), http.MethodGet, "/forever", nil, nil); !errors.Is(err, art.ErrUnavailable) {
		t.Errorf("leading on forever gives %v", err)
	}
}

func TestPicturesAreLookedAt(t *testing.T) {
	c := &Client{Name: "example"}
	var file bytes.Buffer
	m := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	m.Pix[0], m.Pix[3] = 255, 255
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	p, err := c.Picture(file.Bytes())
	if err != nil || p.Width != 3 || p.Height != 2 || p.MIME != "image/png" || !bytes.Equal(p.Bytes, file.Bytes()) {
		t.Errorf("%+v, %v", p, err)
	}
	if want := art.Digest([]byte{255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); p.PixelsSHA256 != want {
		t.Errorf("pixels %s, want %s", p.PixelsSHA256, want)
	}
	if p = Asked(p, art.Recipe{Width: 3, Height: 3}); len(p.Notes) != 1 {
		t.Errorf("another size than asked gives the notes %q", p.Notes)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte(`{"error":"x"}`), "half": file.Bytes()[:40],
		"huge": []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\x00\x00\x00\x00\x00\x00\x00"),
	} {
		if _, err := c.Picture(data); !errors.Is(err, art.ErrUnavailable) {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

func TestPoll(t *testing.T) {
	var slept []time.Duration
	p := Pauses{time.Second, 3 * time.Second, func(_ context.Context, d time.Duration) error {
		slept = append(slept, d)
		return nil
	}}
	answers := []error{nil, &Error{Status: 429, Wait: time.Minute, Kind: art.ErrUnavailable}, nil, nil}
	looks := 0
	err := p.Poll(context.Background(), func(context.Context) (bool, error) {
		looks++
		return looks > len(answers), append(answers, nil)[looks-1]
	})
	if err != nil || looks != 5 || len(slept) != 4 || slept[0] != time.Second || slept[1] != time.Minute || slept[3] != 3*time.Second {
		t.Errorf("%d looks, slept %v, %v", looks, slept, err)
	}
	looks = 0
	err = p.Poll(context.Background(), func(context.Context) (bool, error) { looks++; return false, art.ErrUnavailable })
	if !errors.Is(err, art.ErrUnavailable) || looks != maxMisses {
		t.Errorf("a service that is gone: %d looks, %v", looks, err)
	}
	looks = 0
	err = p.Poll(context.Background(), func(context.Context) (bool, error) { looks++; return false, art.ErrNotFound })
	if !errors.Is(err, art.ErrNotFound) || looks != 1 {
		t.Errorf("a job that is gone: %d looks, %v", looks, err)
	}
}

func TestAnAnswerIsKeptWithoutSecretsAndPictures(t *testing.T) {
	c := &Client{Secrets: []string{"hush"}}
	long := strings.Repeat("A", maxKept+1)
	got := string(c.Keep([]byte(`{"data": [{"b64_json": "` + long + `", "seed": 12345678901234567890}], "user": "hush"}`)))
	if want := `{"data":[{"b64_json":"sha256:` + art.Digest([]byte(long)) + `","seed":12345678901234567890}],"user":"[secret]"}`; got != want {
		t.Errorf("kept is %s, want %s", got, want)
	}
	if got := string(c.Keep([]byte(`{"url":"https://cdn.example/a.png?sig=1"}`))); got != `{"url":"https://cdn.example/a.png?…"}` {
		t.Errorf("a link that opens the picture is kept: %s", got)
	}
	if got := string(c.Keep([]byte("<p>hush"))); got != "<p>[secret]" || c.Keep(nil) != nil {
		t.Errorf("kept is %q", got)
	}
}

// A gateway that got no answer knows nothing of what stands behind it; asked for nothing that is paid, it may be asked again.
func TestGatewaysKnowNothing(t *testing.T) {
	for status, open := range map[int]bool{500: false, 502: true, 503: false, 504: true, 524: true} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		paid, free := c.Pay(context.Background(), "/", nil, nil), c.JSON(context.Background(), http.MethodGet, "/", nil, nil)
		if errors.Is(paid, engine.ErrUnknown) != open || errors.Is(free, engine.ErrUnknown) || !errors.Is(paid, art.ErrUnavailable) {
			t.Errorf("status %d: paid %v, free %v", status, paid, free)
		}
	}
}

func TestKeysGoToOwnHosts(t *testing.T) {
	c := Client{Base: "https://api.example", Own: func(host string) bool { return host == "eu.example" }}
	for address, want := range map[string]bool{
		"https://api.example/x": true, "http://api.example/x": false, "https://eu.example": true, "http://eu.example": false, "https://cdn.example": false,
	} {
		u, err := url.Parse(address)
		if err != nil || c.own(u) != want {
			t.Errorf("%s: %t, %v", address, !want, err)
		}
	}
}

func TestRoomAround(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 32))); err != nil {
		t.Fatal(err)
	}
	room, err := RoomAround(art.Recipe{Width: 101, Height: 32}, file.Bytes())
	if err != nil || room != (Room{Left: 18, Right: 19}) {
		t.Errorf("%+v, %v", room, err)
	}
	for _, r := range []art.Recipe{{Width: 64, Height: 32}, {Width: 63, Height: 99}} {
		if _, err := RoomAround(r, file.Bytes()); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%d×%d: %v", r.Width, r.Height, err)
		}
	}
	if _, err := RoomAround(art.Recipe{}, []byte("hello")); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("no picture: %v", err)
	}
}

func TestForms(t *testing.T) {
	f := NewForm()
	f.Field("n", 3)
	f.Picture("image", "image", []byte("\x89PNG\r\n\x1a\n…"))
	r, err := f.Request("/edit", true)
	if err != nil || !r.Paid || !strings.Contains(string(r.Body), `filename="image.png"`) || !strings.HasPrefix(r.Type, "multipart/form-data; boundary=") {
		t.Errorf("%q %q, %v", r.Type, r.Body, err)
	}
	f = NewForm()
	f.Picture("image", "image", []byte("hello"))
	if _, err := f.Request("/edit", true); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("no picture: %v", err)
	}
}

// FuzzPicture: whatever a service sends is a picture with a size, or is refused.
func FuzzPicture(f *testing.F) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add(file.Bytes()[:40])
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L"))
	f.Add([]byte("<html>"))
	c := Client{Name: "example", Base: "https://api.example"}
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && config.Width*config.Height > 1<<20 {
			return // is decoded, but slowly
		}
		p, err := c.Picture(data)
		if err == nil && (p.Width < 1 || p.Height < 1 || len(p.PixelsSHA256) != 64 || !bytes.Equal(p.Bytes, data)) || err != nil && !errors.Is(err, art.ErrUnavailable) {
			t.Errorf("%d×%d, %v", p.Width, p.Height, err)
		}
	})
}
