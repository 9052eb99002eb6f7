package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"presswerk/internal/art"
	"presswerk/internal/dataset"
	"presswerk/internal/modelstore"
)

// trainingName is the folder of jobs and reports in a workspace's state folder.
const trainingName = "training"

// course is what differs between the kinds of training.
type course struct {
	Kind          string   `json:"kind"`
	Rank          int      `json:"rank"`
	Alpha         float64  `json:"alpha"`
	Convolutions  bool     `json:"convolutions"`
	Layers        []string `json:"layers,omitempty"`
	ClassPrompt   string   `json:"class_prompt"`
	ClassPictures int      `json:"class_pictures"`
	PriorWeight   float64  `json:"prior_weight"`
	Vectors       int      `json:"vectors"`
	Like          string   `json:"like"`
	Control       string   `json:"control"`
}

// lesson is one picture as the trainer is told of it.
type lesson struct {
	File    string `json:"file"`
	Caption string `json:"caption"`
	Control string `json:"control,omitempty"`
}

// job is what the trainer reads: docs/training.md describes it.
type job struct {
	course
	Identity string `json:"identity"` // of everything but the folder: the same job goes on where it was
	Base     struct {
		Form    string `json:"form"`
		Dir     string `json:"dir"`
		Name    string `json:"name"`
		Version string `json:"version"`
		SHA256  string `json:"sha256"`
	} `json:"base"`
	Weights       map[string]string `json:"weights,omitempty"`
	Width         int               `json:"width"`
	Height        int               `json:"height"`
	Pictures      []lesson          `json:"pictures"`
	Validation    []lesson          `json:"validation"`
	HeldOut       bool              `json:"held_out"` // the validation pictures are none of those that are learnt from
	Dataset       string            `json:"dataset_sha256"`
	Trigger       string            `json:"trigger"`
	Steps         int               `json:"steps"`
	Batch         int               `json:"batch"`
	LearningRate  float64           `json:"learning_rate"`
	WeightDecay   float64           `json:"weight_decay"`
	Dropout       float64           `json:"caption_dropout"`
	Flip          bool              `json:"flip"`
	Seed          int64             `json:"seed"`
	ValidateEvery int               `json:"validate_every"`
	Patience      int               `json:"patience"`
	Guidance      float64           `json:"guidance"`
	DrawSteps     int               `json:"draw_steps"`
	SheetPrompts  []string          `json:"sheet_prompts"`
	Device        string            `json:"device"`
	Threads       int               `json:"threads"`
	Out           string            `json:"out"`
	Metadata      map[string]string `json:"metadata"`

	name, version string
	base          trainBase
	check         dataset.Report
	set           art.Dataset
	lock          *os.File
}

// recipe holds what is usual for a kind of training on a kind of base.
type recipe struct {
	steps, batch int
	rate         float64
}

func usual(kind string, b trainBase) recipe {
	switch {
	case kind == kindEmbedding:
		return recipe{1500, 2, 5e-3}
	case kind == kindControlNet:
		return recipe{4000, 4, 1e-4}
	case b.form == modelstore.FormONNX:
		l := b.learns[kind]
		return recipe{cmp.Or(l.Steps, 300), cmp.Or(l.Batch, 8), cmp.Or(l.Rate, 8e-4)}
	default:
		return recipe{1000, 2, 2e-4}
	}
}

// job fills in what nobody said and takes the job's folder.
func (f *trainFlags) job(ctx context.Context, g *globals, t *tools, c course, b trainBase, set art.Dataset, r dataset.Report) (*job, error) {
	u := usual(c.Kind, b)
	c.ClassPrompt = cmp.Or(c.ClassPrompt, set.Class)
	c.Vectors = max(c.Vectors, 1)
	j := &job{course: c, base: b, check: r, set: set, Trigger: strings.TrimSpace(set.Trigger), Dataset: r.SHA256}
	if err := j.named(c); err != nil {
		return nil, err
	}
	var err error
	if j.name, j.version, err = f.name(g.store()); err != nil {
		return nil, err
	}
	if len(c.Layers) == 0 {
		c.Layers = b.learns[c.Kind].Layers
	}
	if j.Weights, err = b.weights(c.Layers); err != nil {
		return nil, err
	}
	j.Base.Form, j.Base.Dir, j.Base.Name, j.Base.Version, j.Base.SHA256 = b.form, b.dir, b.ref.Name, b.ref.Version, b.ref.SHA256
	j.Width, j.Height = b.size(f.Size)
	j.Steps, j.Batch, j.LearningRate = cmp.Or(f.Steps, u.steps), cmp.Or(f.Batch, u.batch), cmp.Or(f.Rate, u.rate)
	j.WeightDecay, j.Dropout, j.Flip, j.Seed = 1e-4, 0.1, f.Flip, f.Seed
	j.ValidateEvery, j.Patience = cmp.Or(f.Every, max(1, j.Steps/8)), f.Patience
	j.Guidance, j.DrawSteps, j.Device, j.Threads = b.usual.Guidance, b.usual.Steps, f.Device, cmp.Or(g.settings.Threads, cores())
	if err := j.split(f.Dir); err != nil {
		return nil, err
	}
	j.SheetPrompts = j.prompts()
	j.Metadata = j.metadata(g.settings.User)
	return j, j.place(ctx, g, t, f)
}

// cores is how many the job computes with; more than a few help small networks little.
func cores() int { return min(8, max(1, runtime.NumCPU())) }

