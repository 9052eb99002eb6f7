package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"presswerk/internal/art"
)

// Registry is a set of engines by name, in the order they were given. The zero value is empty.
type Registry struct{ engines []Engine }

// NewRegistry builds a registry. Two engines of one name are a mistake and give art.ErrConflict.
func NewRegistry(engines ...Engine) (Registry, error) {
	var names []string
	for _, e := range engines {
		name := e.Info().Name
		if slices.Contains(names, name) {
			return Registry{}, fmt.Errorf("engine: two engines are called %q: %w", name, art.ErrConflict)
		}
		names = append(names, name)
	}
	return Registry{engines: slices.Clone(engines)}, nil
}

// Get finds an engine by name, or gives art.ErrNotFound with the names that exist.
func (r Registry) Get(name string) (Engine, error) {
	var names []string
	for _, e := range r.engines {
		known := e.Info().Name
		if known == name {
			return e, nil
		}
		names = append(names, known)
	}
	return nil, &art.FieldError{
		Field: "engine", Reason: fmt.Sprintf("no engine is called %q", name),
		Remedy: "choose one of: " + strings.Join(names, ", "), Kind: art.ErrNotFound,
	}
}

// All returns the engines in the order they were given.
func (r Registry) All() []Engine { return slices.Clone(r.engines) }

// Close closes every engine and returns what went wrong.
func (r Registry) Close() error {
	var all []error
	for _, e := range r.engines {
		if err := e.Close(); err != nil {
			all = append(all, fmt.Errorf("engine: closing %s: %w", e.Info().Name, err))
		}
	}
	return errors.Join(all...)
}
