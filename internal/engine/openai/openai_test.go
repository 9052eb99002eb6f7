package openai

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/testkit"
)

const key = "sk-very-secret"

// service is a fake of the image API, as its description says it.
type service struct {
	t       testing.TB
	charged atomic.Int32
	wait    time.Duration

	mu   sync.Mutex
	form map[string][][]byte // of the last edit
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+key {
		reject(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided: "+r.Header.Get("Authorization"))
		return
	}
	fields := map[string]any{}
	if strings.HasSuffix(r.URL.Path, "/edits") {
		fields = s.edit(r)
	} else if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
		s.t.Error(err)
	}
	if prompt, _ := fields["prompt"].(string); strings.Contains(prompt, "forbidden") {
		reject(w, http.StatusBadRequest, "moderation_blocked", "Your request was rejected by the safety system.")
		return
	}
	select {
	case <-time.After(s.wait):
	case <-r.Context().Done():
		return
	}
	s.charged.Add(1)
	var width, height int
	if _, err := fmt.Sscanf(fields["size"].(string), "%dx%d", &width, &height); err != nil { //nolint:forcetypeassert // the contract says so
		s.t.Error(err)
	}
	s.answer(w, fields, picture(s.t, width, height))
}

func (s *service) answer(w http.ResponseWriter, fields map[string]any, file string) {
	usage := map[string]any{
		"total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
		"input_tokens_details": map[string]any{"text_tokens": 10, "image_tokens": 40},
	}
	if stream, ok := fields["stream"].(bool); ok && stream {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 2 {
			fmt.Fprintf(w, "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"partial_image_index\":%d,\"b64_json\":%q}\n\n", i, picture(s.t, 8, 8))
		}
		data, _ := json.Marshal(map[string]any{"type": "image_generation.completed", "b64_json": file, "usage": usage})
		fmt.Fprintf(w, "event: image_generation.completed\ndata: %s\n\n", data)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"created": 1, "data": []any{map[string]any{"b64_json": file, "revised_prompt": "a very red apple"}}, "usage": usage,
	})
}

func (s *service) edit(r *http.Request) map[string]any {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		s.t.Error(err)
		return nil
	}
	fields := map[string]any{}
	for name, values := range r.MultipartForm.Value {
		fields[name] = values[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.form = map[string][][]byte{}
	for name, files := range r.MultipartForm.File {
		for _, f := range files {
			opened, err := f.Open()
			if err != nil {
				s.t.Error(err)
				continue
			}
			data, _ := io.ReadAll(opened)
			s.form[name] = append(s.form[name], data)
		}
	}
	return fields
}

func reject(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "message": message, "type": "invalid_request_error", "param": nil}})
}

func picture(t testing.TB, width, height int) string {
	m := image.NewGray(image.Rect(0, 0, width, height))
	m.SetGray(0, 0, color.Gray{Y: 200})
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Error(err)
	}
	return base64.StdEncoding.EncodeToString(file.Bytes())
}

