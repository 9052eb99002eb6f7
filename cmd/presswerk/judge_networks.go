package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/vision"
)

// judgeFolder holds the networks of scorers, in the folder of native libraries.
const judgeFolder = "models/judge"

// panel is every scorer that there is.
func (t *tools) panel() judge.Panel {
	return judge.PanelWith(t.judgeNetworks(), t.embedders())
}

// judgeNetworks are those of scorers, opened once for all who look with them.
func (t *tools) judgeNetworks() *judgeNetworks {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.looking == nil {
		t.looking = &judgeNetworks{t: t, opened: map[string]judgeNetwork{}, sums: map[string]string{}}
	}
	return t.looking
}

// faceFinder looks for faces with the scorers' networks.
type faceFinder struct{ networks *judgeNetworks }

// FindFaces implements finish.FaceFinder.
func (f faceFinder) FindFaces(ctx context.Context, p *imaging.RGB) ([]art.Box, error) {
	return judge.FindFaces(ctx, p, f.networks)
}

// judgeNetworks opens each network once. It is safe for concurrent use.
type judgeNetworks struct {
	t      *tools
	mu     sync.Mutex // guards what is below
	opened map[string]judgeNetwork
	sums   map[string]string
}

type judgeNetwork struct {
	runner vision.Runner
	err    error
}

// Open implements judge.Networks.
func (n *judgeNetworks) Open(name string) (vision.Runner, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o, ok := n.opened[name]
	if !ok {
		o.runner, o.err = n.open(name)
		n.opened[name] = o
	}
	return o.runner, o.err
}

func (n *judgeNetworks) open(name string) (vision.Runner, error) {
	path := n.path(name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: run make tools, or put it there: %w", path, art.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a scorer's network: %w", err)
	}
	return n.t.network(path, data, 1) // the panel looks with several at once: one thread each wastes least
}

// SHA256 implements judge.Networks.
func (n *judgeNetworks) SHA256(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	sum, ok := n.sums[name]
	if !ok {
		sum, _ = fileDigest(n.path(name)) // Open tells what is wrong with it
		n.sums[name] = sum
	}
	return sum
}

func (n *judgeNetworks) path(name string) string {
	return n.t.g.settings.native(filepath.Join(filepath.FromSlash(judgeFolder), filepath.FromSlash(name)))
}
