package sdapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"net/http"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// taskField gives a picture a name of ours.
const taskField = "force_task_id"

// stopLimit is how long a picture is asked to stop before it is left to itself.
const stopLimit = 5 * time.Second

// answer is what txt2img and img2img give. Info is JSON in a string.
type answer struct {
	Images []string `json:"images"`
	Info   string   `json:"info"`
}

// madeOf is what Info says of how the picture was made, as far as it is looked at.
type madeOf struct {
	Seed  *json.Number `json:"seed"`
	Model string       `json:"sd_model_name"`
	Hash  string       `json:"sd_model_hash"`
}

// outcome is how a request ended.
type outcome struct {
	answer answer
	err    error
}

func (w *webServer) paint(ctx context.Context, name string, r art.Recipe, watch watcher) (engine.Picture, error) {
	p, err := w.load(ctx, r)
	if err != nil {
		return engine.Picture{}, err
	}
	path, body, err := w.request(r, p)
	if err != nil {
		return engine.Picture{}, err
	}
	if _, ok := w.is.fields(path)[taskField]; ok {
		body[taskField] = name
	}
	if ctx.Err() != nil {
		return engine.Picture{}, fmt.Errorf("%s: %w", w.e.o.Name, ctx.Err())
	}
	made, err := w.ask(ctx, path, body, &glance{w: w, name: name, steps: r.Steps, watch: watch})
	if err != nil {
		return engine.Picture{}, err
	}
	picture, err := w.read(ctx, made, r)
	if err == nil && watch.progress != nil {
		watch.progress(r.Steps, r.Steps)
	}
	return picture, err
}

// ask sends a request and looks at it until it is answered. When ctx ends the server is asked to stop this one task.
func (w *webServer) ask(ctx context.Context, path string, body map[string]any, g *glance) (answer, error) {
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = w.e.client.JSON(own, http.MethodPost, path, body, &o.answer)
		done <- o
	}()
	ticks := g.ticks(own)
	for {
		select {
		case o := <-done:
			return o.answer, o.err
		case <-ticks:
			g.look(own)
		case <-ctx.Done():
			err := fmt.Errorf("%s: %w", w.e.o.Name, ctx.Err())
			if left := w.interrupt(ctx, g.name); left != nil {
				err = errors.Join(err, left)
			}
			return answer{}, err
		}
	}
}

// glance asks now and then how far one task is.
type glance struct {
	w     *webServer
	name  string
	steps int
	watch watcher
	told  int // the step that was told last
	shown int // the server's number of the preview that was shown last
}

