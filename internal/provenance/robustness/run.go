package robustness

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"time"

	"presswerk/internal/imaging"
	"presswerk/internal/provenance/watermark"
)

// Record is one thing that was measured, and need not be measured again.
type Record struct {
	Kind    string `json:"kind"` // OfMark, OfAttack, OfCrop or OfSearch
	Scheme  string `json:"scheme,omitempty"`
	Picture string `json:"picture"` // its identity
	Name    string `json:"name,omitempty"`
	Group   Group  `json:"group"`
	Attack  string `json:"attack,omitempty"`
	Index   int    `json:"index,omitempty"` // of a crop

	Milliseconds float64 `json:"ms"`
	PSNR         float64 `json:"psnr,omitempty"` // of a mark
	SSIM         float64 `json:"ssim,omitempty"`
	Found        bool    `json:"found,omitempty"` // the number that was hidden, or in a crop any number
	Wrong        bool    `json:"wrong,omitempty"` // another number, with a check that holds
	BitsRight    float64 `json:"bits,omitempty"`  // share of the number's bits, where the scheme has no check
	Peak         float64 `json:"peak,omitempty"`  // of a crop: how clearly something stood out
	Looks        int     `json:"looks,omitempty"` // of a crop: in how many ways it was looked at
}

// The kinds of records.
const (
	OfMark   = "mark"   // a scheme marked a picture
	OfAttack = "attack" // and looked for the mark after an attack
	OfCrop   = "crop"   // an unmarked crop was looked at as it is, and mirrored
	OfSearch = "search" // or in every way
)

// Key is what no two records of a run share.
func (r Record) Key() string {
	return fmt.Sprintf("%s/%s/%s/%s/%d", r.Kind, r.Scheme, r.Picture, r.Attack, r.Index)
}

// Subject is a scheme with how many of the pictures it is measured with, from the first one on; 0 means all.
type Subject struct {
	Scheme   Scheme
	Pictures int
}

// Plan is what a run measures.
type Plan struct {
	Subjects []Subject
	Attacks  []Attack
	Pictures []Picture
	Side     int             // pixels to which each picture's longer side is brought, before it is marked
	Mark     *watermark.Mark // looked for in unmarked crops
	Crops    int             // unmarked crops, spread over the pictures: looked at as they are, and mirrored
	Searched int             // of these, how many are looked at in every way
}

// Keys are the keys of all records that a whole run gives.
func (p Plan) Keys() map[string]bool {
	all := map[string]bool{}
	for i, picture := range p.Pictures {
		for _, s := range p.Subjects {
			if i >= p.picturesOf(s) {
				continue
			}
			name := s.Scheme.Name()
			all[Record{Kind: OfMark, Scheme: name, Picture: picture.ID}.Key()] = true
			for _, a := range p.attacksOn(s.Scheme) {
				all[Record{Kind: OfAttack, Scheme: name, Picture: picture.ID, Attack: a.ID}.Key()] = true
			}
		}
		from, to := p.cropsOf(i)
		for j := from; j < to; j++ {
			all[Record{Kind: p.cropKind(j), Picture: picture.ID, Index: j}.Key()] = true
		}
	}
	return all
}

// cropsOf are the crops of a picture: those from one number to before another.
func (p Plan) cropsOf(i int) (from, to int) {
	return i * p.Crops / len(p.Pictures), (i + 1) * p.Crops / len(p.Pictures)
}

// cropKind spreads the crops that are searched over all.
func (p Plan) cropKind(j int) string {
	if (j+1)*p.Searched/p.Crops > j*p.Searched/p.Crops {
		return OfSearch
	}
	return OfCrop
}

func (p Plan) picturesOf(s Subject) int {
	if s.Pictures == 0 {
		return len(p.Pictures)
	}
	return min(s.Pictures, len(p.Pictures))
}

func (p Plan) attacksOn(s Scheme) []Attack {
	var some []Attack
	for _, a := range p.Attacks {
		if !a.Own || s.Name() == OwnName {
			some = append(some, a)
		}
	}
	return some
}

