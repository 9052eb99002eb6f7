-- +goose Up
-- What models make of neutral prompts, over time.
CREATE TABLE bias_probes (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    engine TEXT NOT NULL,
    model  TEXT NOT NULL,
    doc    TEXT NOT NULL -- art.BiasProbe
);
CREATE INDEX bias_probes_of ON bias_probes (engine, model, seq);