// ticks come as often as the engine's first pause is long, and only where somebody watches and the server can tell.
func (g *glance) ticks(ctx context.Context) <-chan struct{} {
	if g.watch.progress == nil && g.watch.see == nil || !g.w.is.has(taskPath) {
		return nil
	}
	ticks := make(chan struct{})
	go func() {
		for g.w.e.o.Pauses.Sleep(ctx, g.w.e.o.Pauses.First) == nil {
			select {
			case ticks <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}()
	return ticks
}

// task is the state of one task.
type task struct {
	Active    bool    `json:"active"`
	Queued    bool    `json:"queued"`
	Completed bool    `json:"completed"`
	Progress  float64 `json:"progress"`
	Preview   string  `json:"live_preview"`
	Number    int     `json:"id_live_preview"`
}

func (w *webServer) task(ctx context.Context, name string, shown int, preview bool) (task, error) {
	var t task
	body := map[string]any{"id_task": name, "id_live_preview": shown, "live_preview": preview}
	err := w.e.client.JSON(ctx, http.MethodPost, taskPath, body, &t)
	return t, err
}

// look tells progress and shows a preview. What goes wrong doesn't matter to the picture.
func (g *glance) look(ctx context.Context) {
	t, err := g.w.task(ctx, g.name, g.shown, g.watch.see != nil)
	if err != nil || !t.Active {
		return
	}
	if step := min(int(math.Floor(t.Progress*float64(g.steps))), g.steps); g.watch.progress != nil && step > g.told {
		g.told = step
		g.watch.progress(step, g.steps)
	}
	if g.watch.see == nil || t.Preview == "" {
		return
	}
	g.shown = t.Number
	if data, err := unpack(t.Preview); err == nil {
		if m, _, err := image.Decode(bytes.NewReader(data)); err == nil {
			g.watch.see(m)
		}
	}
}

// interrupt stops our own task and no other: a task that waits can't be taken back, so it is waited for until it begins.
func (w *webServer) interrupt(ctx context.Context, name string) error {
	if _, ok := w.is.fields(textPath)[taskField]; !ok || !w.is.has(taskPath) || !w.is.has(stopPath) {
		return errors.New("the server can't tell whose picture it makes, so it wasn't interrupted")
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer stop()
	err := w.e.o.Pauses.Poll(last, func(ctx context.Context) (bool, error) {
		t, err := w.task(ctx, name, -1, false)
		if err != nil || !t.Active {
			return err == nil && !t.Queued, err
		}
		return true, w.e.client.JSON(ctx, http.MethodPost, stopPath, struct{}{}, nil)
	})
	if err != nil {
		return fmt.Errorf("the picture may still be made: %w", err)
	}
	return nil
}

// read takes the picture out of an answer and looks whether it is the one that was asked for.
func (w *webServer) read(ctx context.Context, a answer, r art.Recipe) (engine.Picture, error) {
	wrong := func(kind error, format string, args ...any) (engine.Picture, error) {
		return engine.Picture{}, &wire.Error{Engine: w.e.o.Name, Message: fmt.Sprintf(format, args...), Kind: kind}
	}
	if len(a.Images) == 0 {
		return wrong(art.ErrUnavailable, "the answer has no picture")
	}
	var made madeOf
	if err := json.Unmarshal([]byte(a.Info), &made); err != nil {
		return wrong(art.ErrUnavailable, "the answer doesn't say how the picture was made; another product may answer there")
	}
	if made.Seed != nil && made.Seed.String() != fmt.Sprint(int64(r.Seed)) {
		return wrong(art.ErrMismatch, "the picture has seed %s instead of %d", made.Seed, r.Seed)
	}
	if c := w.checkpoint(r.Model); !c.is(made) {
		return wrong(art.ErrMismatch, "the picture was made with model %q %s instead of %q %s", made.Model, made.Hash, c.Name, c.Hash)
	}
	var state struct {
		State struct {
			Interrupted bool `json:"interrupted"`
		} `json:"state"`
	}
	if err := w.get(ctx, statePath+"?skip_current_image=true", &state); err == nil && state.State.Interrupted {
		return wrong(art.ErrConflict, "somebody interrupted the picture")
	}
	data, err := unpack(a.Images[0])
	if err != nil {
		return wrong(art.ErrUnavailable, "the picture is no base64: %v", err)
	}
	p, err := w.e.client.Picture(data)
	for _, l := range r.LoRAs {
		if l.SHA256 != "" {
			p.Notes = append(p.Notes, fmt.Sprintf("the server doesn't tell the SHA-256 of the LoRA %s", l.Name))
		}
	}
	return p, err
}

// is tells whether a picture says that it was made with this model: by hashes where both are known, else by the name of the
// file, before which the list of models has its folder.
func (c checkpoint) is(made madeOf) bool {
	if made.Hash != "" && c.Hash != "" {
		return made.Hash == c.Hash
	}
	return made.Model == "" || made.Model == c.Name || strings.HasSuffix(c.Name, "_"+made.Model)
}

// unpack reads base64, with or without the beginning of a data URL.
func unpack(text string) ([]byte, error) {
	if strings.HasPrefix(text, "data:") {
		_, text, _ = strings.Cut(text, ",")
	}
	return base64.StdEncoding.DecodeString(text)
}
