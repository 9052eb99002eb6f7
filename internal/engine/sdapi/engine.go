package sdapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Name is what the first server's engine is called when nobody names it.
const Name = "sdapi"

// Options say where a server is.
type Options struct {
	Name   string                                                   // of the engine; "" is Name
	URL    string                                                   // such as http://127.0.0.1:7860, with user:password@ where the server wants them
	Open   func(ctx context.Context, sha256 string) ([]byte, error) // finds pictures that recipes name; nil finds none
	Pauses wire.Pauses                                              // between looks at a job; the zero value looks after a quarter of a second, then up to every two
	Now    func() time.Time                                         // the clock
	HTTP   *http.Client                                             // nil is an ordinary one
	Limit  int64                                                    // bytes of an answer; 0 is wire's
}

// Engine is one server.
type Engine struct {
	o      Options
	client *wire.Client
	turn   chan struct{} // holds one token: whoever has it may ask for a picture
	calls  atomic.Int64  // so that no two tasks have one name

	mu     sync.Mutex
	server server // guarded by mu: what answered last; nil before Connect and while nothing answers
	reason string // guarded by mu: why there is none
}

// server is a product in the state in which it was found.
type server interface {
	product() string
	version() string
	models() []engine.Model
	// still gives an error when something else answers than was found.
	still(ctx context.Context) error
	// check refuses what the server can't honour beyond engine.Check.
	check(m engine.Model, r art.Recipe) error
	// paint makes a picture under a name of ours.
	paint(ctx context.Context, name string, r art.Recipe, watch watcher) (engine.Picture, error)
}

// watcher is who wants to see a picture in the making; both may be nil.
type watcher struct {
	progress engine.Progress
	see      func(image.Image)
}

// New makes an engine without asking the server anything; until Connect it isn't ready.
func New(o Options) (*Engine, error) {
	if o.Name == "" {
		o.Name = Name
	}
	client, err := newClient(o)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pauses.Sleep == nil {
		o.Pauses = wire.Pauses{First: 250 * time.Millisecond, Most: 2 * time.Second, Sleep: wire.Sleep}
	}
	e := &Engine{o: o, client: client, turn: make(chan struct{}, 1), reason: "nobody has asked it yet"}
	e.turn <- struct{}{}
	return e, nil
}

// newClient takes user and password out of the address, so that they stand in no message.
func newClient(o Options) (*wire.Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, art.Invalid(o.Name, "its address can't be read", "write it as http://host:port")
	}
	c := &wire.Client{Name: o.Name, HTTP: o.HTTP, Limit: o.Limit}
	if u.User != nil {
		password, _ := u.User.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		c.Header = http.Header{"Authorization": {"Basic " + basic}}
		c.Secrets = []string{basic, url.QueryEscape(password), password}
		u.User = nil
	}
	c.Base = strings.TrimSuffix(u.String(), "/")
	return c, nil
}

// Info implements engine.Engine.
func (e *Engine) Info() engine.Info {
	s, reason := e.known()
	if s == nil {
		return engine.Info{Name: e.o.Name, Version: "unknown", Reason: reason}
	}
	info := engine.Info{Name: e.o.Name, Version: label(s), Ready: true}
	for _, m := range s.models() {
		m.Engine, m.EngineVersion = e.o.Name, info.Version
		info.Models = append(info.Models, m)
	}
	return info
}

// label names product and version in one word.
func label(s server) string {
	return strings.TrimSuffix(s.product()+"-"+s.version(), "-")
}

func (e *Engine) known() (server, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server, e.reason
}

// Connect asks what is there, anew each time. What fails is also Info's reason.
func (e *Engine) Connect(ctx context.Context) error {
	s, err := e.probe(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server, e.reason = s, ""
	if err != nil {
		e.server, e.reason = nil, err.Error()+"; start the server, or correct its address"
	}
	return err
}

// Ping implements engine.Pinger: it finds out anew what is there.
func (e *Engine) Ping(ctx context.Context) error { return e.Connect(ctx) }

// Close implements engine.Engine. There is nothing to close: connections belong to the HTTP client.
func (e *Engine) Close() error { return nil }

// Render implements engine.Engine.
func (e *Engine) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return e.render(ctx, r, watcher{progress: progress})
}

// RenderSeen implements engine.Previewer where the server shows pictures in the making; else see is never called.
func (e *Engine) RenderSeen(ctx context.Context, r art.Recipe, progress engine.Progress, see func(image.Image)) (engine.Picture, error) {
	return e.render(ctx, r, watcher{progress, see})
}

