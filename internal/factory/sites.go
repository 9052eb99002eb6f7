package factory

import (
	"context"

	"presswerk/internal/art"
)

// Site writes a run's pages; publish does.
type Site interface {
	// Write puts the site into its place, whole or not at all, and says where that is.
	Write(ctx context.Context, run art.RunView, candidates []art.CandidateView, assets []art.Asset) (path string, err error)
}
