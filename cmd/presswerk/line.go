package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/engine"
	"presswerk/internal/factory"
	"presswerk/internal/label"
	"presswerk/internal/queue"
	"presswerk/internal/softbinding"
	"presswerk/internal/store"
	"presswerk/internal/workspace"
)

// workspaceDir is a workspace with the places of its records.
type workspaceDir struct{ workspace.Workspace }

// Names in the state folder of a workspace. A backup holds these three.
const (
	databaseName = "presswerk.db"
	blobsName    = "blobs"
	keysName     = "keys"
)

func (w workspaceDir) data() string     { return w.StateDir() }
func (w workspaceDir) database() string { return filepath.Join(w.data(), databaseName) }
func (w workspaceDir) signing() string  { return filepath.Join(w.data(), keysName, "signing") }

// workspace opens the one that --workspace names, else the one around near, else the one around the current folder.
func (g *globals) workspace(near string) (workspaceDir, error) {
	if g.Workspace != "" {
		w, err := workspace.Open(g.Workspace)
		return workspaceDir{w}, err
	}
	if near == "" {
		near = "."
	}
	w, err := workspace.Find(near)
	return workspaceDir{w}, err
}

// readOrder reads a brief with its kit and styles, and the state of the workspace.
func readOrder(ctx context.Context, w workspaceDir, brief string) (factory.Order, error) {
	o, err := w.Load(brief)
	if err != nil {
		return factory.Order{}, err
	}
	commit, err := w.State(ctx)
	if err != nil {
		return factory.Order{}, err
	}
	guide, err := w.Guide(o.Kit.Sector)
	if err != nil {
		return factory.Order{}, err
	}
	models, err := w.ReadModels()
	if err != nil {
		return factory.Order{}, err
	}
	if models.Pauses, err = w.pauses(ctx); err != nil {
		return factory.Order{}, err
	}
	cards, err := w.Cards()
	if err != nil {
		return factory.Order{}, err
	}
	prices, err := w.ReadPrices()
	if err != nil {
		return factory.Order{}, err
	}
	times, err := w.measured(ctx)
	if err != nil {
		return factory.Order{}, err
	}
	funds, err := w.fundsOf(ctx, o.Brief)
	if err != nil {
		return factory.Order{}, err
	}
	return factory.Order{Brief: o.Brief, Kit: o.Kit, Styles: o.Styles, Commit: commit, Safety: guide, Models: models, Cards: cards, Prices: prices, Funds: funds, Times: times, Pictures: o.Pictures, Logo: o.Logo}, nil
}

// line is the factory with everything behind it. Whoever opens it closes it.
type line struct {
	g       *globals
	ws      workspaceDir
	db      *store.DB
	blobs   *blob.Store
	queue   *queue.Queue
	factory *factory.Factory
	hub     *factory.Hub
	engines engine.Registry
	tools   *tools
	working bool
	broken  chan error // the first result that could not be written down
	closers []func() error
}

// lineOptions says what the line will be used for; the less, the quicker it opens.
type lineOptions struct {
	Work  bool // jobs are worked on, or sites written
	Serve bool // what is periodic is done, too
	Books bool // nothing is rendered: engines stay closed
}

// openHere opens the line of the workspace around the current folder.
func openHere(ctx context.Context, g *globals, o lineOptions) (*line, error) {
	ws, err := g.workspace("")
	if err != nil {
		return nil, err
	}
	return openLine(ctx, g, ws, o)
}

// openLine opens records, bytes, engines and queue and introduces them to the factory.
func openLine(ctx context.Context, g *globals, ws workspaceDir, o lineOptions) (l *line, err error) {
	l = &line{g: g, ws: ws, hub: &factory.Hub{}, tools: newTools(g), broken: make(chan error, 1)}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	l.closers = append(l.closers, l.tools.close)
	if l.db, err = store.Open(ctx, ws.database()); err != nil {
		return l, err
	}
	l.closers = append(l.closers, l.db.Close)
	if l.blobs, err = blob.Open(filepath.Join(ws.data(), blobsName)); err != nil {
		return l, err
	}
	l.closers = append(l.closers, l.blobs.Close)
	l.tools.open, l.tools.ws = l.blobs.Get, &ws
	if !o.Books {
		if l.engines, err = l.tools.engines(ctx); err != nil {
			return l, err
		}
	}
	rules, err := label.Rules()
	if err != nil {
		return l, err
	}
	options := factory.Options{
		Read:   readApart,
		Labels: rules, Records: l.db, Blobs: l.blobs, Commit: l.commit, Engines: l.engines, Panel: l.tools.panel(), Embedder: l.tools.embedders(), Scores: l.db, Clips: l.tools.clips(), Locate: l.tools.locate,
		Ledger: newLedger(ws, l.db, l.blobs), Now: time.Now, Hub: l.hub, Logger: l.logger(), Version: version, Consents: ws.consents, Guide: ws.Guide,
	}
	if o.Work {
		id, err := l.tools.identity(ws)
		if err != nil {
			return l, err
		}
		if options.Finisher, err = l.tools.finisher(id, l.ws.signing()); err != nil {
			return l, err
		}
		options.Keep = softbinding.Keeper{Blobs: l.blobs, Now: time.Now}.Keep
		options.Site = &files{l, options.Finisher}
	}
	l.factory = factory.New(options)
	l.queue, err = l.newQueue(o.Serve)
	return l, err
}

