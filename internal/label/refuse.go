package label

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// StepName is the finishing step that draws the visible label.
const StepName = "label"

// Undecided refuses a picture on which rules want a person's word that nobody has said; else nil.
func Undecided(want art.Labelling, candidate string, d *art.Disclosure) error {
	if len(want.Decide) == 0 || d != nil {
		return nil
	}
	return &art.FieldError{
		Field: "disclosure", Kind: art.ErrRefused,
		Reason: fmt.Sprintf("nobody has said whether %s could mislead, which %s asks", candidate, strings.Join(want.Decide, ", ")),
		Remedy: fmt.Sprintf("look at it and run presswerk review disclose %s --could-mislead yes|no --reason …; or write disclosure: {could_mislead: false, reason: …} into the brief or the kit where that holds for all of its pictures", candidate),
	}
}

// Refuse says why an asset must not be delivered as it is: an error of art.ErrRefused for each thing that the rules want and a file
// does not have, joined, or nil. Records tell what files carry: their bytes never change, because they lie under their hash.
func Refuse(want art.Labelling, a art.Asset) error {
	all := []error{Undecided(want, a.Candidate, a.Disclosure)}
	for _, r := range files(a) {
		if miss := missing(want, Marks(a, r)); r.Format != "webm" && len(miss) > 0 {
			all = append(all, &art.FieldError{
				Field: "files." + r.Name, Kind: art.ErrRefused,
				Reason: fmt.Sprintf("it lacks %s, which %s wants of what is delivered", strings.Join(miss, " and "), strings.Join(want.Rules, ", ")),
				Remedy: remedies(miss),
			})
		}
	}
	if v := want.Label; v != nil && v.Embed && !v.Beside && Drawn(a) < v.Share {
		all = append(all, &art.FieldError{
			Field: "files." + a.Master.Name, Kind: art.ErrRefused,
			Reason: fmt.Sprintf("no visible label of %g %% or more of its shorter side is drawn into it, which %s wants", 100*v.Share, strings.Join(want.Rules, ", ")),
			Remedy: "send it back (presswerk review send-back): what is made again is finished with the label; clips can't carry one yet",
		})
	}
	return errors.Join(all...)
}

// files are those that can carry marks. A WebM file can't; the MP4 of the same clip does.
func files(a art.Asset) []art.Rendition {
	all := append([]art.Rendition{a.Master}, a.Renditions...)
	if a.Clip != nil {
		all = append(all, a.Clip.Files...)
	}
	return all
}

// Marks lists the layers that a file of an asset carries, by its record.
func Marks(a art.Asset, r art.Rendition) []string {
	var all []string
	if r.C2PA == "signed" {
		all = append(all, art.MarkC2PA)
	}
	if !strings.HasPrefix(r.MIME, "video/") {
		all = append(all, art.MarkMetadata) // finishing writes it into every picture
		if step(a, "watermark") != nil {
			all = append(all, art.MarkWatermark)
		}
		if s := step(a, "master"); s != nil && s.Parameters[art.MarkAIGC] != nil {
			all = append(all, art.MarkAIGC)
		}
	}
	return all
}

// Drawn is the height of the capitals of the label that is drawn into an asset's pictures, as a share of their shorter side; 0
// where there is none.
func Drawn(a art.Asset) float64 {
	if s := step(a, StepName); s != nil {
		share, ok := s.Parameters["share"].(float64)
		if ok {
			return share
		}
	}
	return 0
}

func step(a art.Asset, name string) *art.StepRecord {
	if i := slices.IndexFunc(a.Steps, func(s art.StepRecord) bool { return s.Name == name }); i >= 0 {
		return &a.Steps[i]
	}
	return nil
}

// missing names the layers that are wanted and not there.
func missing(want art.Labelling, there []string) []string {
	var all []string
	for _, m := range want.Marks {
		if !slices.Contains(there, m) {
			all = append(all, m)
		}
	}
	if len(want.AnyMark) > 0 && !slices.ContainsFunc(want.AnyMark, func(m string) bool { return slices.Contains(there, m) }) {
		all = append(all, strings.Join(want.AnyMark, " or "))
	}
	return all
}

// remedies says what to do about missing layers.
func remedies(miss []string) string {
	var all []string
	said := strings.Join(miss, " ")
	for _, r := range [][2]string{
		{art.MarkC2PA, "presswerk doctor says why files are not signed"},
		{art.MarkWatermark, "finishing: {watermark: 44} in the kit hides one"},
		{art.MarkAIGC, "write rights.creator into the kit, whom the field AIGC names, and take care that the kit names CN before pictures are made; clips can't carry it"},
	} {
		if strings.Contains(said, r[0]) {
			all = append(all, r[1])
		}
	}
	return strings.Join(append(all, "then make the picture again"), "; ")
}
