package brand

import "slices"

// Starter is the library of negatives that every kit can pull in, group by group, as "@quality" and so on.
// They help open models such as Stable Diffusion; an engine that knows no negatives leaves them out.
func Starter() map[string][]string {
	return map[string][]string{
		"quality": {"lowres", "blurry", "out of focus", "jpeg artifacts", "noise", "grainy", "pixelated", "worst quality"},
		"anatomy": {"bad anatomy", "extra digits", "fewer digits", "deformed hands", "extra limbs", "missing limbs", "deformed face", "cross-eyed", "disfigured", "mutated"},
		"colour":  {"oversaturated", "overexposed", "underexposed", "colour banding", "washed out"},
		"frame":   {"cropped", "out of frame", "border", "frame", "duplicate", "collage"},
		"text":    {"text", "letters", "watermark", "signature", "logo", "username"},
	}
}

// StarterGroups lists the groups of the starter library in alphabetical order.
func StarterGroups() []string {
	var groups []string
	for g := range Starter() {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	return groups
}