func (l *line) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l.g.err, &slog.HandlerOptions{Level: slog.LevelError}))
}

func (l *line) newQueue(serve bool) (*queue.Queue, error) {
	handlers := map[art.JobKind]queue.Handler{}
	for kind, h := range l.factory.Handlers() {
		handlers[kind] = h
	}
	var periodic []queue.Periodic
	if serve {
		var err error
		if periodic, err = l.probes(); err != nil {
			return nil, err
		}
		handlers[art.JobProbe] = l.probeJob
	}
	return queue.New(l.db.Handle(), queue.Options{
		Commit: l.commitWith, Handlers: handlers, Failed: l.factory.Failed, MaxAttempts: 3,
		Workers:  map[art.JobKind]int{art.JobRender: runtime.NumCPU()}, // the engine decides how many are made at a time
		Periodic: periodic, Now: time.Now,
		Logger: slog.New(slog.DiscardHandler),
		Broken: func(err error) {
			select {
			case l.broken <- err:
			default: // the first one is told
			}
		},
	})
}

// commit writes a change with its jobs, and tells the listeners.
func (l *line) commit(ctx context.Context, c art.Change) error {
	return l.commitWith(ctx, c, func(ctx context.Context, tx *sql.Tx) error { return l.queue.Insert(ctx, tx, c.Jobs) })
}

func (l *line) commitWith(ctx context.Context, c art.Change, also ...func(context.Context, *sql.Tx) error) error {
	hooks := make([]store.Also, len(also))
	for i, a := range also {
		hooks[i] = a
	}
	if err := l.db.Commit(ctx, c, time.Now(), hooks...); err != nil {
		return err
	}
	l.hub.Tell(c.Events...)
	return nil
}

// work begins to do jobs, unless another process of this workspace does already. What a killed process left behind is
// found again; what had been given up in the run is tried once more.
func (l *line) work(ctx context.Context, run string) error {
	free, err := l.lock()
	if err != nil {
		return err
	}
	if !free {
		l.g.note("%s", l.g.words.say("make_elsewhere"))
		return nil
	}
	return l.begin(ctx, run)
}

// begin does jobs from now on; the workspace is locked for this process.
func (l *line) begin(ctx context.Context, run string) error {
	if _, err := l.queue.Rescue(ctx); err != nil {
		return err
	}
	if run != "" {
		if err := l.queue.Retry(ctx, run); err != nil {
			return err
		}
	}
	if err := l.queue.Start(ctx); err != nil {
		return err
	}
	l.working = true
	return nil
}

// lock takes the workspace for this process, for as long as it lives. The answer is false when another has it.
func (l *line) lock() (bool, error) {
	path := filepath.Join(l.ws.data(), "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("taking the workspace: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = errors.Join(f.Close(), ignore(err, syscall.EWOULDBLOCK))
		return false, err
	}
	l.closers = append(l.closers, f.Close)
	return true, nil
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// close ends everything in the opposite order; the jobs in progress go back to the queue.
func (l *line) close() {
	if l.working {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := l.queue.Stop(ctx); err != nil {
			l.g.note("%v", err)
		}
	}
	for _, end := range slices.Backward(l.closers) {
		if err := end(); err != nil {
			l.g.note("%v", err)
		}
	}
}

// anchors are the root certificates of the workspace's own signatures, and of their time stamps.
func (l *line) anchors() (string, error) {
	id, err := l.tools.identity(l.ws)
	if err != nil {
		return "", err
	}
	return id.Anchors(), nil
}

// warnOfLoss says so while the signing key exists nowhere else.
func (l *line) warnOfLoss() {
	if _, err := os.Stat(filepath.Join(l.ws.data(), backupMark)); errors.Is(err, fs.ErrNotExist) {
		l.g.note("%s", l.g.words.say("no_backup", l.ws.signing()))
	}
}

// numberOf finds the asset whose watermark has a number.
func (l *line) numberOf(ctx context.Context, id uint64) (string, error) {
	assets, err := l.db.Assets(ctx, "")
	if err != nil {
		return "", err
	}
	for _, a := range assets {
		if art.MarkID(a.ID) == id {
			return a.ID, nil
		}
	}
	return "", nil
}
