package vision

import (
	"bytes"
	"context"
	_ "embed" // the classes' colours
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

//go:embed ade20k.txt
var ade20k string

// Class is a kind of thing in ADE20K, and its colour in the segmentation maps that ControlNet's seg models learned from.
type Class struct {
	Name   string
	Colour [3]uint8
}

// Classes lists the 150 classes of ADE20K in their order, which is that of networks' outputs.
func Classes() (all []Class) {
	for line := range strings.Lines(ade20k) {
		colour, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if r, g, b, err := imaging.ParseHex(colour); err == nil {
			all = append(all, Class{name, [3]uint8{r, g, b}})
		}
	}
	return all
}

// Layout says where in a picture what is to be: boxes upon a background, the later upon the earlier.
type Layout struct {
	Width      int    `json:"width"`      // pixels, of 1..8192
	Height     int    `json:"height"`     // the same
	Background string `json:"background"` // a class; black, which is none, when empty
	Boxes      []Box  `json:"boxes"`
}

// Box is a rectangle of one class: left, top, width and height in pixels. What lies outside the picture is left out.
type Box struct {
	Class string     `json:"class"`
	Box   [4]float64 `json:"box"`
}

// ReadLayout reads a layout as JSON. Unknown fields and classes give art.ErrInvalid and what would be right.
func ReadLayout(data []byte) (Layout, error) {
	const longest, most = 8192, 4096
	var l Layout
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Layout{}, art.Invalid("layout", "it cannot be read: "+err.Error(), `write {"width": 512, "height": 512, "background": "wall", "boxes": [{"class": "person", "box": [100, 80, 200, 400]}]}`)
	}
	if _, err := d.Token(); err != io.EOF {
		return Layout{}, art.Invalid("layout", "something follows it", "leave it out")
	}
	if min(l.Width, l.Height) < 1 || max(l.Width, l.Height) > longest {
		return Layout{}, art.Invalid("width", fmt.Sprintf("a picture of %d × %d pixels", l.Width, l.Height), fmt.Sprintf("take 1 to %d on a side", longest))
	}
	if len(l.Boxes) > most {
		return Layout{}, art.Invalid("boxes", fmt.Sprintf("there are %d", len(l.Boxes)), fmt.Sprintf("take at most %d", most))
	}
	for _, name := range append([]string{l.Background}, l.names()...) {
		if _, ok := classOf(name); !ok && name != "" {
			return Layout{}, art.Invalid("class", fmt.Sprintf("%.80q is no class of ADE20K", name), similar(name))
		}
	}
	for i, b := range l.Boxes {
		if b.Class == "" || !(b.Box[2] >= 0) || !(b.Box[3] >= 0) {
			return Layout{}, art.Invalid("boxes", fmt.Sprintf("box %d has the class %q and is %v × %v large", i, b.Class, b.Box[2], b.Box[3]), "give a class, and left, top, width and height")
		}
	}
	return l, nil
}

func (l Layout) names() (all []string) {
	for _, b := range l.Boxes {
		all = append(all, b.Class)
	}
	return all
}

// classOf finds a class by its name, whatever the case of its letters.
func classOf(name string) (Class, bool) {
	for _, c := range Classes() {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Class{}, false
}

// similar says which classes have a part of the name in common.
func similar(name string) string {
	var some []string
	for _, c := range Classes() {
		for word := range strings.FieldsSeq(strings.ToLower(name)) {
			if len(word) > 2 && (strings.Contains(c.Name, word) || strings.Contains(word, c.Name)) {
				some = append(some, c.Name)
				break
			}
		}
	}
	if len(some) == 0 {
		return "wall, building, sky, floor, tree, person, table, plant, car and food are some of the 150"
	}
	return "did you mean " + strings.Join(some, ", ") + "?"
}

// Draw makes the control picture.
func (l Layout) Draw() (*imaging.RGB, error) {
	p, err := imaging.NewRGB(l.Width, l.Height)
	if err != nil {
		return nil, err
	}
	boxes := append([]Box{{l.Background, [4]float64{0, 0, float64(l.Width), float64(l.Height)}}}, l.Boxes...)
	for _, b := range boxes {
		class, ok := classOf(b.Class)
		if !ok {
			continue // no background
		}
		side := func(v float64, most int) int { return int(math.Round(min(max(v, 0), float64(most)))) }
		left, right := side(b.Box[0], p.Width), side(b.Box[0]+b.Box[2], p.Width)
		for y := side(b.Box[1], p.Height); y < side(b.Box[1]+b.Box[3], p.Height); y++ {
			for x := left; x < right; x++ {
				p.Set(x, y, class.Colour[0], class.Colour[1], class.Colour[2])
			}
		}
	}
	return p, nil
}

// Segmentation draws what each place of a picture belongs to, in the colours of ADE20K's classes.
//
// The network is of the SegFormer, UPerNet or OneFormer kind with 150 classes: it takes [1, 3, h, w] normalised as
// ImageNet's pictures are and gives how much speaks for each class, [1, 150, h', w']. A network of any size sees the
// picture with 512 pixels on a side. Another one gives art.ErrUnsupported.
func Segmentation(ctx context.Context, p *imaging.RGB, network Runner) (*imaging.RGB, error) {
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) < 1 || len(in[0].Dims) != 4 {
		return nil, fmt.Errorf("vision: a network for segmentation has one input [1, 3, h, w]: %w", art.ErrUnsupported)
	}
	side := func(fixed int64) int {
		if fixed > 0 {
			return int(fixed)
		}
		return 512
	}
	h, w := side(in[0].Dims[2]), side(in[0].Dims[3])
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: onnx.Float32(imageNet(p, w, h), 1, 3, int64(h), int64(w))})
	if err != nil {
		return nil, fmt.Errorf("vision: segmenting: %w", err)
	}
	classes, y := Classes(), made[out[0].Name]
	if len(y.Shape) != 4 || y.Shape[0] != 1 || y.Shape[1] != int64(len(classes)) || y.Shape[2] < 1 || y.Shape[3] < 1 || int64(len(y.F32)) != y.Len() {
		return nil, fmt.Errorf("vision: the network for segmentation made %v instead of [1, %d, h, w]: %w", y.Shape, len(classes), art.ErrUnsupported)
	}
	best, of := imaging.NewPlane(w, h), make([]int, w*h)
	size := int(y.Shape[2] * y.Shape[3])
	for k := range classes {
		speaks := (&imaging.Plane{Width: int(y.Shape[3]), Height: int(y.Shape[2]), Pix: y.F32[k*size : (k+1)*size]}).Resize(w, h)
		for i, v := range speaks.Pix {
			if k == 0 || v > best.Pix[i] {
				best.Pix[i], of[i] = v, k
			}
		}
	}
	drawn, err := imaging.NewRGB(p.Width, p.Height)
	if err != nil {
		return nil, err
	}
	for y := range p.Height {
		for x := range p.Width {
			c := classes[of[y*h/p.Height*w+x*w/p.Width]].Colour
			drawn.Set(x, y, c[0], c[1], c[2])
		}
	}
	return drawn, nil
}
