-- +goose Up
-- Signed manifests by what finds them again: their label, the watermark's number, the fingerprint, the pixels. Their bytes are blobs.
CREATE TABLE manifests (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE, -- label of the active manifest
    asset  TEXT NOT NULL REFERENCES assets (id),
    mark   INTEGER NOT NULL,     -- 0: none
    pdq    TEXT NOT NULL,        -- '': none
    pixels TEXT NOT NULL,        -- '': none
    doc    TEXT NOT NULL         -- art.Manifest
);
CREATE INDEX manifests_asset ON manifests (asset);
CREATE INDEX manifests_mark ON manifests (mark) WHERE mark <> 0;
CREATE INDEX manifests_pixels ON manifests (pixels) WHERE pixels <> '';

-- Which assets' manifests were deleted, and why. Rows are only ever added.
CREATE TABLE manifest_deletions (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL,
    doc   TEXT NOT NULL -- art.ManifestDeletion
);
CREATE INDEX manifest_deletions_asset ON manifest_deletions (asset);
