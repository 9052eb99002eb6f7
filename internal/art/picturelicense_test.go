package art

import (
	"errors"
	"strings"
	"testing"
)

func TestALicenseAllowsWhatItSaysAndNothingElse(t *testing.T) {
	l := PictureLicense{Source: "Agency X", Channels: []string{"web-hero", "social"}, Territories: []string{"EU", "CH"}, From: "2026-01-01", Until: "2026-12-31"}
	worldwide := l
	worldwide.Territories, worldwide.Channels = []string{Everywhere}, []string{Everywhere}
	editorial, comp, silent := worldwide, worldwide, PictureLicense{Source: "nobody"}
	editorial.Purpose, comp.Comp = NonCommercial, true
	members := worldwide
	members.Territories = union()
	for name, test := range map[string]struct {
		license  PictureLicense
		channels []string
		usage    Usage
		day      string
		want     string // "" is allowed
	}{
		"inside":           {l, []string{"web-hero"}, Usage{Territories: []string{"DE", "CH"}}, "2026-12-31", ""},
		"the union":        {l, []string{"web-hero"}, Usage{Territories: []string{"EU"}}, "2026-12-31", ""},
		"all its members":  {members, nil, Usage{Territories: []string{"EU"}}, "2026-12-31", ""},
		"another country":  {l, []string{"web-hero"}, Usage{Territories: []string{"DE", "US"}}, "2026-06-01", "not for US"},
		"everywhere":       {l, []string{"web-hero"}, Usage{}, "2026-06-01", "not for everywhere"},
		"another channel":  {l, []string{"web-hero", "print"}, Usage{Territories: []string{"DE"}}, "2026-06-01", "not for print"},
		"the day after":    {l, []string{"social"}, Usage{Territories: []string{"DE"}}, "2027-01-01", "ended on 2026-12-31"},
		"the day before":   {l, []string{"social"}, Usage{Territories: []string{"DE"}}, "2025-12-31", "begins on 2026-01-01"},
		"all of it":        {worldwide, []string{"print"}, Usage{}, "2026-06-01", ""},
		"editorial, sold":  {editorial, nil, Usage{}, "2026-06-01", "commercial use"},
		"editorial, told":  {editorial, nil, Usage{Purpose: NonCommercial}, "2026-06-01", ""},
		"a preview":        {comp, nil, Usage{}, "2026-06-01", "watermarked"},
		"one that is mute": {silent, []string{"social"}, Usage{Territories: []string{"DE"}}, "2026-06-01", "not for social"},
	} {
		err := test.license.Refuses(test.channels, test.usage, test.day)
		if (err == nil) != (test.want == "") || err != nil && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestALicenseSaysWhoGaveItAndWhoSaysSo(t *testing.T) {
	good := PictureLicense{Source: "Agency X", By: "Ada", Title: Text{English: "a hill"}, Alt: Text{English: "a hill in fog"}, Channels: []string{Everywhere}, Territories: []string{Everywhere}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*PictureLicense){
		"source": func(l *PictureLicense) { l.Source = "" }, "by": func(l *PictureLicense) { l.By = "" }, "alt": func(l *PictureLicense) { l.Alt = nil },
		"channels": func(l *PictureLicense) { l.Channels = nil }, "territories": func(l *PictureLicense) { l.Territories = []string{"Germany"} },
		"until": func(l *PictureLicense) { l.From, l.Until = "2026-02-01", "2026-01-01" }, "from": func(l *PictureLicense) { l.From = "soon" },
		"purpose": func(l *PictureLicense) { l.Purpose = "fun" },
	} {
		l := good
		spoil(&l)
		if err := l.Check(); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	one, err := LicenseID(good)
	good.Until = "2027-01-01"
	if two, _ := LicenseID(good); err != nil || len(one) != 16 || one == two {
		t.Errorf("%s and %s, %v", one, two, err)
	}
}
