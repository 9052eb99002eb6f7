-- +goose Up
-- Answers to whether a picture could mislead. Rows are only ever added; the newest of a candidate counts.
CREATE TABLE disclosures (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    run       TEXT NOT NULL,
    candidate TEXT NOT NULL REFERENCES candidates (id),
    misleads  BOOLEAN NOT NULL,
    doc       TEXT NOT NULL -- art.Disclosure
);
CREATE INDEX disclosures_candidate ON disclosures (candidate, seq);
