package factory

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/clip"
	"presswerk/internal/engine"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
	"presswerk/internal/label"
	"presswerk/internal/ledger"
	"presswerk/internal/safety"
)

// Records is what the factory asks of the store.
type Records interface {
	Runs(ctx context.Context) ([]art.RunView, error)
	Run(ctx context.Context, id string) (art.RunView, error)
	Candidates(ctx context.Context, run string) ([]art.CandidateView, error)
	Candidate(ctx context.Context, id string) (art.CandidateView, error)
	RenderedAs(ctx context.Context, recipe string) (art.Candidate, error)
	Fingerprints(ctx context.Context, kind string, after int64, count int) ([]art.Fingerprint, int64, error)
	KnownMark(ctx context.Context) (string, error)
	Known(ctx context.Context) ([]art.KnownPicture, error)
	RunAssets(ctx context.Context, run string) ([]art.Asset, error)
	Assets(ctx context.Context, words string) ([]art.Asset, error)
	Asset(ctx context.Context, id string) (art.Asset, error)
	Decisions(ctx context.Context, candidate string) ([]art.Decision, error)
	Disclosures(ctx context.Context, candidate string) ([]art.Disclosure, error)
	Kept(ctx context.Context, recipe string) (art.Kept, error)
	Baseline(ctx context.Context, key string) (art.Probe, error)
	Pauses(ctx context.Context) ([]art.Pause, error)
	LicenseOf(ctx context.Context, picture string) (art.PictureLicense, error)
}

// Blobs is what the factory asks of the byte store.
type Blobs interface {
	Put(ctx context.Context, data []byte) (string, error)
	Get(ctx context.Context, sum string) ([]byte, error)
	Open(ctx context.Context, sum string) (io.ReadSeekCloser, int64, error)
}

// Options introduces the parts of the line to each other. All fields but Ledger, Consents, Scores and Clips are needed.
type Options struct {
	Records  Records
	Blobs    Blobs
	Commit   func(ctx context.Context, c art.Change) error // writes a change and queues its jobs, at once
	Engines  engine.Registry
	Ledger   *ledger.Ledger                // buys pictures; nil buys none
	Consents func() ([]art.Consent, error) // who has agreed that which engine stands in, read each time; nil: nobody has
	Panel    judge.Panel
	Guide    func(sector string) (*safety.Guide, error)                                     // policy for words that are read in pictures; nil reads none
	Embedder judge.Embedders                                                                // turns pictures into vectors, which are kept; nil keeps none
	Scores   judge.Memory                                                                   // what was scored before; nil looks again
	People   func(ctx context.Context, p *imaging.RGB) ([]art.Presented, error)             // finds people and what they present; nil finds none
	Read     imaging.Read                                                                   // reads pictures that come from elsewhere; nil reads them in this process
	Clips    *clip.Tool                                                                     // looks into clips; nil, or without its programs, makes none
	Locate   func(ctx context.Context, p *imaging.RGB, words string) (judge.Located, error) // finds what words name in a picture; nil finds nothing
	Finisher *finish.Finisher
	Keep     func(ctx context.Context, a art.Asset) ([]art.Manifest, error) // keeps the manifests of an asset's files; nil keeps none
	Site     Site
	Labels   label.Table // what laws, codes and platforms want of generated pictures; the zero table wants nothing
	Now      func() time.Time
	Hub      *Hub
	Logger   *slog.Logger
	Version  string // of Presswerk
}

// Factory is safe for concurrent use.
type Factory struct {
	Options

	eyes     Eyes
	pictures *pictures // that candidates are compared with

	deciding sync.Mutex // one decision at a time: what is made again gets the next free place of its run

	breaking sync.Mutex
	circuits map[string]*engine.Circuit // guarded by breaking: of engines that others may stand in for
}

// New makes a factory of its parts.
func New(o Options) *Factory { return &Factory{Options: o, pictures: newPictures()} }

