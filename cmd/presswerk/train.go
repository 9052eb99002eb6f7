package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/dataset"
	"presswerk/internal/modelstore"
)

// trainCmd trains what is added to a model.
type trainCmd struct {
	Lora       trainLoraCmd       `cmd:"" help:"${train_lora}"`
	Dreambooth trainDreamboothCmd `cmd:"" help:"${train_dreambooth}"`
	Embedding  trainEmbeddingCmd  `cmd:"" help:"${train_embedding}"`
	Controlnet trainControlnetCmd `cmd:"" help:"${train_controlnet}"`
	Check      trainCheckCmd      `cmd:"" help:"${train_check}"`
}

// trainFlags are those of every training.
type trainFlags struct {
	Dir      string  `arg:"" placeholder:"DATASET" type:"existingdir" help:"${arg_dataset}"`
	Model    string  `name:"model" default:"house" placeholder:"NAME|DIR" help:"${flag_train_model}"`
	As       string  `name:"as" placeholder:"NAME[@VERSION]" help:"${flag_as}"`
	Trigger  string  `name:"trigger" placeholder:"WORDS" help:"${flag_trigger}"`
	Steps    int     `name:"steps" placeholder:"N" help:"${flag_train_steps}"`
	Batch    int     `name:"batch" placeholder:"N" help:"${flag_train_batch}"`
	Rate     float64 `name:"rate" placeholder:"N" help:"${flag_rate}"`
	Size     int     `name:"size" placeholder:"PIXELS" help:"${flag_train_size}"`
	Seed     int64   `name:"seed" default:"1" help:"${flag_train_seed}"`
	Flip     bool    `name:"flip" default:"true" negatable:"" help:"${flag_flip}"`
	Every    int     `name:"every" placeholder:"N" help:"${flag_every}"`
	Patience int     `name:"patience" default:"4" help:"${flag_patience}"`
	Device   string  `name:"device" default:"cpu" placeholder:"cpu|cuda" help:"${flag_device}"`
	Price    float64 `name:"price-per-hour" placeholder:"N" help:"${flag_price}"`
	Report   string  `name:"report" type:"path" placeholder:"HTML" help:"${flag_report}"`
	Check    bool    `name:"check" help:"${flag_train_check}"`
	Estimate bool    `name:"estimate" help:"${flag_estimate}"`
	Restart  bool    `name:"restart" help:"${flag_restart}"`
}

type trainLoraCmd struct {
	trainFlags
	Rank         int      `name:"rank" default:"16" help:"${flag_rank}"`
	Alpha        float64  `name:"alpha" placeholder:"N" help:"${flag_alpha}"`
	Convolutions bool     `name:"conv" default:"true" negatable:"" help:"${flag_conv}"`
	Layers       []string `name:"layers" placeholder:"NAME,…" help:"${flag_layers}"`
}

// Run trains a LoRA of a style or a subject.
func (c *trainLoraCmd) Run(ctx context.Context, g *globals) error {
	return c.run(ctx, g, course{Kind: kindLoRA, Rank: c.Rank, Alpha: cmp.Or(c.Alpha, float64(c.Rank)), Convolutions: c.Convolutions, Layers: c.Layers})
}

type trainDreamboothCmd struct {
	trainLoraCmd
	Class       string  `name:"class" placeholder:"PROMPT" help:"${flag_class}"`
	Pictures    int     `name:"class-pictures" default:"24" help:"${flag_class_pictures}"`
	PriorWeight float64 `name:"prior-weight" default:"1" help:"${flag_prior_weight}"`
}

// Run trains a LoRA of one subject, with pictures of its class beside it that the base has drawn.
func (c *trainDreamboothCmd) Run(ctx context.Context, g *globals) error {
	if c.Pictures < 1 || c.Pictures > 1000 {
		return art.Invalid("class-pictures", fmt.Sprintf("%d is out of range", c.Pictures), "write 1 to 1000")
	}
	return c.run(ctx, g, course{
		Kind: kindDreambooth, Rank: c.Rank, Alpha: cmp.Or(c.Alpha, float64(c.Rank)), Convolutions: c.Convolutions, Layers: c.Layers,
		ClassPrompt: c.Class, ClassPictures: c.Pictures, PriorWeight: c.PriorWeight,
	})
}

type trainEmbeddingCmd struct {
	trainFlags
	Vectors int    `name:"vectors" default:"4" help:"${flag_vectors}"`
	Like    string `name:"like" default:"illustration" placeholder:"WORDS" help:"${flag_like_word}"`
}

// Run trains the vectors of a new word.
func (c *trainEmbeddingCmd) Run(ctx context.Context, g *globals) error {
	if c.Vectors < 1 || c.Vectors > 64 {
		return art.Invalid("vectors", fmt.Sprintf("%d is out of range", c.Vectors), "write 1 to 64; a prompt has room for 75 tokens")
	}
	return c.run(ctx, g, course{Kind: kindEmbedding, Vectors: c.Vectors, Like: c.Like})
}

type trainControlnetCmd struct {
	trainFlags
	Control string `name:"control" default:"canny" placeholder:"canny|scribble" help:"${flag_train_control}"`
}

// Run trains a control network for edges or scribbles.
func (c *trainControlnetCmd) Run(ctx context.Context, g *globals) error {
	return c.run(ctx, g, course{Kind: kindControlNet, Control: c.Control})
}

// Kinds of training, as the trainer's protocol calls them.
const (
	kindLoRA       = "lora"
	kindDreambooth = "dreambooth"
	kindEmbedding  = "embedding"
	kindControlNet = "controlnet"
)

