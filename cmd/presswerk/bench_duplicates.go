package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/library"
	"presswerk/internal/store"
)

// benchDuplicatesCmd hides real pictures among many made-up hashes and looks for copies of them.
type benchDuplicatesCmd struct {
	Files  []string `arg:"" type:"existingfile" help:"${arg_files}"`
	Assets int      `name:"assets" default:"1000000" help:"${flag_assets}"`
}

// duplicatesBench is the answer of bench duplicates.
type duplicatesBench struct {
	Assets  int          `json:"assets"`
	Indexes []indexBench `json:"indexes"`
	Copies  []copyBench  `json:"copies"`
}

// indexBench is what building an index took.
type indexBench struct {
	Index   string  `json:"index"`
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
	Bytes   uint64  `json:"bytes"` // of the heap
}

// copyBench is how copies of one kind were found.
type copyBench struct {
	Copies  string  `json:"copies"`
	Count   int     `json:"count"`
	Found   float64 `json:"found"` // share
	Median  float64 `json:"median_ms"`
	P95     float64 `json:"p95_ms"`
	Farther float64 `json:"farther"` // share whose hash is farther than the radius, so that no index of it could find them
	Rich    int     `json:"rich"`    // copies of pictures with enough to see for a hash: PDQ quality 50 and more
	Seen    float64 `json:"seen"`    // share of these that was found
}

// copied makes a copy of a picture as people make them.
type copied struct {
	name string
	turn bool // whether all turns are looked up
	make func(ctx context.Context, p *imaging.RGB) (*imaging.RGB, error)
}

// Run measures hashes with real copies, then vectors with made-up ones.
func (c *benchDuplicatesCmd) Run(ctx context.Context, g *globals) error {
	if c.Assets < 1 {
		return art.Invalid("assets", fmt.Sprintf("%d are none", c.Assets), "ask for one or more")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	pictures, err := readPictures(ctx, c.Files)
	if err != nil {
		return err
	}
	answer := duplicatesBench{Assets: c.Assets}
	if err := c.hashes(ctx, &answer, pictures); err != nil {
		return err
	}
	if err := c.vectors(&answer); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) {
		for _, i := range answer.Indexes {
			fmt.Fprintln(w, g.words.say("bench_index", i.Index, i.Count, i.Seconds, float64(i.Bytes)/(1<<20)))
		}
		for _, m := range answer.Copies {
			fmt.Fprintln(w, g.words.say("bench_found", m.Copies, 100*m.Found, m.Count, 100*m.Seen, m.Rich, m.Median, m.P95))
		}
	})
}

