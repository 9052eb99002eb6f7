package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Contract is a service's OpenAPI description, 3.0 or 3.1, against which a fake and its client are held in both
// directions. What the description doesn't know fails the test.
type Contract struct {
	doc      map[string]any
	mu       sync.Mutex
	compiler *jsonschema.Compiler // guarded by mu
}

const contractURL = "contract.json"

// ReadContract reads a description in JSON. Say beside the file where and when it was taken.
func ReadContract(t testing.TB, path string) *Contract {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	whole, ok := doc.(map[string]any)
	if !ok {
		t.Fatalf("%s is no object", path)
	}
	plain(whole)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(contractURL, whole); err != nil {
		t.Fatal(err)
	}
	return &Contract{doc: whole, compiler: c}
}

// plain turns what OpenAPI 3.0 writes in its own way into JSON Schema: nullable, and exclusive bounds as booleans.
func plain(v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			plain(one)
		}
	case map[string]any:
		for _, one := range v {
			plain(one)
		}
		if kind, ok := v["type"].(string); ok && yes(v["nullable"]) {
			v["type"] = []any{kind, "null"}
			if names, ok := v["enum"].([]any); ok && !slices.Contains(names, nil) {
				v["enum"] = append(names, nil)
			}
		}
		for _, bound := range []string{"exclusiveMinimum", "exclusiveMaximum"} {
			if _, ok := v[bound].(bool); ok {
				delete(v, bound)
			}
		}
	}
}

// Hold puts the contract around a fake: every request and every answer is compared with the description. Prefix is what
// stands before the description's paths.
func (c *Contract) Hold(t testing.TB, prefix string, fake http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		path, operation := c.operation(r.Method, strings.TrimPrefix(r.URL.Path, prefix))
		if operation == nil {
			t.Errorf("the contract knows no %s %s", r.Method, r.URL.Path)
			http.NotFound(w, r)
			return
		}
		if err := c.request(path, operation, r, body); err != nil {
			t.Errorf("%s %s breaks the contract: %v", r.Method, r.URL.Path, err)
		}
		answer := httptest.NewRecorder()
		fake.ServeHTTP(answer, r)
		if r.Context().Err() != nil {
			return // nobody listens any more
		}
		if err := c.answer(path, operation, answer); err != nil {
			t.Errorf("the fake's answer to %s %s breaks the contract: %v", r.Method, r.URL.Path, err)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// operation finds what the description says of a method and a path, and where: "/paths/…/post".
func (c *Contract) operation(method, path string) (string, map[string]any) {
	paths, _ := c.doc["paths"].(map[string]any)
	var candidates []string
	for known := range paths {
		if fits(known, path) {
			candidates = append(candidates, known)
		}
	}
	slices.SortFunc(candidates, func(a, b string) int { return strings.Count(a, "{") - strings.Count(b, "{") }) // exact ones first
	for _, known := range candidates {
		methods, _ := paths[known].(map[string]any)
		if operation, ok := methods[strings.ToLower(method)].(map[string]any); ok {
			return "/paths/" + pointer(known) + "/" + strings.ToLower(method), operation
		}
	}
	return "", nil
}

func fits(known, path string) bool {
	a, b := strings.Split(known, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if variable := strings.HasPrefix(a[i], "{"); !variable && a[i] != b[i] || variable && b[i] == "" {
			return false
		}
	}
	return true
}

// pointer escapes a name for a JSON pointer in a URL's fragment.
func pointer(name string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

func (c *Contract) request(path string, operation map[string]any, r *http.Request, body []byte) error {
	for _, p := range listOf(operation["parameters"]) {
		parameter, _ := c.resolve(p).(map[string]any)
		name, _ := parameter["name"].(string)
		given := parameter["in"] == "header" && r.Header.Get(name) != "" || parameter["in"] == "query" && r.URL.Query().Has(name) || parameter["in"] == "path"
		if yes(parameter["required"]) && !given {
			return fmt.Errorf("the %v %q is missing", parameter["in"], name)
		}
	}
	wanted, ok := operation["requestBody"].(map[string]any)
	if !ok {
		return nil
	}
	if len(body) == 0 && !yes(wanted["required"]) {
		return nil
	}
	at := path + "/requestBody"
	if to, ok := wanted["$ref"].(string); ok {
		at = strings.TrimPrefix(to, "#")
		wanted, _ = c.resolve(wanted).(map[string]any)
	}
	return c.content(at, wanted, r.Header.Get("Content-Type"), body)
}

func (c *Contract) answer(path string, operation map[string]any, answer *httptest.ResponseRecorder) error {
	known, _ := operation["responses"].(map[string]any)
	code := strconv.Itoa(answer.Code)
	response, ok := known[code].(map[string]any)
	if !ok {
		code = "default"
		response, ok = known[code].(map[string]any)
	}
	if !ok {
		if answer.Code >= http.StatusBadRequest {
			return nil // descriptions seldom list all errors
		}
		return fmt.Errorf("it knows no status %d", answer.Code)
	}
	at := path + "/responses/" + code
	if to, ok := response["$ref"].(string); ok {
		at = strings.TrimPrefix(to, "#")
		response, _ = c.resolve(response).(map[string]any)
	}
	if answer.Body.Len() == 0 && response["content"] == nil {
		return nil
	}
	return c.content(at, response, answer.Header().Get("Content-Type"), answer.Body.Bytes())
}

// content compares a body with the schema that stands for its type below at.
func (c *Contract) content(at string, holder map[string]any, kind string, body []byte) error {
	types, _ := holder["content"].(map[string]any)
	media, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		return fmt.Errorf("content type %q: %w", kind, err)
	}
	known, ok := types[media].(map[string]any)
	if !ok {
		if _, any := types["*/*"]; any {
			return nil
		}
		return fmt.Errorf("it knows no body of type %q", media)
	}
	if known["schema"] == nil {
		return nil
	}
	var value any
	switch media {
	case "application/json":
		if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return err
		}
	case "multipart/form-data":
		if value, err = form(body, parameters["boundary"]); err != nil {
			return err
		}
	default:
		return nil
	}
	c.mu.Lock()
	schema, err := c.compiler.Compile(contractURL + "#" + at + "/content/" + pointer(media) + "/schema")
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// form reads a form as the value that its schema describes: numbers and truths as such, files as text.
func form(body []byte, boundary string) (any, error) {
	parts, all := multipart.NewReader(bytes.NewReader(body), boundary), map[string]any{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		name, several := strings.CutSuffix(part.FormName(), "[]")
		value := any(string(data))
		if number := json.Number(data); part.FileName() == "" && (json.Valid(data) && len(data) > 0 && strings.ContainsAny(string(data[:1]), "-0123456789tf")) {
			value = any(number)
			if text := string(data); text == "true" || text == "false" {
				value = text == "true"
			}
		}
		if part.FileName() != "" {
			value = part.FileName()
		}
		if several {
			value = append(listOf(all[name]), value)
		}
		all[name] = value
	}
}

func yes(v any) bool {
	truth, ok := v.(bool)
	return ok && truth
}

func listOf(v any) []any {
	all, _ := v.([]any)
	return all
}

// resolve follows a reference inside the description.
func (c *Contract) resolve(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	to, ok := m["$ref"].(string)
	if !ok {
		return v
	}
	at := any(c.doc)
	for name := range strings.SplitSeq(strings.TrimPrefix(to, "#/"), "/") {
		inner, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = inner[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	return at
}