// trained is the answer of a training.
type trained struct {
	Job     string               `json:"job"` // folder with sheets and log
	Check   dataset.Report       `json:"check"`
	Report  string               `json:"report,omitempty"`
	Begun   *estimated           `json:"estimate,omitempty"`
	Result  *finished            `json:"result,omitempty"`
	Model   *modelstore.Manifest `json:"model,omitempty"`
	Card    string               `json:"card,omitempty"`
	Compare []compared           `json:"compared,omitempty"` // with the base
}

// run looks at the pictures, trains, keeps the result and measures it against the base. Nothing is started before the
// pictures and their rights are in order.
func (f *trainFlags) run(ctx context.Context, g *globals, c course) error {
	if err := f.valid(); err != nil {
		return err
	}
	t := newTools(g)
	defer t.close() //nolint:errcheck // the result is in the store by then
	t.here()
	base, err := t.base(f.Model)
	if err != nil {
		return err
	}
	if err := base.can(c.Kind); err != nil {
		return err
	}
	set, err := readDataset(f.Dir)
	if err != nil {
		return err
	}
	set.Trigger = cmp.Or(f.Trigger, set.Trigger)
	answer := trained{}
	width, height := base.size(f.Size)
	if answer.Check, answer.Report, err = g.curate(ctx, t, f.Dir, set, sizes{width, height, base.subjects()}, f.Report); err != nil {
		return err
	}
	if f.Check {
		return g.checked(answer.Check, answer.Report)
	}
	if err := trainable(answer.Check, answer.Report); err != nil {
		return err
	}
	job, err := f.job(ctx, g, t, c, base, set, answer.Check)
	if err != nil {
		return err
	}
	answer.Job = job.Out
	return f.train(ctx, g, t, job, &answer)
}

// train runs the job and keeps what comes out.
func (f *trainFlags) train(ctx context.Context, g *globals, t *tools, job *job, answer *trained) error {
	begun := time.Now()
	shown := newCourseProgress(g, job, f.Price)
	end, err := job.start(ctx, g, f.Estimate, shown.hear)
	shown.close()
	answer.Begun = shown.begun
	if err != nil {
		return err
	}
	if f.Estimate {
		return g.answer(answer, func(io.Writer) {})
	}
	answer.Result = end
	end.Seconds = time.Since(begun).Seconds()
	if answer.Compare, err = t.compare(ctx, job, *end); err != nil {
		return err
	}
	m, card, err := g.keepTrained(ctx, job, *end, *answer)
	if err != nil {
		return err
	}
	answer.Model, answer.Card = &m, card
	if err := job.done(); err != nil {
		return err
	}
	return g.answer(answer, func(w io.Writer) { f.tell(w, g.words, *answer, job) })
}

// tell says what there is now and how it is used.
func (f *trainFlags) tell(w io.Writer, words words, a trained, j *job) {
	fmt.Fprintln(w, words.say("train_kept", a.Model.Ref(), a.Model.Kind, a.Model.SHA256))
	for _, c := range a.Compare {
		fmt.Fprintln(w, "  "+c.text(words))
	}
	fmt.Fprintln(w, words.say("train_sheet", a.Result.Sheet))
	if a.Card != "" {
		fmt.Fprintln(w, words.say("train_card", a.Card))
	}
	switch j.Kind {
	case kindLoRA, kindDreambooth:
		fmt.Fprintln(w, words.say("train_use", a.Model.Name, a.Model.Name, j.Trigger))
	case kindEmbedding:
		fmt.Fprintln(w, words.say("train_use_word", a.Model.Name, j.Trigger))
	case kindControlNet:
		fmt.Fprintln(w, words.say("train_use_control", f.Model, a.Model.Ref()))
	}
}

func (f *trainFlags) valid() error {
	for _, n := range []struct {
		name        string
		value       int
		least, most int
	}{{"steps", f.Steps, 1, 1_000_000}, {"batch", f.Batch, 1, 256}, {"size", f.Size, 32, 4096}, {"every", f.Every, 1, 1_000_000}} {
		if n.value != 0 && (n.value < n.least || n.value > n.most) {
			return art.Invalid(n.name, fmt.Sprintf("%d is out of range", n.value), fmt.Sprintf("write %d to %d", n.least, n.most))
		}
	}
	switch {
	case f.Rate < 0 || f.Rate > 1:
		return art.Invalid("rate", fmt.Sprintf("%v is out of range", f.Rate), "write a number above 0, such as 1e-3")
	case f.Seed < 0 || f.Seed > 1<<40:
		return art.Invalid("seed", fmt.Sprintf("%d is out of range", f.Seed), "write a whole number from 0 up")
	case f.Patience < 1:
		return art.Invalid("patience", fmt.Sprintf("%d is out of range", f.Patience), "write 1 or more")
	case f.Device != "cpu" && !strings.HasPrefix(f.Device, "cuda"):
		return art.Invalid("device", fmt.Sprintf("nobody knows the device %q", f.Device), "write cpu, cuda or cuda:1")
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9._-]+`)

// name is what the result is called: as asked, else as the folder.
func (f *trainFlags) name(s *modelstore.Store) (name, version string, err error) {
	name, version, _ = strings.Cut(f.As, "@")
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return "", "", fmt.Errorf("finding %s: %w", f.Dir, err)
	}
	name = cmp.Or(name, strings.Trim(notInNames.ReplaceAllString(strings.ToLower(filepath.Base(dir)), "-"), "-."))
	if version == "" {
		version = nextVersion(s, name)
	}
	return name, version, modelstore.CheckName(name, version)
}

// nextVersion counts up from the versions that the store has.
func nextVersion(s *modelstore.Store, name string) string {
	for n := 1; ; n++ {
		if _, err := s.Find(fmt.Sprintf("%s@%d", name, n)); err != nil {
			return fmt.Sprint(n)
		}
	}
}
