package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// Shop is a service that sells pictures, on this machine. It charges for each request that arrives, however often the same
// one does, as real services do.
type Shop struct {
	URL string

	mu    sync.Mutex
	rules ShopRules // guarded by mu
	jobs  []shopJob // guarded by mu
}

// ShopRules say how a shop behaves.
type ShopRules struct {
	Finds   bool // it can be asked for jobs by the buyer's name
	AtOnce  bool // pictures come with the answer; there are no jobs
	Looks   int  // how often a job says that it is running before it is done
	Refuses int  // so many requests to come are refused, which costs nothing
	Away    bool // whoever is refused is told that the shop is out of order, not that there are too many
	After   int  // seconds for which a refusal asks to be left alone
	Closed  bool // every request is answered with an error of the shop's own
	Forgets bool // it denies every job that it ever had
	// At is told what happens, before it goes on: "arrived", "charged", "looked" and "sent".
	At func(stage string)
	// Cut says whether the next answer to a request that was charged gets lost. Nil: none.
	Cut func() bool
}

type shopJob struct {
	ID, Name string
	Seed     art.Seed
	looks    int
}

// ShopPrice is what the shop charges for a picture, in USD. It says so with each job; its list says ShopListPrice.
const (
	ShopPrice     = 0.05
	ShopListPrice = 0.04
)

// NewShop opens a shop for the length of a test.
func NewShop(t testing.TB) *Shop {
	s := &Shop{rules: ShopRules{Looks: 1}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /jobs", s.order)
	mux.HandleFunc("GET /jobs", s.find)
	mux.HandleFunc("GET /jobs/{id}", s.look)
	mux.HandleFunc("GET /jobs/{id}/picture", s.send)
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s.URL = server.URL
	return s
}

// Charges is how many pictures the shop has charged.
func (s *Shop) Charges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

// Change changes how the shop behaves from now on.
func (s *Shop) Change(rules func(*ShopRules)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules(&s.rules)
}

// Rules are the present ones.
func (s *Shop) Rules() ShopRules {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules
}

func (s *Shop) at(stage string) {
	if at := s.Rules().At; at != nil {
		at(stage)
	}
}

func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Name string
		Seed art.Seed
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.at("arrived")
	s.mu.Lock()
	if s.rules.Refuses > 0 {
		s.rules.Refuses--
		if s.rules.After > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(s.rules.After))
		}
		status := http.StatusTooManyRequests
		if s.rules.Away {
			status = http.StatusServiceUnavailable
		}
		s.mu.Unlock()
		w.WriteHeader(status)
		return
	}
	if s.rules.Closed {
		s.mu.Unlock()
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	job := shopJob{ID: fmt.Sprintf("job-%d", len(s.jobs)+1), Name: asked.Name, Seed: asked.Seed}
	s.jobs = append(s.jobs, job)
	s.mu.Unlock()
	s.at("charged")
	rules := s.Rules()
	if rules.Cut != nil && rules.Cut() {
		panic(http.ErrAbortHandler)
	}
	answer := map[string]any{"id": job.ID, "price": ShopPrice, "currency": "USD"}
	if rules.AtOnce {
		answer["picture"] = ShopPicture(job.Seed)
	}
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Shop) find(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.rules.Finds {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	found := []map[string]any{}
	for _, j := range s.jobs {
		if j.Name == r.URL.Query().Get("name") && !s.rules.Forgets {
			found = append(found, map[string]any{"id": j.ID, "price": ShopPrice, "currency": "USD"})
		}
	}
	_ = json.NewEncoder(w).Encode(found)
}

func (s *Shop) job(w http.ResponseWriter, r *http.Request) *shopJob {
	if !s.rules.Forgets {
		for i := range s.jobs {
			if s.jobs[i].ID == r.PathValue("id") {
				return &s.jobs[i]
			}
		}
	}
	w.WriteHeader(http.StatusNotFound)
	return nil
}

func (s *Shop) look(w http.ResponseWriter, r *http.Request) {
	s.at("looked")
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.job(w, r)
	if j == nil {
		return
	}
	state := "running"
	if j.looks++; j.looks > s.rules.Looks {
		state = "done"
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"state": state})
}

func (s *Shop) send(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	j := s.job(w, r)
	s.mu.Unlock()
	if j != nil {
		s.at("sent")
		_, _ = w.Write(ShopPicture(j.Seed))
	}
}

// ShopPicture is the file that the shop sells for a seed, with a signature behind the picture that gets lost when somebody
// writes the file anew.
func ShopPicture(seed art.Seed) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			c := color.NRGBA{240, 240, 240, 255}
			if dx, dy := x-32-int(seed%7), y-32; dx*dx+dy*dy < 256 {
				c = color.NRGBA{200, uint8(seed), 40, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		panic(err) // memory can't fail
	}
	fmt.Fprintf(&file, "signature %d", seed)
	return file.Bytes()
}

