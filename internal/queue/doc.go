// Package queue runs jobs: it keeps them in the workspace's database, hands each to the handler of its kind, and tries
// again with growing pauses when one fails. It is a thin room around River.
//
// A handler returns an art.Change. The change, its follow-up jobs and the end of the job are committed in one
// transaction, so a worker may die at any instant: the job is found again, nothing is lost and no record is doubled.
//
//	q, err := queue.New(db.Handle(), queue.Options{Commit: commit, Handlers: map[art.JobKind]queue.Handler{art.JobRender: render}})
//	err = q.Start(ctx)
//	defer q.Stop(ctx)
//
// Equal jobs are queued once, for ever: a job that has to run again carries a new Revision. The package knows nothing
// of what a job does.
package queue
