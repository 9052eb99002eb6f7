package sdapi

import (
	"testing"

	"presswerk/internal/art"
	"presswerk/internal/engine"
	"presswerk/internal/testkit"
)

// tinyRecipe is the smallest picture of stable-diffusion.cpp's server with random weights.
func tinyRecipe(s *testkit.SDCPP) art.Recipe {
	r := simple()
	r.Model, r.Steps, r.GuidanceScale, r.Scheduler = art.ModelRef{Name: s.Model}, 1, 1, "normal"
	return r
}

// TestRealServerConforms: stable-diffusion.cpp itself passes the suite.
func TestRealServerConforms(t *testing.T) {
	s := testkit.NewSDCPP(t, false)
	testkit.Conform(t, testkit.Conformance{
		New: func(t *testing.T) engine.Engine { return connected(t, s.URL) }, Recipe: tinyRecipe(s),
		Slow: func(t *testing.T) (engine.Engine, art.Recipe) {
			slow := tinyRecipe(s)
			slow.Steps, slow.Width, slow.Height = 50, 128, 128
			return connected(t, s.URL), slow
		},
	})
}
