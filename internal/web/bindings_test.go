package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"presswerk/internal/art"
	"presswerk/internal/provenance/watermark"
	"presswerk/internal/softbinding"
)

// contract is testdata/soft-binding-api.json.
type contract struct {
	Beyond struct {
		Statuses  []int `json:"statuses"`
		ByContent []int `json:"byContent"`
	} `json:"beyond"`
	Operations map[string]struct {
		Method     string `json:"method"`
		Path       string `json:"path"`
		Parameters any    `json:"parameters"`
		Body       struct {
			Types  []string `json:"types"`
			Schema string   `json:"schema"`
		} `json:"body"`
		Answers map[string]struct {
			Type   string `json:"type"`
			Schema string `json:"schema"`
		} `json:"answers"`
	} `json:"operations"`
	Schemas map[string]any `json:"schemas"`
}

func readContract(t *testing.T) contract {
	t.Helper()
	data, err := os.ReadFile("testdata/soft-binding-api.json")
	if err != nil {
		t.Fatal(err)
	}
	var c contract
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// obeys tells what is wrong with a value by a schema; nil: nothing.
func obeys(t *testing.T, schema, value any) error {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// exchange is a request to the API with the status that it has to get.
type exchange struct {
	operation string
	id        string // of a manifest
	query     url.Values
	kind      string
	body      string
	want      int
}

// wrong says that the description doesn't allow a request: then the server must refuse it.
func (c contract) wrong(t *testing.T, x exchange) bool {
	t.Helper()
	op, parameters := c.Operations[x.operation], map[string]any{}
	for name := range x.query {
		parameters[name] = x.query.Get(name)
	}
	if obeys(t, op.Parameters, parameters) != nil {
		return true
	}
	if len(op.Body.Types) > 0 && !slices.ContainsFunc(op.Body.Types, func(kind string) bool { return strings.HasPrefix(x.kind, kind) }) {
		return true
	}
	if op.Body.Schema == "" {
		return false
	}
	var value any
	return json.Unmarshal([]byte(x.body), &value) != nil || obeys(t, c.Schemas[op.Body.Schema], value) != nil
}

// check holds an answer to the description.
func (c contract) check(t *testing.T, x exchange, status int, header http.Header, body string) {
	t.Helper()
	answer, listed := c.Operations[x.operation].Answers[strconv.Itoa(status)]
	if !listed && !slices.Contains(c.Beyond.Statuses, status) && (x.operation != "uploadFile" || !slices.Contains(c.Beyond.ByContent, status)) {
		t.Errorf("%+v: nobody has heard of status %d", x, status)
	}
	if answer.Type != header.Get("Content-Type") {
		t.Errorf("%+v: of type %q, want %q", x, header.Get("Content-Type"), answer.Type)
	}
	if answer.Type == "" && body != "" {
		t.Errorf("%+v: an answer without content says %q", x, body)
	}
	if answer.Schema == "" {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Errorf("%+v: %v\n%s", x, err, body)
	} else if err := obeys(t, c.Schemas[answer.Schema], value); err != nil {
		t.Errorf("%+v: %v", x, err)
	}
}

func TestTheSoftBindingAPIKeepsC2PAsContract(t *testing.T) {
	c := readContract(t)
	address, _ := opened(t, art.Door{Public: true, PerMinute: 1000}, noon)
	number := url.Values{"alg": {watermark.Algorithm}, "value": {"AAAAAAAB"}}
	with := func(q url.Values, name, value string) url.Values {
		out := url.Values{}
		maps.Copy(out, q)
		out.Set(name, value)
		return out
	}
	query := `{"alg":"` + softbinding.FingerprintAlgorithm + `","value":"` + strings.Repeat("A", 43) + `="}`
	const j = "application/json"
	for _, x := range []exchange{
		{"queryByBinding", "", number, "", "", 200},
		{"queryByBinding", "", with(number, "maxResults", "1"), "", "", 200},
		{"queryByBinding", "", with(number, "maxResults", "0"), "", "", 400},
		{"queryByBinding", "", with(number, "maxResults", "many"), "", "", 400},
		{"queryByBinding", "", with(number, "alg", "com.adobe.trustmark.Q"), "", "", 400},
		{"queryByBinding", "", with(number, "value", "%"), "", "", 400},
		{"queryByBinding", "", url.Values{"alg": {watermark.Algorithm}}, "", "", 400},
		{"queryByBinding", "", url.Values{"value": {"AAAAAAAB"}}, "", "", 400},
		{"queryByBinding", "", with(number, "value", strings.Repeat("A", 5000)), "", "", 414},
		{"queryByLargeBinding", "", nil, j, query, 200},
		{"queryByLargeBinding", "", url.Values{"maxResults": {"1"}}, j, query, 200},
		{"queryByLargeBinding", "", nil, j, `{"alg":"x"}`, 400},
		{"queryByLargeBinding", "", nil, j, `{"alg":1,"value":"x"}`, 400},
		{"queryByLargeBinding", "", nil, j, "{", 400},
		{"queryByLargeBinding", "", nil, j, `{"value":"` + strings.Repeat("A", maxQuery), 400},
		{"uploadFile", "", nil, "image/png", "picture", 200},
		{"uploadFile", "", url.Values{"alg": {watermark.Algorithm}, "maxResults": {"3"}, "hintAlg": {watermark.Algorithm}, "hintValue": {"AAAAAAAB"}}, "image/avif", "picture", 200},
		{"uploadFile", "", nil, "image/png", "no picture", 415},
		{"uploadFile", "", nil, "audio/mpeg", "picture", 415},
		{"uploadFile", "", nil, "", "picture", 415},
		{"uploadFile", "", url.Values{"alg": {"unheard.of"}}, "image/png", "picture", 400},
		{"uploadFile", "", url.Values{"hintAlg": {watermark.Algorithm}}, "image/png", "picture", 400},
		{"uploadFile", "", nil, "image/png", "trouble", 500},
		{"getManifestById", "urn:c2pa:1", nil, "", "", 200},
		{"getManifestById", "urn:c2pa:1", url.Values{"returnActiveManifest": {"true"}}, "", "", 200},
		{"getManifestById", "urn:c2pa:1", url.Values{"returnActiveManifest": {"perhaps"}}, "", "", 400},
		{"getManifestById", "urn:c2pa:2", nil, "", "", 404},
		{"getManifestById", "1", nil, "", "", 400},
		{"getManifestById", "urn:c2pa:" + strings.Repeat("1", 300), nil, "", "", 400},
		{"getSupportedBindings", "", nil, "", "", 200},
	} {
		op := c.Operations[x.operation]
		target := address + bindingsBase + strings.Replace(op.Path, "{manifestId}", x.id, 1) + "?" + x.query.Encode()
		status, header, body := send(t, op.Method, target, x.kind, []byte(x.body), nil)
		if status != x.want {
			t.Errorf("%s %v %s: %d, want %d", x.operation, x.query, x.body, status, x.want)
		}
		if status == 200 && c.wrong(t, x) {
			t.Errorf("%s %v %s was answered, and the description doesn't allow it", x.operation, x.query, x.body)
		}
		c.check(t, x, status, header, body)
		if x.operation == "getManifestById" && status == 200 && body != "manifest "+strconv.FormatBool(x.query.Get("returnActiveManifest") == "true") {
			t.Errorf("%v gave %q", x.query, body)
		}
	}
}

func TestTheWellKnownAddressLeadsToTheAPI(t *testing.T) {
	c := readContract(t)
	address, _ := opened(t, art.Door{Public: true}, noon)
	status, _, body := send(t, http.MethodGet, address+"/.well-known/c2pa-soft-binding", "", nil, nil)
	var found struct {
		API        string `json:"softBindingResolutionApi"`
		Algorithms any    `json:"supportedAlgorithms"`
	}
	if err := json.Unmarshal([]byte(body), &found); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if err := obeys(t, c.Schemas["algorithms"], found.Algorithms); err != nil {
		t.Error(err)
	}
	if status, _, _ := send(t, http.MethodGet, address+found.API+"/services/supportedAlgorithms", "", nil, nil); status != http.StatusOK {
		t.Errorf("%s: %d", found.API, status)
	}
}
