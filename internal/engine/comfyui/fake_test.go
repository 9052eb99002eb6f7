package comfyui

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"presswerk/internal/art"
	"presswerk/internal/infotext"
)

// fake is a ComfyUI with the protocol that 0.3.64 was recorded with: one job at a time, a queue and a history that are gone
// after a restart, validation by its own object_info, a cache, a socket for each client.
type fake struct {
	t   testing.TB
	url string

	hold     chan struct{} // when set, a job waits for it before it walks
	cut      bool          // sockets are cut after the first step
	wrong    int           // pixels that pictures are larger than asked
	html     bool          // everything is a web page
	lose     bool          // the answer to /prompt is lost
	fail     string        // type of the exception in which jobs end
	old      bool          // names jobs itself, as before prompt_id was taken
	password string        // that is wanted
	ends     func()        // called when a job has left the queue, before the history is asked

	mu      sync.Mutex
	info    map[string]any
	pending []*fakeJob
	running *fakeJob
	history map[string]any
	sockets map[string]*websocket.Conn
	files   map[string][]byte
	cache   map[string]string // graph → file
	posts   []string          // paths of what was posted
	graphs  []infotext.Graph
	dials   int
	era     int // counts restarts
	number  int
}

type fakeJob struct {
	id      string
	raw     []any
	graph   infotext.Graph
	outputs []string
	stop    chan struct{}
	stopped sync.Once
	era     int
}

func newFake(t testing.TB) *fake {
	t.Helper()
	data, err := os.ReadFile("testdata/object_info.json")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, history: map[string]any{}, sockets: map[string]*websocket.Conn{}, files: map[string][]byte{}, cache: map[string]string{}}
	if err := json.Unmarshal(data, &f.info); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(f)
	f.url = s.URL
	t.Cleanup(func() {
		f.restart()
		s.Close()
	})
	return f
}

// input is what object_info says of an input, to be changed.
func (f *fake) inputs(class string) map[string]any {
	return f.info[class].(map[string]any)["input"].(map[string]any)["required"].(map[string]any)
}

func (f *fake) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.era++
	if f.running != nil {
		f.running.interrupt()
	}
	f.pending, f.running, f.history, f.cache = nil, nil, map[string]any{}, map[string]string{}
	for id, c := range f.sockets {
		_ = c.CloseNow()
		delete(f.sockets, id)
	}
}

func (j *fakeJob) interrupt() { j.stopped.Do(func() { close(j.stop) }) }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, password, _ := r.BasicAuth(); f.password != "" && password != f.password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if f.html {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>Router</title>")
		return
	}
	f.mu.Lock()
	if r.Method == http.MethodPost {
		f.posts = append(f.posts, r.URL.Path)
	}
	f.mu.Unlock()
	switch id, isHistory := strings.CutPrefix(r.URL.Path, "/history/"); {
	case r.URL.Path == "/ws":
		f.socket(w, r)
	case r.URL.Path == "/system_stats":
		f.answer(w, recorded(f.t, "system_stats"))
	case r.URL.Path == "/object_info":
		f.mu.Lock()
		defer f.mu.Unlock()
		f.answer(w, f.info)
	case r.URL.Path == "/queue" && r.Method == http.MethodGet:
		f.queue(w)
	case isHistory:
		f.mu.Lock()
		defer f.mu.Unlock()
		all := map[string]any{}
		if e, ok := f.history[id]; ok {
			all[id] = e
		}
		f.answer(w, all)
	case r.URL.Path == "/view":
		f.view(w, r)
	case r.URL.Path == "/upload/image":
		f.upload(w, r)
	case r.URL.Path == "/prompt":
		f.prompt(w, r)
	case r.URL.Path == "/queue" || r.URL.Path == "/interrupt":
		f.change(r)
	default:
		http.NotFound(w, r)
	}
}

func recorded(t testing.TB, name string) any {
	data, err := os.ReadFile("testdata/recorded.json")
	var all map[string]any
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Error(err)
	}
	return all[name]
}

func (f *fake) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Log(err)
	}
}

func (f *fake) queue(w http.ResponseWriter) {
	f.mu.Lock()
	running, pending := []any{}, []any{}
	if f.running != nil {
		running = append(running, f.running.raw)
	}
	for _, j := range f.pending {
		pending = append(pending, j.raw)
	}
	f.mu.Unlock()
	f.answer(w, map[string]any{"queue_running": running, "queue_pending": pending})
	if f.ends != nil {
		f.ends()
	}
}

func (f *fake) view(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f.mu.Lock()
	data, ok := f.files[q.Get("type")+"/"+q.Get("subfolder")+"/"+q.Get("filename")]
	f.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(data)
}

func (f *fake) upload(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("image")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	data, _ := io.ReadAll(file)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files["input/"+r.FormValue("subfolder")+"/"+header.Filename] = data
	f.answer(w, map[string]any{"name": header.Filename, "subfolder": r.FormValue("subfolder"), "type": r.FormValue("type")})
}

