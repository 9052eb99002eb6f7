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

// Preprocessor makes the control picture of one kind, for a ControlNet or T2I-Adapter of that kind: white on black, as
// large as the picture.
type Preprocessor struct {
	Kind    string  `json:"kind"`
	Levers  []Lever `json:"levers"`
	Network string  `json:"network,omitempty"` // file that Make needs a Runner of; "" when arithmetic is enough
	Remedy  string  `json:"remedy,omitempty"`  // how to get that file

	make func(ctx context.Context, p *imaging.RGB, network Runner, lever map[string]float64) (*imaging.Grey, error)
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
	const brightest = 2040 // |dx|+|dy| of Sobel's derivatives reach no more
	return []Preprocessor{
		{
			Kind: "canny", Levers: []Lever{{"high", 200, 0, brightest}, {"low", 100, 0, brightest}},
			make: func(_ context.Context, p *imaging.RGB, _ Runner, lever map[string]float64) (*imaging.Grey, error) {
				return Canny(p, int(lever["low"]), int(lever["high"])), nil
			},
		},
		{
			Kind: "depth", Levers: []Lever{}, Network: "depth.onnx",
			Remedy: "no package ships one: put a MiDaS, DPT or Depth Anything network, as ONNX, there yourself",
			make: func(ctx context.Context, p *imaging.RGB, network Runner, _ map[string]float64) (*imaging.Grey, error) {
				return Depth(ctx, p, network)
			},
		},
		{
			Kind: "lineart-dog", Levers: []Lever{},
			make: func(_ context.Context, p *imaging.RGB, _ Runner, _ map[string]float64) (*imaging.Grey, error) {
				return LineartDoG(p), nil
			},
		},
		{
			Kind: "mlsd", Levers: []Lever{{"threshold", 0.1, 0, 1}}, Network: "mlsd_512x512_tiny.onnx",
			Remedy: "run 'make tools', which fetches it with npm",
			make: func(ctx context.Context, p *imaging.RGB, network Runner, lever map[string]float64) (*imaging.Grey, error) {
				return MLSD(ctx, p, network, lever["threshold"])
			},
		},
		{
			Kind: "scribble", Levers: []Lever{{"threshold", 32, 0, 255}},
			make: func(_ context.Context, p *imaging.RGB, _ Runner, lever map[string]float64) (*imaging.Grey, error) {
				return Scribble(p, lever["threshold"]), nil
			},
		},
		{
			Kind: "scribble-xdog", Levers: []Lever{{"threshold", 32, 0, 255}},
			make: func(_ context.Context, p *imaging.RGB, _ Runner, lever map[string]float64) (*imaging.Grey, error) {
				return ScribbleXDoG(p, lever["threshold"]), nil
			},
		},
	}
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
		"choose one of "+strings.Join(known, ", ")+"; a control picture of another kind, such as hed or openpose, can be made elsewhere and given to the renderer")
}

// Make draws the control picture. Levers that are not set have their defaults; an unknown one, or one out of its range,
// gives art.ErrInvalid. A kind that needs a network gives art.ErrUnavailable without one.
func (k Preprocessor) Make(ctx context.Context, p *imaging.RGB, network Runner, set map[string]float64) (*imaging.Grey, error) {
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
	if k.Network != "" && network == nil {
		return nil, fmt.Errorf("vision: %s needs the network %s: %s: %w", k.Kind, k.Network, k.Remedy, art.ErrUnavailable)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("vision: making %s: %w", k.Kind, err)
	}
	return k.make(ctx, p, network, levers)
}
