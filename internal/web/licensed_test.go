package web

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"presswerk/internal/art"
)

func TestALicensedPictureShowsItsLicenceAndNoRecipe(t *testing.T) {
	f := frame{words: words{art.German}}
	l := &art.PictureLicense{Source: "Agency X", Content: "4711", Until: "2030-01-01", Channels: []string{"web"}, By: "Ada", SourceType: "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}
	var licensed, made bytes.Buffer
	if err := howMade(f, art.Recipe{}, l).Render(context.Background(), &licensed); err != nil {
		t.Fatal(err)
	}
	if err := howMade(f, art.Recipe{Prompt: "a ball"}, nil).Render(context.Background(), &made); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Lizenz", "Agency X · 4711", "2030-01-01", "digitalCapture"} {
		if !strings.Contains(licensed.String(), want) {
			t.Errorf("%s lacks %q", &licensed, want)
		}
	}
	if strings.Contains(licensed.String(), "Sampler") || !strings.Contains(made.String(), "a ball") {
		t.Errorf("%s\n%s", &licensed, &made)
	}
}
