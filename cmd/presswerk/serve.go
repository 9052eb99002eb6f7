package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"presswerk/internal/access"
	"presswerk/internal/art"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/web"
)

// serveCmd opens the studio.
type serveCmd struct {
	Listen    string `name:"listen" default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"${flag_listen}"`
	ReadyFile string `name:"ready-file" type:"path" placeholder:"FILE" help:"${flag_ready}"`
	NoWork    bool   `name:"no-work" help:"${flag_no_work}"`

	StampEvery time.Duration `name:"stamp-every" default:"10m" placeholder:"TIME" help:"${flag_stamp_every}"`
}

// takeOver is how often a serving process asks whether it may work.
const takeOver = 2 * time.Second

// Run serves pages and API and does the workspace's jobs until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Work: true, Serve: true})
	if err != nil {
		return err
	}
	defer l.close()
	studio, err := l.studio()
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening on %s; choose another address with --listen: %w: %w", c.Listen, err, art.ErrUnavailable)
	}
	address := "http://" + listener.Addr().String()
	if err := c.greet(g, l, address); err != nil {
		return errors.Join(err, listener.Close())
	}
	worked := make(chan error, 1)
	working, stopWorking := context.WithCancel(ctx)
	go func() { worked <- c.work(working, l) }()
	err = serve(ctx, listener, studio.Handler(), func() error {
		if c.ReadyFile == "" {
			return nil
		}
		return writeWhole(c.ReadyFile, []byte(address+"\n"))
	})
	stopWorking()
	return errors.Join(err, <-worked)
}

// greet says where the studio is; the first time with a key.
func (c *serveCmd) greet(g *globals, l *line, address string) error {
	g.note("%s", g.words.say("serve_at", address))
	if host, _, err := net.SplitHostPort(strings.TrimPrefix(address, "http://")); err == nil && !net.ParseIP(host).IsLoopback() {
		g.note("%s", g.words.say("serve_open", address))
	}
	ring, err := access.Load(l.ws.keyRing())
	if err != nil || len(ring.Keys) > 0 {
		return err
	}
	secret, err := newKey(l.ws, "first", access.Scopes())
	if err != nil {
		return err
	}
	g.note("%s", g.words.say("serve_key", address+"/?key="+secret))
	return nil
}

// work does jobs as soon as no other process of this workspace does.
func (c *serveCmd) work(ctx context.Context, l *line) error {
	if c.NoWork {
		return nil
	}
	told := false
	for {
		free, err := l.lock()
		if err != nil {
			return err
		}
		if free {
			if err := l.begin(ctx, ""); err != nil {
				return err
			}
			return c.watch(ctx, l)
		}
		if !told {
			l.g.note("%s", l.g.words.say("serve_elsewhere"))
			told = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(takeOver):
		}
	}
}

// watch tells about results that could not be written down, whose jobs are tried again, and gets the time stamps that files are owed.
func (c *serveCmd) watch(ctx context.Context, l *line) error {
	tick := time.NewTicker(max(c.StampEvery, time.Second))
	defer tick.Stop()
	for {
		select {
		case err := <-l.broken:
			l.g.note("%v", err)
		case <-tick.C:
			c.stamp(ctx, l)
		case <-ctx.Done():
			return nil
		}
	}
}

// stamp gets what is owed, where the workspace names an authority. One that is still away is asked again later, without a word.
func (c *serveCmd) stamp(ctx context.Context, l *line) {
	if l.ws.Signing.StampURL == "" {
		return
	}
	switch answer, err := l.stampOwed(ctx); {
	case err != nil:
		l.g.note("%v", err)
	case len(answer.Stamped) > 0:
		l.g.note("%s", l.g.words.say("sign_stamped", len(answer.Stamped), answer.Owed))
	}
}

// serve answers on the listener until ctx ends, then lets requests in progress finish for a moment. Ready is called
// when connections are accepted.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, ready func() error) error {
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := ready(); err != nil {
		return errors.Join(err, server.Close(), ignore(<-ended, http.ErrServerClosed))
	}
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	endRequests() // live pages would stay for ever
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	return errors.Join(ignore(err, context.DeadlineExceeded), ignore(<-ended, http.ErrServerClosed))
}

// studio introduces the line to the pages.
func (l *line) studio() (*web.Studio, error) {
	root, err := l.anchors()
	if err != nil {
		return nil, err
	}
	lib, _ := l.tools.library() // without it the page says that the layer is not available
	key, err := provenance.MarkKeyOrNew(l.ws.signing(), rand.Reader)
	if err != nil {
		return nil, err
	}
	people, strange, bindings := l.origins(root, lib, watermark.New(key))
	user := l.g.settings.User
	if user == "" {
		user = "studio"
	}
	return web.New(web.Options{
		Line: l.factory, Briefs: l.briefs, Make: l.makeNamed, Engines: l.lookAtEngines,
		Verify: func(ctx context.Context, data []byte) (provenance.Verification, error) {
			return provenance.Verify(ctx, data, people)
		},
		Ask: func(ctx context.Context, data []byte) (provenance.Verification, error) {
			return provenance.Verify(ctx, data, strange)
		},
		Door: l.ws.Door, Bindings: bindings, Preview: l.preview, Thumbnail: thumbnail,
		Keys:    func() (access.Ring, error) { return access.Load(l.ws.keyRing()) },
		SiteDir: l.ws.SiteDir(), Comparisons: l.comparisons, CompareDir: l.ws.comparisons(), Name: l.ws.Name, User: user, Version: version, Now: time.Now,
		Logger: slog.New(slog.NewTextHandler(l.g.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

// briefs lists the workspace's briefs; one that can't be read brings what is wrong with it.
func (l *line) briefs(context.Context) ([]web.BriefCard, error) {
	paths, err := l.ws.Briefs()
	if err != nil {
		return nil, err
	}
	cards := make([]web.BriefCard, len(paths))
	for i, p := range paths {
		cards[i].Name = strings.TrimSuffix(filepath.Base(p), ".yaml")
		o, err := l.ws.Load(filepath.Join(l.ws.Dir, p))
		if err != nil {
			cards[i].Error = err.Error()
			continue
		}
		cards[i].Title = o.Brief.Title
	}
	return cards, nil
}

// makeNamed starts a run from one of the workspace's own briefs; a path that leads elsewhere is none.
func (l *line) makeNamed(ctx context.Context, name string) (art.RunView, error) {
	if name == "" || name != filepath.Base(name) {
		return art.RunView{}, art.Invalid("brief", fmt.Sprintf("%q is no name of a brief", name), "use the name of a file in briefs/, without .yaml")
	}
	order, err := readOrder(ctx, l.ws, filepath.Join(l.ws.Dir, "briefs", name+".yaml"))
	if err != nil {
		return art.RunView{}, err
	}
	return l.factory.Start(ctx, order)
}
