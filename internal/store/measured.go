package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"presswerk/internal/art"
)

// Of each engine's model, the newest calls count; older ones say little about a service of today.
const newestCalls = 50

// Measured tells how long pictures took, by engine and model: of calls that are done, and of candidates that engines made
// without one.
func (db *DB) Measured(ctx context.Context) ([]art.Measured, error) {
	var rows []struct {
		Engine, Model string
		Elapsed       int64
	}
	const timed = `SELECT engine, model, elapsed FROM (
		SELECT engine, model, elapsed, ROW_NUMBER() OVER (PARTITION BY engine, model ORDER BY at DESC) AS place FROM (
			SELECT engine, json_extract(doc, '$.model') AS model, json_extract(doc, '$.picture.elapsed_ns') AS elapsed, json_extract(doc, '$.changed') AS at
			FROM calls WHERE state = ?
			UNION ALL
			SELECT json_extract(rendered, '$.planned.engine'), json_extract(rendered, '$.planned.model.name'), json_extract(rendered, '$.elapsed_ns'), json_extract(rendered, '$.rendered_at')
			FROM candidates WHERE rendered <> '' AND COALESCE(json_extract(rendered, '$.call'), '') = '' AND COALESCE(json_extract(rendered, '$.reused'), 0) = 0
		) WHERE elapsed > 0
	) WHERE place <= ? ORDER BY engine, model, elapsed`
	if err := db.read.NewRaw(timed, string(art.CallDone), newestCalls).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("store: looking how long pictures took: %w", err)
	}
	var all []art.Measured
	for len(rows) > 0 {
		first := rows[0]
		n := slices.IndexFunc(rows, func(r struct {
			Engine, Model string
			Elapsed       int64
		},
		) bool {
			return r.Engine != first.Engine || r.Model != first.Model
		})
		if n < 0 {
			n = len(rows)
		}
		median := float64(rows[(n-1)/2].Elapsed+rows[n/2].Elapsed) / 2
		all = append(all, art.Measured{Engine: first.Engine, Model: first.Model, Seconds: median / float64(time.Second), Calls: n})
		rows = rows[n:]
	}
	return all, nil
}
