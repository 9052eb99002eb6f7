package vision

import (
	"context"
	"fmt"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// face looks for the face at the head of a body: a detector says where it lies, a second network where its parts are.
// It gives OpenPose's 70 points, or none.
func face(ctx context.Context, p *imaging.RGB, marks []Joint, n PoseNetworks) ([]Joint, error) {
	const size, count = 192, 468
	around := bounds(marks[:11], 0)
	around.turn = beside(marks[5].X, marks[5].Y, marks[2].X, marks[2].Y)
	head := around.region(0, 3)
	if !head.usable() {
		return nil, nil
	}
	seen, err := faces().find(ctx, p, head, n.FaceFinder)
	if err != nil || len(seen) == 0 {
		return nil, err
	}
	var points []Joint
	for _, at := range seen[0].points {
		points = append(points, Joint{at[0], at[1], 1})
	}
	around = bounds(points, 0)
	around.turn = beside(points[0].X, points[0].Y, points[1].X, points[1].Y)
	r := around.region(-0.1, 2)
	if !r.usable() {
		return nil, nil
	}
	out, err := look(ctx, p, r, n.FacePart, size, 0, true)
	if err != nil {
		return nil, err
	}
	if len(out) < 2 || out[0].Len() != 3*count || out[1].Len() != 1 {
		return nil, fmt.Errorf("vision: a network for landmarks of a face gives %d numbers and one: %w", 3*count, art.ErrUnsupported)
	}
	score := sigmoid(out[1].F32[0])
	if !(score > 0.5) {
		return nil, nil
	}
	return faceOf(placed(r, out[0].F32, size, count, score)), nil
}

// beside is how far a region must be turned so that two places lie beside each other in it.
func beside(x0, y0, x1, y1 float64) float64 { return math.Atan2(y1-y0, x1-x0) }

// faceOf picks OpenPose's 70 points out of the 468 of MediaPipe's mesh: jaw, brows, nose, eyes, lips as in the 68 points
// of iBUG's 300-W, then both pupils, which lie in the middle of the eyes' points as the mesh has none.
func faceOf(mesh []Joint) []Joint {
	points := make([]Joint, 0, 70)
	for _, i := range []int{
		162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389, // jaw
		71, 63, 105, 66, 107, 336, 296, 334, 293, 301, // brows
		168, 197, 5, 4, 75, 97, 2, 326, 305, // nose
		33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, // eyes
		61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87, // lips
	} {
		points = append(points, mesh[i])
	}
	for _, eye := range [][]Joint{points[36:42], points[42:48]} {
		middle := Joint{Score: eye[0].Score}
		for _, at := range eye {
			middle.X += at.X / 6
			middle.Y += at.Y / 6
		}
		points = append(points, middle)
	}
	return points
}