// hashes fills the index from a database, as the line does at its start. The made-up hashes are those of the real pictures
// with 40 to 100 bits changed, which lie closer together than those of a million unlike pictures.
func (c *benchDuplicatesCmd) hashes(ctx context.Context, answer *duplicatesBench, pictures []*imaging.RGB) (err error) {
	originals := make([]imaging.Hash, len(pictures))
	for i, p := range pictures {
		if originals[i], _, err = imaging.PDQ(p); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "presswerk-bench-")
	if err != nil {
		return fmt.Errorf("making room for a database: %w", err)
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(ctx, filepath.Join(dir, "bench.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r, all := rand.New(rand.NewPCG(1, 2)), make([]art.KnownPicture, c.Assets) //nolint:gosec // the same ones each time
	for i := range all {
		h := originals[i%len(originals)]
		if i >= len(originals) {
			for _, bit := range r.Perm(256)[:40+r.IntN(61)] {
				h[bit/8] ^= 1 << (bit % 8)
			}
		}
		all[i] = art.KnownPicture{Set: "bench", Name: strconv.Itoa(i), Hash: h.String()}
	}
	if err := db.AddKnown(ctx, all); err != nil {
		return err
	}
	clear(all) // their strings aren't the index's
	before, begun := heap(), time.Now()
	l := line{db: db}
	prints, err := l.prints(ctx)
	if err != nil {
		return err
	}
	answer.Indexes = append(answer.Indexes, indexBench{"hashes, from the database", prints.Len(), time.Since(begun).Seconds(), heap() - before})
	for _, kind := range copies() {
		m, err := look(ctx, prints, kind, pictures, originals)
		if err != nil {
			return err
		}
		answer.Copies = append(answer.Copies, m)
	}
	answer.Copies = append(answer.Copies, unlike(prints, r))
	runtime.KeepAlive(prints)
	return nil
}

func copies() []copied {
	again := func(format imaging.Format, quality int, scale float64) func(context.Context, *imaging.RGB) (*imaging.RGB, error) {
		return func(ctx context.Context, p *imaging.RGB) (*imaging.RGB, error) {
			small, err := imaging.Resize(p, max(1, int(float64(p.Width)*scale)), max(1, int(float64(p.Height)*scale)))
			if err != nil {
				return nil, err
			}
			data, err := imaging.Encode(small, imaging.Encoding{Format: format, Quality: quality})
			if err != nil {
				return nil, err
			}
			return imaging.Decode(ctx, data, imaging.Limits{})
		}
	}
	mirror := func(_ context.Context, p *imaging.RGB) (*imaging.RGB, error) { return p.Mirrored(), nil }
	return []copied{
		{"JPEG 60", false, again(imaging.JPEG, 60, 1)},
		{"JPEG 30", false, again(imaging.JPEG, 30, 1)},
		{"WebP 50", false, again(imaging.WebP, 50, 1)},
		{"half the size, JPEG 75", false, again(imaging.JPEG, 75, 0.5)},
		{"twice the size, JPEG 75", false, again(imaging.JPEG, 75, 2)},
		{"mirrored", true, mirror},
	}
}

// look finds copies of one kind. Only the search is timed: hashing a picture isn't part of it.
func look(ctx context.Context, prints *library.Prints, kind copied, pictures []*imaging.RGB, originals []imaging.Hash) (copyBench, error) {
	m := copyBench{Copies: kind.name, Count: len(pictures)}
	var times []float64
	for i, p := range pictures {
		q, err := kind.make(ctx, p)
		if err != nil {
			return m, err
		}
		turned, quality, err := imaging.PDQTurned(q)
		if err != nil {
			return m, err
		}
		if quality >= 50 {
			m.Rich++
		}
		tried := hashesOf(turned[:1])
		if kind.turn {
			tried = hashesOf(turned[:])
		}
		begun, nearest := time.Now(), 257
		best, _, _ := prints.Nearest(tried, nil)
		times = append(times, time.Since(begun).Seconds()*1000)
		for _, h := range tried {
			nearest = min(nearest, originals[i].Distance(imaging.Hash(h)))
		}
		if nearest > library.Radius {
			m.Farther++
		}
		if best.Distance <= library.Radius && best.Name == strconv.Itoa(i) {
			m.Found++
			if quality >= 50 {
				m.Seen++
			}
		}
	}
	m.Seen /= float64(max(1, m.Rich))
	m.Found, m.Farther = m.Found/float64(len(pictures)), m.Farther/float64(len(pictures))
	m.Median, m.P95 = quantiles(times)
	return m, nil
}

// unlike looks for hashes that resemble nothing, which takes longest.
func unlike(prints *library.Prints, r *rand.Rand) copyBench {
	m := copyBench{Copies: "unlike all", Count: 200}
	var times []float64
	for range m.Count {
		var h imaging.Hash
		for i := range h {
			h[i] = byte(r.UintN(256))
		}
		begun := time.Now()
		if got, _, ok := prints.Nearest(hashesOf([]imaging.Hash{h}), nil); ok && got.Distance <= library.Radius {
			m.Found++
		}
		times = append(times, time.Since(begun).Seconds()*1000)
	}
	m.Found /= float64(m.Count)
	m.Median, m.P95 = quantiles(times)
	return m
}

// vectors measures embeddings of 384 numbers that gather around a thousand middles. They are made up: what is measured is
// how often the index finds what looking at all vectors would, not what a network sees in a picture.
func (c *benchDuplicatesCmd) vectors(answer *duplicatesBench) error {
	const width, middles, asked = 384, 1000, 300
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same ones each time
	normal := func(v []float32, scale float32) []float32 {
		out := make([]float32, width)
		for i := range out {
			out[i] = scale * float32(r.NormFloat64())
			if v != nil {
				out[i] += v[i]
			}
		}
		return out
	}
	around := make([][]float32, middles)
	for i := range around {
		around[i] = normal(nil, 1)
	}
	before, begun := heap(), time.Now()
	index, err := library.NewEmbeddings(width, nil)
	if err != nil {
		return err
	}
	hidden := make([][]float32, 0, asked)
	for i := range c.Assets {
		v := normal(around[i%middles], 0.7)
		if _, err := index.Add(v); err != nil {
			return err
		}
		if len(hidden) < asked {
			hidden = append(hidden, v)
		}
	}
	answer.Indexes = append(answer.Indexes, indexBench{"vectors of 384 numbers, made up", index.Len(), time.Since(begun).Seconds(), heap() - before})
	for _, noise := range []float32{0.3, 0.6} {
		m, times := copyBench{Copies: fmt.Sprintf("vectors with noise %.1f", noise), Count: len(hidden)}, []float64{}
		for n, v := range hidden {
			q := normal(v, noise)
			begun := time.Now()
			got, err := index.Nearest(q, 1, 0)
			if err != nil {
				return err
			}
			times = append(times, time.Since(begun).Seconds()*1000)
			if got[0].Number == n {
				m.Found += 1 / float64(len(hidden))
			}
		}
		m.Median, m.P95 = quantiles(times)
		answer.Copies = append(answer.Copies, m)
	}
	return nil
}

func quantiles(values []float64) (median, p95 float64) {
	slices.Sort(values)
	return values[len(values)/2], values[min(len(values)-1, len(values)*95/100)]
}

// heap is how much memory is in use after what nobody needs has gone.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