func (f *fake) change(r *http.Request) {
	var body struct {
		Delete []string `json:"delete"`
		ID     string   `json:"prompt_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/interrupt" && body.ID == "" {
		f.t.Error("an interrupt for everybody")
	}
	f.pending = slices.DeleteFunc(f.pending, func(j *fakeJob) bool { return slices.Contains(body.Delete, j.id) })
	if f.running != nil && f.running.id == body.ID {
		f.running.interrupt()
	}
}

func (f *fake) prompt(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Prompt infotext.Graph `json:"prompt"`
		ID     string         `json:"prompt_id"`
		Client string         `json:"client_id"`
		Extra  map[string]any `json:"extra_data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		f.t.Error(err)
	}
	if f.old {
		body.ID = "1f2e"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.graphs = append(f.graphs, body.Prompt)
	good, wrong, failed := f.validate(body.Prompt)
	if failed != nil || len(good) == 0 {
		if failed == nil {
			failed = map[string]any{"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": map[string]any{}}
		}
		w.WriteHeader(http.StatusBadRequest)
		f.answer(w, map[string]any{"error": failed, "node_errors": wrong})
		return
	}
	extra := map[string]any{"client_id": body.Client}
	maps.Copy(extra, body.Extra)
	j := &fakeJob{id: body.ID, graph: body.Prompt, outputs: good, stop: make(chan struct{}), era: f.era, raw: []any{f.number, body.ID, body.Prompt, extra, good}}
	f.number++
	f.pending = append(f.pending, j)
	if f.running == nil {
		f.next() //nolint:contextcheck // jobs outlive the request that asks for them
	}
	if f.lose {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close()
		}
		return
	}
	f.answer(w, map[string]any{"prompt_id": body.ID, "number": f.number, "node_errors": wrong})
}

// validate is what the server does before it takes a graph: every output on its own.
func (f *fake) validate(g infotext.Graph) (good []string, wrong map[string]any, failed map[string]any) {
	wrong = map[string]any{}
	for _, id := range g.IDs() {
		if f.info[g[id].Class] == nil {
			return nil, wrong, map[string]any{"type": "invalid_prompt", "message": "Cannot execute because node " + g[id].Class + " does not exist.", "details": "Node ID '#" + id + "'"}
		}
	}
	for _, id := range g.IDs() {
		if out, _ := f.info[g[id].Class].(map[string]any)["output_node"].(bool); out && f.valid(g, id, wrong) {
			good = append(good, id)
		}
	}
	return good, wrong, nil
}

func (f *fake) valid(g infotext.Graph, id string, wrong map[string]any) bool {
	var errors []any
	ok := true
	required := f.inputs(g[id].Class)
	for _, name := range slices.Sorted(maps.Keys(required)) {
		value, there := g[id].Inputs[name]
		if !there {
			errors = append(errors, map[string]any{"type": "required_input_missing", "message": "Required input is missing", "details": name, "extra_info": map[string]any{"input_name": name}})
			continue
		}
		if from, _, linked := infotext.LinkOf(number0(value)); linked {
			ok = f.valid(g, from, wrong) && ok
			continue
		}
		choices, _ := required[name].([]any)[0].([]any)
		if len(choices) > 0 && g[id].Class != "LoadImage" && g[id].Class != "LoadImageMask" && !slices.Contains(choices, value) {
			errors = append(errors, map[string]any{"type": "value_not_in_list", "message": "Value not in list", "details": fmt.Sprintf("%s: '%v' not in %v", name, value, choices), "extra_info": map[string]any{"input_name": name}})
		}
		if image, is := value.(string); is && name == "image" && f.files["input/"+image] == nil && image != "example.png" {
			errors = append(errors, map[string]any{"type": "custom_validation_failed", "message": "Custom validation failed for node", "details": "image - Invalid image file: " + image})
		}
	}
	if len(errors) > 0 {
		wrong[id] = map[string]any{"errors": errors, "class_type": g[id].Class, "dependent_outputs": []any{}}
	}
	return ok && len(errors) == 0
}

// number0 makes a link readable that JSON read as [text, float64].
func number0(v any) any {
	if l, ok := v.([]any); ok && len(l) == 2 {
		if n, is := l[1].(float64); is {
			return []any{l[0], int(n)}
		}
	}
	return v
}

// next begins the first job that waits; the lock is held.
func (f *fake) next() {
	if f.running = nil; len(f.pending) == 0 {
		return
	}
	f.running, f.pending = f.pending[0], f.pending[1:]
	go f.run(f.running)
}

// send tells the client of a job something; who isn't connected misses it.
func (f *fake) send(j *fakeJob, kind websocket.MessageType, data []byte) {
	f.mu.Lock()
	c := f.sockets[j.id]
	f.mu.Unlock()
	if c != nil {
		_ = c.Write(f.t.Context(), kind, data)
	}
}

func (f *fake) tell(j *fakeJob, name string, data map[string]any) []any {
	data["prompt_id"] = j.id
	text, _ := json.Marshal(map[string]any{"type": name, "data": data})
	f.send(j, websocket.MessageText, text)
	return []any{name, data}
}