func (e *Engine) render(ctx context.Context, r art.Recipe, watch watcher) (engine.Picture, error) {
	select {
	case <-e.turn:
	case <-ctx.Done():
		return engine.Picture{}, fmt.Errorf("%s: waiting for a turn: %w", e.o.Name, ctx.Err())
	}
	defer func() { e.turn <- struct{}{} }()
	start := e.o.Now()
	s, err := e.ready(ctx, r)
	if err != nil {
		return engine.Picture{}, err
	}
	p, err := s.paint(ctx, fmt.Sprintf("presswerk-%d-%d", start.UnixNano(), e.calls.Add(1)), r, watch)
	if err != nil {
		return engine.Picture{}, err
	}
	if v := label(s); r.EngineVersion != "" && r.EngineVersion != v {
		p.Notes = append(p.Notes, fmt.Sprintf("planned for %s, made by %s", r.EngineVersion, v))
	}
	p.Elapsed = e.o.Now().Sub(start)
	return asked(p, r), nil
}

// asked adds a note when a picture has another size than the recipe asks for, with the second pass.
func asked(p engine.Picture, r art.Recipe) engine.Picture {
	if h := r.Hires; h != nil {
		r.Width, r.Height = int(float64(r.Width)*h.Scale), int(float64(r.Height)*h.Scale)
	}
	return wire.Asked(p, r)
}

// ready finds the server and refuses what it can't do.
func (e *Engine) ready(ctx context.Context, r art.Recipe) (server, error) {
	s, err := e.look(ctx)
	if err != nil {
		return nil, err
	}
	m, err := e.Info().Model(r.Model)
	if err != nil {
		return nil, err
	}
	if err := engine.Check(m.Capabilities, r); err != nil {
		return nil, err
	}
	if err := checkCommon(m, r); err != nil {
		return nil, err
	}
	return s, s.check(m, r)
}

// look gives the server when it is the one that was found before. Another state of the same product is read anew; another
// product gives art.ErrConflict once, because it makes other pictures of the same recipe.
func (e *Engine) look(ctx context.Context) (server, error) {
	was, _ := e.known()
	if was != nil && was.still(ctx) == nil {
		return was, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s: %w", e.o.Name, ctx.Err())
	}
	if err := e.Connect(ctx); err != nil {
		return nil, err
	}
	now, _ := e.known()
	if was != nil && was.product() != now.product() {
		return nil, fmt.Errorf("%s: %s answers where %s was; plan again for what it can do: %w", e.o.Name, label(now), label(was), art.ErrConflict)
	}
	return now, nil
}

// errChanged says that a server isn't in the state in which it was found.
var errChanged = errors.New("the server has changed")

// jobs gives the server's own jobs; the web UIs have none.
func (e *Engine) jobs(s server) (*cppServer, error) {
	if j, ok := s.(*cppServer); ok {
		return j, nil
	}
	return nil, art.Unsupported("job", e.o.Name+" answers with the picture and keeps no jobs", "render it again")
}

// Start implements engine.Jobber. The web UIs answer with the picture.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	s, err := e.ready(ctx, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if j, err := e.jobs(s); err == nil {
		return j.Start(ctx, name, r)
	}
	p, err := s.paint(ctx, name, r, watcher{})
	if err != nil {
		return engine.Ticket{}, err
	}
	p = asked(p, r)
	return engine.Ticket{Name: name, Picture: &p}, nil
}

// Wait implements engine.Jobber.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	if t.Picture != nil {
		return *t.Picture, nil
	}
	s, err := e.look(ctx)
	if err != nil {
		return engine.Picture{}, err
	}
	j, err := e.jobs(s)
	if err != nil {
		return engine.Picture{}, err
	}
	return j.Wait(ctx, t, progress)
}

// Cancel implements engine.Jobber. What stable-diffusion.cpp has begun it finishes: art.ErrUnsupported.
func (e *Engine) Cancel(ctx context.Context, t engine.Ticket) error {
	s, err := e.look(ctx)
	if err != nil {
		return err
	}
	j, err := e.jobs(s)
	if err != nil {
		return err
	}
	return j.Cancel(ctx, t)
}

// Find implements engine.Jobber: no server lists its jobs by our names.
func (e *Engine) Find(context.Context, string) (engine.Ticket, error) {
	return engine.Ticket{}, art.Unsupported("job", e.o.Name+" doesn't list its jobs", "render it again: nothing was charged")
}

// picture reads a picture that a recipe names and gives it as base64.
func (e *Engine) picture(ctx context.Context, field, name string) (string, error) {
	sum, ok := strings.CutPrefix(name, "sha256:")
	if !ok || sum == "" {
		return "", art.Invalid(field, fmt.Sprintf("%q names no picture", name), "write it as sha256:…")
	}
	if e.o.Open == nil {
		return "", &art.FieldError{Field: field, Reason: "there is no store to look for " + name, Remedy: "name a file", Kind: art.ErrNotFound}
	}
	data, err := e.o.Open(ctx, sum)
	if err != nil {
		return "", fmt.Errorf("%s: %s %s: %w", e.o.Name, field, name, err)
	}
	if art.Digest(data) != sum {
		return "", fmt.Errorf("%s: %s has another SHA-256 than %s: %w", e.o.Name, field, name, art.ErrMismatch)
	}
	return base64.StdEncoding.EncodeToString(data), nil
}
