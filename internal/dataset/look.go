package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Limits of what is looked at.
const (
	maxPictures = 20_000
	maxPicture  = 64 << 20 // bytes of one file
	maxCaption  = 4 << 10  // bytes of one caption's file
)

// Options say what the pictures are for.
type Options struct {
	Side      int                                                             // pixels of a training picture's shorter side
	Width     int                                                             // of a training picture, in pixels
	Height    int                                                             // of a training picture, in pixels
	Sharpness func(ctx context.Context, p *imaging.RGB) (float64, error)      // one over the width of edges in pixels; nil looks at none
	Subjects  []string                                                        // words that the base knows, for caption drafts
	Read      imaging.Read                                                    // reads the pictures, which may be anybody's; nil reads them in this process
	Progress  func(done, total int)                                           // hears how many pictures were looked at; nil tells nobody
	Preview   func(ctx context.Context, p *imaging.RGB) (url string, _ error) // makes a small picture for the page; nil shows none
}

// Picture is one file of a dataset with what was measured.
type Picture struct {
	art.DatasetPicture
	SHA256     string  `json:"sha256"`
	Width      int     `json:"width"`
	Height     int     `json:"height"`
	Sharpness  float64 `json:"sharpness,omitempty"`
	Background string  `json:"background,omitempty"` // "#rrggbb" of the border
	Plain      bool    `json:"plain"`                // the border has one colour
	Light      float64 `json:"light"`                // mean lightness, 0…100
	Hash       string  `json:"pdq,omitempty"`        // perceptual hash
	Said       string  `json:"caption_from"`         // dataset, file or name: where the caption comes from
	Usable     bool    `json:"usable"`

	lab     imaging.Lab
	hash    imaging.Hash
	quality int
	preview string
}

// Report is what was found.
type Report struct {
	Title    art.Text  `json:"title"`
	Trigger  string    `json:"trigger,omitempty"`
	SHA256   string    `json:"sha256"` // of the usable pictures' bytes and captions
	Pictures []Picture `json:"pictures"`
	Findings []Finding `json:"findings"`
	Rights   Rights    `json:"rights"`
}

// Errors counts what keeps the set from being trained on.
func (r Report) Errors() int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == Error {
			n++
		}
	}
	return n
}

// Usable lists the pictures that will be learnt from.
func (r Report) Usable() []Picture {
	return slices.DeleteFunc(slices.Clone(r.Pictures), func(p Picture) bool { return !p.Usable })
}

// Look reads every picture of a set. What is wrong with a picture is a finding; only a folder that can't be read, or a
// context that ends, is an error.
func Look(ctx context.Context, dir fs.FS, set art.Dataset, o Options) (Report, error) {
	listed, left, err := list(dir, set)
	if err != nil {
		return Report{}, fmt.Errorf("dataset: %w", err)
	}
	r := Report{Title: set.Title, Trigger: set.Trigger, Pictures: make([]Picture, 0, len(listed))}
	for i, one := range listed {
		if err := ctx.Err(); err != nil {
			return r, fmt.Errorf("dataset: %w", err)
		}
		p := Picture{DatasetPicture: one.Over(set)}
		if wrong := p.measure(ctx, dir, o); wrong != nil {
			r.add(p.File, Error, wrong)
		} else {
			p.caption(dir, o)
			p.Usable = true
		}
		r.Pictures = append(r.Pictures, p)
		if o.Progress != nil {
			o.Progress(i+1, len(listed))
		}
	}
	for _, name := range left {
		r.add(name, Warning, unlisted())
	}
	r.judge(o)
	r.rights()
	r.enough(set)
	r.SHA256 = r.digest()
	r.sort()
	return r, nil
}

// list gives the set's pictures, and those in the folder that a list leaves out.
func list(dir fs.FS, set art.Dataset) (listed []art.DatasetPicture, left []string, err error) {
	named := map[string]bool{}
	for _, p := range set.Pictures {
		named[p.File] = true
	}
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && name != ".":
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir() || !isPicture(name) || named[name]:
		case len(set.Pictures) > 0:
			left = append(left, name)
		default:
			listed = append(listed, art.DatasetPicture{File: name})
		}
		if len(listed) > maxPictures {
			return art.Invalid("pictures", fmt.Sprintf("there are more than %d", maxPictures), "train on a part of them")
		}
		return nil
	})
	if len(set.Pictures) > 0 {
		listed = set.Pictures
	}
	return listed, left, err
}

func isPicture(name string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"}, strings.ToLower(path.Ext(name)))
}

// measure reads the file. The answer says what is wrong with it; nil when it can be used.
func (p *Picture) measure(ctx context.Context, dir fs.FS, o Options) *words {
	data, err := readAll(dir, p.File, maxPicture)
	if errors.Is(err, fs.ErrNotExist) {
		return absent()
	}
	if err != nil {
		return unreadable(err)
	}
	p.SHA256 = art.Digest(data)
	picture, _, err := o.Read.OrHere()(ctx, data, imaging.Limits{})
	if err != nil {
		return unreadable(err)
	}
	p.Width, p.Height = picture.Width, picture.Height
	p.ground(picture)
	if p.hash, p.quality, err = imaging.PDQ(picture); err == nil {
		p.Hash = p.hash.String()
	}
	if o.Sharpness != nil {
		if v, err := o.Sharpness(ctx, picture); err == nil {
			p.Sharpness = math.Round(v*1000) / 1000
		}
	}
	if o.Preview != nil {
		if p.preview, err = o.Preview(ctx, picture); err != nil {
			return unreadable(err)
		}
	}
	return nil
}

func readAll(dir fs.FS, name string, limit int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("it is larger than %d bytes", limit)
	}
	return data, err
}

// Borders count as plain when this share of them lies this near to their median colour (CIEDE2000).
const (
	plainShare = 0.85
	plainNear  = 8
)

// ground measures the border's colour and the picture's lightness.
func (p *Picture) ground(picture *imaging.RGB) {
	var border []imaging.Lab
	var channels [3][]uint8
	light, n := 0.0, 0
	step := max(1, picture.Width*picture.Height/20_000)
	for i := 0; i < picture.Width*picture.Height; i += step {
		light += imaging.ToLab(picture.Pix[3*i], picture.Pix[3*i+1], picture.Pix[3*i+2]).L
		n++
	}
	for y := range picture.Height {
		for x := 0; x < picture.Width; x++ {
			if y > 0 && y < picture.Height-1 && x == 1 {
				x = max(1, picture.Width-1)
			}
			r, g, b := picture.At(x, y)
			border = append(border, imaging.ToLab(r, g, b))
			for k, v := range []uint8{r, g, b} {
				channels[k] = append(channels[k], v)
			}
		}
	}
	for k := range channels {
		slices.Sort(channels[k])
	}
	middle := len(border) / 2
	r, g, b := channels[0][middle], channels[1][middle], channels[2][middle]
	p.lab, p.Background = imaging.ToLab(r, g, b), imaging.Hex(r, g, b)
	near := 0
	for _, c := range border {
		if imaging.DeltaE(c, p.lab) < plainNear {
			near++
		}
	}
	p.Plain = float64(near) >= plainShare*float64(len(border))
	p.Light = math.Round(light/float64(n)*10) / 10
}

// digest identifies what will be learnt from.
func (r Report) digest() string {
	var b strings.Builder
	for _, p := range r.Usable() {
		fmt.Fprintf(&b, "%s  %s\n%q\n", p.SHA256, p.File, p.Caption)
	}
	return art.Digest([]byte(r.Trigger + "\n" + b.String()))
}
