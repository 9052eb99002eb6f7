package gaze

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Kind is what people did.
type Kind string

// What files hold.
const (
	Fixations Kind = "fixations"
	Clicks    Kind = "clicks"
	Scroll    Kind = "scroll"
)

// Record is what people did with one picture.
type Record struct {
	Kind   Kind
	Points []Point // of fixations and clicks, on the picture
	Depths []Depth // of Scroll, rising
	// Degree is one degree of sight, as a share of the picture's width; 0 where nobody says.
	Degree       float64
	Participants int
	Seconds      float64  // of all fixations on the picture
	Outside      int      // rows beside the picture, which count for nothing
	Ignored      []string // columns that nothing is known of
}

// Point is where somebody looked or clicked.
type Point struct {
	X, Y        float64 // shares of width and height, 0 to below 1
	Count       int     // of clicks there; 1 of a fixation
	Participant string  // "" where nobody says
}

// Depth is how many visitors saw a picture down to a height.
type Depth struct {
	Y        float64 // share of the height, 0..1
	Visitors float64
}

// What a file may hold at most.
const (
	maxBytes = 64 << 20
	maxRows  = 1_000_000
)

// Read reads a CSV file about a picture of width × height pixels. Columns are found by the names in its header:
//
//	x_px,y_px or x_norm,y_norm    where: pixels, or shares of width and height
//	duration_ms or duration_s     of a fixation; may be missing
//	participant                   who looked; may be missing
//	clicks                        makes it a map of clicks: how many there
//	y_px or y_norm, visitors      without x, a map of scrolling: how many came so far down
//
// Lines before it may say "# size: 1920x1080", the pixels of the picture as it was shown (else its own), and "# pixels_per_degree:
// 35" of that size. Fields are parted by commas, or by semicolons, and then numbers may have decimal commas. A file that says
// something else gives art.ErrInvalid with the line.
func Read(r io.Reader, width, height int) (Record, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return Record{}, fmt.Errorf("gaze: reading: %w", err)
	}
	if len(data) > maxBytes {
		return Record{}, art.Invalid("fixations", fmt.Sprintf("more than %d bytes", maxBytes), "split the file")
	}
	p := parser{width: float64(width), height: float64(height), people: map[string]bool{}}
	rest, lines, err := p.preface(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return Record{}, err
	}
	if p.degree > 0 {
		p.Degree = p.degree / p.width
	}
	return p.rows(rest, lines)
}

// parser reads one file.
type parser struct {
	Record
	width, height float64 // of the picture as it was shown
	degree        float64 // in its pixels
	people        map[string]bool
	columns       map[string]int
	decimalComma  bool
}

// preface reads the lines that begin with #; it gives the rest, and how many lines it read.
func (p *parser) preface(data []byte) ([]byte, int, error) {
	lines := 0
	for bytes.HasPrefix(data, []byte("#")) {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		lines++
		name, value, said := strings.Cut(strings.TrimSpace(strings.TrimLeft(string(line), "# ")), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "size":
			a, b, ok := strings.Cut(strings.ToLower(value), "x")
			w, err1 := strconv.Atoi(strings.TrimSpace(a))
			h, err2 := strconv.Atoi(strings.TrimSpace(b))
			if !ok || err1 != nil || err2 != nil || w < 1 || h < 1 {
				return nil, 0, wrong(lines, fmt.Sprintf("%.40q is no size", value), "write # size: 1920x1080")
			}
			p.width, p.height = float64(w), float64(h)
		case "pixels_per_degree":
			v, err := strconv.ParseFloat(value, 64)
			if err != nil || !(v > 0) || math.IsInf(v, 0) {
				return nil, 0, wrong(lines, fmt.Sprintf("%.40q is no number of pixels", value), "write # pixels_per_degree: 35")
			}
			p.degree = v
		default:
			if said {
				p.Ignored = append(p.Ignored, "# "+strings.TrimSpace(name))
			}
		}
	}
	return data, lines, nil
}

func wrong(line int, reason, remedy string) error {
	return art.Invalid("fixations", fmt.Sprintf("line %d: %s", line, reason), remedy)
}

func (p *parser) rows(data []byte, skipped int) (Record, error) {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	c := csv.NewReader(bufio.NewReader(bytes.NewReader(data)))
	c.ReuseRecord, c.TrimLeadingSpace = true, true
	if p.decimalComma = bytes.ContainsRune(first, ';'); p.decimalComma {
		c.Comma = ';'
	}
	header, err := c.Read()
	if err != nil {
		return Record{}, art.Invalid("fixations", "there is no header: "+err.Error(), "begin with a line such as x_px,y_px,duration_ms,participant")
	}
	if err := p.header(header, skipped+1); err != nil {
		return Record{}, err
	}
	for n := 0; ; n++ {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Record{}, art.Invalid("fixations", err.Error(), "correct the file")
		}
		if n == maxRows {
			return Record{}, art.Invalid("fixations", fmt.Sprintf("more than %d rows", maxRows), "split the file")
		}
		line, _ := c.FieldPos(0)
		if err := p.row(fields, skipped+line); err != nil {
			return Record{}, err
		}
	}
	return p.done()
}

