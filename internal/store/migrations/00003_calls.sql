-- +goose Up
-- Calls that may cost something, or that outlive the process. A row is written before the request leaves.
CREATE TABLE calls (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,    -- the name under which the engine was asked
    key      TEXT NOT NULL,           -- what it is for
    attempt  INTEGER NOT NULL,
    run      TEXT NOT NULL,           -- '' outside runs
    brand    TEXT NOT NULL,
    engine   TEXT NOT NULL,
    day      TEXT NOT NULL,           -- YYYY-MM-DD, UTC
    state    TEXT NOT NULL,           -- of the newest outcome
    cost     INTEGER NOT NULL,        -- what it counts for in budgets, in millionths of the currency
    currency TEXT NOT NULL,
    doc      TEXT NOT NULL,           -- art.Call with its newest outcome
    UNIQUE (key, attempt)             -- two workers can't both begin an attempt
);
CREATE INDEX calls_spent ON calls (currency, day);
CREATE INDEX calls_run ON calls (run);
CREATE INDEX calls_state ON calls (state);

-- All that became of a call; rows are only ever added.
CREATE TABLE outcomes (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    call  TEXT NOT NULL REFERENCES calls (id),
    state TEXT NOT NULL,
    doc   TEXT NOT NULL -- art.Outcome
);
CREATE INDEX outcomes_call ON outcomes (call, seq);
