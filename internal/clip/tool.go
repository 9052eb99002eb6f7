package clip

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
)

// What a clip may have. More is refused before anything is decoded.
const (
	MaxBytes   = 512 << 20 // of the file
	MaxSide    = 4096      // pixels
	MaxSeconds = 120
	MaxFPS     = 120
)

// Options say where the programs are and what they may take. Zero values take the defaults.
type Options struct {
	FFmpeg  string        // path of the program; "" where it is missing
	FFprobe string        // likewise
	Threads int           // of one child; default 2
	Memory  int64         // address space of one child in bytes; default 4 GiB
	Time    time.Duration // that one child may take; default 10 minutes
	Dir     string        // for files that are only needed meanwhile; default the system's
}

// Tool runs the programs. It is safe for concurrent use.
type Tool struct{ o Options }

// New makes a tool; it asks nothing of the programs.
func New(o Options) *Tool {
	o.Threads, o.Memory, o.Time = cmp.Or(o.Threads, 2), cmp.Or(o.Memory, 4<<30), cmp.Or(o.Time, 10*time.Minute)
	return &Tool{o}
}

// Ready says what is missing, as art.ErrUnavailable. Whoever is about to buy a clip asks before.
func (t *Tool) Ready() error {
	if t == nil || t.o.FFmpeg == "" || t.o.FFprobe == "" {
		return fmt.Errorf("clip: ffmpeg and ffprobe are missing, and clips can't be looked into without; run 'make setup', or install your system's package ffmpeg: %w", art.ErrUnavailable)
	}
	return nil
}

// container is how ffmpeg calls the formats that are read here.
type container struct{ demuxer, mime string }

// containerOf tells a clip's format by its first bytes, and refuses what is no clip, or too long a file.
func containerOf(data []byte) (container, error) {
	if len(data) > MaxBytes {
		return container{}, art.Invalid("clip", fmt.Sprintf("a file of %d bytes is over the limit of %d", len(data), MaxBytes), "use a shorter or smaller clip")
	}
	switch {
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		return container{"mov", "video/mp4"}, nil
	case bytes.HasPrefix(data, []byte("\x1a\x45\xdf\xa3")):
		return container{"matroska", "video/webm"}, nil
	}
	return container{}, art.Invalid("clip", fmt.Sprintf("these %d bytes are no MP4 or WebM file", len(data)), "use a clip in one of these formats")
}

// with lays a clip into a file for as long as do needs it; out is the path beside it to write to.
func (t *Tool) with(data []byte, do func(in []string, out string) error) (err error) {
	if err := t.Ready(); err != nil {
		return err
	}
	c, err := containerOf(data)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(t.o.Dir, "presswerk-clip-")
	if err != nil {
		return fmt.Errorf("clip: making a folder (is the disk full?): %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "in")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("clip: laying the clip down (is the disk full?): %w", err)
	}
	return do([]string{"-protocol_whitelist", "file,pipe", "-f", c.demuxer, "-i", path}, filepath.Join(dir, "out"))
}

// limited is the shell's line that sets limits for itself and then becomes the program: address space in KiB, processor
// seconds, and blocks of 512 bytes of one file.
const limited = `ulimit -v "$1" && ulimit -t "$2" && ulimit -f "$3" && shift 3 && exec "$@"`

// run starts a program with its limits. What it prints beyond most bytes is an error.
func (t *Tool) run(ctx context.Context, most int64, program string, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, t.o.Time)
	defer stop()
	limits := []string{
		"-c", limited, "sh", strconv.FormatInt(t.o.Memory>>10, 10), strconv.Itoa(int(t.o.Time.Seconds()+1) * t.o.Threads),
		strconv.Itoa(MaxBytes / 512), program,
	}
	c := exec.CommandContext(ctx, "/bin/sh", append(limits, args...)...)
	c.Env, c.WaitDelay = []string{"LC_ALL=C", "PATH=/usr/bin:/bin", "AV_LOG_FORCE_NOCOLOR=1"}, time.Second
	out, said := &bounded{most: most}, &bounded{most: 8 << 10, cut: true}
	c.Stdout, c.Stderr = out, said
	err := c.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("clip: %s took longer than %s: %w", filepath.Base(program), t.o.Time, art.ErrInvalid)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("clip: %w", ctx.Err())
	case out.over:
		return nil, fmt.Errorf("clip: %s gave more than %d bytes: %w", filepath.Base(program), most, art.ErrInvalid)
	}
	if stopped := (*exec.ExitError)(nil); !errors.As(err, &stopped) {
		return nil, fmt.Errorf("clip: starting %s: %w: %w", program, err, art.ErrUnavailable)
	}
	return nil, art.Invalid("clip", fmt.Sprintf("%s can't use it (%s)", filepath.Base(program), reason(said.String(), args, err)), "use another clip; this one is damaged, or not what it says it is")
}

// reason is the first line that a program said, without our paths, else how it ended.
func reason(said string, args []string, ended error) string {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		for _, a := range args {
			if strings.HasPrefix(a, "/") {
				line = strings.ReplaceAll(line, a, "the clip")
			}
		}
		if _, rest, ok := strings.Cut(line, "] "); ok && strings.HasPrefix(line, "[") {
			line = rest
		}
		if line != "" {
			return line
		}
	}
	return ended.Error()
}

// bounded keeps so many bytes. More is an error, or forgotten.
type bounded struct {
	bytes.Buffer
	most int64
	cut  bool
	over bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if rest := b.most - int64(b.Len()); int64(len(p)) > rest {
		if !b.cut {
			b.over = true
			return 0, io.ErrShortWrite
		}
		b.Buffer.Write(p[:rest])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// Version is what ffmpeg calls itself.
func (t *Tool) Version(ctx context.Context) (string, error) {
	if err := t.Ready(); err != nil {
		return "", err
	}
	said, err := t.run(ctx, 64<<10, t.o.FFmpeg, "-version")
	line, _, _ := strings.Cut(string(said), "\n")
	line, _, _ = strings.Cut(line, " Copyright")
	return line, err
}
