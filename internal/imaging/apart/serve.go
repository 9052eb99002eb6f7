package apart

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Serve is all that the child does: it ties itself down, reads one file from in and writes one answer to out. libvips must not
// have been started.
func Serve(in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 1<<16)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("apart: reading what to do: %w", err)
	}
	var ask request
	if err := json.Unmarshal(line, &ask); err != nil {
		return fmt.Errorf("apart: reading what to do: %w", err)
	}
	if err := tie(ask); err != nil {
		return err
	}
	data := make([]byte, ask.Bytes)
	if _, err := io.ReadFull(r, data); err != nil {
		return fmt.Errorf("apart: reading the file: %w", err)
	}
	stop := imaging.Start(imaging.Options{Threads: 1})
	defer stop()
	var a answer
	p, info, err := look(data, ask)
	if a.Info = info; err != nil {
		a.Problem, a.Unavailable = strings.ToValidUTF8(err.Error(), "?"), errors.Is(err, art.ErrUnavailable)
		p = &imaging.RGB{}
	}
	a.Width, a.Height = p.Width, p.Height
	if err := json.NewEncoder(out).Encode(a); err != nil {
		return fmt.Errorf("apart: answering: %w", err)
	}
	if _, err := out.Write(p.Pix); err != nil {
		return fmt.Errorf("apart: answering: %w", err)
	}
	return nil
}

func look(data []byte, ask request) (*imaging.RGB, imaging.Info, error) {
	if ask.Header {
		info, err := imaging.Probe(data, ask.Limits)
		return &imaging.RGB{}, info, err
	}
	return imaging.Here(context.Background(), data, ask.Limits)
}

// tie takes from this process what reading a picture does not need. Memory counts from what the program has reserved for
// itself by now, which is much more than it uses.
func tie(ask request) error {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return fmt.Errorf("apart: asking for this process's memory: %w", err)
	}
	pages, _, _ := strings.Cut(string(statm), " ")
	reserved, err := strconv.ParseUint(pages, 10, 64)
	if err != nil {
		return fmt.Errorf("apart: asking for this process's memory: %w", err)
	}
	for _, limit := range []struct {
		what int
		most uint64
	}{
		{unix.RLIMIT_AS, reserved*uint64(os.Getpagesize()) + uint64(ask.Memory)},
		{unix.RLIMIT_CPU, ask.Seconds},
		{unix.RLIMIT_FSIZE, 1 << 20}, // a colour profile is written for libvips, and nothing else
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, 64},
	} {
		if err := unix.Setrlimit(limit.what, &unix.Rlimit{Cur: limit.most, Max: limit.most}); err != nil {
			return fmt.Errorf("apart: limiting this process: %w", err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("apart: limiting this process: %w", err)
	}
	return nil
}
