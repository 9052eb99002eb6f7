package comfyui

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// server is one ComfyUI.
type server struct {
	client *wire.Client

	mu      sync.Mutex
	state   known     // guarded by mu: what the last Connect found
	until   time.Time // guarded by mu: left alone before
	asked   int       // guarded by mu: pictures that are being asked for just now
	untried bool      // guarded by mu: nobody has asked it yet
}

// known is what is known of a server.
type known struct {
	base    string
	version string // "comfyui-0.3.64"
	cpu     bool   // it computes without a graphics card
	nodes   nodes
	pinned  nodes // nil where nothing is pinned
	drift   []Difference
	offered []engine.Model // what can be made there
	reasons []string       // what somebody should know of it
	err     error          // why it can't be used
}

// newServer takes user and password out of the address, so that they stand in no message.
func newServer(o Options, address string) (*server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, art.Invalid(o.Name, "the address of a server can't be read", "write it as http://host:8188")
	}
	c := &wire.Client{Name: o.Name, HTTP: o.HTTP, Limit: o.Limit, Pace: &wire.Pace{Now: o.Now, Sleep: o.Pauses.Sleep}}
	if u.User != nil {
		password, _ := u.User.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		c.Header = http.Header{"Authorization": {"Basic " + basic}}
		c.Secrets = []string{basic, url.QueryEscape(password), password}
		u.User = nil
	}
	c.Base = strings.TrimSuffix(u.String(), "/")
	s := &server{client: c, untried: true}
	s.state = known{base: c.Base, err: fmt.Errorf("%s: nobody has asked %s yet: %w", o.Name, u.Host, art.ErrUnavailable)}
	return s, nil
}

func (s *server) base() string { return s.client.Base }

// get reads JSON.
func (s *server) get(ctx context.Context, path string, into any) error {
	return s.client.JSON(ctx, http.MethodGet, path, nil, into)
}

// patience is how long a server may take to say what it is, or what it is doing.
const patience = 20 * time.Second

// patiently asks a server something that it should know at once, so that one which hangs doesn't keep the others waiting.
func (s *server) patiently(ctx context.Context, ask func(ctx context.Context) error) error {
	inner, stop := context.WithTimeout(ctx, patience)
	defer stop()
	err := ask(inner)
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: no answer from %s within %s: %w", s.client.Name, s.base(), patience, art.ErrUnavailable)
	}
	return err
}

// connect asks what is there. Without a snapshot the first state that is seen is pinned.
func (s *server) connect(ctx context.Context, o Options, templates []template) error {
	k := known{base: s.base()}
	k.err = s.patiently(ctx, func(ctx context.Context) error { return s.probe(ctx, o, &k) })
	k.offered, k.reasons = k.models(templates), k.trouble(templates)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.untried, s.until = k, false, time.Time{}
	if k.err != nil {
		s.until = o.Now().Add(o.Rest)
	}
	return k.err
}

func (s *server) probe(ctx context.Context, o Options, k *known) error {
	var stats struct {
		System struct {
			Version string `json:"comfyui_version"`
		} `json:"system"`
		Devices []struct {
			Type string `json:"type"`
		} `json:"devices"`
	}
	if err := s.get(ctx, "/system_stats", &stats); err != nil {
		return err
	}
	if len(stats.Devices) == 0 {
		return fmt.Errorf("%s: %s has no /system_stats of ComfyUI: another program answers there: %w", o.Name, s.base(), art.ErrUnavailable)
	}
	k.version, k.cpu = strings.TrimSuffix("comfyui-"+stats.System.Version, "-"), stats.Devices[0].Type == "cpu"
	now, data, err := s.objectInfo(ctx)
	if err != nil {
		return err
	}
	k.nodes = now
	if o.Snapshots == "" {
		return nil
	}
	k.pinned, err = readSnapshot(o.Snapshots, s.base())
	if errors.Is(err, art.ErrNotFound) {
		k.pinned = now
		return writeSnapshot(o.Snapshots, s.base(), data)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	k.drift = differences(s.base(), k.pinned, now)
	return nil
}

// objectInfo asks which nodes there are.
func (s *server) objectInfo(ctx context.Context) (nodes, []byte, error) {
	answer, err := s.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: "/object_info"})
	if err != nil {
		return nil, nil, err
	}
	var any map[string]any
	if err := s.client.Read(answer, false, &any); err != nil {
		return nil, nil, err
	}
	n, err := readNodes(answer.Body)
	if err != nil || len(n) == 0 {
		return nil, nil, fmt.Errorf("%s: %s tells nothing of its nodes: %w", s.client.Name, s.base(), errors.Join(err, art.ErrUnavailable))
	}
	return n, answer.Body, nil
}

