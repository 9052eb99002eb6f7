package factory_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"presswerk/internal/art"
)

// photo is a picture that somebody took.
func photo(t *testing.T, shade uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, 80, 60))
	for i := range m.Pix {
		m.Pix[i] = 200
	}
	for y := 15; y < 45; y++ {
		for x := 20; x < 60; x++ {
			m.SetGray(x, y, color.Gray{Y: shade})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func license() art.PictureLicense {
	return art.PictureLicense{
		Source: "Agency X", Content: "4711", Kind: "Standard", Title: art.Text{"en": "A hill"}, Alt: art.Text{"en": "A hill in fog"}, Creator: "Grace",
		Territories: []string{art.Everywhere}, Channels: []string{"web"}, Until: "2030-01-01", By: "Ada", SourceType: "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
	}
}

func TestALicensedPictureGoesDownTheLineAsAnyOther(t *testing.T) {
	b, ctx := newBench(t, t.TempDir(), &artist{}), context.Background()
	o := order(art.ApprovalReview, 1)
	got, err := b.Bring(ctx, o, "", license(), photo(t, 30))
	if err != nil || got.Known || len(got.Warnings) != 0 || !strings.HasPrefix(got.Run, "toys-licensed-") {
		t.Fatalf("%+v, %v", got, err)
	}
	b.work(got.Run, in(art.RunReview))
	if err := b.Decide(ctx, art.Decision{Candidate: got.Candidate, Action: art.Fix, By: "Ada", Reason: "darker"}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("made again: %v", err)
	}
	b.decide(got.Candidate, art.Approve, "")
	v := b.work(got.Run, in(art.RunPublished))
	assets, err := b.Assets(ctx, "grace")
	if err != nil || len(assets) != 1 || v.Progress.Published != 1 {
		t.Fatalf("%d assets, %v, %+v", len(assets), err, v.Progress)
	}
	a := assets[0]
	if a.License == nil || a.License.ID != got.License.ID || a.Rights.Creator != "Grace" || a.Alt.In("en") != "A hill in fog" || a.Slug != "hill" || a.Sources[0].Name != "Agency X" || a.Image != got.License.Picture {
		t.Errorf("%+v", a)
	}
	if _, err := b.Again(ctx, a.ID, false); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("made again: %v", err)
	}
	// The same words are the same record; another picture goes into the same run, and into a run of generated ones.
	if again, err := b.Bring(ctx, o, "", license(), photo(t, 30)); err != nil || !again.Known || again.Candidate != got.Candidate || again.License.ID != got.License.ID {
		t.Errorf("brought twice: %+v, %v", again, err)
	}
	if two, err := b.Bring(ctx, o, "", license(), photo(t, 90)); err != nil || two.Run != got.Run || two.Candidate == got.Candidate {
		t.Errorf("a second one: %+v, %v", two, err)
	}
	made := b.work(b.start(o).ID, in(art.RunReview))
	mixed, err := b.Bring(ctx, o, made.ID, license(), photo(t, 60))
	if err != nil || mixed.Run != made.ID {
		t.Fatalf("beside generated ones: %+v, %v", mixed, err)
	}
	if made = b.work(made.ID, func(v art.RunView) bool { return v.Progress.Selected == 2 }); made.Progress.Candidates != 2 {
		t.Errorf("%+v", made.Progress)
	}
}

func TestWhatALicenseDoesNotAllowIsNotPublished(t *testing.T) {
	b, ctx := newBench(t, t.TempDir(), &artist{}), context.Background()
	o := order(art.ApprovalReview, 1)
	l := license()
	l.Channels = []string{"print"}
	got, err := b.Bring(ctx, o, "", l, photo(t, 30))
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "not for web") {
		t.Fatalf("%+v, %v", got, err)
	}
	b.work(got.Run, in(art.RunReview))
	approve := art.Decision{Candidate: got.Candidate, Action: art.Approve, By: "Ada"}
	if err := b.Decide(ctx, approve); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "not for web") {
		t.Errorf("approved: %v", err)
	}
	// A later licence of the same picture takes the place of the first.
	if got, err = b.Bring(ctx, o, "", license(), photo(t, 30)); err != nil || !got.Known {
		t.Fatalf("%+v, %v", got, err)
	}
	b.decide(got.Candidate, art.Approve, "")
	b.work(got.Run, in(art.RunPublished))
	ended := license()
	ended.Until = "2023-01-01" // the bench's clock stands later
	if _, err = b.Bring(ctx, o, "", ended, photo(t, 30)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.PublishAgain(ctx, got.Run); !errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), "ended on 2023-01-01") {
		t.Errorf("published after its end: %v", err)
	}
	// It is taken off the site by a person's word.
	b.decide(got.Candidate, art.Reject, "its licence has ended")
	b.work(got.Run, func(v art.RunView) bool { return v.Progress.Published == 0 })
}

func TestAPreviewIsLookedAtAndNothingElse(t *testing.T) {
	b, ctx := newBench(t, t.TempDir(), &artist{}), context.Background()
	o := order(art.ApprovalReview, 1)
	l := license()
	l.Comp, l.Channels, l.Territories = true, nil, nil
	got, err := b.Bring(ctx, o, "", l, photo(t, 30))
	if err != nil || len(got.Warnings) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	b.work(got.Run, in(art.RunExplored))
	if err := b.Decide(ctx, art.Decision{Candidate: got.Candidate, Action: art.Approve, By: "Ada"}); !errors.Is(err, art.ErrRefused) {
		t.Errorf("a preview was approved: %v", err)
	}
	made := b.start(o)
	if _, err := b.Bring(ctx, o, made.ID, l, photo(t, 30)); !errors.Is(err, art.ErrRefused) {
		t.Errorf("a preview went into a production: %v", err)
	}
	l.By = ""
	if _, err := b.Bring(ctx, o, "", l, photo(t, 30)); !errors.Is(err, art.ErrInvalid) {
		t.Errorf("nobody said so: %v", err)
	}
}

// A picture that the policy would approve is not published either.
func TestThePolicyDoesNotOverlookALicense(t *testing.T) {
	b := newBench(t, t.TempDir(), &artist{})
	l := license()
	l.Until = "2023-01-01"
	got, err := b.Bring(context.Background(), order(art.ApprovalAuto, 1), "", l, photo(t, 30))
	if err != nil {
		t.Fatal(err)
	}
	if v := b.work(got.Run, in(art.RunFailed)); !strings.Contains(v.Failure, "ended on 2023-01-01") || v.Progress.Assets != 0 {
		t.Errorf("%q, %+v", v.Failure, v.Progress)
	}
}
