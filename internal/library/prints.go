package library

import (
	"cmp"
	"sync"
)

// Print says which picture a hash is of.
type Print struct {
	Set   string // "" for candidates of the line, else the set of known pictures
	Name  string
	Run   string // of a candidate
	Place int    // in its run
}

// Match is the picture found to be most alike.
type Match struct {
	Print
	Distance int // in bits
	Which    int // of the hashes that were looked up
}

// Prints are known pictures by their hash. It is safe for concurrent use.
type Prints struct {
	mu     sync.RWMutex // guards what is below
	hashes *Hashes
	prints []Print
	names  map[string]string // runs and sets repeat: each is kept once
}

// NewPrints makes an empty collection.
func NewPrints() *Prints { return &Prints{hashes: NewHashes(), names: map[string]string{}} }

// Len is how many there are.
func (p *Prints) Len() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.prints)
}

// Add puts in a picture, which is found from then on.
func (p *Prints) Add(print Print, h Hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	print.Run, print.Set = p.once(print.Run), p.once(print.Set)
	p.hashes.Add(h)
	p.prints = append(p.prints, print)
}

func (p *Prints) once(name string) string {
	known, ok := p.names[name]
	if !ok {
		p.names[name] = name
		return name
	}
	return known
}

// Nearest gives the picture most like any of some hashes, such as those of one picture in all its turns, among those that are
// allowed; nil allows all, and several goroutines ask at a time. Of equally near ones the first of the hashes counts, then
// the first picture by set, run, place and name, whatever the order in which they were added. compared is how many there are.
func (p *Prints) Nearest(hashes []Hash, allow func(Print) bool) (m Match, compared int, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	choose := Choice{Before: func(a, b int) bool { return order(p.prints[a], p.prints[b]) < 0 }}
	if allow != nil {
		choose.Allow = func(n int) bool { return allow(p.prints[n]) }
	}
	hit, which, ok := p.hashes.Nearest(hashes, choose)
	if !ok {
		return Match{}, len(p.prints), false
	}
	return Match{p.prints[hit.Number], hit.Distance, which}, len(p.prints), true
}

func order(a, b Print) int {
	return cmp.Or(cmp.Compare(a.Set, b.Set), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Name, b.Name))
}
