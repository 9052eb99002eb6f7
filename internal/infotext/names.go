package infotext

// Name is one thing under our name and under those of the servers that speak A1111's API, and of stable-diffusion.cpp; ""
// where one has none.
type Name struct{ Ours, A1111, SDCPP string }

// SamplerNames are the step algorithms.
//
// Source: stable-diffusion.cpp src/stable-diffusion.cpp, sample_method_to_str, in stable-diffusion-cpp-python 0.4.7.
func SamplerNames() []Name {
	var all []Name
	for _, s := range samplers() {
		n := Name{s.name, s.a1111, s.cpp}
		if n.SDCPP == "" {
			n.SDCPP = s.name // where it has it at all
		}
		all = append(all, n)
	}
	return all
}

// CurveNames are the courses of noise levels; the first of several with one name is the one that is meant without spacing.
//
// Source: as SamplerNames, scheduler_to_str.
func CurveNames() []Name {
	var all []Name
	for _, c := range curves() {
		all = append(all, Name{c.name, c.a1111, cppCurve(c.name)})
	}
	for _, own := range []string{"gits", "smoothstep", "bong_tangent", "lcm"} {
		all = append(all, Name{Ours: own, SDCPP: own})
	}
	return all
}

// cppCurve is stable-diffusion.cpp's name of a curve, where it has it at all.
func cppCurve(name string) string {
	switch name {
	case "normal":
		return "discrete"
	case "align_your_steps":
		return "ays"
	}
	return name
}

// UpscalerNames are the ways of enlarging; networks that are not among them keep their name.
func UpscalerNames() []Name {
	var all []Name
	for _, u := range upscalers() {
		all = append(all, Name{u.name, u.a1111, u.a1111})
	}
	return all
}
