package main

import (
	"fmt"
	"os"
	"path/filepath"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/icc"
	"presswerk/internal/press"
)

// pressProfile is where make setup puts the profile of the printing condition that comes along.
const pressProfile = "icc/fogra39.icc"

// colours is the library that turns colours.
func (t *tools) colours() (*icc.Library, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lcms == nil {
		lib, err := icc.Open("")
		if err != nil {
			return nil, err
		}
		t.lcms = lib
	}
	return t.lcms, nil
}

// press opens a printing condition by its name, or by the path of its profile, which begins in a folder.
func (t *tools) press(dir, profile string) (*press.Press, error) {
	lib, err := t.colours()
	if err != nil {
		return nil, err
	}
	c, path := press.Condition{}, profile
	if profile == brand.Condition {
		c.Name, path = "FOGRA39", t.g.settings.native(pressProfile)
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if c.Profile, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("the profile of the printing condition %s (run 'make setup' for fogra39): %w: %w", profile, err, art.ErrUnavailable)
	}
	return press.New(lib, c)
}
