package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// defaultLimit is how large an answer may be.
const defaultLimit = 256 << 20

// Client talks to one service. It is safe for concurrent use and isn't changed after the first request.
type Client struct {
	Name    string      // of the engine, for errors
	Base    string      // address without a slash at the end; paths are put behind it
	Header  http.Header // sent with every request to the service's own hosts, and to no other
	Secrets []string    // never shown in errors
	HTTP    *http.Client
	Limit   int64 // bytes of an answer; 0 is 256 MiB
	// Own tells which hosts beside Base's are the service's as well and get Header over HTTPS: some hand out links to
	// machines of theirs. Nil: none.
	Own func(host string) bool
	// Pace holds paid requests back as the service asks for; nil never does.
	Pace *Pace
}

// Request is one request.
type Request struct {
	Method string
	Path   string // behind Base, or a whole address that the service gave
	Header http.Header
	Body   []byte
	Type   string // of the body
	Paid   bool   // an answer that gets lost is engine.ErrUnknown: the service may have done what was asked
}

// Answer is what came back with a status of 2xx.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request and reads the answer whole. A status of 300 or more gives an *Error.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) { return c.do(ctx, r, nil) }

// Events is Do for an answer that may come as server-sent events: each event's data is heard when it comes, and then the
// Answer has no body. An error of hear ends it and is given back as it is.
func (c *Client) Events(ctx context.Context, r Request, hear func(data []byte) error) (Answer, error) {
	return c.do(ctx, r, hear)
}

func (c *Client) do(ctx context.Context, r Request, hear func([]byte) error) (Answer, error) {
	address := r.Path
	if !strings.Contains(address, "://") {
		address = c.Base + r.Path
	}
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, err := http.NewRequestWithContext(traced, r.Method, address, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, art.Invalid("address", c.redact(fmt.Sprintf("%s: %v", c.Name, err)), "write it as https://host")
	}
	c.fill(request, r)
	if r.Paid {
		once(request)
		if err := c.Pace.wait(ctx, c.Name); err != nil {
			return Answer{}, err
		}
	}
	var heard error
	answer, err := c.send(request, r.Paid, func(body io.Reader) error {
		heard = events(body, hear)
		return heard
	}, hear != nil)
	var said *Error
	switch {
	case err == nil:
		return answer, nil
	case errors.As(err, &said) && r.Paid && said.between():
		return answer, fmt.Errorf("%w; what it stands before may have done it all the same: %w", err, engine.ErrUnknown)
	case said != nil:
		return answer, err
	}
	if own := (stopped{}); errors.As(heard, &own) {
		return answer, own.error
	}
	return Answer{}, c.lost(ctx, r, sent.Load(), err)
}

// once keeps a GET from being sent again by the transport: on a kept connection that breaks it repeats what is said to change
// nothing, and some services buy with it. A body that can't be had twice does; nothing of it is sent.
func once(request *http.Request) {
	if request.Method == http.MethodGet {
		request.Body, request.GetBody = io.NopCloser(bytes.NewReader(nil)), nil
	}
}

// fill sets the headers. Those that hold keys go to the service's own host alone: links that it gives may lead elsewhere.
func (c *Client) fill(request *http.Request, r Request) {
	if c.own(request.URL) {
		maps.Copy(request.Header, c.Header)
	}
	maps.Copy(request.Header, r.Header)
	if r.Type != "" {
		request.Header.Set("Content-Type", r.Type)
	}
}

func (c *Client) own(u *url.URL) bool {
	base, err := url.Parse(c.Base)
	return err == nil && base.Host == u.Host && base.Scheme == u.Scheme || c.Own != nil && u.Scheme == "https" && c.Own(u.Hostname())
}

// send exchanges request and answer; stream reads a body of events, where they are listened to.
func (c *Client) send(request *http.Request, paid bool, stream func(io.Reader) error, listens bool) (Answer, error) {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = c.follow
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	if paid {
		c.Pace.hear(response.StatusCode, response.Header)
	}
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); listens && kind == "text/event-stream" && response.StatusCode < http.StatusMultipleChoices {
		return Answer{response.StatusCode, response.Header, nil}, stream(io.LimitReader(response.Body, limit))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	answer := Answer{response.StatusCode, response.Header, body}
	switch {
	case response.StatusCode >= http.StatusMultipleChoices:
		return answer, c.refused(answer, paid)
	case err != nil:
		return Answer{}, err
	case int64(len(body)) > limit:
		return Answer{}, fmt.Errorf("the answer has more than %d bytes", limit)
	}
	return answer, nil
}

