-- +goose Up
-- Pictures from elsewhere that candidates are compared with, in named sets: references, other brands' works.
CREATE TABLE known_pictures (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    name_set TEXT NOT NULL,
    name     TEXT NOT NULL,
    exclude  BOOLEAN NOT NULL, -- whether nothing may resemble it
    hash     TEXT NOT NULL,    -- PDQ
    UNIQUE (name_set, name)
);

-- Fingerprints are read in the order of writing, which is that of their row.
CREATE INDEX fingerprints_kind ON fingerprints (kind);