func (f *fake) run(j *fakeJob) {
	messages := []any{f.tell(j, "execution_start", map[string]any{"timestamp": 1000})}
	messages = append(messages, f.tell(j, "execution_cached", map[string]any{"nodes": []any{}, "timestamp": 1001}))
	key, _ := json.Marshal(j.graph)
	f.mu.Lock()
	name, cached := f.cache[string(key)]
	f.mu.Unlock()
	status, last := "success", map[string]any{"timestamp": 3500}
	end := "execution_success"
	if !cached {
		switch {
		case !f.walk(j):
			status, end = "error", "execution_interrupted"
		case f.fail != "":
			status, end = "error", "execution_error"
			last = map[string]any{"node_id": "7", "node_type": "KSampler", "exception_type": f.fail, "exception_message": "no good\n", "traceback": []any{}}
		default:
			name = f.paint(j)
		}
	}
	messages = append(messages, f.tell(j, end, last))
	outputs := map[string]any{}
	for _, id := range j.outputs {
		kind, file := "output", name
		if j.graph[id].Class == "PreviewImage" {
			kind, file = "temp", "preview_"+name
		}
		if status == "success" {
			outputs[id] = map[string]any{"images": []any{map[string]any{"filename": file, "subfolder": "", "type": kind}}}
		}
	}
	f.mu.Lock()
	if j.era == f.era {
		f.cache[string(key)] = name
		f.history[j.id] = map[string]any{"prompt": j.raw, "outputs": outputs, "status": map[string]any{"status_str": status, "completed": status == "success", "messages": messages}}
		f.next()
	}
	f.mu.Unlock()
	f.tell(j, "executing", map[string]any{"node": nil})
}

// walk is the sampler: it says false when it was interrupted.
func (f *fake) walk(j *fakeJob) bool {
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-j.stop:
			return false
		}
	}
	for _, id := range j.graph.IDs() {
		n := j.graph[id]
		if !isSampler(infotext.Node{Class: n.Class, Inputs: map[string]any{"latent_image": number0(n.Inputs["latent_image"]), "steps": n.Inputs["steps"]}}) {
			continue
		}
		steps := int(decimal(n.Inputs["steps"]))
		for i := 1; i <= steps; i++ {
			f.tell(j, "progress", map[string]any{"value": i, "max": steps, "node": id})
			f.send(j, websocket.MessageBinary, preview(f.t))
			if f.cut {
				f.mu.Lock()
				if c := f.sockets[j.id]; c != nil {
					_ = c.CloseNow()
				}
				f.mu.Unlock()
			}
			select {
			case <-j.stop:
				return false
			default:
			}
		}
	}
	return true
}

func preview(t testing.TB) []byte {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Error(err)
	}
	head := binary.BigEndian.AppendUint32(nil, framePreview)
	return append(binary.BigEndian.AppendUint32(head, 2), file.Bytes()...)
}

// paint saves pictures whose colour follows from the seed.
func (f *fake) paint(j *fakeJob) string {
	width, height, seed := 32, 32, 0.0
	for _, n := range j.graph {
		if w := decimal(n.Inputs["width"]); w > 0 && (strings.HasPrefix(n.Class, "Empty") || n.Class == "ImageScale") {
			width, height = int(w), int(decimal(n.Inputs["height"]))
		}
		seed += decimal(n.Inputs["seed"]) + decimal(n.Inputs["noise_seed"])
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	name := fmt.Sprintf("presswerk_%05d_.png", len(f.files))
	for file, grey := range map[string]uint8{"output//" + name: uint8(seed), "temp//preview_" + name: 255} {
		m := image.NewGray(image.Rect(0, 0, width+f.wrong, height))
		m.SetGray(0, 0, color.Gray{Y: grey})
		var data bytes.Buffer
		if err := png.Encode(&data, m); err != nil {
			f.t.Error(err)
		}
		f.files[file] = data.Bytes()
	}
	return name
}

func (f *fake) socket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		f.t.Log(err)
		return
	}
	id := r.URL.Query().Get("clientId")
	f.mu.Lock()
	f.dials++
	f.sockets[id] = c
	f.mu.Unlock()
	_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"type":"status","data":{"status":{"exec_info":{"queue_remaining":0}},"sid":"`+id+`"}}`))
	_, _, _ = c.Read(r.Context()) // until it is closed
	f.mu.Lock()
	if f.sockets[id] == c {
		delete(f.sockets, id)
	}
	f.mu.Unlock()
}

// posted counts what was posted to a path.
func (f *fake) posted(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, p := range f.posts {
		if p == path {
			n++
		}
	}
	return n
}

// drawn is the last graph that was posted.
func (f *fake) drawn() infotext.Graph {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.graphs[len(f.graphs)-1]
}

func square(t testing.TB, grey uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	m.SetGray(0, 0, color.Gray{Y: grey})
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Error(err)
	}
	return file.Bytes()
}

// sums of the two pictures that engines under test can open.
func sum(t testing.TB, grey uint8) string { return "sha256:" + art.Digest(square(t, grey)) }
