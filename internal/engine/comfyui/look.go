package comfyui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
	"presswerk/internal/infotext"
)

// queue is what a server is doing. A job in it is [number, id, graph, extra data, outputs].
type queue struct {
	Running []job `json:"queue_running"`
	Pending []job `json:"queue_pending"`
}

type job struct {
	id    string
	links map[string]string
}

// UnmarshalJSON reads what of a job is needed; another shape gives a job without an identity.
func (j *job) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("comfyui: a job in the queue is no list: %w", err)
	}
	if len(parts) > 3 {
		var extra struct {
			Links map[string]string `json:"presswerk"`
		}
		_ = json.Unmarshal(parts[3], &extra) // other programs write other things
		_ = json.Unmarshal(parts[1], &j.id)
		j.links = extra.Links
	}
	return nil
}

func (s *server) queue(ctx context.Context) (queue, error) {
	var q queue
	err := s.get(ctx, "/queue", &q)
	return q, err
}

// entry is a job that has ended, as the history keeps it.
type entry struct {
	Prompt  job               `json:"prompt"`
	Outputs map[string]output `json:"outputs"`
	Status  *struct {
		Status    string            `json:"status_str"`
		Completed bool              `json:"completed"`
		Messages  []json.RawMessage `json:"messages"`
	} `json:"status"`
}

type output struct {
	Images []file `json:"images"`
}

type file struct {
	Name      string `json:"filename"`
	Subfolder string `json:"subfolder"`
	Type      string `json:"type"` // "output", "temp" of previews, "input"
}

func (s *server) history(ctx context.Context, id string) (entry, bool, error) {
	var all map[string]entry
	err := s.get(ctx, "/history/"+url.PathEscape(id), &all)
	e, ok := all[id]
	return e, ok, err
}

// places where a job may be.
const (
	nowhere = iota
	pending
	running
	ended
)

// look says where a job is. It may end between a look at the history and one at the queue, so the history is asked last.
func (s *server) look(ctx context.Context, id string) (where int, j job, e entry, err error) {
	q, err := s.queue(ctx)
	if err != nil {
		return nowhere, j, e, err
	}
	is := func(j job) bool { return j.id == id }
	if i := slices.IndexFunc(q.Pending, is); i >= 0 {
		return pending, q.Pending[i], e, nil
	}
	if i := slices.IndexFunc(q.Running, is); i >= 0 {
		return running, q.Running[i], e, nil
	}
	e, ok, err := s.history(ctx, id)
	if err != nil || !ok {
		return nowhere, j, e, err
	}
	return ended, e.Prompt, e, nil
}

// cancel takes a job out of the queue, or interrupts it. Nobody else's is touched.
func (s *server) cancel(ctx context.Context, id string) error {
	post := func(path string, body any) error { return s.client.JSON(ctx, http.MethodPost, path, body, nil) }
	where, _, _, err := s.look(ctx, id)
	if err == nil && where == pending {
		if err = post("/queue", map[string][]string{"delete": {id}}); err == nil {
			where, _, _, err = s.look(ctx, id) // it may have begun meanwhile
		}
	}
	if err == nil && where == running {
		err = post("/interrupt", map[string]string{"prompt_id": id})
	}
	return err
}

// outcome is the error of a job that ended without what was asked for; nil where it went well.
func (s *server) outcome(e entry) error {
	if e.Status == nil || e.Status.Status == "success" {
		return nil
	}
	failed := &wire.Error{Engine: s.client.Name, Code: "execution_error", Message: "the job failed without a reason", Kind: art.ErrInvalid}
	for _, m := range e.Status.Messages {
		name, said := message(m)
		switch name {
		case "execution_interrupted":
			return &wire.Error{Engine: s.client.Name, Code: name, Message: "somebody interrupted the job at " + s.base(), Kind: art.ErrConflict}
		case "execution_error":
			failed.Message = fmt.Sprintf("node %s (%s): %s: %s", said.Node, said.Class, said.Type, strings.TrimSpace(said.Message))
			if strings.Contains(said.Type, "OutOfMemory") {
				failed.Kind = art.ErrUnavailable
			}
		}
	}
	return failed
}

// said is what a message of a job's status has.
type said struct {
	Node    string `json:"node_id"`
	Class   string `json:"node_type"`
	Type    string `json:"exception_type"`
	Message string `json:"exception_message"`
	Time    int64  `json:"timestamp"` // milliseconds
}

// message reads [name, {…}].
func message(data json.RawMessage) (name string, s said) {
	var parts []json.RawMessage
	if json.Unmarshal(data, &parts) == nil && len(parts) == 2 {
		_ = json.Unmarshal(parts[0], &name)
		_ = json.Unmarshal(parts[1], &s) // of another shape it says nothing
	}
	return name, s
}

// elapsed is how long a job took by the server's clock; 0 where it doesn't say.
func (e entry) elapsed() time.Duration {
	if e.Status == nil {
		return 0
	}
	at := map[string]int64{}
	for _, m := range e.Status.Messages {
		name, s := message(m)
		at[name] = s.Time
	}
	if at["execution_start"] == 0 || at["execution_success"] < at["execution_start"] {
		return 0
	}
	return time.Duration(at["execution_success"]-at["execution_start"]) * time.Millisecond
}

// best is the picture that counts: of the node that is named, else of one that saves, else of one that shows.
func (e entry) best(node string) (file, bool) {
	var ids []string
	for _, id := range graphOf(e.Outputs).IDs() {
		if node == "" || id == node {
			ids = append(ids, id)
		}
	}
	for _, kind := range []string{"output", "temp", ""} {
		for _, id := range ids {
			for _, f := range e.Outputs[id].Images {
				if f.Type == kind || kind == "" {
					return f, true
				}
			}
		}
	}
	return file{}, false
}

// graphOf has the outputs' nodes, to be put in order as a graph's are.
func graphOf(outputs map[string]output) infotext.Graph {
	g := infotext.Graph{}
	for id := range maps.Keys(outputs) {
		g[id] = infotext.Node{}
	}
	return g
}

// fetch gets the picture of a job that has ended.
func (s *server) fetch(ctx context.Context, t engine.Ticket, e entry) (engine.Picture, error) {
	if err := s.outcome(e); err != nil {
		return engine.Picture{}, err
	}
	f, ok := e.best(t.Links[linkOutput])
	if !ok {
		return engine.Picture{}, &wire.Error{Engine: s.client.Name, Code: "no_picture", Message: "the job ended without a picture", Kind: art.ErrUnsupported}
	}
	query := url.Values{"filename": {f.Name}, "subfolder": {f.Subfolder}, "type": {f.Type}}
	answer, err := s.client.Do(ctx, wire.Request{Method: http.MethodGet, Path: "/view?" + query.Encode()})
	if errors.Is(err, art.ErrNotFound) {
		return engine.Picture{}, fmt.Errorf("%s: the job is done, but its file %s is gone from %s: %w", s.client.Name, f.Name, s.base(), art.ErrNotFound)
	}
	if err != nil {
		return engine.Picture{}, err
	}
	p, err := s.client.Picture(answer.Body)
	if err != nil {
		return p, err
	}
	p.Elapsed = e.elapsed()
	return p, nil
}
