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
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev" // a variable because the linker writes it

// command is one word of the command line with what it does; its line of help stands in the catalogue under its name, with _ for -.
type command struct {
	name string
	does any
}

// commands is the whole command line, in the order in which help lists it.
func commands() []command {
	return []command{
		{"init", &initCmd{}},
		{"make", &makeCmd{}},
		{"plan", &planCmd{}},
		{"render", &renderCmd{}},
		{"control", &controlCmd{}},
		{"judge", &judgeCmd{}},
		{"duplicates", &duplicatesCmd{}},
		{"review", &reviewCmd{}},
		{"fix", &fixCmd{}},
		{"finish", &finishCmd{}},
		{"proof", &proofCmd{}},
		{"verify", &verifyCmd{}},
		{"sign", &signCmd{}},
		{"manifests", &manifestsCmd{}},
		{"again", &againCmd{}},
		{"search", &searchCmd{}},
		{"publish", &publishCmd{}},
		{"models", &modelsCmd{}},
		{"import", &importCmd{}},
		{"export", &exportCmd{}},
		{"stock", &stockCmd{}},
		{"train", &trainCmd{}},
		{"engines", &enginesCmd{}},
		{"compare", &compareCmd{}},
		{"cost", &costCmd{}},
		{"redteam", &redteamCmd{}},
		{"marking-report", &markingReportCmd{}},
		{"rights", &rightsCmd{}},
		{"labels", &labelsCmd{}},
		{"serve", &serveCmd{}},
		{"keys", &keysCmd{}},
		{"bench", &benchCmd{}},
		{"doctor", &doctorCmd{}},
		{"backup", &backupCmd{}},
		{"restore", &restoreCmd{}},
	}
}

// named are the commands that stand in the arguments. Where none does, all are listed without what they do: reading the flags of all
// takes most of a second, and nobody sees them.
func named(args []string) []command {
	all := commands()
	some := slices.DeleteFunc(slices.Clone(all), func(c command) bool { return !slices.Contains(args, c.name) })
	if len(some) > 0 {
		return some
	}
	for i := range all {
		all[i].does = &struct{}{}
	}
	return all
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

func main() {
	if code, is := child(os.Args); is {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Getenv))
}

// run is main without the process around it. More engines stand beside the program's own.
func run(args []string, stdout, stderr io.Writer, getenv func(string) string, more ...engine.Engine) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := wordsFor(getenv)
	g := globals{settings: readSettings(getenv), words: w, out: stdout, err: stderr, more: more}
	options := []kong.Option{
		kong.Name("presswerk"), kong.Description(w.say("about")), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		w.helps(),
		kong.Vars{"version": version},
		kong.Writers(stdout, stderr),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&g),
	}
	for _, c := range named(args) {
		options = append(options, kong.DynamicCommand(c.name, "${"+strings.ReplaceAll(c.name, "-", "_")+"}", "", c.does))
	}
	parser, err := kong.New(&g, options...)
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
	return g.end(err)
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
