package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/engine/local"
)

// benchCmd measures this program on this machine. The comparison with other programs is in bench/.
type benchCmd struct {
	Render  benchRenderCmd  `cmd:"" default:"withargs" help:"${bench_render}"`
	Upscale benchUpscaleCmd `cmd:"" help:"${bench_upscale}"`

	Judge      benchJudgeCmd      `cmd:"" help:"${bench_judge}"`
	Finish     benchFinishCmd     `cmd:"" help:"${bench_finish}"`
	Score      benchScoreCmd      `cmd:"" help:"${bench_score}"`
	Duplicates benchDuplicatesCmd `cmd:"" help:"${bench_duplicates}"`
}

// benchRenderCmd renders pictures of a recipe and says what they took.
type benchRenderCmd struct {
	Recipe   string   `arg:"" type:"existingfile" help:"${arg_recipe}"`
	Pictures int      `name:"pictures" default:"5" help:"${flag_pictures}"`
	Prompts  []string `name:"prompt" sep:"none" placeholder:"TEXT" help:"${flag_prompts}"`
	Together bool     `name:"together" help:"${flag_together}"`
}

// benchmark is the answer of bench render.
type benchmark struct {
	Seconds   []float64 `json:"seconds"` // of each picture; one mean where they were rendered together
	Median    float64   `json:"median_seconds"`
	PeakBytes int64     `json:"peak_bytes"` // of the whole process; 0 where the system doesn't say
	Mean      []float64 `json:"mean"`       // of all pixels, 0..1: what a peer's picture can be compared by
}

// Run renders with the same seed and, where there are several, with one prompt after the other. "first" on standard
// error marks the first step.
func (c *benchRenderCmd) Run(ctx context.Context, g *globals) error {
	recipe, err := readRecipe(c.Recipe)
	if err != nil {
		return err
	}
	if c.Pictures < 1 {
		return art.Invalid("pictures", fmt.Sprintf("%d are none", c.Pictures), "ask for one or more")
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // nothing was written
	e, err := t.local(recipeFolders(recipe)...)
	if err != nil {
		return err
	}
	recipes := make([]art.Recipe, c.Pictures)
	for i := range recipes {
		recipes[i] = recipe
		if len(c.Prompts) > 0 {
			recipes[i].Prompt = c.Prompts[i%len(c.Prompts)]
		}
	}
	answer, err := c.measure(ctx, g, e, recipes)
	if err != nil {
		return err
	}
	sorted := slices.Sorted(slices.Values(answer.Seconds))
	answer.Median = sorted[len(sorted)/2]
	answer.PeakBytes = peakMemory()
	return g.answer(answer, func(w io.Writer) {
		fmt.Fprintln(w, g.words.say("bench_done", c.Pictures, answer.Median, float64(answer.PeakBytes)/(1<<20)))
	})
}

func (c *benchRenderCmd) measure(ctx context.Context, g *globals, e *local.Engine, recipes []art.Recipe) (benchmark, error) {
	var answer benchmark
	told := false
	first := func(int, int) {
		if !told {
			told = true
			g.note("first")
		}
	}
	if c.Together {
		if err := e.Warm(ctx, recipes[0].Model); err != nil {
			return answer, err // loading is no part of a picture's time; alone, it is part of the first one's
		}
		begun := time.Now()
		if _, err := e.RenderBatch(ctx, recipes, first); err != nil {
			return answer, err
		}
		answer.Seconds = []float64{time.Since(begun).Seconds() / float64(len(recipes))}
		return answer, nil
	}
	for _, r := range recipes {
		begun := time.Now()
		result, err := e.RenderArrays(ctx, r, local.Inputs{}, first)
		if err != nil {
			return answer, err
		}
		answer.Seconds = append(answer.Seconds, time.Since(begun).Seconds())
		sum := 0.0
		for _, v := range result.Image.Data {
			sum += float64(v)
		}
		answer.Mean = append(answer.Mean, sum/float64(len(result.Image.Data)))
	}
	return answer, nil
}

// recipeFolders are the model folders that a recipe names by their place.
func recipeFolders(r art.Recipe) []string {
	var dirs []string
	if r.Model.Dir != "" {
		dirs = append(dirs, r.Model.Dir)
	}
	if r.Refiner != nil && r.Refiner.Dir != "" {
		dirs = append(dirs, r.Refiner.Dir)
	}
	return dirs
}

// peakMemory is the most that this process has held, as Linux counts it.
func peakMemory() int64 { return procKilobytes("/proc/self/status", "VmHWM:") << 10 }

// procKilobytes reads a figure in kB out of a file below /proc; 0 where there is none.
func procKilobytes(path, field string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), field); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes
		}
	}
	return 0
}
