package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"presswerk/internal/testkit"
)

// TestMain lets scripts call this test binary under the program's name, and under those of programs with more engines.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"presswerk": main, "presswerk-far": mainFar, "presswerk-ring": mainRing})
}

func TestScripts(t *testing.T) {
	root := testkit.Root(t)
	native := filepath.Dir(filepath.Dir(testkit.Native(t, onnxLibrary)))
	_ = testkit.Native(t, filepath.Join(upscalerDir, upscalerNames()[0]+".onnx"))
	_ = testkit.Native(t, c2paLibrary)
	_ = testkit.Native(t, pressProfile)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PRESSWERK_LIB", native)
			e.Setenv("PRESSWERK_MODELS", filepath.Join(root, "models"))
			e.Setenv("PRESSWERK_THREADS", "2")
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache")) // nothing of this machine's user is seen
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("ADA_STORE", filepath.Join(e.WorkDir, "data", "presswerk", "models"))
			e.Setenv("ENGINE", filepath.Join(root, "internal", "engine", "local", "testdata"))
			e.Setenv("FIXTURES", filepath.Join(root, "internal", "provenance", "testdata"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": status, "picture": drawPicture, "json": validJSON, "tamper": tamper, "hub": serveHub, "texted": textPicture, "cut": cutFile, "agency": openAgency, "agency-rules": ruleAgency},
	})
}

// status runs a program and wants its exit status: exits 2 presswerk plan x.yaml.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d\n%s\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// drawPicture writes a PNG with a dark square on a light ground: picture FILE SIDE.
func drawPicture(ts *testscript.TestScript, _ bool, args []string) {
	side, err := strconv.Atoi(args[1])
	ts.Check(err)
	p := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			p.SetGray(x, y, color.Gray{Y: 230})
			if x > side/4 && x < 3*side/4 && y > side/4 && y < 3*side/4 {
				p.SetGray(x, y, color.Gray{Y: 20})
			}
		}
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(errors.Join(png.Encode(f, p), f.Close()))
}

// validJSON wants standard output to be one JSON document, and puts the string at a path into a variable:
// json VARIABLE assets.0.id.
func validJSON(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	if len(args) < 2 {
		return
	}
	for key := range strings.SplitSeq(args[1], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			v = at[i]
		}
	}
	s, ok := v.(string)
	if !ok {
		ts.Fatalf("there is no string at %s, but %v", args[1], v)
	}
	ts.Setenv(args[0], s)
}

// serveHub serves a folder as a hub does, without a network: hub VARIABLE DIR [TOKEN]. With a token it is gated.
func serveHub(ts *testscript.TestScript, _ bool, args []string) {
	files := http.FileServer(http.Dir(ts.MkAbs(args[1])))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(args) > 2 && r.Header.Get("Authorization") != "Bearer "+args[2] {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// tamper changes one byte in the middle of a copy: tamper FROM TO.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	data[len(data)/2] ^= 0x55
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// textPicture puts texts into a PNG file: texted FROM TO KEYWORD TEXTFILE…
func textPicture(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	for i := len(args) - 2; i >= 2; i -= 2 { // each goes before those that are there
		data = withText(data, args[i], strings.TrimSuffix(ts.ReadFile(args[i+1]), "\n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// withText puts a text into a PNG file, before all chunks but its first.
func withText(file []byte, key, text string) []byte {
	const header = 33 // signature and first chunk
	body := "iTXt" + key + "\x00\x00\x00\x00\x00" + text
	length := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk := binary.BigEndian.AppendUint32(append(length, body...), crc32.ChecksumIEEE([]byte(body)))
	return slices.Concat(file[:header], chunk, file[header:])
}

// cutFile writes the first bytes of a file: cut FROM TO LENGTH. A length below 0 counts from the end.
func cutFile(ts *testscript.TestScript, _ bool, args []string) {
	data := ts.ReadFile(args[0])
	length, err := strconv.Atoi(args[2])
	ts.Check(err)
	if length < 0 {
		length += len(data)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(data[:length]), 0o600))
}

// agencies are the fakes of Adobe Stock that scripts have opened, by their addresses.
type agencies struct{ sync.Map }

var opened agencies // scripts of one process don't share addresses

// openAgency opens a fake of Adobe Stock and puts its address into a variable: agency VARIABLE.
func openAgency(ts *testscript.TestScript, _ bool, args []string) {
	s, stop := testkit.OpenStock(func(text string) { ts.Logf("%s", text) })
	ts.Defer(stop)
	opened.Store(s.URL, s)
	ts.Setenv(args[0], s.URL)
}

// ruleAgency changes a fake's rules, or wants that it has sold so many licences: agency-rules ADDRESS cut|late|shown|used-up|plenty|sold=N.
func ruleAgency(ts *testscript.TestScript, _ bool, args []string) {
	at, ok := opened.Load(args[0])
	if !ok {
		ts.Fatalf("there is no agency at %s", args[0])
	}
	s, _ := at.(*testkit.Stock)
	if want, counts := strings.CutPrefix(args[1], "sold="); counts {
		if got := strconv.Itoa(s.Buys()); got != want {
			ts.Fatalf("it sold %s licences, want %s", got, want)
		}
		return
	}
	s.Change(func(r *testkit.StockRules) {
		switch args[1] {
		case "cut":
			r.Cut, r.Quota = 1, 5
		case "late":
			r.Late = true
		case "shown":
			r.Late = false
		case "used-up":
			r.Quota = -1
		case "plenty":
			r.Quota = 9
		}
	})
}
