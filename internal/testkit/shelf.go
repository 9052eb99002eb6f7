package testkit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Shelf is a fake of the place where services lay what they made: another host than theirs, which must never get a key.
type Shelf struct {
	server *httptest.Server

	mu      sync.Mutex
	files   map[string][]byte   // guarded by mu
	trouble map[string][]string // guarded by mu
}

// NewShelf opens a shelf for the length of the test.
func NewShelf(t testing.TB) *Shelf {
	s := &Shelf{files: map[string][]byte{}, trouble: map[string][]string{}}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "X-Api-Key", "X-Key"} {
			if r.Header.Get(name) != "" {
				t.Errorf("the shelf got the key in %s", name)
			}
		}
		s.serve(w, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	t.Cleanup(s.server.Close)
	return s
}

// Put lays a file there and gives its address. Each trouble spoils one try to fetch it: "cut" ends the connection,
// "busy" asks to come back later, "gone" says that it has expired.
func (s *Shelf) Put(name string, file []byte, trouble ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.files[name]; !there {
		s.files[name], s.trouble[name] = file, trouble
	}
	return s.server.URL + "/" + name
}

func (s *Shelf) serve(w http.ResponseWriter, name string) {
	s.mu.Lock()
	file, there := s.files[name]
	trouble := ""
	if all := s.trouble[name]; len(all) > 0 {
		trouble, s.trouble[name] = all[0], all[1:]
	}
	s.mu.Unlock()
	switch {
	case !there || trouble == "gone":
		http.NotFound(w, &http.Request{})
	case trouble == "busy":
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(http.StatusServiceUnavailable)
	case trouble == "cut":
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(file[:len(file)/2])
		panic(http.ErrAbortHandler)
	default:
		_, _ = w.Write(file)
	}
}

// MP4 is the beginning of a clip, for fakes to send.
func MP4() []byte {
	return []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08mdat")
}
