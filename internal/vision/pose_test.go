package vision_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
	"presswerk/internal/model"
	"presswerk/internal/onnx"
	"presswerk/internal/testkit"
	"presswerk/internal/vision"
)

// poseCases are what trainer/reference/make_poses.py wrote.
type poseCases struct {
	Drawing struct {
		Size         [2]int
		Bodies       [][]*[2]float64
		Hands, Faces [][][2]float64
	}
	Astronaut struct {
		Body [][3]float64
		Face [][2]float64
	}
}

func readPoseCases(t *testing.T) (c poseCases) {
	t.Helper()
	data, err := os.ReadFile("testdata/poses/cases.json")
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// joints are places that are all sure.
func joints(places [][2]float64) (all []vision.Joint) {
	for _, at := range places {
		all = append(all, vision.Joint{X: at[0], Y: at[1], Score: 1})
	}
	return all
}

// Skeletons look as ControlNet's annotator draws them; only pixels on the edge of a limb may differ.
func TestSkeletonsAreDrawnAsTheAnnotatorDoes(t *testing.T) {
	c := readPoseCases(t).Drawing
	var poses []vision.Pose
	for _, body := range c.Bodies {
		var p vision.Pose
		for i, at := range body {
			if at != nil {
				p.Body[i] = vision.Joint{X: at[0], Y: at[1], Score: 1}
			}
		}
		poses = append(poses, p)
	}
	poses[0].Hands[0], poses[0].Face = joints(c.Hands[0]), joints(c.Faces[0])
	got, err := vision.DrawPoses(poses, c.Size[0], c.Size[1], 0.5)
	if err != nil {
		t.Fatal(err)
	}
	want := readRGB(t, "../poses/drawn.png")
	drawn, wrong, alone := 0, 0, 0
	for y := range want.Height {
		for x := range want.Width {
			r, g, b := want.At(x, y)
			if r|g|b != 0 {
				drawn++
			}
			if differ(got, want, x, y) {
				wrong++
				if !besides(got, want, x, y) {
					alone++
				}
			}
		}
	}
	t.Logf("%d of %d drawn pixels differ, %d of them not on an edge", wrong, drawn, alone)
	if wrong*100 > drawn*5 || alone*500 > drawn {
		t.Errorf("%d of %d drawn pixels differ, %d of them not on an edge", wrong, drawn, alone)
	}
}

func differ(a, b *imaging.RGB, x, y int) bool {
	i := 3 * (y*a.Width + x)
	for k := range 3 {
		if d := int(a.Pix[i+k]) - int(b.Pix[i+k]); d > 2 || d < -2 {
			return true
		}
	}
	return false
}

// besides tells whether the wanted picture has the colour that was drawn beside the place.
func besides(got, want *imaging.RGB, x, y int) bool {
	one := &imaging.RGB{Width: 1, Height: 1, Pix: got.Pix[3*(y*got.Width+x) : 3*(y*got.Width+x)+3]}
	for j := max(0, y-1); j <= min(want.Height-1, y+1); j++ {
		for i := max(0, x-1); i <= min(want.Width-1, x+1); i++ {
			other := &imaging.RGB{Width: 1, Height: 1, Pix: want.Pix[3*(j*want.Width+i) : 3*(j*want.Width+i)+3]}
			if !differ(one, other, 0, 0) {
				return true
			}
		}
	}
	return false
}

// What isn't seen isn't drawn, whatever numbers it has, and any size is borne.
func TestUnseenJointsAreLeftOut(t *testing.T) {
	wild := vision.Pose{Hands: [2][]vision.Joint{make([]vision.Joint, 21), make([]vision.Joint, 3)}, Face: make([]vision.Joint, 70)}
	for i := range wild.Body {
		wild.Body[i] = vision.Joint{X: float64(i), Y: float64(i), Score: 0.4}
	}
	wild.Body[3] = vision.Joint{X: math.NaN(), Y: 1, Score: 1}
	wild.Body[4] = vision.Joint{X: math.Inf(1), Y: 1, Score: 1}
	wild.Body[7] = vision.Joint{X: 1, Y: 1, Score: math.NaN()}
	for _, size := range [][2]int{{1, 1}, {40, 3}, {64, 64}} {
		p, err := vision.DrawPoses([]vision.Pose{wild}, size[0], size[1], 0.5)
		if err != nil || slices.Max(p.Pix) != 0 {
			t.Errorf("%v: something was drawn, or %v", size, err)
		}
	}
}

// shipped opens a network of MediaPipe's as make tools brings it.
func shipped(t testing.TB, rt *onnx.Runtime, name string) *onnx.Session {
	t.Helper()
	data, err := os.ReadFile(testkit.Native(t, "models/control/"+name))
	if err == nil {
		data, err = model.ConvertTFLite(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := rt.LoadBytes(name, data, onnx.Options{IntraOpThreads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// A person's joints lie where MediaPipe itself finds them, and OpenPose's order is kept.
func TestPosesAreThoseOfMediaPipe(t *testing.T) {
	rt, err := onnx.Open(testkit.Native(t, "onnxruntime/libonnxruntime.so.1.32.0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	n := vision.PoseNetworks{
		Person: shipped(t, rt, "pose_detection.tflite"), Body: shipped(t, rt, "pose_landmark_full.tflite"),
		Hand:       shipped(t, rt, "hand_landmark_full.tflite"),
		FaceFinder: shipped(t, rt, "face_detection_short_range.tflite"), FacePart: shipped(t, rt, "face_landmark.tflite"),
	}
	found, err := vision.Poses(context.Background(), readRGB(t, "../poses/astronaut.png"), n)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || len(found[0].Face) != 70 {
		t.Fatalf("found %d people", len(found))
	}
	want := readPoseCases(t).Astronaut
	worst := 0.0
	for i, mark := range map[int]int{0: 0, 2: 12, 3: 14, 4: 16, 5: 11, 6: 13, 7: 15, 8: 24, 11: 23, 14: 5, 15: 2, 16: 8, 17: 7} {
		got, visible := found[0].Body[i], want.Body[mark][2]
		worst = max(worst, math.Hypot(got.X-want.Body[mark][0], got.Y-want.Body[mark][1]))
		if got.Score > visible+0.001 || visible > 0.99 && got.Score < 0.9 { // a joint must be there and seen, MediaPipe says the latter
			t.Errorf("joint %d has a score of %.3f, MediaPipe sees it with %.3f", i, got.Score, visible)
		}
	}
	if ankle := found[0].Body[10]; ankle.Score > 0.5 {
		t.Errorf("an ankle outside the picture has a score of %.3f", ankle.Score)
	}
	if skin, err := vision.SkinOf(readRGB(t, "../poses/astronaut.png"), found[0].Face); err != nil || skin.ITA < 41 || skin.ITA > 75 || skin.Monk < 2 || skin.Monk > 6 {
		t.Errorf("her cheeks are %+v, %v", skin, err)
	}
	face := 0.0
	for i, mark := range map[int]int{8: 152, 27: 168, 36: 33, 45: 263, 48: 61, 54: 291} {
		face = max(face, math.Hypot(found[0].Face[i].X-want.Face[mark][0], found[0].Face[i].Y-want.Face[mark][1]))
	}
	t.Logf("joints are off by %.2f pixels at most, the face by %.2f", worst, face)
	if worst > 0.1 || face > 0.1 {
		t.Errorf("joints are off by %.2f pixels, the face by %.2f", worst, face)
	}
	empty, err := vision.Poses(context.Background(), scene(t, 90, 40), n)
	if err != nil || len(empty) != 0 {
		t.Errorf("found %d people where nobody is, %v", len(empty), err)
	}
}

// boxes is a detector that says the same of every place.
func boxes(v, score float32) fixed {
	box, sure := make([]float32, 2254*12), make([]float32, 2254)
	for i := range box {
		box[i] = v
	}
	for i := range sure {
		sure[i] = score
	}
	return fixed{[]int64{1, 224, 224, 3}, map[string]onnx.Tensor{"a": onnx.Float32(box, 1, 2254, 12), "b": onnx.Float32(sure, 1, 2254, 1)}}
}

// Wild numbers of a network are borne, and another network is refused.
func TestPosesBearWildNumbers(t *testing.T) {
	nan := float32(math.NaN())
	for _, d := range []fixed{boxes(nan, 9), boxes(1e30, 9), boxes(-1, 9), boxes(3, nan), boxes(float32(math.Inf(1)), 9)} {
		if found, err := vision.Poses(context.Background(), scene(t, 5, 9), vision.PoseNetworks{Person: ordered{d}, Body: ordered{d}}); err == nil && len(found) > 0 {
			t.Errorf("found %v", found)
		}
	}
	other := fixed{[]int64{1, 3, 8, 8}, map[string]onnx.Tensor{"y": onnx.Float32(make([]float32, 4), 4)}}
	if _, err := vision.Poses(context.Background(), scene(t, 8, 8), vision.PoseNetworks{Person: other, Body: other}); !errors.Is(err, art.ErrUnsupported) {
		t.Errorf("another network: got %v", err)
	}
}

// ordered is a fixed network whose outputs come in the order of the alphabet.
type ordered struct{ fixed }

func (o ordered) Outputs() []onnx.Info {
	all := o.fixed.Outputs()
	slices.SortFunc(all, func(a, b onnx.Info) int { return int(a.Name[0]) - int(b.Name[0]) })
	return all
}
