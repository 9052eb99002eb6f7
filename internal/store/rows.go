package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// The rows below mirror the migrations. Columns hold what queries ask for; doc holds the whole value as JSON.

type runRow struct {
	bun.BaseModel `bun:"table:runs"`
	ID            string `bun:"id,pk"`
	Brief         string `bun:"brief"`
	Brand         string `bun:"brand"`
	State         string `bun:"state"`
	Failure       string `bun:"failure"`
	CreatedAt     string `bun:"created_at"`
	UpdatedAt     string `bun:"updated_at"`
	Doc           string `bun:"doc"`
}

type candidateRow struct {
	bun.BaseModel `bun:"table:candidates"`
	ID            string `bun:"id,pk"`
	Run           string `bun:"run"`
	Place         int    `bun:"place"`
	Recipe        string `bun:"recipe"`
	Doc           string `bun:"doc"`
	Rendered      string `bun:"rendered"`
	Failure       string `bun:"failure"`
}

type fingerprintRow struct {
	bun.BaseModel `bun:"table:fingerprints"`
	Candidate     string `bun:"candidate,pk"`
	Run           string `bun:"run"`
	Place         int    `bun:"place"`
	Kind          string `bun:"kind,pk"`
	Hash          string `bun:"hash"`
}

type verdictRow struct {
	bun.BaseModel `bun:"table:verdicts"`
	Candidate     string  `bun:"candidate,pk"`
	Pass          bool    `bun:"pass"`
	Overall       float64 `bun:"overall"`
	Doc           string  `bun:"doc"`
}

type selectionRow struct {
	bun.BaseModel `bun:"table:selections"`
	Candidate     string `bun:"candidate,pk"`
	Selected      bool   `bun:"selected"`
	Place         int    `bun:"place"`
	Doc           string `bun:"doc"`
}

type decisionRow struct {
	bun.BaseModel `bun:"table:decisions"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Run           string `bun:"run"`
	Candidate     string `bun:"candidate"`
	Action        string `bun:"action"`
	Doc           string `bun:"doc"`
}

type assetRow struct {
	bun.BaseModel `bun:"table:assets"`
	ID            string `bun:"id,pk"`
	Run           string `bun:"run"`
	Candidate     string `bun:"candidate"`
	CreatedAt     string `bun:"created_at"`
	Words         string `bun:"words"`
	Doc           string `bun:"doc"`
}

type publicationRow struct {
	bun.BaseModel `bun:"table:publications"`
	Seq           int64  `bun:"seq,pk,autoincrement"`
	ID            string `bun:"id"`
	Run           string `bun:"run"`
	Doc           string `bun:"doc"`
}

// stamp writes a time so that its text sorts as the time does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store: writing a record: %w", err)
	}
	return string(b), nil
}

func decode[T any](doc string) (T, error) {
	var v T
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		return v, fmt.Errorf("store: reading a record: %w", err)
	}
	return v, nil
}

func parseStamp(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("store: reading a time: %w", err)
	}
	return t, nil
}
