// Command presswerk takes a brief to approved, labelled and published pictures, each one reproducible.
//
// There is one file per command. Flags, environment and configuration files are read in this folder and nowhere else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev" // a variable because the linker writes it

// commands is the whole command line.
type commands struct {
	globals

	Init    initCmd    `cmd:"" help:"${init}"`
	Make    makeCmd    `cmd:"" help:"${make}"`
	Plan    planCmd    `cmd:"" help:"${plan}"`
	Render  renderCmd  `cmd:"" help:"${render}"`
	Control controlCmd `cmd:"" help:"${control}"`
	Judge   judgeCmd   `cmd:"" help:"${judge}"`
	Review  reviewCmd  `cmd:"" help:"${review}"`
	Finish  finishCmd  `cmd:"" help:"${finish}"`
	Verify  verifyCmd  `cmd:"" help:"${verify}"`
	Again   againCmd   `cmd:"" help:"${again}"`
	Search  searchCmd  `cmd:"" help:"${search}"`
	Publish publishCmd `cmd:"" help:"${publish}"`
	Models  modelsCmd  `cmd:"" help:"${models}"`
	Import  importCmd  `cmd:"" help:"${import}"`
	Export  exportCmd  `cmd:"" help:"${export}"`
	Train   trainCmd   `cmd:"" help:"${train}"`
	Engines enginesCmd `cmd:"" help:"${engines}"`
	Cost    costCmd    `cmd:"" help:"${cost}"`
	Serve   serveCmd   `cmd:"" help:"${serve}"`
	Keys    keysCmd    `cmd:"" help:"${keys}"`
	Bench   benchCmd   `cmd:"" help:"${bench}"`
	Doctor  doctorCmd  `cmd:"" help:"${doctor}"`
	Backup  backupCmd  `cmd:"" help:"${backup}"`
	Restore restoreCmd `cmd:"" help:"${restore}"`
}

// globals are the flags of every command, and what commands write to.
type globals struct {
	JSON      bool             `name:"json" help:"${flag_json}"`
	Workspace string           `name:"workspace" type:"path" placeholder:"DIR" help:"${flag_workspace}"`
	Provider  []string         `name:"provider" sep:"," placeholder:"NAME,…" help:"${flag_provider}"`
	Version   kong.VersionFlag `name:"version" help:"${flag_version}"`

	settings settings        `kong:"-"`
	more     []engine.Engine `kong:"-"` // engines beside the program's own
	words    words           `kong:"-"`
	out      io.Writer       `kong:"-"` // answers
	err      io.Writer       `kong:"-"` // messages
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Getenv)) }

// run is main without the process around it. More engines stand beside the program's own.
func run(args []string, stdout, stderr io.Writer, getenv func(string) string, more ...engine.Engine) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := wordsFor(getenv)
	c := commands{globals: globals{settings: readSettings(getenv), words: w, out: stdout, err: stderr, more: more}}
	parser, err := kong.New(&c,
		kong.Name("presswerk"), kong.Description(w.say("about")), kong.UsageOnError(),
		w.helps(), kong.Vars{"version": version}, kong.Writers(stdout, stderr),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&c.globals),
	)
	if err != nil {
		fmt.Fprintln(stderr, "presswerk:", err)
		return exitWrongUse
	}
	code := -1
	parser.Exit = func(n int) { code = n } // --help and --version
	call, err := parser.Parse(args)
	if code >= 0 {
		return code
	}
	if err == nil {
		err = call.Run()
	} else {
		err = fmt.Errorf("%w: %w", art.ErrInvalid, err)
	}
	return c.end(err)
}

// The exit codes of the contract.
const (
	exitDone     = 0
	exitNo       = 1 // it ran, and the answer is no
	exitWrongUse = 2 // wrong use or bad input
	exitOutside  = 3 // something outside failed
)

// errNo ends a command whose answer is no and has been printed.
var errNo = errors.New("no")

// exits maps errors to exit codes; the first match counts, anything else is exitOutside.
func exits() []struct {
	err  error
	code int
} {
	return []struct {
		err  error
		code int
	}{
		{errNo, exitNo},
		{art.ErrRefused, exitNo},
		{art.ErrUnavailable, exitOutside},
		{art.ErrInvalid, exitWrongUse},
		{art.ErrUnsupported, exitWrongUse},
		{art.ErrNotFound, exitWrongUse},
		{art.ErrMismatch, exitWrongUse},
		{art.ErrConflict, exitWrongUse},
	}
}

// end prints what went wrong and gives the exit code.
func (g *globals) end(err error) int {
	if err == nil {
		return exitDone
	}
	code := exitOutside
	for _, e := range exits() {
		if errors.Is(err, e.err) {
			code = e.code
			break
		}
	}
	switch {
	case errors.Is(err, errNo):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(g.err, g.words.say("interrupted"))
	default:
		fmt.Fprintf(g.err, "presswerk: %s: %v\n", g.words.say(fmt.Sprintf("exit_%d", code)), err)
	}
	return code
}

// answer prints one JSON document with --json, else what text writes.
func (g *globals) answer(v any, text func(w io.Writer)) error {
	if !g.JSON {
		text(g.out)
		return nil
	}
	e := json.NewEncoder(g.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// note writes a message for people beside the answer.
func (g *globals) note(format string, args ...any) { fmt.Fprintf(g.err, format+"\n", args...) }