// Customer is the engine that buys in a shop.
type Customer struct {
	Client *wire.Client
	AtOnce bool
}

// ShopKey is what a customer shows; it must never be kept.
const ShopKey = "sesame-open"

// NewCustomer makes an engine of the shop at an address.
func NewCustomer(address string, atOnce bool) *Customer {
	return &Customer{&wire.Client{Name: "shop", Base: address, Header: http.Header{"X-Key": {ShopKey}}, Secrets: []string{ShopKey}}, atOnce}
}

// Info describes the shop.
func (c *Customer) Info() engine.Info {
	return engine.Info{Name: "shop", Version: "1", Ready: true, Models: []engine.Model{{Capabilities: art.Capabilities{
		Engine: "shop", EngineVersion: "1", Model: art.ModelRef{Name: "disc", SHA256: "dd"}, ModelLicense: "MIT", Modes: []string{art.ModeTextToImage},
		Card:    &art.ModelCard{Terms: art.Terms{Commercial: art.TermYes}},
		MinSize: 16, MaxSize: 512, NativeWidth: 64, NativeHeight: 64, MaxSteps: 50, Samplers: []string{"euler"}, Schedulers: []string{"normal"},
		Seeds: true, Dialect: "plain", Deterministic: true, SecondsPerPicture: 1, PricePerPicture: ShopListPrice, Currency: "USD",
		Service: &art.Service{Operator: "the shop", Region: "unknown", Pricing: "each picture", Dated: "2026-11-26"},
	}}}}
}

// Close does nothing.
func (c *Customer) Close() error { return nil }

// Render buys a picture at once, without anybody who remembers it.
func (c *Customer) Render(ctx context.Context, r art.Recipe, progress engine.Progress) (engine.Picture, error) {
	return engine.Run(ctx, c, "nobody", r, progress)
}

// Start orders a picture.
func (c *Customer) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	var made struct {
		ID       string
		Price    float64
		Currency string
		Picture  []byte
	}
	if err := c.Client.Pay(ctx, "/jobs", map[string]any{"name": name, "seed": r.Seed}, &made); err != nil {
		return engine.Ticket{}, err
	}
	t := engine.Ticket{Name: name, Job: made.ID, Price: made.Price, Currency: made.Currency}
	if !c.AtOnce {
		return t, nil
	}
	p, err := c.picture(made.Picture, made.ID)
	if err != nil {
		return engine.Ticket{}, errors.Join(err, engine.ErrUnknown)
	}
	t.Picture = &p
	return t, nil
}

func (c *Customer) picture(data []byte, job string) (engine.Picture, error) {
	p, err := c.Client.Picture(data)
	p.Answer = c.Client.Redact(fmt.Appendf(nil, `{"job": %q, "key": %q}`, job, ShopKey))
	return p, err
}

// Wait looks until the job is done.
func (c *Customer) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	path := "/jobs/" + url.PathEscape(t.Job)
	p := wire.Pauses{First: time.Millisecond, Most: 20 * time.Millisecond, Sleep: wire.Sleep}
	err := p.Poll(ctx, func(ctx context.Context) (bool, error) {
		var now struct{ State string }
		err := c.Client.JSON(ctx, http.MethodGet, path, nil, &now)
		if err == nil && now.State == "running" && progress != nil {
			progress(1, 2)
		}
		return now.State == "done", err
	})
	if err != nil {
		return engine.Picture{}, err
	}
	file, err := c.Client.Do(ctx, wire.Request{Method: http.MethodGet, Path: path + "/picture"})
	if err != nil {
		return engine.Picture{}, err
	}
	return c.picture(file.Body, t.Job)
}

// Cancel isn't known here.
func (c *Customer) Cancel(context.Context, engine.Ticket) error {
	return art.Unsupported("cancel", "the shop knows no such thing", "wait")
}

// Find asks the shop for a job of this name.
func (c *Customer) Find(ctx context.Context, name string) (engine.Ticket, error) {
	var found []struct {
		ID       string
		Price    float64
		Currency string
	}
	err := c.Client.JSON(ctx, http.MethodGet, "/jobs?name="+url.QueryEscape(name), nil, &found)
	var said *wire.Error
	switch {
	case errors.As(err, &said) && said.Status == http.StatusMethodNotAllowed:
		return engine.Ticket{}, art.Unsupported("find", "the shop keeps no names", "look into the account")
	case err != nil:
		return engine.Ticket{}, err
	case len(found) == 0:
		return engine.Ticket{}, fmt.Errorf("shop: no job is called %s: %w", name, art.ErrNotFound)
	}
	return engine.Ticket{Name: name, Job: found[0].ID, Price: found[0].Price, Currency: found[0].Currency}, nil
}
