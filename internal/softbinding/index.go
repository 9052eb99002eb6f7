package softbinding

import (
	"context"
	"errors"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/library"
)

// leastQuality is Meta's bound below which a PDQ hash says too little of a picture to be compared.
const leastQuality = 50

// index are the fingerprints of all kept manifests. It reads what was added since it was last asked, and forgets what was deleted when
// it comes upon it.
type index struct {
	mu     sync.Mutex // guards what is below
	hashes *library.Hashes
	ids    []string
	seen   int64
}

// hit is a kept manifest with its distance in bits.
type hit struct {
	art.Manifest
	distance int
}

// within lists the kept manifests of files that look like a picture, however that is turned or mirrored, the nearest first.
func (x *index) within(ctx context.Context, records Records, hashes [8]imaging.Hash, radius int) ([]hit, error) {
	ids, distances, err := x.look(ctx, records, hashes, radius)
	if err != nil {
		return nil, err
	}
	var all []hit
	for n, id := range ids {
		m, err := records.Manifest(ctx, id)
		if errors.Is(err, art.ErrNotFound) {
			x.forget()
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, hit{m, distances[n]})
	}
	return all, nil
}

func (x *index) look(ctx context.Context, records Records, hashes [8]imaging.Hash, radius int) (ids []string, distances []int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refresh(ctx, records); err != nil {
		return nil, nil, err
	}
	best := map[int]int{}
	for _, h := range hashes {
		for _, found := range x.hashes.Within(h, radius) {
			if d, ok := best[found.Number]; !ok || found.Distance < d {
				best[found.Number] = found.Distance
			}
		}
	}
	for _, n := range byDistance(best) {
		ids, distances = append(ids, x.ids[n]), append(distances, best[n])
	}
	return ids, distances, nil
}

// refresh reads what was written since the last time.
func (x *index) refresh(ctx context.Context, records Records) error {
	const atOnce = 5000
	if x.hashes == nil {
		x.hashes = library.NewHashes()
	}
	for {
		some, next, err := records.ManifestsAfter(ctx, x.seen, atOnce)
		if err != nil {
			return err
		}
		for _, m := range some {
			h, err := imaging.ParseHash(m.PDQ)
			if m.PDQ == "" || err != nil {
				continue
			}
			x.hashes.Add(h)
			x.ids = append(x.ids, m.ID)
		}
		x.seen = next
		if len(some) < atOnce {
			return nil
		}
	}
}

// forget begins anew with the next question.
func (x *index) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.hashes, x.ids, x.seen = nil, nil, 0
}
