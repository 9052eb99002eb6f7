package comfyui

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/engine/wire"
)

// links of a ticket. They also travel with the job.
const (
	linkName     = "name"     // of the call, so that a job that is found is the right one
	linkServer   = "server"   // address without user and password
	linkOutput   = "output"   // node whose picture counts
	linkSize     = "size"     // that was asked for, "512x768"; none where the picture decides
	linkSamplers = "samplers" // steps of each node that walks: "3:20,7:10"
	linkNotes    = "notes"    // what a person should know, by line
)

// identity is a job's, and its socket's: a UUID that follows from the call's name (version 8 of RFC 9562, from a SHA-256).
func identity(name string) string {
	sum := sha256.Sum256([]byte("presswerk comfyui " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// Start implements engine.Jobber. A server that can't be reached is left alone for a while, and the next one asked.
func (e *Engine) Start(ctx context.Context, name string, r art.Recipe) (engine.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return engine.Ticket{}, fmt.Errorf("%s: %w", e.o.Name, err)
	}
	servers, err := e.pick(ctx, r)
	if err != nil {
		return engine.Ticket{}, err
	}
	for _, s := range servers {
		var t engine.Ticket
		if t, err = e.start(ctx, s, name, r); err == nil {
			return t, nil
		}
		if !errors.Is(err, art.ErrUnavailable) || errors.Is(err, engine.ErrUnknown) || ctx.Err() != nil {
			break
		}
		s.fail(err, e.o.Now().Add(e.o.Rest))
	}
	return engine.Ticket{}, err
}

func (e *Engine) start(ctx context.Context, s *server, name string, r art.Recipe) (engine.Ticket, error) {
	s.count(1)
	defer s.count(-1)
	d, err := e.draw(s.known(), r)
	if err != nil {
		return engine.Ticket{}, err
	}
	if err := e.upload(ctx, s, d); err != nil {
		return engine.Ticket{}, err
	}
	t := engine.Ticket{Name: name, Job: identity(name), Links: d.links(r)}
	t.Links[linkName], t.Links[linkServer] = name, s.base()
	err = s.submit(ctx, t.Job, d, t.Links)
	if errors.Is(err, engine.ErrUnknown) && ctx.Err() == nil {
		if where, _, _, looked := s.look(ctx, t.Job); looked == nil && where != nowhere {
			return t, nil // the answer was lost, and the job wasn't
		}
	}
	return t, err
}

// links say of a drawing what its job has to be watched for.
func (d drawn) links(r art.Recipe) map[string]string {
	links := map[string]string{}
	if d.output != "" {
		links[linkOutput] = d.output
	}
	if r.Mode != art.ModeUpscale && r.Width > 0 && r.Height > 0 {
		scale := 1.0
		if r.Hires != nil {
			scale = r.Hires.Scale
		}
		links[linkSize] = fmt.Sprintf("%dx%d", int(math.Round(float64(r.Width)*scale)), int(math.Round(float64(r.Height)*scale)))
	}
	var walks []string
	for _, id := range d.graph.IDs() {
		if n := d.graph[id]; isSampler(n) {
			if steps := walked(n.Inputs); steps > 0 {
				walks = append(walks, fmt.Sprintf("%s:%d", id, steps))
			}
		}
	}
	if len(walks) > 0 {
		links[linkSamplers] = strings.Join(walks, ",")
	}
	if notes := append(slices.Clone(d.notes), unseen(r)...); len(notes) > 0 {
		links[linkNotes] = strings.Join(notes, "\n")
	}
	return links
}

// walked is how many steps a sampler walks.
func walked(in map[string]any) int {
	steps := int(decimal(in["steps"]))
	end := steps
	if at := int(decimal(in["end_at_step"])); at > 0 {
		end = min(at, steps)
	}
	return end - int(decimal(in["start_at_step"]))
}

// unseen says which pinned files nobody can compare: servers tell no hashes.
func unseen(r art.Recipe) []string {
	var pinned []string
	for _, l := range r.LoRAs {
		if l.SHA256 != "" {
			pinned = append(pinned, l.Name)
		}
	}
	for _, c := range r.Controls {
		if c.Model.SHA256 != "" {
			pinned = append(pinned, c.Model.Name)
		}
	}
	if r.Refiner != nil && r.Refiner.SHA256 != "" {
		pinned = append(pinned, r.Refiner.Name)
	}
	if r.Upscaler.SHA256 != "" {
		pinned = append(pinned, r.Upscaler.Name)
	}
	if r.Hires != nil && r.Hires.UpscalerSHA256 != "" {
		pinned = append(pinned, r.Hires.Upscaler)
	}
	if len(pinned) == 0 {
		return nil
	}
	return []string{"ComfyUI tells no hashes, so nobody has seen whether these files are the pinned ones: " + strings.Join(pinned, ", ")}
}

// Wait implements engine.Jobber.
func (e *Engine) Wait(ctx context.Context, t engine.Ticket, progress engine.Progress) (engine.Picture, error) {
	return e.WaitSeen(ctx, t, progress, nil)
}

// WaitSeen implements engine.Watcher.
func (e *Engine) WaitSeen(ctx context.Context, t engine.Ticket, progress engine.Progress, see func(image.Image)) (engine.Picture, error) {
	s, err := e.home(ctx, t)
	if err != nil {
		return engine.Picture{}, err
	}
	done, err := e.watch(ctx, s, t, progress, see)
	if err != nil {
		return engine.Picture{}, err
	}
	p, err := s.fetch(ctx, t, done)
	if err != nil {
		return p, err
	}
	var asked art.Recipe
	if n, _ := fmt.Sscanf(t.Links[linkSize], "%dx%d", &asked.Width, &asked.Height); n == 2 {
		p = wire.Asked(p, asked)
	}
	if notes := t.Links[linkNotes]; notes != "" {
		p.Notes = append(p.Notes, strings.Split(notes, "\n")...)
	}
	return p, nil
}

// watch listens and looks until a job has ended. The socket only says when to look, and how far it is.
func (e *Engine) watch(ctx context.Context, s *server, t engine.Ticket, progress engine.Progress, see func(image.Image)) (entry, error) {
	l := listen(ctx, s, t, e.o.Pauses, progress, see)
	pauses := e.o.Pauses
	pauses.Sleep = func(ctx context.Context, d time.Duration) error { return l.sleep(ctx, d, e.o.Pauses.Sleep) }
	var done entry
	err := pauses.Poll(ctx, func(ctx context.Context) (bool, error) {
		where, _, found, err := s.look(ctx, t.Job)
		switch {
		case err != nil:
			return false, err
		case where == nowhere:
			return false, s.gone(t)
		}
		done = found
		return where == ended, nil
	})
	l.end(err == nil && s.outcome(done) == nil)
	return done, err
}

// gone is the error of a job that a server doesn't know.
func (s *server) gone(t engine.Ticket) error {
	return fmt.Errorf("%s: job %s of %q is neither in the queue nor in the history of %s: it is lost, as after a restart: %w", s.client.Name, t.Job, t.Name, s.base(), art.ErrNotFound)
}

// home is the server that a ticket's job is at. A ticket that doesn't say is looked for everywhere.
func (e *Engine) home(ctx context.Context, t engine.Ticket) (*server, error) {
	for _, s := range e.servers {
		if s.base() == t.Links[linkServer] {
			return s, nil
		}
	}
	s, _, err := e.everywhere(ctx, t.Job)
	if named := t.Links[linkServer]; errors.Is(err, art.ErrNotFound) && named != "" {
		return nil, fmt.Errorf("%s: the job is at %s, which is none of the servers any more; name it again: %w", e.o.Name, named, art.ErrUnavailable)
	}
	return s, err
}

// everywhere looks for a job on all servers. That there is none is certain only when all have said so.
func (e *Engine) everywhere(ctx context.Context, id string) (*server, job, error) {
	var down error
	for _, s := range e.servers {
		where, j, _, err := s.look(ctx, id)
		if err == nil && where != nowhere {
			return s, j, nil
		}
		down = errors.Join(down, err)
	}
	if down != nil {
		return nil, job{}, down
	}
	return nil, job{}, fmt.Errorf("%s: job %s is neither in the queue nor in the history of any server: %w", e.o.Name, id, art.ErrNotFound)
}

// Cancel implements engine.Jobber: a job that waits is taken out of the queue, one that runs is interrupted, and nobody
// else's is touched.
func (e *Engine) Cancel(ctx context.Context, t engine.Ticket) error {
	s, err := e.home(ctx, t)
	if errors.Is(err, art.ErrNotFound) {
		return nil // it has ended
	}
	if err != nil {
		return err
	}
	return s.cancel(ctx, t.Job)
}

// Find implements engine.Jobber.
func (e *Engine) Find(ctx context.Context, name string) (engine.Ticket, error) {
	s, j, err := e.everywhere(ctx, identity(name))
	if err != nil {
		return engine.Ticket{}, err
	}
	t := engine.Ticket{Name: name, Job: j.id, Links: maps.Clone(j.links)}
	if t.Links == nil {
		t.Links = map[string]string{}
	}
	t.Links[linkServer] = s.base()
	return t, nil
}

// steps reads how many each node walks.
func steps(t engine.Ticket) map[string]int {
	all := map[string]int{}
	for part := range strings.SplitSeq(t.Links[linkSamplers], ",") {
		at := strings.LastIndex(part, ":")
		if at < 0 {
			continue
		}
		if n, err := strconv.Atoi(part[at+1:]); err == nil {
			all[part[:at]] = n
		}
	}
	return all
}
