package factory

import (
	"context"
	"fmt"
	"strings"

	"presswerk/internal/art"
	"presswerk/internal/finish"
	"presswerk/internal/imaging"
)

// given fetches the pictures that a recipe began with or was steered by, for the manifest. The frames of a clip come with the clip.
func given(ctx context.Context, get func(ctx context.Context, sum string) ([]byte, error), r art.Recipe) ([]finish.Given, error) {
	var all []finish.Given
	seen := map[string]bool{}
	add := func(label, title, sum string) error {
		if sum == "" || seen[sum] {
			return nil // the same picture counts once, for what it was there for first
		}
		seen[sum] = true
		data, err := get(ctx, strings.TrimPrefix(sum, "sha256:"))
		if err != nil {
			return fmt.Errorf("the %s: %w", title, err)
		}
		if format := imaging.Sniff(data); format != "" { // what is no picture was refused by the engine
			all = append(all, finish.Given{Label: label, Title: title, MIME: format.MIME(), Data: data})
		}
		return nil
	}
	if err := add(finish.GivenInit, "picture before", r.InitImage); err != nil {
		return nil, err
	}
	if err := add(finish.GivenMask, "mask", r.MaskImage); err != nil {
		return nil, err
	}
	for i, c := range r.Controls {
		if err := add(fmt.Sprintf("control-%d", i+1), "control picture ("+c.Kind+")", c.Image); err != nil {
			return nil, err
		}
	}
	for i, c := range r.References {
		if err := add(fmt.Sprintf("reference-%d", i+1), "reference picture", c.Image); err != nil {
			return nil, err
		}
	}
	return all, nil
}
