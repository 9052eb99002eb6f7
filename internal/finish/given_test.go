package finish_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/provenance"
	"presswerk/internal/testkit"
)

// mask is white in the right half of its upper quarter.
func mask(t testing.TB) []byte {
	t.Helper()
	p, err := imaging.NewRGB(64, 64)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 16 {
		for x := 32; x < 64; x++ {
			p.Set(x, y, 255, 255, 255)
		}
	}
	data, err := imaging.Encode(p, imaging.Encoding{Format: imaging.PNG})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// chain is what the master's manifest says, as it was read back.
type chain struct {
	Assertions map[string]json.RawMessage `json:"assertions"`
	actions    []struct {
		Action     string           `json:"action"`
		SourceType string           `json:"digitalSourceType"`
		Software   map[string]any   `json:"softwareAgent"`
		Changes    []map[string]any `json:"changes"`
	}
	relations []string // of its ingredients, in order of their labels
}

func readChain(t testing.TB, lib *provenance.Library, anchors string, f finish.File) chain {
	t.Helper()
	crjson, err := lib.CrJSON(t.Context(), f.MIME, f.Data, anchors)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	if broken := testkit.Rubric(t, crjson); len(broken) > 0 {
		t.Errorf("%s: %s", f.Name, strings.Join(broken, "\n"))
	}
	var store struct {
		Manifests []chain `json:"manifests"`
	}
	if err := json.Unmarshal(crjson, &store); err != nil {
		t.Fatal(err)
	}
	c := store.Manifests[0]
	var list struct {
		Actions json.RawMessage `json:"actions"`
	}
	if err := json.Unmarshal(c.Assertions["c2pa.actions.v2"], &list); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(list.Actions, &c.actions); err != nil {
		t.Fatal(err)
	}
	for label, data := range c.Assertions {
		var i struct {
			Relationship string `json:"relationship"`
		}
		if strings.HasPrefix(label, "c2pa.ingredient.v3") {
			if err := json.Unmarshal(data, &i); err != nil {
				t.Fatal(err)
			}
			c.relations = append(c.relations, i.Relationship)
		}
	}
	slices.Sort(c.relations)
	return c
}

// What a picture was made from stands in its manifest, as what it was there for, and every file of it keeps to C2PA's rubric.
func TestTheManifestNamesWhatAPictureWasMadeFrom(t *testing.T) {
	lib, id := signing(t)
	theirs, err := lib.Sign(t.Context(), id, "image/png", picture(t, 64, 64), provenance.Claim{
		Title: "theirs", Generator: provenance.Software{Name: "service"},
		Actions: []provenance.Action{{Action: "c2pa.created", SourceType: provenance.Generated, Software: &provenance.Software{Name: "their model"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := finish.Given{Label: finish.GivenInit, Title: "picture before", MIME: "image/png", Data: picture(t, 48, 48)}
	masked := finish.Given{Label: finish.GivenMask, Title: "mask", MIME: "image/png", Data: mask(t)}
	control := finish.Given{Label: "control-1", Title: "control picture (canny)", MIME: "image/png", Data: picture(t, 32, 32)}
	signedBefore := finish.Given{Label: finish.GivenInit, Title: "picture before", MIME: "image/png", Data: theirs.Data}
	for name, c := range map[string]struct {
		mode             string
		picture          []byte
		given            []finish.Given
		actions, types   []string
		relations        []string
		region           string
		source           string
		allSaidGenerated bool
	}{
		"from words": {art.ModeTextToImage, nil, nil, []string{"c2pa.created", "c2pa.enhanced"}, []string{provenance.Generated, ""}, nil, "", provenance.Generated, true},
		"with a control picture": {
			art.ModeTextToImage, nil,
			[]finish.Given{control},
			[]string{"c2pa.created", "c2pa.enhanced"},
			[]string{provenance.Generated, ""},
			[]string{"inputTo"},
			"", provenance.Generated, true,
		},
		"from a picture": {
			art.ModeImageToImage, nil,
			[]finish.Given{before, control},
			[]string{"c2pa.opened", "c2pa.edited", "c2pa.enhanced"},
			[]string{"", provenance.Composite, provenance.Composite},
			[]string{"inputTo", "parentOf"},
			"", provenance.Composite, false,
		},
		"painted into a signed picture": {
			art.ModeInpaint, nil,
			[]finish.Given{signedBefore, masked},
			[]string{"c2pa.opened", "c2pa.edited", "c2pa.enhanced"},
			[]string{"", provenance.Composite, provenance.Composite},
			[]string{"inputTo", "parentOf"},
			`{"height":25,"origin":{"x":50,"y":0},"type":"rectangle","unit":"percent","width":50}`, provenance.Composite, true,
		},
		"enlarged": {art.ModeUpscale, nil, []finish.Given{before}, []string{"c2pa.opened", "c2pa.enhanced", "c2pa.enhanced"}, []string{"", provenance.Enhanced, ""}, []string{"parentOf"}, "", provenance.Enhanced, false},
		"signed by the service that made it": {
			art.ModeTextToImage, theirs.Data, nil, []string{"c2pa.opened", "c2pa.enhanced"}, []string{"", ""}, []string{"parentOf"}, "", provenance.Generated, true,
		},
	} {
		in := input(t, 64, 64, channel("web", "16:9", []int{64}, "jpeg"))
		in.Candidate.Planned.Mode, in.Given = c.mode, c.given
		if c.picture != nil {
			in.Picture = c.picture
		}
		out, err := finisher(func(o *finish.Options) { o.Signer = signs{lib, id} }).Finish(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := readChain(t, lib, id.Root, out.Master)
		var actions, types []string
		for _, a := range got.actions {
			actions, types = append(actions, a.Action), append(types, a.SourceType)
			if a.SourceType != "" && a.Software["name"] == nil {
				t.Errorf("%s: %s names no software", name, a.Action)
			}
		}
		if !cmp.Equal(actions, c.actions) || !cmp.Equal(types, c.types) || !cmp.Equal(got.relations, c.relations) {
			t.Errorf("%s: %v %v %v", name, actions, types, got.relations)
		}
		region := ""
		if len(got.actions) > 1 && len(got.actions[1].Changes) > 0 {
			shape, _ := json.Marshal(got.actions[1].Changes[0]["region"].([]any)[0].(map[string]any)["shape"])
			region = string(shape)
		}
		if region != c.region {
			t.Errorf("%s: the region is %s", name, region)
		}
		small := readChain(t, lib, id.Root, out.Renditions[0])
		if !slices.Equal(small.relations, []string{"parentOf"}) {
			t.Errorf("%s: a rendition's ingredients are %v", name, small.relations)
		}
		v, err := provenance.Verify(t.Context(), out.Renditions[0].Data, provenance.VerifyOptions{Library: lib, Anchors: id.Root})
		if err != nil || v.Layers.C2PA.State != provenance.Trusted || v.Layers.Metadata.SourceType != c.source ||
			c.allSaidGenerated != slices.Contains(v.Layers.C2PA.SourceTypes, provenance.Generated) {
			t.Errorf("%s: the rendition is %+v, %v", name, v, err)
		}
	}
}
