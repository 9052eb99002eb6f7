package label_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/label"
)

func table(t *testing.T) label.Table {
	t.Helper()
	all, err := label.Rules()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// said is somebody's answer.
func said(misleads bool, change ...func(*art.Disclosure)) *art.Disclosure {
	d := &art.Disclosure{Stance: art.Stance{CouldMislead: &misleads, Reason: "looked at it"}, By: "Ada"}
	for _, c := range change {
		c(d)
	}
	return d
}

func TestTheTableSaysWhereItsRulesComeFrom(t *testing.T) {
	all := table(t)
	if _, err := time.Parse(time.DateOnly, all.Dated); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	platforms := map[string]bool{}
	for _, r := range all.Rules {
		if _, err := time.Parse(time.DateOnly, r.From); r.From != "" && err != nil || r.From > all.Dated {
			t.Errorf("%s begins on %q; the table is of %s", r.ID, r.From, all.Dated)
		}
		if seen[r.ID] || len(r.Sources) == 0 || (len(r.Territories) == 0) == (len(r.Platforms) == 0) {
			t.Errorf("%s: %+v", r.ID, r)
		}
		for _, words := range []art.Text{r.Title, r.Says} {
			if !words.Has("en") || !words.Has("de") {
				t.Errorf("%s is not said in both languages", r.ID)
			}
		}
		if l := r.Label; l != nil && (l.Share < 0.05 || l.When != "always" && l.When != "misleading" || !l.Words.Has("de") || l.Corner != "" && !slices.Contains(art.Corners(), l.Corner)) {
			t.Errorf("%s: %+v", r.ID, l)
		}
		for _, p := range r.Platforms {
			platforms[p] = true
		}
		seen[r.ID] = true
	}
	for _, p := range art.Platforms() {
		if !platforms[p] {
			t.Errorf("channels may name %s, and no rule knows it", p)
		}
	}
}

func TestWhatIsWantedWhere(t *testing.T) {
	all := table(t)
	const day = "2026-11-26"
	artistic := func(d *art.Disclosure) { d.Artistic = true }
	edit := func(d *art.Disclosure) { d.StandardEdit = true }
	use := func(codes string, territories ...string) label.Use {
		return label.Use{Usage: art.Usage{Territories: territories}, Policy: art.LabelPolicy{Codes: strings.Fields(codes)}, Day: day}
	}
	on := func(platform string) label.Use {
		u := use("", "US")
		u.Channels = []art.Channel{{Name: "web"}, {Name: "there", Platform: platform}}
		return u
	}
	const generated, composite = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
	small := &art.VisibleLabel{Words: art.Text{"en": "AI", "de": "KI"}, Share: 0.05}
	for name, c := range map[string]struct {
		use    label.Use
		origin string
		said   *art.Disclosure
		rules  string
		decide bool
		marks  string // all of them, then "|" and the choice
		label  *art.VisibleLabel
	}{
		"everywhere, nobody decided":  {use(""), generated, nil, "eu-50-2 eu-50-4 eu-50-5", true, "|c2pa watermark", nil},
		"everywhere, harmless":        {use(""), generated, said(false), "eu-50-2 eu-50-4 eu-50-5", true, "|c2pa watermark", nil},
		"a member, misleading":        {use("", "DE"), generated, said(true), "eu-50-2 eu-50-4 eu-50-5", true, "|c2pa watermark", small},
		"a satire":                    {use("", "EU"), generated, said(true, artistic), "eu-50-2 eu-50-4 eu-50-5", true, "|c2pa watermark", &art.VisibleLabel{Words: small.Words, Share: 0.05, Beside: true}},
		"standard editing":            {use("", "EU"), composite, said(false, edit), "eu-50-2 eu-50-4 eu-50-5", true, "|", nil},
		"who has signed the code":     {use("eu-code-of-practice", "EU"), generated, said(true), "eu-50-2 eu-50-4 eu-50-5 eu-code-of-practice", true, "c2pa watermark|c2pa watermark", &art.VisibleLabel{Words: small.Words, Share: 0.05, Corner: "top-right"}},
		"outside":                     {use("eu-code-of-practice", "US"), generated, nil, "", false, "|", nil},
		"China, whatever it shows":    {use("", "CN"), generated, nil, "cn-gb-45438", false, "aigc|", &art.VisibleLabel{Words: art.Text{"en": "AI-generated", "de": "AI-generated"}, Share: 0.05, Embed: true}},
		"China and Europe, satire":    {use("", "CN", "FR"), generated, said(true, artistic), "eu-50-2 eu-50-4 eu-50-5 cn-gb-45438", true, "aigc|c2pa watermark", &art.VisibleLabel{Words: art.Text{"en": "AI-generated", "de": "AI-generated"}, Share: 0.05, Embed: true}},
		"a photograph":                {use(""), "digitalCapture", nil, "", false, "|", nil},
		"what nobody knows of":        {use(""), "", nil, "", false, "|", nil},
		"a shop":                      {on("google-merchant"), generated, nil, "google-merchant", false, "metadata|", nil},
		"a platform that reads marks": {on("meta"), generated, nil, "meta", false, "|c2pa metadata", nil},
		"a platform that asks":        {on("youtube"), generated, nil, "youtube", true, "|", nil},
		"before there was a rule":     {label.Use{Day: "2024-01-01"}, generated, nil, "", false, "|", nil},
	} {
		got := all.Want(c.use, label.Picture{Origin: c.origin, Disclosure: c.said})
		marks := strings.Join(got.Marks, " ") + "|" + strings.Join(got.AnyMark, " ")
		if strings.Join(got.Rules, " ") != c.rules || (len(got.Decide) > 0) != c.decide || marks != c.marks {
			t.Errorf("%s: %+v", name, got)
		}
		if d := cmp.Diff(c.label, got.Label); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if (len(got.Page) > 0) != (c.label != nil && c.said != nil) {
			t.Errorf("%s: the page says %v", name, got.Page)
		}
	}
}

func TestWhatIsNotMarkedIsNotDelivered(t *testing.T) {
	signed := art.Rendition{Name: "a.jpg", MIME: "image/jpeg", C2PA: "signed"}
	bare := art.Rendition{Name: "b.jpg", MIME: "image/jpeg", C2PA: "unsigned: no library"}
	webm := art.Rendition{Name: "c.webm", MIME: "video/webm", Format: "webm", C2PA: "unsigned"}
	marked := []art.StepRecord{{Name: "watermark"}}
	either := art.Labelling{Rules: []string{"x"}, AnyMark: []string{art.MarkC2PA, art.MarkWatermark}}
	labelled := art.Labelling{Rules: []string{"x"}, Label: &art.VisibleLabel{Share: 0.05, Embed: true}}
	for name, c := range map[string]struct {
		want  art.Labelling
		asset art.Asset
		says  string // "" where it may go out
	}{
		"signed":                    {either, art.Asset{Master: signed, Renditions: []art.Rendition{signed}}, ""},
		"one file is not":           {either, art.Asset{Master: signed, Renditions: []art.Rendition{bare}}, "files.b.jpg: it lacks c2pa or watermark"},
		"a watermark instead":       {either, art.Asset{Master: bare, Steps: marked}, ""},
		"both are wanted":           {art.Labelling{Marks: either.AnyMark}, art.Asset{Master: signed}, "it lacks watermark"},
		"a WebM beside its MP4":     {either, art.Asset{Master: signed, Clip: &art.ClipAsset{Files: []art.Rendition{webm}}}, ""},
		"China without its field":   {art.Labelling{Marks: []string{art.MarkAIGC}}, art.Asset{Master: signed, Steps: marked}, "rights.creator"},
		"the field of China":        {art.Labelling{Marks: []string{art.MarkAIGC}}, art.Asset{Master: signed, Steps: []art.StepRecord{{Name: "master", Parameters: map[string]any{art.MarkAIGC: true}}}}, ""},
		"nobody said a word":        {art.Labelling{Decide: []string{"eu-50-4"}}, art.Asset{Master: signed, Candidate: "r-001"}, "review disclose r-001"},
		"somebody did":              {art.Labelling{Decide: []string{"eu-50-4"}}, art.Asset{Master: signed, Disclosure: said(false)}, ""},
		"no label":                  {labelled, art.Asset{Master: signed}, "no visible label of 5 %"},
		"a label that is too small": {labelled, art.Asset{Master: signed, Steps: []art.StepRecord{{Name: "label", Parameters: map[string]any{"share": 0.04}}}}, "no visible label"},
		"a label":                   {labelled, art.Asset{Master: signed, Steps: []art.StepRecord{{Name: "label", Parameters: map[string]any{"share": 0.052}}}}, ""},
		"nothing is wanted":         {art.Labelling{}, art.Asset{Master: bare}, ""},
	} {
		err := label.Refuse(c.want, c.asset)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, art.ErrRefused) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
