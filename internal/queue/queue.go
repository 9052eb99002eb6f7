package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"presswerk/internal/art"
)

// Handler does one job and returns what it wants to write. art.ErrNotYet asks to be called again soon. An error that wraps
// art.ErrInvalid, ErrUnsupported, ErrRefused or ErrMismatch is final; any other is tried again, at once or, where it has a method
// RetryAfter, when that time has passed, which isn't counted as a try.
type Handler func(ctx context.Context, job art.Job) (art.Change, error)

// Commit writes a change and runs also on the same transaction.
type Commit func(ctx context.Context, c art.Change, also ...func(ctx context.Context, tx *sql.Tx) error) error

// Options tells a queue what to do with jobs.
type Options struct {
	Commit   Commit
	Handlers map[art.JobKind]Handler
	// Workers is how many jobs of a kind run at once; 0 means one.
	Workers map[art.JobKind]int
	// Failed is told of a job that will not be tried again and returns what to write about it. The job then counts as done.
	Failed func(ctx context.Context, job art.Job, err error) art.Change
	// Broken, when set, is told of results that could not be written down. Their jobs stay and are tried again.
	Broken func(err error)
	// Periodic jobs come by themselves while the queue works. Now is needed with them.
	Periodic []Periodic
	Now      func() time.Time
	// MaxAttempts is how often a job is tried; 0 means 5.
	MaxAttempts int
	Logger      *slog.Logger
}

// Periodic is a job that comes again: once in each interval since 1970, also when the process was restarted in between.
type Periodic struct {
	Every time.Duration // a minute or more
	Job   art.Job       // its Revision is set to the interval's number
}

// due is the job of the interval in which now lies.
func (p Periodic) due(now time.Time) art.Job {
	job := p.Job
	job.Revision = int(now.UnixNano() / int64(p.Every))
	return job
}

// periodic hands the periodic jobs to River, which queues them from the next interval on; Start queues those of this one.
func (q *Queue) periodic() []*river.PeriodicJob {
	var all []*river.PeriodicJob
	for _, p := range q.options.Periodic {
		all = append(all, river.NewPeriodicJob(river.PeriodicInterval(p.Every), func() (river.JobArgs, *river.InsertOpts) {
			job := p.due(q.options.Now())
			return args{job}, q.insertOpts(job)
		}, nil))
	}
	return all
}

// Queue is safe for concurrent use.
type Queue struct {
	db      *sql.DB
	client  *river.Client[*sql.Tx]
	options Options
}

// args carries a job through River. All kinds share one River kind; the River queue tells them apart.
type args struct {
	art.Job
}

// Kind is River's name for the jobs of the line.
func (args) Kind() string { return "line" }

// everyState makes a job unique for ever, not only while it waits.
func everyState() []rivertype.JobState { return rivertype.JobStates() }

func (q *Queue) insertOpts(job art.Job) *river.InsertOpts {
	priority := job.Priority
	if priority == 0 {
		priority = 2
	}
	return &river.InsertOpts{
		Queue:       string(job.Kind),
		Priority:    priority,
		MaxAttempts: q.options.MaxAttempts,
		UniqueOpts:  river.UniqueOpts{ByArgs: true, ByQueue: true, ByState: everyState()},
	}
}

// New makes a queue over a database that has River's tables. It does nothing until Start.
func New(db *sql.DB, o Options) (*Queue, error) {
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 5
	}
	q := &Queue{db: db, options: o}
	queues := map[string]river.QueueConfig{}
	for kind := range o.Handlers {
		queues[string(kind)] = river.QueueConfig{MaxWorkers: max(1, o.Workers[kind])}
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{queue: q}); err != nil {
		return nil, fmt.Errorf("queue: registering the worker: %w", err)
	}
	client, err := river.NewClient(riversqlite.New(db), &river.Config{
		Queues:            queues,
		Workers:           workers,
		PeriodicJobs:      q.periodic(),
		Logger:            o.Logger,
		JobTimeout:        -1, // a finish may take long; a handler's own context ends it
		FetchCooldown:     20 * time.Millisecond,
		FetchPollInterval: 200 * time.Millisecond,
		// The records of what happened are in the store; ended jobs stay for long because they make repetition impossible.
		CompletedJobRetentionPeriod: 10 * 365 * 24 * time.Hour,
		CancelledJobRetentionPeriod: 10 * 365 * 24 * time.Hour,
		DiscardedJobRetentionPeriod: 10 * 365 * 24 * time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("queue: starting River: %w", err)
	}
	q.client = client
	return q, nil
}

// Insert queues jobs on the caller's transaction. A job that was queued before is left as it is.
func (q *Queue) Insert(ctx context.Context, tx *sql.Tx, jobs []art.Job) error {
	for _, job := range jobs {
		if _, err := q.client.InsertTx(ctx, tx, args{job}, q.insertOpts(job)); err != nil {
			return fmt.Errorf("queue: queueing %s for run %s: %w", job.Kind, job.Run, err)
		}
	}
	return nil
}

