package finish

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/clip"
	"presswerk/internal/icc"
	"presswerk/internal/imaging"
	"presswerk/internal/press"
	"presswerk/internal/provenance"
	"presswerk/internal/provenance/watermark"
)

// Enlarger makes a picture larger by its own factor; vision.Upscaler does.
type Enlarger interface {
	Upscale(ctx context.Context, p *imaging.RGB, progress func(done, total int)) (*imaging.RGB, error)
}

// Signer puts a signed manifest into a file.
type Signer interface {
	Sign(ctx context.Context, mime string, data []byte, claim provenance.Claim) (provenance.Signed, error)
}

// Options introduce the parts.
type Options struct {
	Upscalers []Upscaler      // one for each pass; the last one does all further passes
	Signer    Signer          // nil leaves every file unsigned, and says so in it
	Unsigned  string          // why there is no signer
	Read      imaging.Read    // reads pictures that were not made here; nil reads them in this process
	Clips     *clip.Tool      // encodes clips; nil encodes none
	Mark      *watermark.Mark // hides the asset's number in masters; nil hides none
	Faces     FaceFinder      // finds what crops should keep whole; nil finds none
	Generator provenance.Software
	Press     func(profile string) (*press.Press, error) // opens a printing condition for a channel on paper; nil prints nothing
	Colours   func() (*icc.Library, error)               // turns colours, for archives; nil archives nothing
	Now       func() time.Time
}

// Upscaler is an enlarger with its name, hash and licence, for the record.
type Upscaler struct {
	Enlarger
	Source art.Source
}

// Finisher is safe for concurrent use.
type Finisher struct{ o Options }

// New makes a finisher of its parts.
func New(o Options) *Finisher { return &Finisher{o: o} }

// Input is an approved candidate with all that its files have to say.
type Input struct {
	Candidate     art.Candidate
	Picture       []byte // the candidate's file as the engine gave it, or a file from elsewhere
	Origin        string // digital source type that a file from elsewhere gives itself; "" when it says nothing
	AssetID       string
	Slug          string
	Title         art.Text
	Alt           art.Text
	Channels      []art.Channel
	Layout        art.Layout // where words will stand: a crop keeps what is to be seen away from there
	Finishing     art.Finishing
	Rights        art.Rights
	License       *art.PictureLicense // of a picture that was not made here: no network changes it, and no file says that one did
	PromptInFiles string              // "text" puts the prompt's words into the files, anything else its SHA-256
	Sources       []art.Source
	Approval      art.Decision
	Given         []Given           // what the recipe began with or was steered by
	Label         *art.VisibleLabel // drawn into every picture, unless it stands beside it; nil draws none
	AIGC          bool              // the files carry the field that China's GB 45438-2025 asks for
	Languages     []art.Language    // of who will see it
	Clip          *Clip             // the clip whose poster the picture is; nil where a picture is finished
}

// File is one finished file.
type File struct {
	art.Rendition
	Data []byte
}

// Output is all that finishing made.
type Output struct {
	Master      File
	Renditions  []File
	Steps       []art.StepRecord
	Placeholder string       // data URI of a tiny preview
	ThumbHash   string       // in base64
	Sources     []art.Source // what finishing added to the picture's sources
	Clip        *ClipOutput  // nil where a picture was finished
}

// The longer side of a master in pixels. What is larger than the most could not be read again: see imaging.Limits.
const (
	minMaster = 1024
	maxMaster = 8192
)

// work is a picture on its way through the steps.
type work struct {
	Input
	f       *Finisher
	size    int // longer side of the master
	picture *imaging.RGB
	shape   [2]int                  // the picture's sides before it was enlarged
	unsized *imaging.RGB            // the picture before it was brought to the master's size
	blank   *imaging.RGB            // the picture before a label was drawn and a number hidden in it; nil where neither was
	mime    string                  // of the picture as it came
	marked  bool                    // whether the asset's number is hidden in it
	windows map[string]art.Window   // by aspect
	orders  []*order                // of the files that channels ask for
	crops   map[string]*imaging.RGB // crops with a label of their own, by aspect; empty without a label
	clean   *work                   // picture and crops before a number was hidden in them; nil where none was
	out     Output
}

