-- +goose Up
-- Vectors of known pictures, and pictures that show how an engine's look by default. Those of candidates are fingerprints.
ALTER TABLE known_pictures ADD COLUMN look BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE known_pictures ADD COLUMN model TEXT NOT NULL DEFAULT '';  -- SHA-256 of the network that the vector is of
ALTER TABLE known_pictures ADD COLUMN vector TEXT NOT NULL DEFAULT '';