// stopped is an error of the listener's own.
type stopped struct{ error }

// events hears the data of server-sent events, each in one line as services write them; "[DONE]" ends them.
func events(body io.Reader, hear func([]byte) error) error {
	lines := bufio.NewReader(body)
	for {
		line, err := lines.ReadBytes('\n')
		data, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data:"))
		if data = bytes.TrimSpace(data); ok && len(data) > 0 && string(data) != "[DONE]" {
			if err := hear(data); err != nil {
				return stopped{err}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// follow goes where a service leads, without its keys once that is another host.
func (c *Client) follow(next *http.Request, before []*http.Request) error {
	const most = 5
	if len(before) >= most {
		return fmt.Errorf("it led on %d times", most)
	}
	next.Header.Del("Referer") // which would tell the address before, and with it what may stand in its query
	if next.URL.Host != before[0].URL.Host {
		for name := range c.Header {
			next.Header.Del(name)
		}
	}
	return nil
}

// lost describes a request without an answer.
func (c *Client) lost(ctx context.Context, r Request, sent bool, cause error) error {
	if inner := (*url.Error)(nil); errors.As(cause, &inner) {
		cause = inner.Err // which doesn't name the address with what may stand in its query
	}
	text := c.redact(cause.Error())
	kinds := []error{art.ErrUnavailable}
	if ctx.Err() != nil {
		kinds = []error{ctx.Err()}
	}
	switch {
	case sent && r.Paid:
		kinds = append(kinds, engine.ErrUnknown)
	case r.Paid && ctx.Err() == nil:
		kinds = append(kinds, engine.ErrNotTaken)
	}
	return fmt.Errorf("%s: no answer from %s: %s: %w", c.Name, host(c.Base), text, errors.Join(kinds...))
}

// JSON sends a value, nil for none, and reads the answer into another, nil for nothing.
func (c *Client) JSON(ctx context.Context, method, path string, body, into any) error {
	r := Request{Method: method, Path: path}
	return c.exchange(ctx, r, body, into)
}

// Pay is JSON for a request that may cost something.
func (c *Client) Pay(ctx context.Context, path string, body, into any) error {
	r := Request{Method: http.MethodPost, Path: path, Paid: true}
	return c.exchange(ctx, r, body, into)
}

func (c *Client) exchange(ctx context.Context, r Request, body, into any) error {
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("%s: writing a request: %w", c.Name, err)
		}
		r.Body, r.Type = data, "application/json"
	}
	answer, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	return c.Read(answer, r.Paid, into)
}

// Read decodes an answer's JSON. What is no JSON means that something else answers there; for what was paid, that the
// outcome is unknown.
func (c *Client) Read(answer Answer, paid bool, into any) error {
	if into == nil {
		return nil
	}
	err := json.Unmarshal(answer.Body, into)
	if err == nil {
		return nil
	}
	kinds := []error{art.ErrUnavailable}
	if paid {
		kinds = append(kinds, engine.ErrUnknown)
	}
	what := "broken JSON"
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind == "text/html" || bytes.HasPrefix(bytes.TrimSpace(answer.Body), []byte("<")) {
		what = "a web page instead of JSON: another program or a proxy answers there"
	}
	return fmt.Errorf("%s: %s gives %s (%s): %w", c.Name, host(c.Base), what, c.redact(beginning(answer.Body)), errors.Join(kinds...))
}

// redact takes secrets out of what people will read.
func (c *Client) redact(text string) string {
	for _, secret := range c.Secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// Redact takes the client's secrets out of bytes that are kept, such as a raw answer.
func (c *Client) Redact(data []byte) []byte { return []byte(c.redact(string(data))) }

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "its address"
	}
	return u.Host
}

// beginning is what a person needs to recognise an answer.
func beginning(body []byte) string {
	const most = 120
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 4*most)]), "·")), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