// open starts a fake and an engine that talks to it, held to the API's description.
func open(t *testing.T, s *service) *Engine {
	t.Helper()
	s.t = t
	server := httptest.NewServer(testkit.ReadContract(t, "testdata/images.json").Hold(t, "/v1", s))
	t.Cleanup(server.Close)
	e, err := New(Options{Service: wire.Service{
		Name: "openai", Version: "1", Base: server.URL + "/v1", Key: key, Now: func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) },
		Open: func(_ context.Context, sum string) ([]byte, error) {
			data, err := base64.StdEncoding.DecodeString(picture(t, 64, 64))
			if sum != strings.Repeat("a", 64) {
				return nil, art.ErrNotFound
			}
			return data, err
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func apple() art.Recipe {
	return art.Recipe{
		Mode: art.ModeTextToImage, Engine: "openai", Model: art.ModelRef{Name: "gpt-image-2"}, Prompt: "a red apple",
		Width: 256, Height: 256, Options: map[string]any{"quality": "low"},
	}
}

func TestConforms(t *testing.T) {
	testkit.Conform(t, testkit.Conformance{
		New:    func(t *testing.T) engine.Engine { return open(t, &service{}) },
		Recipe: apple(), Secret: key,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) { return open(t, &service{wait: time.Minute}), apple() },
	})
}

func TestTheRewrittenPromptIsKept(t *testing.T) {
	p, err := open(t, &service{}).Render(context.Background(), apple(), nil)
	if err != nil || !strings.Contains(strings.Join(p.Notes, "\n"), "a very red apple") || !strings.Contains(strings.Join(p.Notes, "\n"), "100 tokens") {
		t.Errorf("notes %q, %v", p.Notes, err)
	}
	if kept := string(p.Answer); !strings.Contains(kept, `"total_tokens":100`) || !strings.Contains(kept, "a very red apple") {
		t.Errorf("kept is %s", kept)
	}
}

func TestSketchesAreShown(t *testing.T) {
	seen := 0
	p, err := open(t, &service{}).RenderSeen(context.Background(), apple(), nil, func(m image.Image) {
		if seen++; m.Bounds().Dx() != 8 {
			t.Errorf("a sketch of %v", m.Bounds())
		}
	})
	if err != nil || seen != 2 || p.Width != 256 {
		t.Errorf("%d sketches, then %d pixels wide, %v", seen, p.Width, err)
	}
}

// Pictures go along as files; white in our mask is transparent in the service's.
func TestEdits(t *testing.T) {
	sum := "sha256:" + strings.Repeat("a", 64)
	s := &service{}
	e := open(t, s)
	r := apple()
	r.Mode, r.InitImage, r.MaskImage = art.ModeInpaint, sum, sum
	if _, err := e.Render(context.Background(), r, nil); err != nil {
		t.Fatal(err)
	}
	if len(s.form["image[]"]) != 1 || len(s.form["mask"]) != 1 {
		t.Fatalf("sent %d pictures and %d masks", len(s.form["image[]"]), len(s.form["mask"]))
	}
	m, err := png.Decode(bytes.NewReader(s.form["mask"][0]))
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, white := m.At(0, 0).RGBA()
	_, _, _, black := m.At(1, 0).RGBA()
	if white>>8 != 55 || black>>8 != 255 {
		t.Errorf("the mask's alpha is %d where it was 200, %d where it was 0", white>>8, black>>8)
	}
	r.Mode, r.MaskImage, r.References = art.ModeImageToImage, "", []art.Control{{Image: sum}, {Image: sum}}
	if _, err := e.Render(context.Background(), r, nil); err != nil || len(s.form["image[]"]) != 3 {
		t.Errorf("sent %d pictures, %v", len(s.form["image[]"]), err)
	}
	r.InitImage = "sha256:" + strings.Repeat("b", 64)
	if _, err := e.Render(context.Background(), r, nil); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a picture that isn't there: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s := &service{}
	e := open(t, s)
	for name, test := range map[string]struct {
		change func(*art.Recipe)
		want   error
		says   string
	}{
		"gone":       {func(r *art.Recipe) { r.Model.Name = "dall-e-3" }, art.ErrUnsupported, "2026-05-12"},
		"too wide":   {func(r *art.Recipe) { r.Width = 1024 }, art.ErrUnsupported, "3:1"},
		"too large":  {func(r *art.Recipe) { r.Width, r.Height = 3840, 2176 }, art.ErrUnsupported, "3840×2160"},
		"no picture": {func(r *art.Recipe) { r.Mode = art.ModeImageToImage }, art.ErrInvalid, "init_image"},
		"no mask":    {func(r *art.Recipe) { r.Mode, r.InitImage = art.ModeInpaint, "x" }, art.ErrInvalid, "mask_image"},
		"moderated":  {func(r *art.Recipe) { r.Prompt = "forbidden" }, art.ErrInvalid, "moderation_blocked"},
		"odd size":   {func(r *art.Recipe) { r.Model.Name, r.Width, r.Height = "gpt-image-1", 512, 512 }, art.ErrUnsupported, "1536×1024"},
		"strength":   {func(r *art.Recipe) { r.Strength = new(0.5) }, art.ErrUnsupported, "strength"},
		"guidance":   {func(r *art.Recipe) { r.GuidanceScale = 7 }, art.ErrUnsupported, "guidance_scale"},
		"moderation": {func(r *art.Recipe) {
			r.Mode, r.InitImage, r.Options = art.ModeImageToImage, "x", map[string]any{"moderation": "low"}
		}, art.ErrUnsupported, "options.moderation"},
		"seed": {func(r *art.Recipe) { r.Seed = 7 }, art.ErrUnsupported, "seed"},
	} {
		r := apple()
		test.change(&r)
		_, err := e.Render(context.Background(), r, nil)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.charged.Load() != 0 {
		t.Errorf("%d calls were charged", s.charged.Load())
	}
}

func TestKeys(t *testing.T) {
	e := open(t, &service{})
	for name, wrong := range map[string]string{"missing": "", "wrong": "sk-other-secret"} {
		o := e.options
		o.Key = wrong
		other, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = other.Render(context.Background(), apple(), nil); err == nil || wrong != "" && strings.Contains(err.Error(), wrong) || errors.Is(err, engine.ErrUnknown) {
			t.Errorf("a key that is %s: %v", name, err)
		}
		if ready := other.Info().Ready; ready != (wrong != "") {
			t.Errorf("a key that is %s: ready %t", name, ready)
		}
	}
}

// What came back and can't be used was paid for all the same.
func TestABrokenPictureIsUnknown(t *testing.T) {
	for name, body := range map[string]string{
		"half":     `{"created":1,"data":[{"b64_json":"` + picture(t, 256, 256)[:80] + `"}]}`,
		"none":     `{"created":1,"data":[]}`,
		"no json":  `<html>`,
		"no image": `{"created":1,"data":[{"b64_json":"aGVsbG8="}]}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		e, err := New(Options{Service: wire.Service{Name: "openai", Base: server.URL, Key: key, Now: time.Now}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Render(context.Background(), apple(), nil); !errors.Is(err, engine.ErrUnknown) || !errors.Is(err, art.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}
