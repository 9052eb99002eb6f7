package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/cpu"

	ort "github.com/yalue/onnxruntime_go"
)

// Cache keeps optimised networks on disk, so that each is optimised once on a machine and loads several times quicker
// afterwards. An entry holds the SHA-256 of its files; one that was damaged is made anew. What can't be kept, for want of
// space or rights, is loaded all the same. The zero value keeps nothing.
type Cache struct {
	Dir   string // the folder; made when needed
	Key   string // tells networks apart, such as the SHA-256 of a model with the file's name; "" keeps nothing
	Limit int64  // bytes that all entries may take, the least recently used go first; 0 means 8 GiB
}

// Files of an entry.
const (
	cachedNetwork = "network.onnx"
	cachedWeights = "network.bin"
	cachedSums    = "sums"
)

const defaultCacheLimit = 8 << 30

// Session entries with which ONNX Runtime writes weights beside an optimised network, from where it maps them.
//
// Source: microsoft/onnxruntime, onnxruntime_session_options_config_keys.h.
const (
	weightsBeside  = "session.optimized_model_external_initializers_file_name"
	weightsAtLeast = "session.optimized_model_external_initializers_min_size_in_bytes"
)

// entry is the folder for a network under these options, or "" when it isn't to be kept. Optimised networks hold
// what the processor, the library's version and the options decide; other providers than the CPU keep their own.
func (o Options) entry(version string) string {
	if o.Cache.Dir == "" || o.Cache.Key == "" || len(o.Weights) > 0 || slices.ContainsFunc(o.Providers, func(p string) bool { return p != "cpu" }) {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s %t\n%s %s %+v\n", o.Cache.Key, version, o.Circular, runtime.GOOS, runtime.GOARCH, cpu.X86)
	for _, key := range slices.Sorted(maps.Keys(o.Config)) {
		fmt.Fprintf(h, "%s=%s\n", key, o.Config[key])
	}
	return filepath.Join(o.Cache.Dir, hex.EncodeToString(h.Sum(nil)))
}

// maker makes a session of a network with the given settings.
type maker func(*ort.SessionOptions) (*ort.DynamicAdvancedSession, error)

// session loads a network: out of the cache, else by plain, which leaves an entry behind.
func (r *Runtime) session(o Options, inputs, outputs []string, plain maker) (*ort.DynamicAdvancedSession, error) {
	dir := o.entry(r.Version())
	if dir == "" {
		return with(o, nil, plain)
	}
	if whole(dir) {
		inner, err := with(o, unoptimised, func(s *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
			return ort.NewDynamicAdvancedSession(filepath.Join(dir, cachedNetwork), inputs, outputs, s)
		})
		if err == nil {
			now := time.Now()
			_ = os.Chtimes(dir, now, now) // only decides what goes first
			return inner, nil
		}
	}
	if inner, err := o.keep(dir, plain); err == nil {
		return inner, nil
	}
	return with(o, nil, plain) // the first failure may be the disk's; a network's own shows again
}

func unoptimised(s *ort.SessionOptions) error {
	return s.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll)
}

// with makes a session under the options, and what more changes of them.
func with(o Options, more func(*ort.SessionOptions) error, make maker) (*ort.DynamicAdvancedSession, error) {
	s, err := settings(o)
	if err != nil {
		return nil, err
	}
	defer s.Destroy()
	if more != nil {
		if err := more(s); err != nil {
			return nil, err
		}
	}
	return make(s)
}

// keep makes a session and the entry at dir, which appears whole or not at all.
func (o Options) keep(dir string, plain maker) (_ *ort.DynamicAdvancedSession, err error) {
	if err := os.MkdirAll(o.Cache.Dir, 0o750); err != nil {
		return nil, err
	}
	making, err := os.MkdirTemp(o.Cache.Dir, "making-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(making)) }()
	inner, err := with(o, func(s *ort.SessionOptions) error {
		return errors.Join(
			s.SetLogSeverityLevel(ort.LoggingLevelError), // it warns that the result is for this machine, as is meant
			s.SetOptimizedModelFilePath(filepath.Join(making, cachedNetwork)),
			s.AddSessionConfigEntry(weightsBeside, cachedWeights), s.AddSessionConfigEntry(weightsAtLeast, "1024"),
		)
	}, plain)
	if err != nil {
		return nil, err
	}
	sums, err := sumsOf(making)
	if err == nil {
		err = os.WriteFile(filepath.Join(making, cachedSums), []byte(sums), 0o600)
	}
	if err == nil {
		err = errors.Join(os.RemoveAll(dir), os.Rename(making, dir), o.Cache.prune(dir))
	}
	if err != nil {
		return nil, errors.Join(err, inner.Destroy())
	}
	return inner, nil
}

// whole tells whether an entry is there with the files that it was made with.
func whole(dir string) bool {
	want, err := os.ReadFile(filepath.Join(dir, cachedSums))
	if err != nil {
		return false
	}
	got, err := sumsOf(dir)
	return err == nil && got == string(want)
}

// sumsOf writes the SHA-256 of every part of an entry's files, one a line: parts, so that all cores share the work. Small
// networks have no weights beside them.
func sumsOf(dir string) (string, error) {
	var sums strings.Builder
	for _, name := range []string{cachedNetwork, cachedWeights} {
		lines, err := partsOf(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && name == cachedWeights {
			continue
		}
		if err != nil {
			return "", err
		}
		for i, line := range lines {
			fmt.Fprintf(&sums, "%s  %s %d\n", line, name, i)
		}
	}
	return sums.String(), nil
}

// partsOf hashes the parts of a file side by side.
func partsOf(path string) ([]string, error) {
	const part = 64 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	sums := make([]string, max(1, (info.Size()+part-1)/part))
	for i := range sums {
		all.Go(func() error {
			h := sha256.New()
			_, err := io.Copy(h, io.NewSectionReader(f, int64(i)*part, part))
			sums[i] = hex.EncodeToString(h.Sum(nil))
			return err
		})
	}
	return sums, all.Wait()
}

// prune removes the least recently used entries, never the one at spare, until the limit holds, and what a killed process
// left unfinished.
func (c Cache) prune(spare string) error {
	found, err := os.ReadDir(c.Dir)
	if err != nil {
		return err
	}
	type kept struct {
		path string
		size int64
		used time.Time
	}
	var entries []kept
	total := int64(0)
	for _, d := range found {
		path := filepath.Join(c.Dir, d.Name())
		info, err := d.Info()
		if err != nil || !d.IsDir() {
			continue // gone meanwhile, or not ours
		}
		size := sizeOf(path)
		total += size
		if strings.HasPrefix(d.Name(), "making-") && time.Since(info.ModTime()) > time.Hour {
			entries = append(entries, kept{path, size, time.Time{}})
		} else if path != spare && !strings.HasPrefix(d.Name(), "making-") {
			entries = append(entries, kept{path, size, info.ModTime()})
		}
	}
	limit := c.Limit
	if limit == 0 {
		limit = defaultCacheLimit
	}
	slices.SortFunc(entries, func(a, b kept) int { return a.used.Compare(b.used) })
	for _, e := range entries {
		if total <= limit && !e.used.IsZero() {
			break
		}
		if err := os.RemoveAll(e.path); err != nil {
			return err
		}
		total -= e.size
	}
	return nil
}

// sizeOf adds up the files of an entry.
func sizeOf(dir string) int64 {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	total := int64(0)
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			total += info.Size()
		}
	}
	return total
}