// Handlers gives one handler for each kind of job.
func (f *Factory) Handlers() map[art.JobKind]func(context.Context, art.Job) (art.Change, error) {
	return map[art.JobKind]func(context.Context, art.Job) (art.Change, error){
		art.JobRender:  f.render,
		art.JobJudge:   f.judge,
		art.JobSelect:  f.selectBest,
		art.JobFinish:  f.finish,
		art.JobPublish: f.publish,
	}
}

// Failed says what to write about a job that will not be tried again: a candidate that could not be rendered or judged
// is left out with the reason, anything else fails its run.
func (f *Factory) Failed(_ context.Context, job art.Job, err error) art.Change {
	now := f.Now()
	switch job.Kind {
	case art.JobRender, art.JobJudge:
		c := art.Change{
			Jobs:   []art.Job{{Kind: art.JobSelect, Run: job.Run, Subject: job.Subject, Revision: job.Revision}},
			Events: []art.Event{{Kind: "candidate", Run: job.Run, Candidate: job.Subject, At: now}},
		}
		if job.Kind == art.JobRender {
			c.Failures = []art.RenderFailure{{Candidate: job.Subject, Reason: err.Error()}}
		} else {
			c.Verdicts = []art.Verdict{{Candidate: job.Subject, At: now, Failures: []art.Failure{{
				Scorer: "judge", Reason: art.Text{
					art.English: "could not be judged: " + err.Error(),
					art.German:  "konnte nicht beurteilt werden: " + err.Error(),
				},
			}}}}
		}
		return c
	case art.JobProbe: // the next one comes by itself
		f.Logger.Error("a probe was given up", "probe", job.Subject, "err", err)
		return art.Change{}
	default:
		return art.Change{
			RunState: &art.RunStateChange{Run: job.Run, State: art.RunFailed, Failure: fmt.Sprintf("%s: %v", job.Kind, err)},
			Events:   []art.Event{{Kind: "run", Run: job.Run, At: now}},
		}
	}
}

// Kit reads the brand kit as it was when the run was planned.
func Kit(run art.Run) (brand.Kit, error) {
	var k brand.Kit
	if err := json.Unmarshal(run.BrandKit, &k); err != nil {
		return k, fmt.Errorf("factory: reading the brand kit of run %s: %w", run.ID, err)
	}
	return k, nil
}

// Blob opens kept bytes for reading, with their length.
func (f *Factory) Blob(ctx context.Context, sum string) (io.ReadSeekCloser, int64, error) {
	return f.Blobs.Open(ctx, sum)
}

// Subscribe gives the events of all runs until ctx ends.
func (f *Factory) Subscribe(ctx context.Context) <-chan art.Event { return f.Hub.Subscribe(ctx) }

// Runs lists all runs, the newest first.
func (f *Factory) Runs(ctx context.Context) ([]art.RunView, error) { return f.Records.Runs(ctx) }

// Run gives one run with its figures.
func (f *Factory) Run(ctx context.Context, id string) (art.RunView, error) {
	return f.Records.Run(ctx, id)
}

// Candidates lists a run's candidates in the order of its plan.
func (f *Factory) Candidates(ctx context.Context, run string) ([]art.CandidateView, error) {
	return f.Records.Candidates(ctx, run)
}

// Candidate gives one candidate with all that was said about it.
func (f *Factory) Candidate(ctx context.Context, id string) (art.CandidateView, error) {
	return f.Records.Candidate(ctx, id)
}

// Decisions lists all that was decided about a candidate, the oldest first.
func (f *Factory) Decisions(ctx context.Context, candidate string) ([]art.Decision, error) {
	return f.Records.Decisions(ctx, candidate)
}

// Assets lists the assets in which all words occur.
func (f *Factory) Assets(ctx context.Context, words string) ([]art.Asset, error) {
	return f.Records.Assets(ctx, words)
}

// Asset gives one asset.
func (f *Factory) Asset(ctx context.Context, id string) (art.Asset, error) {
	return f.Records.Asset(ctx, id)
}
