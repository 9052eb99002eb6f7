package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/blob"
	"presswerk/internal/imaging"
)

const oneBrief = `title: {en: One cupcake}
goal: {en: Mend it}
kpi: {metric: votes, target: 1}
brand: morgenrot
channels: [web-gallery]
languages: [en]
run: exploration
approval: review
prompt: {subject: cupcake, style: flat style, background: cream}
parameters: {seed: 3, steps: 8}
matrix: []
legal: {no_gos: []}
`

func TestBoxesAreRead(t *testing.T) {
	if b, err := readBox("4, 5,60,7"); err != nil || b != (art.Box{X: 4, Y: 5, Width: 60, Height: 7}) {
		t.Errorf("%+v, %v", b, err)
	}
	for _, text := range []string{"", "1", "1,2,3", "1,2,3,4,5", "1,2,3,x"} {
		if _, err := readBox(text); !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A part of a picture of the house model is made anew by that model: something comes, and nothing else changes.
func TestThePartOfAPictureIsMadeAnewByTheHouseModel(t *testing.T) {
	p := build(t)
	var made struct {
		Run string `json:"run"`
	}
	if err := os.WriteFile(p.brief("one"), []byte(oneBrief), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, &made, "make", p.brief("one"))
	before := p.candidates(t, made.Run)
	parent := before[0]
	fix := p.command(t.Context(), "fix", parent.ID, "--box", "40,40,48,40", "--strength", "0.9", "--by", "Ada", "--json")
	var out, messages bytes.Buffer
	fix.Stdout, fix.Stderr = &out, &messages
	var no *exec.ExitError
	if err := fix.Run(); err != nil && (!errors.As(err, &no) || no.ExitCode() != exitNo) { // whether its gates let it pass is theirs to say
		t.Fatalf("%v\n%s", err, messages.Bytes())
	}
	var anew art.CandidateView
	if err := json.Unmarshal(out.Bytes(), &anew); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	if anew.Failure != "" || anew.Parent != parent.ID || anew.Verdict == nil || anew.Selection == nil || anew.Planned.Retouch.By != "Ada" || *anew.Planned.Strength != 0.9 {
		t.Fatalf("%+v", anew)
	}
	was, is, mask := p.picture(t, parent.Image), p.picture(t, anew.Image), p.picture(t, strings.TrimPrefix(anew.Planned.MaskImage, "sha256:"))
	inside, changed := 0, 0
	for i := range was.Pix {
		if mask.Pix[i] == 0 && was.Pix[i] != is.Pix[i] {
			t.Fatalf("value %d has changed outside the mask", i)
		}
		if mask.Pix[i] == 255 {
			inside++
			if was.Pix[i] != is.Pix[i] {
				changed++
			}
		}
	}
	if inside < 3*48*40 || changed < inside/10 {
		t.Errorf("%d of %d values inside the mask have changed", changed, inside)
	}
	if after := p.candidates(t, made.Run); len(after) != len(before)+1 || after[0].Image != parent.Image {
		t.Errorf("%d candidates came of %d", len(after), len(before))
	}
}

// picture reads a kept picture of the workspace.
func (p program) picture(t *testing.T, sum string) *imaging.RGB {
	t.Helper()
	blobs, err := blob.Open(filepath.Join(p.dir, ".presswerk", blobsName))
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	data, err := blobs.Get(context.Background(), sum)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := imaging.Decode(context.Background(), data, imaging.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return picture
}
