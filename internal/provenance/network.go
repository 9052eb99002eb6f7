package provenance

import (
	"context"
	"errors"
	"strings"
	"unsafe"
)

// Request is what the C2PA library wants to ask of the network.
type Request struct {
	Method string // GET or POST
	URL    string
	Header map[string]string
	Body   []byte
}

// Fetch sends one request and gives the answer's status and body. It must bound time and size.
type Fetch func(ctx context.Context, r Request) (status int, body []byte, err error)

// errOffline answers the library when it wants to fetch what it was not told to: an address in a stranger's file.
var errOffline = errors.New("nothing is fetched from the network here")

// offline refuses every request.
func offline(Request) (int, []byte, error) { return 0, nil, errOffline }

// context makes a C2PA context of settings in JSON, whose requests to the network all go to fetch; where that is nil, the library
// makes them by itself. The caller ends it with done.
func (l *Library) context(settings string, fetch func(Request) (int, []byte, error)) (c2pa uintptr, done func(), err error) {
	s := l.calls.settingsNew()
	defer l.calls.free(s)
	if l.calls.settingsUpdate(s, settings, "json") != 0 {
		return 0, nil, l.failure("reading the C2PA settings")
	}
	b := l.calls.contextBuilderNew()
	if l.calls.contextSetSettings(b, s) != 0 {
		return 0, nil, l.failure("applying the C2PA settings")
	}
	end := func() {}
	if fetch != nil {
		network := l.networks.add(fetch)
		end = func() { l.networks.remove(network) }
		r := l.calls.resolverCreate(network, l.asked) // the builder takes it
		if r == 0 || l.calls.contextSetResolver(b, r) != 0 {
			end()
			return 0, nil, l.failure("closing the network to the C2PA library")
		}
	}
	if c2pa = l.calls.contextBuild(b); c2pa == 0 {
		end()
		return 0, nil, l.failure("making a C2PA context")
	}
	return c2pa, func() { l.calls.free(c2pa); end() }, nil
}

// httpRequest and httpResponse mirror C2paHttpRequest and C2paHttpResponse.
type httpRequest struct {
	url, method, headers, body *byte
	length                     uintptr
}

type httpResponse struct {
	status int32
	body   uintptr // the library frees it
	length uintptr
}

// fetchFor answers a request of the library.
func (l *Library) fetchFor(network uintptr, q *httpRequest, a *httpResponse) int {
	fetch := l.networks.get(network)
	if fetch == nil {
		return -1
	}
	r := Request{Method: goString(q.method), URL: goString(q.url), Header: map[string]string{}}
	for line := range strings.Lines(goString(q.headers)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			r.Header[name] = strings.TrimSpace(value)
		}
	}
	if q.body != nil {
		r.Body = append(r.Body, unsafe.Slice(q.body, q.length)...)
	}
	status, body, err := fetch(r)
	if err != nil {
		l.calls.setError("Other: " + err.Error())
		return -1
	}
	if len(body) > 0 {
		p := l.calls.malloc(uintptr(len(body)))
		if p == 0 {
			return -1
		}
		copy(unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), len(body)), body) // p is memory of C, which Go's collector never moves
		a.body, a.length = p, uintptr(len(body))
	}
	a.status = int32(status)
	return 0
}

// goString copies a C string; nil is empty.
func goString(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}
