package local

import (
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

func TestConforms(t *testing.T) {
	open := func(t *testing.T) engine.Engine {
		return newEngine(t, Options{Version: "test", Models: []string{tinyRecipe().Model.Dir}})
	}
	r := tinyRecipe()
	r.Model = open(t).Info().Models[0].Capabilities.Model
	testkit.Conform(t, testkit.Conformance{
		New: open, Recipe: r,
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			slow := r
			slow.Steps = 500
			return open(t), slow
		},
	})
}
