package comfyui

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	_ "image/jpeg" // what previews are
	_ "image/png"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// limits of a socket.
const (
	maxFrame = 64 << 20
	maxDials = 5 // after that, looking must do
)

// kinds of binary frames.
//
// Source: ComfyUI 0.3.64 protocol.py.
const (
	framePreview  = 1 // kind of picture (4 bytes), picture
	frameMetadata = 4 // length of JSON (4 bytes), JSON, picture
)

// listener hears of one job over its server's socket. All of it is hearsay: whether the job is done, the history says.
type listener struct {
	stop  context.CancelFunc
	ended chan struct{} // closed when nothing is told any more
	wake  chan struct{} // holds a token when it is time to look

	// what follows belongs to the goroutine that listens, and to end once that has ended
	progress engine.Progress
	see      func(image.Image)
	walks    map[string]int // steps of each node that counts; none means that all do
	reached  map[string]int
	told     int // last step that was told
	of       int // and of how many
	job      string
	current  string // job whose frames come
}

// listen opens the socket of a job in the background; it is opened again when it is cut.
func listen(ctx context.Context, s *server, t engine.Ticket, p wire.Pauses, progress engine.Progress, see func(image.Image)) *listener {
	ctx, stop := context.WithCancel(ctx)
	l := &listener{
		stop: stop, ended: make(chan struct{}), wake: make(chan struct{}, 1),
		progress: progress, see: see, walks: steps(t), reached: map[string]int{}, job: t.Job,
	}
	go func() {
		defer close(l.ended)
		pause := p.First
		for range maxDials {
			l.hear(ctx, s)
			l.look() // something may have been missed
			if p.Sleep(ctx, pause) != nil {
				return
			}
			pause = min(2*pause, p.Most)
		}
	}()
	return l
}

// end stops listening and waits until nothing is told any more; then a job that went well is told to its end.
func (l *listener) end(well bool) {
	l.stop()
	<-l.ended
	if well && l.progress != nil && (l.of == 0 || l.told < l.of) {
		all := max(l.of, l.total(), 1)
		l.progress(all, all)
	}
}

// sleep waits, and less when there is something to look at.
func (l *listener) sleep(ctx context.Context, d time.Duration, sleep func(context.Context, time.Duration) error) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-l.wake:
			stop()
		case <-inner.Done():
		}
	}()
	if err := sleep(inner, d); ctx.Err() != nil {
		return err
	}
	return nil
}

func (l *listener) look() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// hear reads one socket until it is cut.
func (l *listener) hear(ctx context.Context, s *server) {
	header := s.client.Header.Clone()
	client := s.client.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	address := "ws" + strings.TrimPrefix(s.base(), "http") + "/ws?clientId=" + l.job
	conn, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: header, HTTPClient: client})
	if response != nil && response.Body != nil {
		defer response.Body.Close()
	}
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // nothing was written
	conn.SetReadLimit(maxFrame)
	l.look() // what happened before is not told
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind == websocket.MessageBinary {
			l.preview(data)
		} else {
			l.text(data)
		}
	}
}

// event is a text frame.
type event struct {
	Type string `json:"type"`
	Data struct {
		Job   string  `json:"prompt_id"`
		Node  *string `json:"node"`
		Value float64 `json:"value"`
		Max   float64 `json:"max"`
	} `json:"data"`
}

func (l *listener) text(data []byte) {
	var e event
	if json.Unmarshal(data, &e) != nil {
		return // frames of extensions may be anything
	}
	if e.Data.Job != "" {
		l.current = e.Data.Job
	}
	if e.Data.Job != "" && e.Data.Job != l.job {
		return
	}
	switch e.Type {
	case "progress":
		if e.Data.Node != nil {
			l.step(*e.Data.Node, int(e.Data.Value), int(e.Data.Max))
		}
	case "executing":
		if e.Data.Node == nil {
			l.look()
		}
	case "execution_success", "execution_error", "execution_interrupted":
		l.look()
	}
}

// total is how many steps the nodes that count walk.
func (l *listener) total() int {
	n := 0
	for _, steps := range l.walks {
		n += steps
	}
	return n
}

// step tells how far all nodes together are. It never goes back.
func (l *listener) step(node string, value, most int) {
	if _, counts := l.walks[node]; !counts && len(l.walks) > 0 || value < 1 {
		return
	}
	l.reached[node] = max(l.reached[node], value)
	at := 0
	for _, n := range l.reached {
		at += n
	}
	of := max(l.total(), at, l.of)
	if len(l.walks) == 0 {
		of = max(of, at-value+most)
	}
	if at <= l.told || l.progress == nil {
		return
	}
	l.told, l.of = at, of
	l.progress(at, of)
}

// preview shows a picture in the making; one that is broken is nothing to stop for.
func (l *listener) preview(data []byte) {
	const word = 4
	if l.see == nil || len(data) < 2*word || l.current != "" && l.current != l.job {
		return
	}
	second := binary.BigEndian.Uint32(data[word:])
	rest := data[2*word:]
	switch binary.BigEndian.Uint32(data) {
	case framePreview:
	case frameMetadata:
		if uint64(second) > uint64(len(rest)) {
			return
		}
		rest = rest[second:]
	default:
		return
	}
	if c, _, err := image.DecodeConfig(bytes.NewReader(rest)); err != nil || c.Width > maxPreview || c.Height > maxPreview {
		return
	}
	if m, _, err := image.Decode(bytes.NewReader(rest)); err == nil {
		l.see(m)
	}
}

// maxPreview is how many pixels a side a preview may have.
const maxPreview = 4096
