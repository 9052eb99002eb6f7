package finish_test

import (
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
)

// No network touches a licensed picture, and no file of it says that one did.
func TestALicensedPictureStaysWhatItIs(t *testing.T) {
	for name, test := range map[string]struct{ origin, cut string }{
		"from a camera": {provenance.Capture, provenance.HumanEdits},
		"nobody knows":  {"", provenance.HumanEdits},
		"from a model":  {provenance.Generated, provenance.Generated},
	} {
		var signed []provenance.Claim
		in := input(t, 200, 150, channel("web", "", []int{64, 640}, "jpeg"), channel("hero", "16:9", []int{64}, "jpeg"))
		in.Candidate = art.Candidate{ID: "r-001", License: &art.PictureLicense{}}
		in.License = &art.PictureLicense{Source: "Agency X", Creator: "Grace", SourceType: test.origin}
		in.Rights, in.Finishing = art.Rights{Creator: "Grace", Credit: "Grace / Agency X", License: "https://agency.example/terms"}, art.Finishing{Smooth: 18, EvenBackground: true}
		out, err := finisher(func(o *finish.Options) { o.Signer = &claims{all: &signed} }).Finish(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out.Master.Width != 200 || len(out.Sources) != 0 || len(out.Renditions) != 3 || out.Renditions[1].Width != 200 {
			t.Errorf("%s: %d wide, of %v, as %v", name, out.Master.Width, out.Sources, list(out))
		}
		for i, c := range signed {
			if err := c.Lint(); err != nil || c.Actions[0].Action != "c2pa.opened" || c.ModelName != "" || len(c.Ingredients) != 1 || c.Metadata["Iptc4xmpExt:DigitalSourceType"] != test.origin {
				t.Errorf("%s: %+v, %v", name, c, err)
			}
			for _, a := range c.Actions {
				if a.Action == "c2pa.cropped" && a.SourceType != test.cut || a.Action == "c2pa.enhanced" {
					t.Errorf("%s: file %d says %+v", name, i, a)
				}
			}
		}
		if string(signed[0].Ingredients[0].Data) != string(in.Picture) {
			t.Errorf("%s: the original is not the ingredient", name)
		}
		info, err := imaging.Probe(out.Master.Data, imaging.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := provenance.ParsePacket(info.XMP)
		if err != nil || m.SourceType != test.origin || m.Creator != "Grace" || m.LicensorName != "Agency X" || m.WebStatement != "https://agency.example/terms" || m.System != "" || m.Prompt != "" {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}
