package vision

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Face is one in a picture. Places are in pixels; right is the person's right.
type Face struct {
	Score  float64       // 0..1, how surely it is a face
	Points [6][2]float64 // right eye, left eye, tip of the nose, mouth, right ear, left ear
	// Mesh has MediaPipe's 468 points; nil where the network that places them takes it for no face.
	Mesh     []Joint
	Presence float64 // 0..1, how surely the mesh lies on a face

	left, top, right, down float64
}

// Box is the upright rectangle from brows to chin, cut to the picture.
func (f Face) Box(p *imaging.RGB) (x, y, width, height int) {
	x, y = max(0, int(f.left)), max(0, int(f.top))
	return x, y, max(0, min(p.Width, int(math.Ceil(f.right)))-x), max(0, min(p.Height, int(math.Ceil(f.down)))-y)
}

// Eyes is the distance of the eyes in pixels.
func (f Face) Eyes() float64 {
	return math.Hypot(f.Points[1][0]-f.Points[0][0], f.Points[1][1]-f.Points[0][1])
}

// Sure tells whether it is taken for a face: one with a mesh from a score of 0.6, one that the mesh's network takes for none
// from 0.75.
func (f Face) Sure() bool { return len(f.Mesh) > 0 && f.Score >= 0.6 || f.Score >= 0.75 }

// Faces finds faces, the surest first: in the whole picture, and in squares that overlap by half, so that faces from about a fourteenth
// of the picture's shorter side on are seen. Networks are MediaPipe's face_detection_short_range and face_landmark, converted;
// another one gives art.ErrUnsupported.
//
// Source: Bazarevsky et al. 2019, "BlazeFace", arXiv:1907.05047; Kartynnik et al. 2019, arXiv:1907.06724.
func Faces(ctx context.Context, p *imaging.RGB, finder, part Runner) ([]Face, error) {
	var all []Face
	for _, r := range closeLooks(p) {
		seen, err := faces().find(ctx, p, r, finder)
		if err != nil {
			return nil, err
		}
		for _, s := range seen {
			f := Face{Score: s.score}
			f.left, f.top = r.at(s.left, s.top)
			f.right, f.down = r.at(s.right, s.down)
			copy(f.Points[:], s.points)
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b Face) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Face
	for _, f := range all {
		if slices.ContainsFunc(kept, f.covers) {
			continue // seen twice
		}
		var err error
		if f.Mesh, f.Presence, err = meshOf(ctx, p, f, part); err != nil {
			return nil, err
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// covers tells whether two faces are the same one.
func (f Face) covers(o Face) bool {
	w, h := min(f.right, o.right)-max(f.left, o.left), min(f.down, o.down)-max(f.top, o.top)
	smaller := min((f.right-f.left)*(f.down-f.top), (o.right-o.left)*(o.down-o.top))
	return w > 0 && h > 0 && w*h > 0.4*smaller
}

// closeLooks are the regions in which small things are looked for: those of looks, and squares of half the shorter side.
func closeLooks(p *imaging.RGB) []region {
	const least, most = 128, 8 // pixels of a square's side; squares along a side
	all := looks(p)
	side := float64(min(p.Width, p.Height)) / 2
	if side < least {
		return all
	}
	steps := func(length int) int { return min(int(math.Ceil(2*(float64(length)-side)/side)), most-1) }
	nx, ny := steps(p.Width), steps(p.Height)
	for j := range ny + 1 {
		for i := range nx + 1 {
			all = append(all, region{
				side/2 + float64(i)/float64(nx)*(float64(p.Width)-side), side/2 + float64(j)/float64(ny)*(float64(p.Height)-side), side, 0,
			})
		}
	}
	return all
}

// meshOf lays the mesh on a face; nil where there is none.
func meshOf(ctx context.Context, p *imaging.RGB, f Face, network Runner) ([]Joint, float64, error) {
	const size, count = 192, 468
	turn := beside(f.Points[0][0], f.Points[0][1], f.Points[1][0], f.Points[1][1])
	r := box{(f.left + f.right) / 2, (f.top + f.down) / 2, f.right - f.left, f.down - f.top, turn}.region(0, 1.5)
	if !r.usable() {
		return nil, 0, nil
	}
	out, err := look(ctx, p, r, network, size, 0, true)
	if err != nil {
		return nil, 0, err
	}
	if len(out) < 2 || out[0].Len() != 3*count || out[1].Len() != 1 {
		return nil, 0, fmt.Errorf("vision: a network for landmarks of a face gives %d numbers and one: %w", 3*count, art.ErrUnsupported)
	}
	presence := sigmoid(out[1].F32[0])
	if !(presence >= 0.5) {
		return nil, presence, nil
	}
	return placed(r, out[0].F32, size, count, presence), presence, nil
}
