package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/midjourney"
	"presswerk/internal/engine/wire"
	"presswerk/internal/infotext"
	"presswerk/internal/ledger"
	"presswerk/internal/store"
)

// Folders in a watched one, into which files go once it is known what becomes of them.
const (
	takenDir     = "taken"     // became a candidate's picture
	unmatchedDir = "unmatched" // nobody waits for them, or it can't be told who does
)

// watched is what became of a file in a watched folder.
type watched struct {
	File      string `json:"file"`  // as it was found
	Moved     string `json:"moved"` // where it lies now
	Call      string `json:"call,omitempty"`
	Candidate string `json:"candidate,omitempty"`
	Reason    string `json:"reason,omitempty"` // why it was not taken
}

// watcher looks through a folder again and again.
type watcher struct {
	g    *globals
	line *line
	dir  string
	by   string
	seen map[string]os.FileInfo // files as they were found the last time
}

// watch takes pictures that people put into a folder, each for the picture of a run that waits for it. What has been done is
// known from the records and from where the files lie, so that it may be killed at any time.
func (c *importCmd) watch(ctx context.Context, g *globals) error {
	l, err := openHere(ctx, g, lineOptions{Books: true})
	if err != nil {
		return err
	}
	defer l.close()
	by := cmp.Or(c.By, g.settings.User)
	if by == "" {
		return art.Invalid("by", "nobody is named", "say who brings the pictures: --by NAME")
	}
	w := &watcher{g: g, line: l, dir: c.Watch, by: by, seen: map[string]os.FileInfo{}}
	all := []watched{}
	for {
		files, err := w.settled()
		if err != nil {
			return err
		}
		for _, file := range files {
			one, err := w.take(ctx, file)
			if err != nil {
				return err
			}
			all = append(all, one)
			if !g.JSON {
				w.text(g.out, one)
			}
		}
		if c.Once && len(w.seen) == 0 || wire.Sleep(ctx, c.Every) != nil { // being told to stop is how it ends
			return g.answer(struct {
				Files []watched `json:"files"`
			}{all}, func(io.Writer) {})
		}
	}
}

// settled lists the files that have stopped growing: those with the size and time that they had the last time. Hidden ones
// and what browsers are still loading are left alone.
func (w *watcher) settled() ([]string, error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w: %w", w.dir, err, art.ErrUnavailable)
	}
	now := map[string]os.FileInfo{}
	var ready []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || strings.HasPrefix(e.Name(), ".") || unfinished(e.Name()) {
			continue // it has gone meanwhile, or is none of ours
		}
		if last := w.seen[e.Name()]; last != nil && last.Size() == info.Size() && last.ModTime().Equal(info.ModTime()) {
			ready = append(ready, filepath.Join(w.dir, e.Name()))
			continue
		}
		now[e.Name()] = info
	}
	w.seen = now
	return ready, nil
}

// unfinished tells names that browsers give to what they are still loading.
func unfinished(name string) bool {
	return slices.Contains([]string{".crdownload", ".part", ".partial", ".download", ".tmp"}, strings.ToLower(filepath.Ext(name)))
}

// take finds out for which picture a file was made, keeps it there, and moves it. The records are written first: killed in
// between, it is found here again, and so is its picture there.
func (w *watcher) take(ctx context.Context, file string) (watched, error) {
	one := watched{File: file}
	call, picture, err := w.match(ctx, file)
	switch {
	case err == nil && call.State == art.CallDone: // by a process that was killed before it went on, or before it moved the file
		if err := w.line.factory.GoOn(ctx, call); err != nil {
			return one, err
		}
	case err == nil:
		call, err = w.line.factory.Resolve(ctx, call, ledger.Word{By: w.by, Charged: new(bool), Picture: &picture})
		if err != nil {
			return one, err
		}
	case errors.Is(err, art.ErrNotFound) || errors.Is(err, art.ErrInvalid) || errors.Is(err, art.ErrConflict):
		one.Reason = err.Error()
	default:
		return one, err
	}
	folder := takenDir
	if one.Reason != "" {
		folder = unmatchedDir
	} else {
		one.Call, one.Candidate = call.ID, call.Candidate
	}
	one.Moved, err = moveInto(filepath.Join(w.dir, folder), file)
	return one, err
}

// match finds the call that waits for a file's picture. Nobody who waits gives art.ErrNotFound, more than one art.ErrConflict.
func (w *watcher) match(ctx context.Context, file string) (art.Call, engine.Picture, error) {
	data, err := readWhole(file)
	if err != nil {
		return art.Call{}, engine.Picture{}, err
	}
	p, err := (&wire.Client{Name: filepath.Base(file)}).Picture(data)
	if err != nil {
		return art.Call{}, p, art.Invalid("picture", err.Error(), "put PNG, JPEG, WebP or GIF files there, as they came")
	}
	texts, _, err := readTexts(ctx, file, data)
	if err != nil {
		return art.Call{}, p, err
	}
	said, err := infotext.Read(texts)
	if err != nil {
		return art.Call{}, p, err
	}
	p.Notes = jobNotes(said)
	calls, err := w.line.db.Calls(ctx, store.CallQuery{Engine: midjourney.Name})
	if err != nil {
		return art.Call{}, p, err
	}
	call, err := waiting(calls, said, art.Digest(data))
	return call, p, err
}

// jobNotes keeps which of whose pictures it is.
func jobNotes(r infotext.Record) (notes []string) {
	for _, e := range r.Kept {
		if e.Name == "job id" || e.Name == "picture index" {
			notes = append(notes, "midjourney "+e.Name+" "+e.Value)
		}
	}
	return notes
}

// moveInto moves a file into a folder beside it, under a number where its name is taken.
func moveInto(dir, file string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w: %w", dir, err, art.ErrUnavailable)
	}
	ext := filepath.Ext(file)
	stem := strings.TrimSuffix(filepath.Base(file), ext)
	to := filepath.Join(dir, stem+ext)
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, os.ErrNotExist) {
			break
		}
		to = filepath.Join(dir, stem+"-"+strconv.Itoa(n)+ext)
	}
	if err := os.Rename(file, to); err != nil {
		return "", fmt.Errorf("moving %s: %w: %w", file, err, art.ErrUnavailable)
	}
	return to, nil
}

func (w *watcher) text(out io.Writer, one watched) {
	name := filepath.Base(one.File)
	if one.Reason != "" {
		fmt.Fprintln(out, w.g.words.say("watch_unmatched", name, one.Reason, one.Moved))
		return
	}
	fmt.Fprintln(out, w.g.words.say("watch_taken", name, one.Candidate))
}
