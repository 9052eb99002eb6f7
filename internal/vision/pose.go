package vision

import (
	"context"
	"fmt"
	"math"
	"slices"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Joint is a place in a picture, in pixels. Score, of 0..1, says how surely it is there and can be seen.
type Joint struct{ X, Y, Score float64 }

// Body has the joints of a person in the order of OpenPose's COCO model: nose, neck, right shoulder, elbow and wrist,
// left shoulder, elbow and wrist, right hip, knee and ankle, left hip, knee and ankle, right and left eye, right and
// left ear. Right is the person's right.
type Body [18]Joint

// Pose is how one person stands. Hands, left and right, have 21 joints from the wrist to the tip of the little finger,
// and a face has 70, in OpenPose's order; what was not found or not looked for is empty.
type Pose struct {
	Body  Body
	Hands [2][]Joint
	Face  []Joint

	marks []Joint // MediaPipe's 33
}

// PoseNetworks are MediaPipe's pose_detection and pose_landmark_full and, where hands and faces are wanted,
// hand_landmark_full, and face_detection_short_range with face_landmark. Converted they keep MediaPipe's layout.
type PoseNetworks struct {
	Person, Body         Runner
	Hand                 Runner
	FaceFinder, FacePart Runner
}

// Poses finds the people in a picture, the surest first, and their joints, as MediaPipe does with a single picture. It
// finds people whose face or trunk can be seen, and several as long as they don't stand close behind each other. A
// network of another kind gives art.ErrUnsupported.
//
// Source: Bazarevsky et al. 2020, "BlazePose: on-device real-time body pose tracking", arXiv:2006.10204;
// google-ai-edge/mediapipe, modules pose_landmark and holistic_landmark.
func Poses(ctx context.Context, p *imaging.RGB, n PoseNetworks) ([]Pose, error) {
	var seen []found
	for _, r := range looks(p) {
		some, err := people().find(ctx, p, r, n.Person)
		if err != nil {
			return nil, err
		}
		seen = append(seen, some...)
	}
	var poses []Pose
	for _, person := range seen {
		hip, reach := person.points[0], person.points[1]
		r := region{hip[0], hip[1], 2.5 * math.Hypot(reach[0]-hip[0], reach[1]-hip[1]), upright(hip[0], hip[1], reach[0], reach[1])}
		marks, err := landmarks(ctx, p, r, n.Body)
		if err != nil {
			return nil, err
		}
		if marks == nil {
			continue
		}
		pose := Pose{Body: bodyOf(marks), marks: marks}
		if slices.ContainsFunc(poses, func(o Pose) bool { return o.Body.near(pose.Body, r.side/10) }) {
			continue // seen twice
		}
		if n.Hand != nil {
			if pose.Hands, err = hands(ctx, p, marks, n.Hand); err != nil {
				return nil, err
			}
		}
		if n.FaceFinder != nil && n.FacePart != nil {
			if pose.Face, err = face(ctx, p, marks, n); err != nil {
				return nil, err
			}
		}
		poses = append(poses, pose)
	}
	return poses, nil
}

// looks are the regions in which people are looked for: the whole picture and, as the detector sees little of a wide or
// high one, squares along it that overlap by half.
func looks(p *imaging.RGB) []region {
	all := []region{whole(p)}
	side := min(p.Width, p.Height)
	if 4*max(p.Width, p.Height) < 5*side {
		return all
	}
	steps := max(1, int(math.Ceil(2*float64(max(p.Width, p.Height)-side)/float64(side))))
	for i := range min(steps, 32) + 1 {
		along := float64(i) / float64(min(steps, 32))
		all = append(all, region{
			float64(side)/2 + along*float64(p.Width-side), float64(side)/2 + along*float64(p.Height-side), float64(side), 0,
		})
	}
	return all
}

// landmarks are MediaPipe's 33 of a body, or none where there is no body.
func landmarks(ctx context.Context, p *imaging.RGB, r region, network Runner) ([]Joint, error) {
	const (
		size, grid = 256, 64 // of the picture that the network sees, and of its heat map
		count      = 39      // 33, and 6 that only serve MediaPipe
		values     = 5       // x, y, z, visibility, presence
	)
	if !r.usable() {
		return nil, nil
	}
	out, err := look(ctx, p, r, network, size, 0, true)
	if err != nil {
		return nil, err
	}
	if len(out) < 4 || out[0].Len() != count*values || out[1].Len() != 1 || !slices.Equal(out[3].Shape, []int64{1, grid, grid, count}) {
		return nil, fmt.Errorf("vision: a network for landmarks of a body gives [1, %d], [1, 1], a mask and [1, %d, %d, %d]: %w",
			count*values, grid, grid, count, art.ErrUnsupported)
	}
	if !(out[1].F32[0] >= 0.5) {
		return nil, nil
	}
	marks := make([]Joint, 33)
	for i := range marks {
		row := out[0].F32[i*values:]
		u, v := refine(out[3].F32, grid, count, i, float64(row[0])/size, float64(row[1])/size)
		marks[i].X, marks[i].Y = r.at(u, v)
		marks[i].Score = min(sigmoid(row[3]), sigmoid(row[4]))
	}
	return marks, nil
}

func sigmoid(v float32) float64 { return 1 / (1 + math.Exp(-float64(v))) }

// refine moves a place to the middle of the heat around it, where that reaches a half.
func refine(heat []float32, grid, count, mark int, u, v float64) (float64, float64) {
	const reach = 3
	if !(u >= 0 && u < 1 && v >= 0 && v < 1) {
		return u, v
	}
	column, row := int(u*float64(grid)), int(v*float64(grid))
	var sum, most, x, y float64
	for j := max(0, row-reach); j <= min(grid-1, row+reach); j++ {
		for i := max(0, column-reach); i <= min(grid-1, column+reach); i++ {
			h := sigmoid(heat[(j*grid+i)*count+mark])
			sum, most = sum+h, max(most, h)
			x, y = x+h*float64(i), y+h*float64(j)
		}
	}
	if !(most >= 0.5) {
		return u, v
	}
	return x / sum / float64(grid), y / sum / float64(grid)
}

// bodyOf picks OpenPose's joints out of MediaPipe's landmarks. The neck lies between the shoulders, as in the data that
// OpenPose learned from.
func bodyOf(marks []Joint) (b Body) {
	for i, mark := range []int{0, 0, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7} {
		b[i] = marks[mark]
	}
	l, r := marks[11], marks[12]
	b[1] = Joint{(l.X + r.X) / 2, (l.Y + r.Y) / 2, min(l.Score, r.Score)}
	return b
}

// near tells whether two bodies are the same one: their heads and shoulders, which are found best, lie that close in the
// mean.
func (b Body) near(o Body, pixels float64) bool {
	sum, best := 0.0, []int{0, 2, 5, 14, 15, 16, 17}
	for _, i := range best {
		sum += math.Hypot(b[i].X-o[i].X, b[i].Y-o[i].Y)
	}
	return !(sum/float64(len(best)) > pixels)
}
