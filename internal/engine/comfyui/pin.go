package comfyui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Difference is something that a server's nodes took when it was pinned, and now take otherwise.
type Difference struct {
	Server string `json:"server"`
	Node   string `json:"node"`            // class
	Input  string `json:"input,omitempty"` // "" means the class
	Value  string `json:"value,omitempty"` // a choice that is gone
	What   string `json:"what"`            // "gone", "gained", "gained without default"
}

// String tells it to a person.
func (d Difference) String() string {
	name := d.Node
	if d.Input != "" {
		name += "." + d.Input
	}
	if d.Value != "" {
		return fmt.Sprintf("%s has no %q any more", name, d.Value)
	}
	return map[string]string{
		"gone": name + " is gone", "gained": name + " is new and gets its default", "gained without default": name + " is new and must be given",
	}[d.What]
}

// differences compares two states of a server. Classes that were added are none.
func differences(server string, before, now nodes) []Difference {
	var all []Difference
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was := before[name]
		is, ok := now[name]
		if !ok {
			all = append(all, Difference{Server: server, Node: name, What: "gone"})
			continue
		}
		for _, in := range slices.Sorted(maps.Keys(is.required)) {
			_, required := was.required[in]
			_, optional := was.optional[in]
			switch {
			case required || optional:
			case is.required[in].otherwise() != nil:
				all = append(all, Difference{Server: server, Node: name, Input: in, What: "gained"})
			default:
				all = append(all, Difference{Server: server, Node: name, Input: in, What: "gained without default"})
			}
		}
		all = append(all, lost(server, name, was.required, is)...)
		all = append(all, lost(server, name, was.optional, is)...)
	}
	return all
}

// lost are inputs and choices that are gone.
func lost(server, name string, was map[string]input, is class) []Difference {
	var all []Difference
	for _, in := range slices.Sorted(maps.Keys(was)) {
		now, ok := is.required[in]
		if !ok {
			now, ok = is.optional[in]
		}
		if !ok {
			all = append(all, Difference{Server: server, Node: name, Input: in, What: "gone"})
			continue
		}
		for _, choice := range was[in].choices {
			if !now.upload && !was[in].upload && !slices.Contains(now.choices, choice) {
				all = append(all, Difference{Server: server, Node: name, Input: in, Value: choice, What: "gone"})
			}
		}
	}
	return all
}

// snapshot is where a server's pinned state is kept.
func snapshot(dir, base string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' {
			return c
		}
		return '_'
	}, strings.ToLower(base))
	return filepath.Join(dir, name+".json")
}

// readSnapshot gives what was pinned. There is none before the first time: art.ErrNotFound. A file that doesn't have the
// SHA-256 beside it gives art.ErrMismatch.
func readSnapshot(dir, base string) (nodes, error) {
	path := snapshot(dir, base)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, art.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was pinned: %w", err)
	}
	sum, err := os.ReadFile(path + ".sha256")
	if err != nil || strings.TrimSpace(string(sum)) != art.Digest(data) {
		return nil, fmt.Errorf("%s is not what was pinned; pin the server again: %w", path, art.ErrMismatch)
	}
	return readNodes(data)
}

// writeSnapshot pins an answer of /object_info. The digest comes last: a file without it counts as broken.
func writeSnapshot(dir, base string, data []byte) error {
	path := snapshot(dir, base)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("pinning %s: %w", base, err)
	}
	for _, file := range []struct {
		path string
		data []byte
	}{{path, data}, {path + ".sha256", []byte(art.Digest(data) + "\n")}} {
		if err := os.WriteFile(file.path+".part", file.data, 0o644); err != nil {
			return fmt.Errorf("pinning %s: %w", base, err)
		}
		if err := os.Rename(file.path+".part", file.path); err != nil {
			return fmt.Errorf("pinning %s: %w", base, err)
		}
	}
	return nil
}

// Differences are what has changed on the servers since they were pinned, as the last Connect found it.
func (e *Engine) Differences() []Difference {
	var all []Difference
	for _, k := range e.known() {
		all = append(all, k.drift...)
	}
	return all
}

// Pin takes the servers as they are now for what is right.
func (e *Engine) Pin(ctx context.Context) error {
	if e.o.Snapshots == "" {
		return fmt.Errorf("%s: no folder for snapshots is named: %w", e.o.Name, art.ErrUnsupported)
	}
	for _, s := range e.servers {
		_, data, err := s.objectInfo(ctx)
		if err == nil {
			err = writeSnapshot(e.o.Snapshots, s.base(), data)
		}
		if err != nil {
			return err
		}
	}
	return e.Connect(ctx)
}
