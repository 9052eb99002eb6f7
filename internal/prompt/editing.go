package prompt

import (
	"strconv"
	"strings"
)

// Stage is a text that holds until the end of a step; steps count from 1.
type Stage struct {
	End  int
	Text string
}

// Steps is what prompt editing must know of a run.
type Steps struct {
	// Base is how often the denoiser is asked in the first pass.
	Base int
	// Hires, when above 0, asks for the schedule of the second pass, of as many calls: fractions from 1.0 to 2.0 and
	// whole numbers above Base belong to it.
	Hires int
	// Old reads numbers as A1111 did before 1.6: below 1 they are fractions, others are steps, in either pass.
	Old bool
}

func (s Steps) calls() int {
	if s.Hires > 0 && !s.Old {
		return s.Hires
	}
	return max(s.Base, 1)
}

// Schedule reads A1111's prompt editing, "[from:to:when]", "[to:when]" and "[from::when]", and alternation,
// "[this|that]", and gives the texts that come of them, in order; the last one holds until the last step. When is a
// step, or with a point in it a share of the steps. Brackets of other kinds stay as they are. A prompt that has no
// such thing, or that can't be read, is its own only stage.
//
// Source: AUTOMATIC1111's stable-diffusion-webui 1.10, get_learned_conditioning_prompt_schedules.
func Schedule(text string, s Steps) []Stage {
	calls := s.calls()
	nodes, ok := parseEditing(text)
	if !ok {
		return []Stage{{calls, text}}
	}
	ends := make([]bool, calls+1)
	ends[calls] = true
	s.mark(ends, nodes)
	var stages []Stage
	for end, changes := range ends {
		if changes && end > 0 {
			var at strings.Builder
			s.write(&at, nodes, end)
			stages = append(stages, Stage{end, at.String()})
		}
	}
	return stages
}

// At gives the place of the stage that holds at a call of the denoiser; calls count from 0. A stage that ends after
// step n holds up to call n, so the first one holds for a call more than its number says.
//
// Source: AUTOMATIC1111's reconstruct_cond_batch, which counts calls from 0 and stages from 1, and keeps to it for the
// sake of the pictures that were made so: github.com/AUTOMATIC1111/stable-diffusion-webui/issues/7279.
func At(stages []Stage, call int) int {
	for i, stage := range stages {
		if call <= stage.End {
			return i
		}
	}
	return 0
}

// mark finds the steps after which the text changes.
func (s Steps) mark(ends []bool, nodes []node) {
	for _, n := range nodes {
		switch n.kind {
		case nodeScheduled:
			ends[s.when(n.text)] = true
		case nodeAlternate:
			for i := range ends {
				ends[i] = true
			}
		default:
		}
		for _, part := range n.parts {
			s.mark(ends, part)
		}
	}
}

// when is the step that a number means, at most the last one.
func (s Steps) when(number string) int {
	calls := s.calls()
	v, _ := strconv.ParseFloat(number, 64) // the grammar made sure that it is one; what is too large is infinite
	second := s.Hires > 0 && !s.Old
	switch {
	case s.Old && v < 1:
		v *= float64(calls)
	case s.Old:
	case strings.Contains(number, ".") && second:
		v = (v - 1) * float64(calls)
	case strings.Contains(number, "."):
		v *= float64(calls)
	case second:
		v -= float64(s.Base)
	}
	return int(max(min(v, float64(calls)), 0))
}

// write writes the nodes as they are at a step.
func (s Steps) write(to *strings.Builder, nodes []node, step int) {
	for _, n := range nodes {
		switch n.kind {
		case nodeText:
			to.WriteString(n.text)
		case nodeBrackets:
			to.WriteByte(n.text[0])
			for i, part := range n.parts {
				if i > 0 {
					to.WriteByte(':')
				}
				s.write(to, part, step)
			}
			to.WriteByte(n.text[1])
		case nodeScheduled: // [before, after]
			if step <= s.when(n.text) {
				s.write(to, n.parts[0], step)
			} else {
				s.write(to, n.parts[1], step)
			}
		case nodeAlternate:
			s.write(to, n.parts[(step-1)%len(n.parts)], step)
		}
	}
}
