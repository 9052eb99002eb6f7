-- +goose Up
-- What a version of a scorer said of a picture, so that nobody looks twice. It can be thrown away at any time.
CREATE TABLE scores (
    key TEXT PRIMARY KEY, -- judge's: scorer, version, model, picture and what else it looks at
    doc TEXT NOT NULL     -- art.Score
);
