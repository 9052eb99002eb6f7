package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"presswerk/internal/onnx"
	"presswerk/internal/provenance"
)

// doctorCmd says what is missing.
type doctorCmd struct{}

// finding is one thing that was looked at.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // false: without it something is lost, and said, but the line works
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// Run looks at everything the line stands on; exit 1 when something needed is missing.
func (*doctorCmd) Run(ctx context.Context, g *globals) error {
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	found := []finding{g.checkRuntime(), t.checkSigning(), g.checkUpscalers(), t.checkModels(), checkGit(ctx), t.checkClips(ctx), g.checkKey()}
	if err := g.answer(struct {
		Findings []finding `json:"findings"`
	}{found}, func(w io.Writer) {
		for _, f := range found {
			word := g.words.say("doctor_ok")
			if !f.OK {
				word = g.words.say("doctor_bad")
			}
			fmt.Fprintf(w, "%-8s %-22s %s\n", word, f.Name, f.Detail)
			if !f.OK {
				fmt.Fprintf(w, "%-8s %-22s → %s\n", "", "", f.Remedy)
			}
		}
	}); err != nil {
		return err
	}
	for _, f := range found {
		if f.Needed && !f.OK {
			return errNo
		}
	}
	return nil
}

func (g *globals) checkRuntime() finding {
	f := finding{Name: "ONNX Runtime", Needed: true, Remedy: "make setup"}
	rt, err := onnx.Open(g.settings.native(onnxLibrary))
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f.OK, f.Detail = true, rt.Version()
	if err := rt.Close(); err != nil {
		f.OK, f.Detail = false, err.Error()
	}
	return f
}

func (t *tools) checkSigning() finding {
	f := finding{Name: "C2PA", Remedy: "make setup"}
	lib, err := t.library()
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f.OK, f.Detail = true, lib.Version()
	return f
}

func (g *globals) checkUpscalers() finding {
	f := finding{Name: "upscalers", Needed: true, OK: true, Remedy: "make models"}
	for _, name := range upscalerNames() {
		if _, err := os.Stat(g.settings.upscaler(name)); err != nil {
			f.OK = false
			f.Detail += g.settings.upscaler(name) + "  "
			continue
		}
		f.Detail += name + "  "
	}
	return f
}

func (t *tools) checkModels() finding {
	f := finding{Name: "house model", Needed: true, Remedy: "models/house belongs beside bin/; or set PRESSWERK_MODELS"}
	e, err := t.local()
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	for _, m := range e.Info().Models {
		ref := m.Capabilities.Model
		f.OK = f.OK || ref.Name == "house"
		f.Detail += fmt.Sprintf("%s %s  ", ref.Name, ref.Version)
	}
	return f
}

func checkGit(ctx context.Context) finding {
	f := finding{Name: "git", Remedy: "apt-get install git"}
	out, err := exec.CommandContext(ctx, "git", "--version").Output()
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f.OK, f.Detail = true, string(out[:max(0, len(out)-1)])
	return f
}

// checkKey looks at the signing key of the workspace around, if there is one.
func (g *globals) checkKey() finding {
	f := finding{Name: "signing key", OK: true, Detail: "–", Remedy: "presswerk backup FILE"}
	ws, err := g.workspace("")
	if err != nil {
		return f
	}
	if _, err := os.Stat(ws.signing()); err != nil {
		return f
	}
	id, err := provenance.LoadOrCreate(ws.signing(), ws.Name, time.Now(), rand.Reader, g.keys())
	if err != nil {
		f.OK, f.Detail = false, err.Error()
		return f
	}
	s := g.signState(ws, id)
	f.Detail = ws.signing() + "  " + g.words.say("sign_state", s.Signer, s.Issuer, s.Algorithm, s.Key, s.Expires.Format(time.DateOnly), s.Days)
	if s.Ending {
		f.OK, f.Remedy = false, "presswerk sign renew, or presswerk sign request"
		return f
	}
	if _, err := os.Stat(filepath.Join(ws.data(), backupMark)); err != nil {
		f.OK = false
	}
	return f
}
