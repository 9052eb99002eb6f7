-- +goose Up
-- Licences of pictures that were not made here. Rows are only ever added; the newest of a picture counts.
CREATE TABLE licenses (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE, -- what it says
    picture TEXT NOT NULL,        -- SHA-256 of the picture's file as it came
    source  TEXT NOT NULL,
    doc     TEXT NOT NULL         -- art.PictureLicense
);
CREATE INDEX licenses_picture ON licenses (picture, seq);
