package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"presswerk/internal/art"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the database of one workspace. It is safe for concurrent use.
type DB struct {
	write *bun.DB // one connection: SQLite has one writer
	read  *bun.DB
}

// Open opens the SQLite file at path, makes it when it is missing, and upgrades it forward. Before an upgrade a copy
// is kept beside it as "<name>.before-<version>". A database from a newer Presswerk is refused with ErrUnsupported.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("store: making the folder of the database: %w", err)
	}
	write, err := connect(path, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write, path); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := connect(path, "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	dialect := sqlitedialect.New()
	return &DB{write: bun.NewDB(write, dialect), read: bun.NewDB(read, dialect)}, nil
}

// connect opens a pool on the file; busy waits instead of failing, and the journal survives a crash.
func connect(path, extra string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)&" + extra
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("store: opening %s: %w", path, err)
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, path string) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("store: reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("store: preparing the migrations of %s: %w", path, err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("store: reading the version of %s (is it a Presswerk database?): %w", path, err)
	}
	if current > target {
		return fmt.Errorf("store: %s was written by a newer Presswerk (version %d, this one knows %d); update Presswerk: %w",
			path, current, target, art.ErrUnsupported)
	}
	if current > 0 && current < target {
		if err := keepCopy(ctx, db, fmt.Sprintf("%s.before-%05d", path, target)); err != nil {
			return err
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("store: upgrading %s: %w", path, err)
	}
	jobs, err := rivermigrate.New(riversqlite.New(db), nil)
	if err != nil {
		return fmt.Errorf("store: preparing the tables of the queue: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("store: upgrading the tables of the queue: %w", err)
	}
	return nil
}

// keepCopy writes a complete copy of the database; an older copy of the same name stays.
func keepCopy(ctx context.Context, db *sql.DB, to string) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("store: keeping a copy at %s before upgrading (is the disk full?): %w", to, err)
	}
	return nil
}

// Copy writes a complete, consistent copy of the database to a new file while others go on working.
func (db *DB) Copy(ctx context.Context, to string) error {
	if _, err := db.write.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("store: copying the database to %s: %w", to, err)
	}
	return nil
}

// Handle gives the writing pool to the queue, which keeps its jobs in the same file. Nobody else needs it.
func (db *DB) Handle() *sql.DB { return db.write.DB }

// Close ends all connections.
func (db *DB) Close() error {
	return errors.Join(db.read.Close(), db.write.Close())
}