// Run measures one picture after the other, with every scheme, and gives each record to keep before it goes on. Records whose keys
// are known are left out, so that a run which was interrupted goes on where it was. It ends with the context.
func (p Plan) Run(ctx context.Context, known map[string]bool, keep func(Record) error) error {
	for i, picture := range p.Pictures {
		r := &runner{Plan: p, known: known, keep: keep, of: picture}
		for _, s := range p.Subjects {
			if i < p.picturesOf(s) {
				if err := r.scheme(ctx, s.Scheme); err != nil {
					return fmt.Errorf("%s, %s: %w", picture.Name, s.Scheme.Name(), err)
				}
			}
		}
		from, to := p.cropsOf(i)
		for j := from; j < to; j++ {
			if err := r.crop(ctx, j); err != nil {
				return fmt.Errorf("%s, crop %d: %w", picture.Name, j, err)
			}
		}
	}
	return nil
}

// runner measures with one picture.
type runner struct {
	Plan
	known   map[string]bool
	keep    func(Record) error
	of      Picture
	picture *imaging.RGB // once it was needed
}

func (r *runner) open(ctx context.Context) error {
	if r.picture != nil {
		return ctx.Err()
	}
	p, err := r.of.Open(ctx)
	if err != nil {
		return err
	}
	if p, err = Fit(p, r.Side); err != nil {
		return err
	}
	if r.of.Group == "" {
		r.of.Group = GroupOf(p)
	}
	r.picture = p
	return ctx.Err()
}

// record begins one, unless it is known.
func (r *runner) record(kind, scheme, attack string, index int) (Record, bool) {
	out := Record{Kind: kind, Scheme: scheme, Picture: r.of.ID, Name: r.of.Name, Attack: attack, Index: index}
	return out, !r.known[out.Key()]
}

func (r *runner) scheme(ctx context.Context, s Scheme) error {
	var missing []Attack
	for _, a := range r.attacksOn(s) {
		if _, ok := r.record(OfAttack, s.Name(), a.ID, 0); ok {
			missing = append(missing, a)
		}
	}
	mark, fresh := r.record(OfMark, s.Name(), "", 0)
	if len(missing) == 0 && !fresh {
		return nil
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	number := NumberOf(r.picture) >> (48 - s.Bits())
	marked, took, err := s.Embed(ctx, r.picture, number)
	if err != nil {
		return err
	}
	if fresh {
		mark.Group, mark.Milliseconds = r.of.Group, milliseconds(took)
		mark.PSNR, mark.SSIM = math.Min(99, PSNR(r.picture, marked)), SSIM(r.picture, marked)
		if err := r.keep(mark); err != nil {
			return err
		}
	}
	for _, a := range missing {
		if err := r.attack(ctx, s, a, marked, number); err != nil {
			return fmt.Errorf("%s: %w", a.ID, err)
		}
	}
	return nil
}

func (r *runner) attack(ctx context.Context, s Scheme, a Attack, marked *imaging.RGB, number uint64) error {
	attacked, err := a.Do(ctx, marked)
	if err != nil {
		return err
	}
	got, err := s.Detect(ctx, attacked)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err // a search that was cut short found nothing, which says nothing
	}
	out, _ := r.record(OfAttack, s.Name(), a.ID, 0)
	out.Group, out.Milliseconds = r.of.Group, milliseconds(got.Took)
	out.Found = got.Found && got.Number == number
	if s.Checked() {
		out.Wrong = got.Found && got.Number != number
	} else if out.BitsRight = 0.5; got.Found { // what can't be read is as good as a guess
		out.BitsRight = 1 - float64(bits.OnesCount64(got.Number^number))/float64(s.Bits())
	}
	return r.keep(out)
}

// crop looks for a mark where none is.
func (r *runner) crop(ctx context.Context, j int) error {
	out, fresh := r.record(r.cropKind(j), "", "", j)
	if !fresh {
		return nil
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(uint64(j), 3)) //nolint:gosec // the same crops each time
	cut := func(n int) (from, size int) {
		size = min(n, r.Side/8) + dice.IntN(max(1, n-r.Side/8+1))
		return dice.IntN(n - size + 1), size
	}
	x, w := cut(r.picture.Width)
	y, h := cut(r.picture.Height)
	p, err := imaging.Crop(r.picture, x, y, w, h)
	if err != nil {
		return err
	}
	search := watermark.Search{Mirror: true}
	if out.Kind == OfSearch {
		search = watermark.Everything()
	}
	begun := time.Now()
	f := r.Mark.Detect(ctx, p, search)
	if err := ctx.Err(); err != nil {
		return err
	}
	out.Group, out.Milliseconds = r.of.Group, milliseconds(time.Since(begun))
	out.Found, out.Peak, out.Looks = f.Found, f.Peak, f.Looks
	return r.keep(out)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
