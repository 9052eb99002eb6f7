-- +goose Up
-- Comparisons of a brand's fixed prompts with an old and a new recipe. Pins cite them.
CREATE TABLE guards (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    brand  TEXT NOT NULL,
    prompts TEXT NOT NULL, -- identity of the prompt set
    doc    TEXT NOT NULL   -- art.Guard
);
CREATE INDEX guards_brand ON guards (brand, prompts, seq);

-- Probes of engines. One without a baseline is one; so is one whose pause was lifted by accepting what it had found.
CREATE TABLE probes (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    key      TEXT NOT NULL, -- equal keys can be compared
    baseline TEXT NOT NULL, -- the probe it was compared with, or ''
    doc      TEXT NOT NULL  -- art.Probe
);
CREATE INDEX probes_key ON probes (key, seq);

CREATE TABLE pauses (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    id    TEXT NOT NULL UNIQUE,
    probe TEXT NOT NULL REFERENCES probes (id),
    doc   TEXT NOT NULL -- art.Pause
);

-- A pause is over when somebody has lifted it.
CREATE TABLE resumptions (
    pause  TEXT PRIMARY KEY REFERENCES pauses (id),
    accept BOOLEAN NOT NULL,
    doc    TEXT NOT NULL -- art.Resumption
);

-- Pictures that were rendered outside any run, by recipe.
CREATE TABLE kept (
    recipe TEXT PRIMARY KEY,
    doc    TEXT NOT NULL -- art.Kept
);
