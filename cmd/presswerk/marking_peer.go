package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance/robustness"
)

// markingPeer is a scheme in another process, bench/marking/peer.py, which exchanges pictures as PNG files.
type markingPeer struct {
	method string
	dir    string // of the files
	cmd    *exec.Cmd
	ask    io.WriteCloser
	said   *bufio.Scanner
	wrong  *bytes.Buffer
}

// peerAnswer is one line of a peer's.
type peerAnswer struct {
	Error  string  `json:"error"`
	MS     float64 `json:"ms"`
	Number uint64  `json:"number"`
}

// startPeer runs a script with the method as its argument until the context ends or it is closed.
func startPeer(ctx context.Context, python, script, method string) (*markingPeer, error) {
	dir, err := os.MkdirTemp("", "presswerk-marking-")
	if err != nil {
		return nil, fmt.Errorf("making room for pictures: %w", err)
	}
	p := &markingPeer{method: method, dir: dir, cmd: exec.CommandContext(ctx, python, script, method), wrong: &bytes.Buffer{}}
	p.cmd.Stderr, p.cmd.WaitDelay = p.wrong, grace
	said, err := p.cmd.StdoutPipe()
	if err == nil {
		p.ask, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w: %w", script, err, art.ErrUnavailable), os.RemoveAll(dir))
	}
	p.said = bufio.NewScanner(said)
	return p, nil
}

func (p *markingPeer) close() error {
	err := p.ask.Close()
	_ = p.cmd.Wait() // what went wrong was told when it was asked
	return errors.Join(err, os.RemoveAll(p.dir))
}

// Name is the method's.
func (p *markingPeer) Name() string { return p.method }

// Bits is 32.
func (p *markingPeer) Bits() int { return 32 }

// Checked is false.
func (p *markingPeer) Checked() bool { return false }

// Embed marks a picture.
func (p *markingPeer) Embed(ctx context.Context, picture *imaging.RGB, number uint64) (*imaging.RGB, time.Duration, error) {
	in, out := filepath.Join(p.dir, "in.png"), filepath.Join(p.dir, "out.png")
	a, err := p.do(picture, in, map[string]any{"do": "embed", "in": in, "out": out, "number": number})
	if err == nil && a.Error != "" {
		err = art.Unsupported("beside", p.method+": "+a.Error, "leave this picture out")
	}
	if err != nil {
		return nil, 0, err
	}
	marked, err := readPicture(ctx, out)
	return marked, time.Duration(a.MS * float64(time.Millisecond)), err
}

// Detect reads a number; what the method refuses to read isn't found.
func (p *markingPeer) Detect(_ context.Context, picture *imaging.RGB) (robustness.Reading, error) {
	in := filepath.Join(p.dir, "in.png")
	a, err := p.do(picture, in, map[string]any{"do": "detect", "in": in})
	return robustness.Reading{Found: a.Error == "", Number: a.Number, Took: time.Duration(a.MS * float64(time.Millisecond))}, err
}

// do writes a picture, asks and waits for the answer.
func (p *markingPeer) do(picture *imaging.RGB, in string, ask any) (peerAnswer, error) {
	var a peerAnswer
	data, err := imaging.Encode(picture, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		return a, err
	}
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return a, fmt.Errorf("writing %s: %w", in, err)
	}
	line, err := json.Marshal(ask)
	if err != nil {
		return a, fmt.Errorf("asking %s: %w", p.method, err)
	}
	_, err = p.ask.Write(append(line, '\n'))
	if err == nil && p.said.Scan() {
		if err = json.Unmarshal(p.said.Bytes(), &a); err == nil {
			return a, nil
		}
	}
	lines := strings.Split(strings.TrimSpace(p.wrong.String()), "\n")
	return a, fmt.Errorf("%s ended or answered with no JSON: %s (are bench/marking/requirements.txt installed for this Python?): %w", p.method, lines[len(lines)-1], errors.Join(err, art.ErrUnavailable))
}