// step does one thing to the work and says with which parameters.
type step struct {
	name string
	do   func(ctx context.Context, w *work) (map[string]any, error)
}

// steps is the order in which a master is made.
func steps() []step {
	return []step{
		{"read", read},
		{"smooth", smooth},
		{"background", background},
		{"upscale", upscale},
		{"size", size},
		{"windows", windows},
		{"label", drawLabel},
		{"watermark", mark},
		{"placeholder", placeholder},
		{"master", master},
		{"archive", archive},
		{"sizes", sizes},
		{"quality", quality},
		{"renditions", renditions},
		{"print", pages},
	}
}

// Finish makes the master and the renditions. Bytes that are no picture, or a channel that asks for what cannot be
// made, give art.ErrInvalid. On an error nothing is returned.
func (f *Finisher) Finish(ctx context.Context, in Input) (Output, error) {
	w, all := &work{Input: in, f: f, size: minMaster}, steps()
	if in.Clip != nil {
		if err := f.o.Clips.Ready(); err != nil {
			return Output{}, fmt.Errorf("finish: %w", err)
		}
		all, w.Channels = clipSteps(), uncropped(in.Channels)
	}
	for _, c := range in.Channels {
		for _, width := range c.Widths {
			w.size = max(w.size, width)
		}
	}
	if in.License != nil {
		w.Origin, w.Finishing = in.License.SourceType, art.Finishing{}
	}
	if w.size > maxMaster {
		return Output{}, art.Invalid("channels", fmt.Sprintf("a master of %d pixels is too large", w.size), fmt.Sprintf("ask for widths up to %d", maxMaster))
	}
	for _, s := range all {
		if err := ctx.Err(); err != nil {
			return Output{}, fmt.Errorf("finish: before %s: %w", s.name, err)
		}
		begun := f.o.Now()
		parameters, err := s.do(ctx, w)
		if err != nil {
			return Output{}, fmt.Errorf("finish: %s: %w", s.name, err)
		}
		if parameters == nil {
			continue // there was nothing to do
		}
		w.out.Steps = append(w.out.Steps, art.StepRecord{Name: s.name, Parameters: parameters, Elapsed: f.o.Now().Sub(begun)})
	}
	return w.out, nil
}

func read(ctx context.Context, w *work) (map[string]any, error) {
	look := imaging.Here
	if !w.made() {
		look = w.f.o.Read.OrHere()
	}
	p, info, err := look(ctx, w.Picture, imaging.Limits{})
	if err != nil {
		return nil, err
	}
	w.picture, w.mime = p, info.Format.MIME()
	printed, err := w.printedSize()
	if err != nil {
		return nil, err
	}
	w.size = max(w.size, printed)
	if w.License != nil {
		w.size = min(w.size, max(p.Width, p.Height))
	}
	return map[string]any{"width": p.Width, "height": p.Height}, nil
}

// smoothRounds is how often areas are smoothed: once more closes the gaps that the round before has narrowed.
const smoothRounds = 3

// smooth takes away what a small decoder leaves in areas that should be flat, and keeps edges.
func smooth(_ context.Context, w *work) (map[string]any, error) {
	q := imaging.Bilateral{Radius: 3, Space: 2, Colour: w.Finishing.Smooth}
	if q.Colour == 0 {
		return nil, nil
	}
	for range smoothRounds {
		w.picture = q.Apply(w.picture)
	}
	return map[string]any{"method": "bilateral", "radius": q.Radius, "space": q.Space, "colour_delta": q.Colour, "rounds": smoothRounds}, nil
}

// background makes a plain background one colour, so that nothing of a decoder's shimmer is enlarged.
func background(_ context.Context, w *work) (map[string]any, error) {
	if !w.Finishing.EvenBackground {
		return nil, nil
	}
	g := plainGround()
	picture, plain := g.Apply(w.picture)
	w.picture = picture
	return map[string]any{"plain": plain, "delta_e_near": g.Near, "delta_e_far": g.Far}, nil
}

// plainGround is what counts as a plain background.
func plainGround() imaging.Ground { return imaging.Ground{Near: 6, Far: 13, Share: 0.7} }

