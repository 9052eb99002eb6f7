-- +goose Up
-- One brief on several engines, side by side.
CREATE TABLE comparisons (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    id    TEXT NOT NULL UNIQUE,
    brand TEXT NOT NULL,
    brief TEXT NOT NULL,
    doc   TEXT NOT NULL -- art.EngineComparison
);
