package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/vision"
)

// Located is where in a picture something is: boxes, or a mask of the picture's size where boxes are too coarse.
type Located struct {
	Boxes []art.Box
	Mask  *imaging.Plane // 1 where it is; nil where there are boxes
}

// finder looks for one kind of thing.
type finder func(ctx context.Context, s Subject, n Networks) (Located, error)

// things are what can be named, each by its names. English comes first.
func things() []struct {
	names []string
	find  finder
} {
	return []struct {
		names []string
		find  finder
	}{
		{[]string{"face", "faces", "gesicht", "gesichter"}, findFaces},
		{[]string{"hand", "hands", "hände"}, findHands},
		{[]string{"person", "people", "personen", "menschen"}, findPeople},
		{[]string{"text", "words", "schrift"}, func(ctx context.Context, s Subject, n Networks) (Located, error) { return findText(ctx, s, n, "") }},
		{[]string{"subject", "motiv"}, func(_ context.Context, s Subject, _ Networks) (Located, error) { return findGround(s, true) }},
		{[]string{"background", "hintergrund"}, func(_ context.Context, s Subject, _ Networks) (Located, error) { return findGround(s, false) }},
	}
}

// places are the words before a thing that take one of several: the one that lies furthest that way in the picture.
func places() map[string]func(b art.Box) int {
	left, top := func(b art.Box) int { return 2*b.X + b.Width }, func(b art.Box) int { return 2*b.Y + b.Height }
	minus := func(f func(art.Box) int) func(art.Box) int { return func(b art.Box) int { return -f(b) } }
	area := func(b art.Box) int { return -b.Width * b.Height }
	return map[string]func(b art.Box) int{
		"left": left, "linke": left, "linkes": left, "right": minus(left), "rechte": minus(left), "rechtes": minus(left),
		"upper": top, "obere": top, "oberes": top, "lower": minus(top), "untere": minus(top), "unteres": minus(top),
		"largest": area, "größte": area, "größtes": area,
	}
}

// Locate finds what words name in a picture: face, hand, person, text, subject or background, in English or German, with "left",
// "right", "upper", "lower" or "largest" before it for one of several, as the viewer sees them; or words in quotation marks
// that are written in the picture. What has no name here gives art.ErrUnsupported with all that can be named; what isn't in
// the picture art.ErrNotFound; a network that isn't there art.ErrUnavailable.
func Locate(ctx context.Context, p *imaging.RGB, words string, n Networks) (Located, error) {
	s := Subject{Picture: p, made: &made{known: map[string]*once{}}}
	said := strings.TrimSpace(words)
	if quoted := strings.Trim(said, `"'“”„«»`); quoted != said && quoted != "" {
		found, err := findText(ctx, s, n, quoted)
		return found, none(found, err, words)
	}
	fields := strings.Fields(strings.ToLower(said))
	fields = slices.DeleteFunc(fields, func(w string) bool { return slices.Contains([]string{"the", "der", "die", "das"}, w) })
	var pick func(art.Box) int
	if len(fields) == 2 {
		pick = places()[fields[0]]
	}
	if len(fields) == 1 || pick != nil {
		for _, t := range things() {
			if !slices.Contains(t.names, fields[len(fields)-1]) {
				continue
			}
			found, err := t.find(ctx, s, n)
			if err := none(found, err, words); err != nil {
				return found, err
			}
			if pick != nil && len(found.Boxes) > 1 {
				found.Boxes = []art.Box{slices.MinFunc(found.Boxes, func(a, b art.Box) int { return pick(a) - pick(b) })}
			}
			return found, nil
		}
	}
	return Located{}, art.Unsupported("words", fmt.Sprintf("nobody here knows where %q is", words), "name one of "+strings.Join(Nameable(), ", ")+", or draw a mask or a box")
}

// Nameable lists what Locate finds.
func Nameable() []string {
	var all []string
	for _, t := range things() {
		all = append(all, t.names[0])
	}
	return append(all, `"WORDS IN THE PICTURE"`, "left, right, upper, lower or largest before one of several")
}

func none(found Located, err error, words string) error {
	if err == nil && len(found.Boxes) == 0 && found.Mask == nil {
		return &art.FieldError{Field: "words", Reason: fmt.Sprintf("there is no %s in the picture that the networks see", words), Remedy: "draw a mask or a box", Kind: art.ErrNotFound}
	}
	return err
}

func findFaces(ctx context.Context, s Subject, n Networks) (found Located, err error) {
	found.Boxes, err = FindFaces(ctx, s.Picture, n)
	return found, err
}

func findHands(ctx context.Context, s Subject, n Networks) (found Located, err error) {
	all, err := handsOf(ctx, s, n)
	for _, h := range all {
		x, y, w, high := h.Box(s.Picture)
		found.Boxes = append(found.Boxes, art.Box{X: x, Y: y, Width: w, Height: high, Label: "hand", Value: round(h.Score, 3)})
	}
	return found, err
}

func findPeople(ctx context.Context, s Subject, n Networks) (found Located, err error) {
	all, err := posesOf(ctx, s, n)
	for _, body := range all {
		if x, y, w, high, ok := body.Box(s.Picture); ok {
			found.Boxes = append(found.Boxes, art.Box{X: x, Y: y, Width: w, Height: high, Label: "person"})
		}
	}
	return found, err
}

// findText gives the lines that hold some words, whatever their case; no words mean every line, legible or not.
func findText(ctx context.Context, s Subject, n Networks, words string) (found Located, err error) {
	lines, err := linesOf(ctx, s, n)
	for _, l := range lines {
		if words == "" || strings.Contains(vision.FoldText(l.Text), vision.FoldText(words)) {
			found.Boxes = append(found.Boxes, textBox(s.Picture, l, l.Text, l.Score))
		}
	}
	return found, err
}

// findGround gives what stands out from the background, or the background.
func findGround(s Subject, subject bool) (Located, error) {
	f, err := figureOf(s)
	if err != nil {
		return Located{}, err
	}
	if subject && f.share == 0 || !subject && f.share == 1 {
		return Located{}, nil
	}
	m := imaging.NewPlane(s.Picture.Width, s.Picture.Height)
	for i := range m.Pix {
		x, y := i%m.Width*f.columns/m.Width, i/m.Width*f.rows/m.Height
		if f.on[y*f.columns+x] == subject {
			m.Pix[i] = 1
		}
	}
	return Located{Mask: m}, nil
}
