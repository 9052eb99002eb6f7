package apart

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Word is the argument by which the program knows that it is such a child.
const Word = "read-apart"

// Decoder starts a child for every file. The zero values of Memory and Time take the defaults.
type Decoder struct {
	Program string        // the program's file
	Args    []string      // its name and arguments, the last of which is Word
	Memory  int64         // bytes that decoding may take; default 1.5 GiB
	Time    time.Duration // default 30 s
}

// request is the first line that a child reads; the file follows.
type request struct {
	Limits  imaging.Limits
	Memory  int64
	Seconds uint64
	Header  bool // nothing but the header is asked for
	Bytes   int
}

// answer is the first line that a child writes; the pixels follow where there are some.
type answer struct {
	Info          imaging.Info
	Width, Height int    // of the pixels, turned as EXIF says; 0 where there are none
	Problem       string // "" where all went well
	Unavailable   bool   // the problem is a codec that is not here
}

// Read has a child read a file. A child that dies, that needs too much, or that answers what it may not, gives art.ErrInvalid;
// one that cannot be started art.ErrUnavailable.
func (d Decoder) Read(ctx context.Context, data []byte, l imaging.Limits) (*imaging.RGB, imaging.Info, error) {
	return d.ask(ctx, data, request{Limits: l})
}

// Probe is Read without the pixels.
func (d Decoder) Probe(ctx context.Context, data []byte, l imaging.Limits) (imaging.Info, error) {
	_, info, err := d.ask(ctx, data, request{Limits: l, Header: true})
	return info, err
}

func (d Decoder) ask(ctx context.Context, data []byte, r request) (*imaging.RGB, imaging.Info, error) {
	l := r.Limits
	if imaging.Sniff(data) == "" || len(data) > cmp.Or(l.MaxBytes, imaging.MaxBytes) {
		return imaging.Here(ctx, data, l) // refused by its first bytes or its length: nothing is decoded
	}
	patience := cmp.Or(d.Time, 30*time.Second)
	limited, stop := context.WithTimeout(ctx, patience)
	defer stop()
	home, err := os.MkdirTemp("", "presswerk-apart-")
	if err != nil {
		return nil, imaging.Info{}, fmt.Errorf("apart: %w: %w", err, art.ErrUnavailable)
	}
	defer os.RemoveAll(home)
	r.Memory, r.Seconds, r.Bytes = cmp.Or(d.Memory, 3<<29), uint64(patience.Seconds())+1, len(data)
	ask, err := json.Marshal(r)
	if err != nil {
		return nil, imaging.Info{}, fmt.Errorf("apart: %w", err)
	}
	child := exec.CommandContext(limited, d.Program)
	child.Args, child.Dir, child.Env = d.Args, home, []string{"TMPDIR=" + home}
	child.Stdin = io.MultiReader(bytes.NewReader(append(ask, '\n')), bytes.NewReader(data))
	child.WaitDelay = time.Second
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, imaging.Info{}, fmt.Errorf("apart: %w: %w", err, art.ErrUnavailable)
	}
	if err := child.Start(); err != nil {
		return nil, imaging.Info{}, fmt.Errorf("apart: starting the child that reads pictures: %w: %w", err, art.ErrUnavailable)
	}
	p, info, wrong := receive(bufio.NewReaderSize(out, 1<<16), r)
	if wrong != nil {
		stop() // whatever it still does
	}
	switch ended := child.Wait(); {
	case ctx.Err() != nil:
		return nil, info, fmt.Errorf("apart: reading: %w", ctx.Err())
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return nil, info, fmt.Errorf("apart: the file took longer than %s to read: %w", patience, art.ErrInvalid)
	case wrong != nil:
		return nil, info, wrong
	case ended != nil:
		return nil, info, fmt.Errorf("apart: the child that read the file ended badly (%w): %w", ended, art.ErrInvalid)
	}
	return p, info, nil
}

// receive reads a child's answer and believes none of its numbers.
func receive(r *bufio.Reader, asked request) (*imaging.RGB, imaging.Info, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, imaging.Info{}, fmt.Errorf("apart: the file stopped the child that read it: %w", art.ErrInvalid)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return nil, imaging.Info{}, fmt.Errorf("apart: the child answered what is no answer: %w: %w", err, art.ErrInvalid)
	}
	switch {
	case a.Unavailable:
		return nil, a.Info, fmt.Errorf("%s: %w", a.Problem, art.ErrUnavailable)
	case a.Problem != "":
		return nil, a.Info, fmt.Errorf("%s: %w", a.Problem, art.ErrInvalid)
	case asked.Header:
		return nil, a.Info, nil
	case a.Width < 1 || a.Height < 1 || a.Width > cmp.Or(asked.Limits.MaxPixels, imaging.MaxPixels)/a.Height:
		return nil, a.Info, fmt.Errorf("apart: the child answered %d×%d pixels: %w", a.Width, a.Height, art.ErrInvalid)
	}
	p := &imaging.RGB{Width: a.Width, Height: a.Height, Pix: make([]byte, 3*a.Width*a.Height)}
	if _, err := io.ReadFull(r, p.Pix); err != nil {
		return nil, a.Info, fmt.Errorf("apart: the child broke off: %w", art.ErrInvalid)
	}
	return p, a.Info, nil
}
