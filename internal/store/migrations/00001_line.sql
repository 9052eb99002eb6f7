-- +goose Up
CREATE TABLE runs (
    id         TEXT PRIMARY KEY,
    brief      TEXT NOT NULL,
    brand      TEXT NOT NULL,
    state      TEXT NOT NULL,
    failure    TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    doc        TEXT NOT NULL -- art.Run without the columns above
);
CREATE INDEX runs_created ON runs (created_at);

CREATE TABLE candidates (
    id        TEXT PRIMARY KEY,
    run       TEXT NOT NULL REFERENCES runs (id),
    place     INTEGER NOT NULL,
    recipe    TEXT NOT NULL,
    doc       TEXT NOT NULL,             -- art.Candidate as planned
    rendered  TEXT NOT NULL DEFAULT '',  -- art.Candidate as rendered; '' before
    failure   TEXT NOT NULL DEFAULT '',
    UNIQUE (run, place)
);
CREATE INDEX candidates_recipe ON candidates (recipe) WHERE rendered <> '';

CREATE TABLE fingerprints (
    candidate TEXT NOT NULL REFERENCES candidates (id),
    run       TEXT NOT NULL,
    place     INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (candidate, kind)
);

CREATE TABLE verdicts (
    candidate TEXT PRIMARY KEY REFERENCES candidates (id),
    pass      BOOLEAN NOT NULL,
    overall   REAL NOT NULL,
    doc       TEXT NOT NULL
);

CREATE TABLE selections (
    candidate TEXT PRIMARY KEY REFERENCES candidates (id),
    selected  BOOLEAN NOT NULL,
    place     INTEGER NOT NULL,
    doc       TEXT NOT NULL
);

-- Decisions are only ever added; the newest of a candidate counts.
CREATE TABLE decisions (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    run       TEXT NOT NULL REFERENCES runs (id),
    candidate TEXT NOT NULL REFERENCES candidates (id),
    action    TEXT NOT NULL,
    doc       TEXT NOT NULL
);
CREATE INDEX decisions_candidate ON decisions (candidate, seq);
CREATE INDEX decisions_run ON decisions (run);

CREATE TABLE assets (
    id        TEXT PRIMARY KEY,
    run       TEXT NOT NULL REFERENCES runs (id),
    candidate TEXT NOT NULL UNIQUE REFERENCES candidates (id),
    created_at TEXT NOT NULL,
    words     TEXT NOT NULL, -- what search looks through, lower case
    doc       TEXT NOT NULL
);
CREATE INDEX assets_run ON assets (run);

CREATE TABLE publications (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    id   TEXT NOT NULL UNIQUE,
    run  TEXT NOT NULL REFERENCES runs (id),
    doc  TEXT NOT NULL
);
CREATE INDEX publications_run ON publications (run);