func (s *server) known() known {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (e *Engine) known() []known {
	var all []known
	for _, s := range e.servers {
		all = append(all, s.known())
	}
	return all
}

// fail leaves the server alone for a while.
func (s *server) fail(err error, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.err, s.until = err, until
}

// due says that the server should be asked again what it is.
func (s *server) due(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.err != nil && (s.untried || !now.Before(s.until))
}

// busy is how many pictures wait there or are being made, with those that are on their way to it.
func (s *server) busy(ctx context.Context) (int, error) {
	var q queue
	err := s.patiently(ctx, func(ctx context.Context) (err error) {
		q, err = s.queue(ctx)
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(q.Running) + len(q.Pending) + s.asked, err
}

func (s *server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked += n
}

// pick gives the servers that a recipe can be asked of, the least busy first, with what each would be sent. Where none
// can make it, the error is what keeps the first that answers from it.
func (e *Engine) pick(ctx context.Context, r art.Recipe) ([]*server, error) {
	e.Reconnect(ctx)
	type choice struct {
		*server
		busy int
	}
	var able []choice
	var refused, down error
	for _, s := range e.servers {
		k := s.known()
		if k.err != nil {
			down = errors.Join(down, k.err)
			continue
		}
		if err := e.check(k, r); err != nil {
			if refused == nil || errors.Is(refused, art.ErrNotFound) {
				refused = err
			}
			continue
		}
		busy, err := s.busy(ctx)
		if err != nil {
			s.fail(err, e.o.Now().Add(e.o.Rest))
			down = errors.Join(down, err)
			continue
		}
		able = append(able, choice{s, busy})
	}
	slices.SortStableFunc(able, func(a, b choice) int { return a.busy - b.busy })
	var servers []*server
	for _, c := range able {
		servers = append(servers, c.server)
	}
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", e.o.Name, ctx.Err())
	case len(servers) > 0:
		return servers, nil
	case refused != nil && (down == nil || !errors.Is(refused, art.ErrNotFound)): // a server that is down may have the model
		return nil, refused
	case down != nil:
		return nil, down
	}
	return nil, fmt.Errorf("%s: no server is named: %w", e.o.Name, art.ErrUnavailable)
}

// check refuses what a server can't make.
func (e *Engine) check(k known, r art.Recipe) error {
	if t, ok := e.template(r.Model.Name); ok {
		if wrong := k.breaks(t); len(wrong) > 0 {
			return art.Unsupported("model", fmt.Sprintf("%s: %s: %s", k.base, t.name, wrong[0]), "correct the workflow, or the server's nodes")
		}
	}
	m, err := engine.Info{Name: e.o.Name, Models: k.offered}.Model(r.Model)
	if err != nil {
		return err
	}
	m.Engine = e.o.Name // for the error
	if err := engine.Check(m.Capabilities, r); err != nil {
		return err
	}
	_, err = e.draw(k, r)
	return err
}

// draw makes the graph of a recipe for a server. Pictures stand in it by their SHA-256 until they were uploaded.
func (e *Engine) draw(k known, r art.Recipe) (drawn, error) {
	if t, ok := e.template(r.Model.Name); ok {
		return t.draw(k, r)
	}
	return standard(k, r)
}

func (e *Engine) template(name string) (template, bool) {
	for _, t := range e.templates {
		if t.name == name {
			return t, true
		}
	}
	return template{}, false
}