// named refuses a training that lacks the words it needs.
func (j *job) named(c course) error {
	switch {
	case c.Kind == kindDreambooth && c.ClassPrompt == "":
		return art.Invalid("class", "nobody says what the subject is one of", `write class: a dog into dataset.yaml, or --class "a dog"`)
	case (c.Kind == kindEmbedding || c.Kind == kindDreambooth) && j.Trigger == "":
		return art.Invalid("trigger", "nobody says which words call what is learnt", "write trigger: into dataset.yaml, or --trigger WORDS")
	case c.Kind == kindEmbedding && strings.ContainsAny(j.Trigger, " \t"):
		return art.Invalid("trigger", fmt.Sprintf("%q is more than one word", j.Trigger), "an embedding is one new word, such as two-ink")
	case c.Kind == kindControlNet && c.Control != "canny" && c.Control != "scribble":
		return art.Invalid("control", fmt.Sprintf("control pictures of kind %q are not trained on here", c.Control), "write canny or scribble")
	}
	return nil
}

// Shares of a set that are held back to measure by.
const (
	heldShare = 0.12
	leastHeld = 5 // pictures from which one can be spared
)

// split holds some pictures back. Which ones depends on their bytes, so that a new picture moves few others.
func (j *job) split(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding %s: %w", dir, err)
	}
	pictures := j.check.Usable()
	slices.SortFunc(pictures, func(a, b dataset.Picture) int { return strings.Compare(a.SHA256, b.SHA256) })
	var all []lesson
	for _, p := range pictures {
		all = append(all, lesson{File: filepath.Join(abs, filepath.FromSlash(p.File)), Caption: j.caption(p.Caption)})
	}
	held := 0
	if len(all) >= leastHeld {
		held = max(1, int(heldShare*float64(len(all))+0.5))
	}
	j.Validation, j.Pictures, j.HeldOut = all[:held], all[held:], held > 0
	if held == 0 {
		j.Validation = all // better than nothing; the card says so
	}
	return nil
}

// caption is what a picture shows with the words that call the style or subject.
func (j *job) caption(said string) string {
	if j.Trigger == "" || strings.Contains(strings.ToLower(said), strings.ToLower(j.Trigger)) {
		return said
	}
	return said + ", " + j.Trigger
}

// sheetPictures is how many pictures a sheet has in a row.
const sheetPictures = 6

// prompts are what sheets show: captions that were held back, and where the base's words are known, subjects that no
// picture shows, in the words of a caption.
func (j *job) prompts() []string {
	var all []string
	for _, l := range j.Validation {
		if len(all) < sheetPictures/2 {
			all = append(all, l.Caption)
		}
	}
	var said strings.Builder
	for _, l := range slices.Concat(j.Pictures, j.Validation) {
		said.WriteString(" " + strings.ToLower(l.Caption) + " ")
	}
	captions := said.String()
	subjects := j.base.subjects()
	shown := func(s string) bool {
		return strings.Contains(captions, " "+s+" ") || strings.Contains(captions, " "+s+",")
	}
	pattern, whose := "", ""
	for _, l := range j.Pictures {
		for _, s := range subjects {
			if strings.Contains(l.Caption, article(s)+",") && len(s) > len(whose) {
				pattern, whose = l.Caption, s
			}
		}
	}
	for i := 0; i < len(subjects) && whose != "" && len(all) < sheetPictures; i++ {
		if s := subjects[i*7%len(subjects)]; !shown(s) {
			all = append(all, strings.Replace(pattern, article(whose), article(s), 1))
		}
	}
	for i := 0; len(all) < min(sheetPictures, len(j.Pictures)+len(all)) && i < len(j.Pictures); i++ {
		all = append(all, j.Pictures[i].Caption)
	}
	return all[:min(sheetPictures, len(all))]
}

// article puts a or an before a subject.
func article(subject string) string {
	if strings.ContainsAny(subject[:min(1, len(subject))], "aeiou") {
		return "an " + subject
	}
	return "a " + subject
}

// place makes the job's folder, which its identity names: the same job finds its checkpoint there.
func (j *job) place(ctx context.Context, g *globals, t *tools, f *trainFlags) error {
	root := filepath.Join(g.settings.Cache, trainingName)
	if t.ws != nil {
		root = filepath.Join(t.ws.data(), trainingName)
	}
	text, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("writing the job: %w", err)
	}
	j.Identity = art.Digest(text)
	j.Out = filepath.Join(root, fmt.Sprintf("%s-%s-%.8s", j.Kind, j.name, j.Identity))
	if f.Restart {
		if err := os.RemoveAll(j.Out); err != nil {
			return fmt.Errorf("beginning again: %w", err)
		}
	}
	if err := os.MkdirAll(j.Out, 0o755); err != nil {
		return fmt.Errorf("making a folder for the job: %w", err)
	}
	if j.lock, err = os.OpenFile(filepath.Join(j.Out, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("taking the job's folder: %w", err)
	}
	if err := syscall.Flock(int(j.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another presswerk is training this in %s; wait until it is done, or end it: %w", j.Out, art.ErrConflict), j.lock.Close())
	}
	if j.Kind == kindControlNet {
		if err := j.controls(ctx, t); err != nil {
			return err
		}
	}
	if text, err = json.MarshalIndent(j, "", " "); err != nil {
		return fmt.Errorf("writing the job: %w", err)
	}
	return writeWhole(filepath.Join(j.Out, "job.json"), text)
}

// done gives the folder back. Sheets, log and result stay; the checkpoint has done its service.
func (j *job) done() error {
	return errors.Join(remove(filepath.Join(j.Out, "checkpoint.pt")), j.lock.Close())
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
