package testkit

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Finding is what an independent verifier says of one file's manifest.
type Finding struct {
	State    string   `json:"state"`    // "Trusted", "Valid" or "Invalid"
	Failures []string `json:"failures"` // C2PA's status codes
}

// C2PAPython reads files with c2pa-python, which knows no anchors.
func C2PAPython(t testing.TB, files ...string) map[string]Finding {
	t.Helper()
	return findings(t, Tool(t, "python/bin/python"), append([]string{script(t, "c2pa_python.py")}, files...))
}

// Encypher reads files with encypher-c2pa, which trusts the roots in two PEM texts: for signatures and for time stamps. Strict adds what
// C2PA's conformance programme asks for.
func Encypher(t testing.TB, roots, stampRoots string, strict bool, files ...string) map[string]Finding {
	t.Helper()
	python := Tool(t, "python/bin/python")
	dir := t.TempDir()
	for name, text := range map[string]string{"roots.pem": roots, "stamps.pem": stampRoots} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mode := "default"
	if strict {
		mode = "strict"
	}
	return findings(t, python, append([]string{script(t, "encypher.py"), dir, mode}, files...))
}

// C2PATS reads files with c2pa-ts, which knows JPEG, PNG and AVIF and looks at no chain of trust.
func C2PATS(t testing.TB, files ...string) map[string]Finding {
	t.Helper()
	modules := filepath.Dir(filepath.Dir(Tool(t, "node/node_modules/@trustnxt/c2pa-ts")))
	node, err := exec.LookPath("node")
	Need(t, err == nil, "node (Node 20 or newer)")
	return findings(t, node, append([]string{script(t, "c2pats.mjs"), modules}, files...))
}

func script(t testing.TB, name string) string {
	return filepath.Join(Root(t), "internal", "testkit", "testdata", name)
}

func findings(t testing.TB, program string, args []string) map[string]Finding {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", args[0], err, said.String())
	}
	var all map[string]Finding
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%s: %v in %s", args[0], err, out)
	}
	return all
}

// crJSON is the part of C2PA's crJSON that the rubric reads.
type crJSON struct {
	Manifests []struct {
		Label string `json:"label"`
		Claim struct {
			Created []struct {
				URL string `json:"url"`
			} `json:"created_assertions"`
			Generator map[string]any `json:"claim_generator_info"`
		} `json:"claim.v2"`
		Assertions map[string]json.RawMessage `json:"assertions"`
		Results    struct {
			Failure []struct {
				Code string `json:"code"`
			} `json:"failure"`
		} `json:"validationResults"`
	} `json:"manifests"`
}

type rubricAction struct {
	Action     string         `json:"action"`
	SourceType string         `json:"digitalSourceType"`
	Software   any            `json:"softwareAgent"`
	Parameters map[string]any `json:"parameters"`
}

// Rubric checks every manifest of a file, as its crJSON gives it, by the rules of C2PA's asset conformance rubric, and lists what is
// broken. Of manifests that others have signed it says nothing about.
//
// Source: "C2PA Asset Conformance 0.2 / Spec 2.4" of 2026-03-31, as tabled in the project's reference notes.
func Rubric(t testing.TB, crjson []byte) (broken []string) {
	t.Helper()
	var store crJSON
	if err := json.Unmarshal(crjson, &store); err != nil {
		t.Fatal(err)
	}
	if len(store.Manifests) == 0 {
		return []string{"there is no manifest"}
	}
	say := func(label, what string) { broken = append(broken, label+": "+what) }
	for _, m := range store.Manifests {
		created := false
		for _, c := range m.Claim.Created {
			created = created || strings.Contains(c.URL, "c2pa.actions")
		}
		var list struct {
			Actions []rubricAction `json:"actions"`
		}
		if err := json.Unmarshal(m.Assertions["c2pa.actions.v2"], &list); err != nil || len(list.Actions) == 0 {
			say(m.Label, "no actions of version 2")
			continue
		}
		if !created {
			say(m.Label, "the actions are not among the created assertions")
		}
		if m.Claim.Generator["specVersion"] == nil {
			say(m.Label, "no specVersion")
		}
		if !strings.HasPrefix(m.Label, "urn:c2pa:") {
			say(m.Label, "the label is no urn:c2pa")
		}
		for _, f := range m.Results.Failure {
			say(m.Label, f.Code)
		}
		for label := range m.Assertions {
			base, _, _ := strings.Cut(label, "__")
			if strings.HasPrefix(base, "c2pa.") && !slices.Contains(rubricAssertions(), base) {
				say(m.Label, "the assertion "+label+" is not one of C2PA 2.4")
			}
		}
		for _, what := range rubricActions(list.Actions) {
			say(m.Label, what)
		}
	}
	return broken
}

func rubricActions(actions []rubricAction) (broken []string) {
	silent := strings.Fields("c2pa.opened c2pa.converted c2pa.published c2pa.repackaged c2pa.transcoded c2pa.resized.proportional c2pa.enhanced c2pa.edited.metadata c2pa.watermarked c2pa.watermarked.bound c2pa.watermarked.unbound c2pa.redacted")
	for i, a := range actions {
		first := a.Action == "c2pa.created" || a.Action == "c2pa.opened"
		switch {
		case first != (i == 0):
			broken = append(broken, a.Action+" stands at a place that isn't its own")
		case a.SourceType == "" && !slices.Contains(silent, a.Action):
			broken = append(broken, a.Action+" has no digital source type")
		case a.SourceType != "" && a.Action == "c2pa.opened":
			broken = append(broken, "c2pa.opened has a digital source type")
		}
	}
	return broken
}

func rubricAssertions() []string {
	return strings.Fields("c2pa.actions.v2 c2pa.ingredient.v3 c2pa.hash.data c2pa.hash.boxes c2pa.hash.bmff.v3 c2pa.hash.collection.data c2pa.soft-binding " +
		"c2pa.cloud-data c2pa.embedded-data c2pa.metadata c2pa.certificate-status c2pa.asset-ref c2pa.asset-type.v2 c2pa.hash.multi-asset " +
		"c2pa.thumbnail.claim c2pa.thumbnail.ingredient c2pa.depthmap.GDepth c2pa.icon c2pa.alternative-content-representation c2pa.external-reference " +
		"c2pa.session-keys c2pa.environmental-sustainability c2pa.repository-receipt c2pa.ai-disclosure c2pa.assertion.metadata c2pa.time-stamp")
}