// resized is by how much the last step enlarges without a network: what a network would add to that little is thrown away again.
const resized = 1.5

// upscale enlarges until the master's size is nearly reached. A pass after the first one gets no more pixels than it needs: what an
// upscaler has drawn is as sharp at half the size, and takes a quarter of the time.
func upscale(ctx context.Context, w *work) (map[string]any, error) {
	w.shape = [2]int{w.picture.Width, w.picture.Height}
	used, sides := []string{}, []int{}
	factor := 0.0
	for pass := 0; resized*float64(w.long()) < float64(w.size); pass++ {
		if len(w.f.o.Upscalers) == 0 {
			return nil, fmt.Errorf("there is no upscaler: %w", art.ErrUnavailable)
		}
		up := w.f.o.Upscalers[min(pass, len(w.f.o.Upscalers)-1)]
		before := w.picture
		if side := int(math.Ceil(float64(w.size) / factor)); pass > 0 && side < w.long() {
			long := w.long()
			var err error
			if before, err = imaging.Resize(w.picture, max(1, w.picture.Width*side/long), max(1, w.picture.Height*side/long)); err != nil {
				return nil, err
			}
		}
		p, err := up.Upscale(ctx, before, nil)
		if err != nil {
			return nil, err
		}
		if p.Width <= w.picture.Width {
			return nil, fmt.Errorf("the upscaler %s does not enlarge: %w", up.Source.Name, art.ErrUnsupported)
		}
		factor = float64(p.Width) / float64(before.Width)
		w.picture = p
		used, sides = append(used, up.Source.Name), append(sides, max(before.Width, before.Height))
		if !slices.Contains(w.out.Sources, up.Source) {
			w.out.Sources = append(w.out.Sources, up.Source)
		}
	}
	return map[string]any{"models": used, "sides": sides}, nil
}

// long is the picture's longer side.
func (w *work) long() int { return max(w.picture.Width, w.picture.Height) }

// size brings the longer side to exactly the master's size, and the shorter one to what the picture had before networks rounded it.
func size(_ context.Context, w *work) (map[string]any, error) {
	long := max(w.shape[0], w.shape[1])
	width, height := max(1, w.shape[0]*w.size/long), max(1, w.shape[1]*w.size/long)
	p, err := imaging.Resize(w.picture, width, height)
	if err != nil {
		return nil, err
	}
	w.unsized, w.picture = w.picture, p
	return map[string]any{"width": width, "height": height, "filter": "lanczos3", "light": "linear"}, nil
}

// mark hides the asset's number, where the brand wants it. It is the last thing that changes pixels: what is enlarged or cleaned
// afterwards would lose it.
func mark(_ context.Context, w *work) (map[string]any, error) {
	psnr := w.Finishing.Watermark
	if psnr == 0 {
		return nil, nil
	}
	if w.f.o.Mark == nil {
		return nil, fmt.Errorf("there is no key for watermarks: %w", art.ErrUnavailable)
	}
	id := art.MarkID(w.AssetID)
	p, err := w.f.o.Mark.Embed(w.picture, id, watermark.Options{PSNR: psnr})
	if err != nil {
		return nil, err
	}
	if w.blank == nil {
		w.blank = w.picture
	}
	w.clean = &work{picture: w.picture, crops: w.crops, windows: w.windows}
	w.picture, w.marked, w.crops = p, true, map[string]*imaging.RGB{}
	for aspect, crop := range w.clean.crops {
		if w.crops[aspect], err = w.f.o.Mark.Embed(crop, id, watermark.Options{PSNR: psnr}); err != nil {
			return nil, err
		}
	}
	return map[string]any{"algorithm": watermark.Algorithm, "id": watermark.Name(id), "psnr_db": psnr}, nil
}

func placeholder(_ context.Context, w *work) (map[string]any, error) {
	hash, err := imaging.Thumb(w.picture)
	if err != nil {
		return nil, err
	}
	w.out.ThumbHash = base64.StdEncoding.EncodeToString(hash)
	if w.out.Placeholder, err = imaging.Placeholder(w.picture); err != nil {
		return nil, err
	}
	return map[string]any{"bytes": len(w.out.Placeholder)}, nil
}
