package guard

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"presswerk/internal/art"
)

// Repeats is how often a baseline renders each prompt and seed of an engine that does not promise equal pixels: the
// distance between them is what such an engine does by itself.
const Repeats = 2

// alarms is the chance that a probe of an unchanged engine says that it has changed. All its comparisons share it.
const alarms = 0.01

// samePicture is how many bits of 256 two PDQ hashes may differ in without anything being the matter; at 31 they still
// count as the same picture.
const samePicture = 10

// printName is the perceptual distance's name among the comparisons.
const printName = "pdq"

// Judge compares a probe with its baseline and says whether the engine gives other pictures than before, and why. Where
// the engine promises equal pixels, one other pixel is enough. Elsewhere the perceptual distance to the baseline, beyond
// the distance of the baseline's own repeats, and the brand's scores are compared prompt by prompt, with intervals so wide
// that all of them together raise a false alarm in one of a hundred probes (Bonferroni).
//
// A picture that the baseline lacks, or the probe, counts as other.
func Judge(p, baseline art.Probe, rules []Rule) art.Probe {
	p.Baseline = baseline.ID
	pairs := match(p, baseline)
	for _, q := range pairs {
		if !slices.ContainsFunc(q.before, func(s art.ProbeShot) bool { return s.PixelsSHA256 == q.now.PixelsSHA256 }) {
			p.Different++
		}
	}
	confidence := 1 - alarms/float64(len(rules)+1)
	var samples []Sample
	for _, q := range pairs {
		for _, b := range q.before {
			samples = append(samples, Sample{Prompt: q.now.Prompt, Old: b.Scores, New: q.now.Scores})
		}
	}
	p.Compared, _ = Compare(samples, rules, confidence)
	p.Compared = append(p.Compared, distance(pairs, confidence))
	if p.Deterministic {
		p.Changed = p.Different > 0
		if p.Changed {
			p.Reason = text("%d of %d pictures have other pixels than before, and %s promises equal ones", "%d von %d Bildern haben andere Pixel als zuvor, obwohl %s gleiche zusagt", p.Different, len(pairs), p.Engine)
		}
		return p
	}
	for _, c := range p.Compared {
		if c.Outcome == art.Better || c.Outcome == art.Worse {
			p.Changed = true
			p.Reason = text("%s has moved from %.3g to %.3g %s, more than by chance", "%s hat sich von %.3g auf %.3g %s bewegt, mehr als durch Zufall", c.Scorer, c.Old, c.New, c.Unit)
			if c.Scorer == printName {
				p.Reason = text("the pictures are %.0f of 256 bits from those before, which were %.0f from each other", "die Bilder liegen %.0f von 256 Bit von den früheren entfernt, die es untereinander %.0f waren", c.New, c.Old)
			}
		}
	}
	return p
}

// matched is a picture of a probe with those of its baseline of the same prompt and seed.
type matched struct {
	now    art.ProbeShot
	before []art.ProbeShot
}

func match(p, baseline art.Probe) []matched {
	all := make([]matched, len(p.Shots))
	for i, s := range p.Shots {
		all[i].now = s
		for _, b := range baseline.Shots {
			if b.Prompt == s.Prompt && b.Seed == s.Seed {
				all[i].before = append(all[i].before, b)
			}
		}
	}
	return all
}

// distance compares how far the pictures are from the baseline's with how far these are from each other. Where a baseline
// has one picture only, its own distance is 0.
func distance(pairs []matched, confidence float64) art.Compared {
	score := func(bits float64) []art.Score {
		return []art.Score{{Scorer: printName, Value: bits, Unit: "bits of 256", High: 256, Direction: art.LowerIsBetter, Available: true}}
	}
	var samples []Sample
	for _, q := range pairs {
		s := Sample{Prompt: q.now.Prompt}
		own, ownN, far, farN := 0.0, 0.0, 0.0, 0.0
		for i, b := range q.before {
			if d, ok := differing(b.Print, q.now.Print); ok {
				far, farN = far+d, farN+1
			}
			for _, o := range q.before[:i] {
				if d, ok := differing(b.Print, o.Print); ok {
					own, ownN = own+d, ownN+1
				}
			}
		}
		if farN > 0 {
			s.Old, s.New = score(own/max(ownN, 1)), score(far/farN)
		}
		samples = append(samples, s)
	}
	return Rule{Gate: art.Gate{Scorer: printName}, Margin: samePicture}.compare(samples, confidence)
}

// differing is the number of bits in which two hashes in hex differ.
func differing(a, b string) (float64, bool) {
	if len(a) != len(b) || a == "" {
		return 0, false
	}
	n := 0
	for i := range len(a) {
		x, errA := strconv.ParseUint(a[i:i+1], 16, 8)
		y, errB := strconv.ParseUint(b[i:i+1], 16, 8)
		if errA != nil || errB != nil {
			return 0, false
		}
		n += bits.OnesCount8(uint8(x ^ y))
	}
	return float64(n), true
}

// Key is under which a probe's baseline is kept: another prompt set, engine or version is another question, not a change
// that nobody told of.
func Key(p art.Probe, set string) string {
	return art.Digest(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%s\n%s\n%s", p.Brand, set, p.Engine, p.EngineVersion, p.Model.Name, p.Model.Version, p.Model.SHA256))
}

// PauseFor is the pause that a probe calls for.
func PauseFor(p art.Probe, briefs []string) art.Pause {
	return art.Pause{ID: "pause-" + art.Digest([]byte(p.ID))[:10], Probe: p.ID, Engine: p.Engine, Model: p.Model, Briefs: briefs, Reason: p.Reason, At: p.At}
}