// Rescue makes the jobs available again that a dead worker had begun. Only the process that holds the workspace's lock
// may call it, before Start.
func (q *Queue) Rescue(ctx context.Context) (int64, error) {
	res, err := q.db.ExecContext(ctx,
		`UPDATE river_job SET state = 'available', scheduled_at = CURRENT_TIMESTAMP WHERE state = 'running'`)
	if err != nil {
		return 0, fmt.Errorf("queue: finding the jobs of a dead worker again: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("queue: counting the jobs found again: %w", err)
	}
	return n, nil
}

// Retry makes the waiting and given-up jobs of a run available at once, with their tries counted anew.
func (q *Queue) Retry(ctx context.Context, run string) error {
	_, err := q.db.ExecContext(ctx, `UPDATE river_job SET state = 'available', attempt = 0, finalized_at = NULL, scheduled_at = CURRENT_TIMESTAMP
		WHERE state IN ('retryable', 'discarded', 'cancelled', 'scheduled') AND json_extract(args, '$.run') = ?`, run)
	if err != nil {
		return fmt.Errorf("queue: trying the jobs of run %s again: %w", run, err)
	}
	return nil
}

// Start begins to work until Stop is called or ctx ends.
func (q *Queue) Start(ctx context.Context) error {
	for _, p := range q.options.Periodic {
		job := p.due(q.options.Now())
		if _, err := q.client.Insert(ctx, args{job}, q.insertOpts(job)); err != nil {
			return fmt.Errorf("queue: queueing %s of %s: %w", job.Kind, job.Subject, err)
		}
	}
	if err := q.client.Start(ctx); err != nil {
		return fmt.Errorf("queue: starting to work: %w", err)
	}
	return nil
}

// Stop tells the handlers to end and waits for them.
func (q *Queue) Stop(ctx context.Context) error {
	if err := q.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("queue: stopping: %w", err)
	}
	return nil
}

// worker hands River's jobs to the handlers.
type worker struct {
	river.WorkerDefaults[args]
	queue *Queue
}

// Work does one job; see Handler for what its errors mean.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	o := w.queue.options
	handle, ok := o.Handlers[job.Args.Job.Kind]
	if !ok {
		return river.JobCancel(fmt.Errorf("queue: nobody handles %q", job.Args.Job.Kind))
	}
	change, err := safely(ctx, handle, job.Args.Job)
	switch {
	case err == nil:
		return w.commit(ctx, job, change)
	case errors.Is(err, art.ErrNotYet):
		return river.JobSnooze(100 * time.Millisecond)
	case ctx.Err() != nil: // being stopped is no failure: the job starts anew with the next process
		return river.JobSnooze(0)
	case !final(err) && rest(err, job.Metadata) > 0:
		return river.JobSnooze(rest(err, job.Metadata))
	case final(err) || job.Attempt >= job.MaxAttempts:
		o.Logger.ErrorContext(ctx, "job given up", "kind", job.Args.Job.Kind, "run", job.Args.Run, "subject", job.Args.Subject, "err", err)
		return w.commit(ctx, job, o.Failed(ctx, job.Args.Job, err))
	}
	o.Logger.WarnContext(ctx, "job will be tried again", "kind", job.Args.Job.Kind, "run", job.Args.Run, "subject", job.Args.Subject, "attempt", job.Attempt, "err", err)
	return err
}

// safely is the one place where a handler's panic ends: as an error, so that giving up is written down like any other.
func safely(ctx context.Context, handle Handler, job art.Job) (c art.Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = art.Change{}, fmt.Errorf("queue: %s of run %s broke down: %v", job.Kind, job.Run, p)
		}
	}()
	return handle(ctx, job)
}

// commit writes the change, its jobs and the end of this job at once.
func (w *worker) commit(ctx context.Context, job *river.Job[args], change art.Change) error {
	err := w.queue.options.Commit(ctx, change, func(ctx context.Context, tx *sql.Tx) error {
		if err := w.queue.Insert(ctx, tx, change.Jobs); err != nil {
			return err
		}
		if _, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job); err != nil {
			return fmt.Errorf("queue: ending %s of run %s: %w", job.Args.Job.Kind, job.Args.Run, err)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil && w.queue.options.Broken != nil {
		w.queue.options.Broken(fmt.Errorf("queue: writing down what %s of run %s made: %w", job.Args.Job.Kind, job.Args.Run, err))
	}
	return err
}

// What wants to be left alone is waited for so often and so long at most; then trying again counts.
const (
	maxRests = 20
	maxRest  = 10 * time.Minute
)

// rest is how long what a job needs wants to be left alone: trying earlier can't help, and is no failure of the job. 0 where
// it doesn't say, or has said it too often. Metadata is River's, which counts how often a job has rested.
func rest(err error, metadata []byte) time.Duration {
	var asks interface{ RetryAfter() time.Duration }
	if !errors.As(err, &asks) || asks.RetryAfter() > maxRest {
		return 0
	}
	var counted struct {
		Snoozes int `json:"snoozes"`
	}
	if json.Unmarshal(metadata, &counted) == nil && counted.Snoozes >= maxRests {
		return 0
	}
	return max(asks.RetryAfter(), 0)
}

// final tells whether trying again cannot help.
func final(err error) bool {
	for _, sentinel := range []error{art.ErrInvalid, art.ErrUnsupported, art.ErrRefused, art.ErrMismatch} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}
