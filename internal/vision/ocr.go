package vision

import (
	"cmp"
	"context"
	_ "embed" // the characters that the network reads
	"fmt"
	"math"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/onnx"
)

//go:embed ppocrv6_tiny.txt
var ppocrCharacters string

// TextNetworks are PP-OCRv6's tiny networks: one that finds lines of text, one that reads a line.
type TextNetworks struct{ Finder, Reader Runner }

// TextLine is a line of text in a picture.
type TextLine struct {
	Text    string        // as read; "" where nothing could be read
	Score   float64       // 0..1, how surely it was read: the mean of its characters
	Found   float64       // 0..1, how surely it is text
	Corners [4][2]float64 // in pixels: where reading begins at the top, where it ends at the top, then below that, and below the beginning
}

// Box is the upright rectangle around the line, cut to the picture.
func (l TextLine) Box(p *imaging.RGB) (x, y, width, height int) {
	left, top, right, down := l.extent()
	x, y = max(0, int(math.Floor(left))), max(0, int(math.Floor(top)))
	return x, y, max(0, min(p.Width, int(math.Ceil(right)))-x), max(0, min(p.Height, int(math.Ceil(down)))-y)
}

func (l TextLine) extent() (left, top, right, down float64) {
	left, top, right, down = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range l.Corners {
		left, top, right, down = min(left, c[0]), min(top, c[1]), max(right, c[0]), max(down, c[1])
	}
	return left, top, right, down
}

// Area is that of the line's rectangle, in pixels.
func (l TextLine) Area() float64 {
	c := l.Corners
	return math.Hypot(c[1][0]-c[0][0], c[1][1]-c[0][1]) * math.Hypot(c[3][0]-c[0][0], c[3][1]-c[0][1])
}

// mostLines is how many lines are read, the largest first, so that a picture of a page doesn't take minutes.
const mostLines = 64

// ReadText finds lines of text and reads them, from the top to the bottom and from the left to the right. Lines may be
// turned; those that stand upright like the spine of a book are read both ways, those upside down aren't read. At most 64
// are, the largest. Networks of another kind give art.ErrUnsupported.
//
// The finder takes [n, 3, h, w] of multiples of 32 and gives a map [1, 1, h, w] of 0..1; the reader takes [n, 3, 48, w] and
// gives [1, t, 6906]: for each step how likely no character is, each of 6904 characters, and a space.
//
// Source: Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization", arXiv:1911.08947; Graves et
// al. 2006, "Connectionist Temporal Classification"; thresholds as in PP-OCRv6's inference.yml.
func ReadText(ctx context.Context, p *imaging.RGB, n TextNetworks) ([]TextLine, error) {
	rects, err := findText(ctx, p, n.Finder)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rects, func(a, b textRect) int { return cmp.Compare(b.width*b.height, a.width*a.height) })
	characters := strings.Split(strings.TrimSuffix(ppocrCharacters, "\n"), "\n")
	var lines []TextLine
	for _, r := range rects[:min(len(rects), mostLines)] {
		line, err := readRect(ctx, p, r, n.Reader, characters)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return readingOrder(lines), nil
}

// readRect reads a line, and one that stands upright both ways.
func readRect(ctx context.Context, p *imaging.RGB, r textRect, network Runner, characters []string) (TextLine, error) {
	const upright = 1.5 // how much higher than wide a line is that stands upright
	ways := []textRect{r}
	if r.height >= upright*r.width {
		ways = []textRect{r.turned(math.Pi / 2), r.turned(-math.Pi / 2)}
	}
	var best TextLine
	for i, way := range ways {
		text, score, err := readLine(ctx, p, way, network, characters)
		if err != nil {
			return best, err
		}
		if i == 0 || score > best.Score {
			best = TextLine{Text: text, Score: score, Found: r.score, Corners: way.corners()}
		}
	}
	return best, nil
}

// readLine gives the characters of a line and the mean of how sure they are; none have 0.
func readLine(ctx context.Context, p *imaging.RGB, r textRect, network Runner, characters []string) (string, float64, error) {
	const height, least, most = 48, 320, 3200 // pixels as the network was trained with
	in, out := network.Inputs(), network.Outputs()
	if len(in) != 1 || len(out) != 1 || len(in[0].Dims) != 4 || in[0].Dims[1] != 3 || in[0].Dims[2] > 0 && in[0].Dims[2] != height {
		return "", 0, fmt.Errorf("vision: a network that reads takes one picture [n, 3, %d, w]: %w", height, art.ErrUnsupported)
	}
	inner := min(max(1, int(math.Ceil(height*r.width/r.height))), most)
	width := max(least, (inner+31)/32*32) // few widths, as each one costs a preparation
	x := onnx.Float32(r.cut(p, inner, height, width), 1, 3, height, int64(width))
	made, err := network.Run(ctx, map[string]onnx.Tensor{in[0].Name: x})
	if err != nil {
		return "", 0, fmt.Errorf("vision: reading a line: %w", err)
	}
	y := made[out[0].Name]
	classes := len(characters) + 2
	if len(y.Shape) != 3 || y.Shape[0] != 1 || y.Shape[2] != int64(classes) || int64(len(y.F32)) != y.Len() {
		return "", 0, fmt.Errorf("vision: the network reads %v instead of steps of %d characters: %w", y.Shape, classes, art.ErrUnsupported)
	}
	text, score := decodeCTC(y.F32, classes, characters)
	return text, score, nil
}

// decodeCTC takes the likeliest class of each step; the same class again counts once, and class 0 is none.
func decodeCTC(steps []float32, classes int, characters []string) (string, float64) {
	var text strings.Builder
	sum, n, last := 0.0, 0, 0
	for ; len(steps) >= classes; steps = steps[classes:] {
		best := 0
		for i, v := range steps[:classes] {
			if v > steps[best] {
				best = i
			}
		}
		if best != 0 && best != last {
			if best == classes-1 {
				text.WriteByte(' ')
			} else {
				text.WriteString(characters[best-1])
			}
			sum, n = sum+min(max(float64(steps[best]), 0), 1), n+1
		}
		last = best
	}
	if n == 0 {
		return "", 0
	}
	return strings.TrimSpace(text.String()), sum / float64(n)
}

// readingOrder sorts lines into rows, which share more than half their height, and those from the left to the right.
func readingOrder(lines []TextLine) []TextLine {
	middle := func(l TextLine) (x, y float64) {
		for _, c := range l.Corners {
			x, y = x+c[0]/4, y+c[1]/4
		}
		return x, y
	}
	high := func(l TextLine) float64 {
		_, top, _, down := l.extent()
		return down - top
	}
	slices.SortStableFunc(lines, func(a, b TextLine) int {
		_, ay := middle(a)
		_, by := middle(b)
		return cmp.Compare(ay, by)
	})
	for from := 0; from < len(lines); {
		_, y := middle(lines[from])
		to := from + 1
		for to < len(lines) {
			_, other := middle(lines[to])
			if !(other-y < min(high(lines[from]), high(lines[to]))/2) {
				break
			}
			to++
		}
		slices.SortStableFunc(lines[from:to], func(a, b TextLine) int {
			ax, _ := middle(a)
			bx, _ := middle(b)
			return cmp.Compare(ax, bx)
		})
		from = to
	}
	return lines
}
