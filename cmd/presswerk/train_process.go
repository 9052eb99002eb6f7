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
	"slices"
	"syscall"
	"time"

	"presswerk/internal/art"
)

// event is one line of the trainer's.
type event struct {
	Event  string `json:"event"`
	Reason string `json:"reason"`
	Step   int    `json:"step"`
	Steps  int    `json:"steps"`

	SecondsLeft float64 `json:"seconds_left"`
	Loss        float64 `json:"loss"`
	Best        float64 `json:"best"`
	Path        string  `json:"path"`
	Done        int     `json:"done"`
	Total       int     `json:"total"`
	raw         []byte
}

// finished is the trainer's last word.
type finished struct {
	Path    string   `json:"path"`
	Step    int      `json:"step"`
	Kept    int      `json:"kept_step"` // whose state the result is
	Early   bool     `json:"stopped_early"`
	Loss    float64  `json:"loss"`
	Held    float64  `json:"validation"`
	Base    float64  `json:"base"`
	Sheet   string   `json:"sheet"`
	Trained []string `json:"trained"`
	ByBase  []string `json:"drawn_by_base"`
	Seconds float64  `json:"seconds"`
}

// grace is how long a job that was told to end may take.
const grace = 5 * time.Second

// start runs the trainer as a process group of its own, which ends with the context, and hears what it says. It holds the
// trainer's standard input open, so that the trainer ends as well when this process is killed.
func (j *job) start(ctx context.Context, g *globals, estimate bool, hear func(event)) (*finished, error) {
	t, err := g.trainer(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"-m", "trainer.train", filepath.Join(j.Out, "job.json")}
	if estimate {
		args = append(args, "--estimate")
	}
	cmd := exec.CommandContext(ctx, t.python, args...)
	cmd.Dir = t.root
	cmd.Env = append(
		os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1", "TOKENIZERS_PARALLELISM=false", "CUBLAS_WORKSPACE_CONFIG=:4096:8",
		"OMP_WAIT_POLICY=PASSIVE", "GOMP_SPINCOUNT=0", // on a shared machine, waiting threads would burn what the others need
	)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = grace
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the trainer: %w", err)
	}
	held, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the trainer: %w", err)
	}
	defer held.Close()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the trainer: %w: %w", err, art.ErrUnavailable)
	}
	end, wrong := j.listen(said, hear)
	return end, j.verdict(ctx, cmd.Wait(), wrong, end, estimate, complaint.Bytes())
}

// listen reads events until the trainer closes its output, and keeps them in log.jsonl.
func (j *job) listen(said io.Reader, hear func(event)) (end *finished, wrong error) {
	log, err := os.OpenFile(filepath.Join(j.Out, "log.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		wrong = fmt.Errorf("writing the training's log: %w", err)
	} else {
		defer log.Close()
	}
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		e := event{raw: slices.Clone(lines.Bytes())}
		if json.Unmarshal(e.raw, &e) != nil || e.Event == "" {
			continue // a library that prints
		}
		if log != nil {
			if _, err := log.Write(append(e.raw, '\n')); err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("writing the training's log (is the disk full?): %w", err))
			}
		}
		switch e.Event {
		case "error":
			wrong = errors.Join(wrong, fmt.Errorf("the trainer gave up: %s: %w", e.Reason, art.ErrUnsupported))
		case "done":
			end = &finished{}
			if err := json.Unmarshal(e.raw, end); err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("the trainer's last word: %w", err))
			}
		}
		hear(e)
	}
	return end, wrong
}

// verdict says how the process ended.
func (j *job) verdict(ctx context.Context, exit, wrong error, end *finished, estimate bool, complaint []byte) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the training was stopped; the same command goes on from its checkpoint: %w", ctx.Err())
	case wrong != nil:
		return wrong
	case exit != nil:
		return fmt.Errorf("the trainer ended (%w); the same command goes on from its checkpoint: %w: %s", exit, art.ErrUnavailable, bytes.TrimSpace(complaint[max(0, len(complaint)-maxComplaint):]))
	case end == nil && !estimate:
		return fmt.Errorf("the trainer ended without a result: %w", art.ErrUnavailable)
	}
	return nil
}