// header finds out what the file holds.
func (p *parser) header(names []string, line int) error {
	known := []string{"x_px", "y_px", "x_norm", "y_norm", "duration_ms", "duration_s", "participant", "clicks", "visitors"}
	p.columns = map[string]int{}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := p.columns[name]; twice {
			return wrong(line, fmt.Sprintf("the column %.40q is there twice", name), "name each once")
		}
		if slices.Contains(known, name) {
			p.columns[name] = i
		} else {
			p.Ignored = append(p.Ignored, name)
		}
	}
	has := func(name string) bool { _, ok := p.columns[name]; return ok }
	if has("x_px") && has("x_norm") || has("y_px") && has("y_norm") || has("duration_ms") && has("duration_s") {
		return wrong(line, "a column is there in two units", "leave one out")
	}
	x, y := has("x_px") || has("x_norm"), has("y_px") || has("y_norm")
	switch {
	case x && y && has("visitors"):
		return wrong(line, "visitors have no x", "leave the column out, or say clicks")
	case x && y && has("clicks"):
		p.Kind = Clicks
	case x && y:
		p.Kind = Fixations
	case y && has("visitors"):
		p.Kind = Scroll
	default:
		return wrong(line, "where people looked isn't said", "name columns x_px,y_px for pixels or x_norm,y_norm for shares of the picture; y_norm,visitors for scrolling")
	}
	return nil
}

// row takes one line.
func (p *parser) row(fields []string, line int) error {
	y, err := p.place(fields, line, "y_px", "y_norm", p.height)
	if err != nil {
		return err
	}
	if p.Kind == Scroll {
		visitors, err := p.number(fields, line, "visitors")
		if err != nil {
			return err
		}
		if y < 0 || y > 1 {
			p.Outside++
			return nil
		}
		p.Depths = append(p.Depths, Depth{y, visitors})
		return nil
	}
	point := Point{Y: y, Count: 1}
	if point.X, err = p.place(fields, line, "x_px", "x_norm", p.width); err != nil {
		return err
	}
	seconds := 0.0
	for name, unit := range map[string]float64{"duration_ms": 0.001, "duration_s": 1} {
		if _, ok := p.columns[name]; ok {
			v, err := p.number(fields, line, name)
			if err != nil {
				return err
			}
			seconds = v * unit
		}
	}
	if p.Kind == Clicks {
		n, err := p.number(fields, line, "clicks")
		if err != nil {
			return err
		}
		if n != math.Trunc(n) || n > 1e9 {
			return wrong(line, fmt.Sprintf("%v is no number of clicks", n), "write a whole number")
		}
		point.Count = int(n)
	}
	if i, ok := p.columns["participant"]; ok {
		point.Participant = strings.Clone(fields[i])
		p.people[point.Participant] = true
	}
	if point.X < 0 || point.X >= 1 || point.Y < 0 || point.Y >= 1 {
		p.Outside++
		return nil
	}
	if point.Count > 0 {
		p.Points = append(p.Points, point)
		p.Seconds += seconds
	}
	return nil
}

// place reads a coordinate, which may lie beside the picture, as a share of side.
func (p *parser) place(fields []string, line int, pixels, share string, side float64) (float64, error) {
	name, unit := share, 1.0
	if _, ok := p.columns[pixels]; ok {
		name, unit = pixels, side
	}
	v, err := p.value(fields, line, name)
	return v / unit, err
}

// number reads what can't be negative.
func (p *parser) number(fields []string, line int, name string) (float64, error) {
	v, err := p.value(fields, line, name)
	if err == nil && v < 0 {
		err = wrong(line, fmt.Sprintf("%s is %v", name, v), "write 0 or more")
	}
	return v, err
}

func (p *parser) value(fields []string, line int, name string) (float64, error) {
	text := strings.TrimSpace(fields[p.columns[name]])
	if p.decimalComma {
		text = strings.Replace(text, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, wrong(line, fmt.Sprintf("%s is %.40q", name, text), "write a number")
	}
	return v, nil
}

// done looks at the whole.
func (p *parser) done() (Record, error) {
	r := p.Record
	r.Participants = len(p.people)
	if r.Kind != Scroll {
		if len(r.Points) == 0 {
			return r, art.Invalid("fixations", fmt.Sprintf("none lies on the picture, %d beside it", r.Outside), "name its size in pixels as it was shown: # size: 1920x1080")
		}
		return r, nil
	}
	slices.SortStableFunc(r.Depths, func(a, b Depth) int { return cmp.Compare(a.Y, b.Y) })
	if len(r.Depths) < 2 || !slices.ContainsFunc(r.Depths, func(d Depth) bool { return d.Visitors > 0 }) {
		return r, art.Invalid("fixations", "there are no visitors at two depths of the picture", "write how many came how far down")
	}
	return r, nil
}
