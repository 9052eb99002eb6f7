package factory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"presswerk/internal/art"
	"presswerk/internal/brand"
	"presswerk/internal/imaging"
	"presswerk/internal/judge"
)

// Eyes look at pictures as a brand does. What takes a while to make ready, such as a logo, is kept. The zero value is ready
// for use, by several at a time.
type Eyes struct {
	mu       sync.Mutex // guards what is below
	logos    map[string]*judge.Logo
	identity map[string]*judge.Reference
}

// Look gives all that a kit says of pictures and that scorers measure; the caller adds the picture. Get gives the bytes of the
// logo and of the picture of identity by their SHA-256.
func (e *Eyes) Look(ctx context.Context, k brand.Kit, get func(ctx context.Context, sum string) ([]byte, error)) (judge.Subject, error) {
	s := judge.Subject{Palette: k.Colours, Forbidden: k.Forbidden, Layout: k.Layout}
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	if sum := k.Logo.SHA256; sum != "" { // kits of runs that began before logos were kept have none
		key := fmt.Sprint(sum, k.Logo.ClearSpace, k.Logo.MinWidth)
		s.Logo, err = kept(&e.logos, key, func() (*judge.Logo, error) {
			data, err := get(ctx, sum)
			if err != nil {
				return nil, err
			}
			return judge.NewLogo(ctx, data, k.Logo.ClearSpace, k.Logo.MinWidth)
		})
		if err != nil && !errors.Is(err, art.ErrInvalid) && !errors.Is(err, art.ErrUnsupported) { // else it can't be looked for, which its scores tell
			return s, fmt.Errorf("factory: the logo of %s: %w", k.ID, err)
		}
	}
	if sum, ok := strings.CutPrefix(k.Identity, "sha256:"); ok {
		s.Identity, err = kept(&e.identity, sum, func() (*judge.Reference, error) {
			data, err := get(ctx, sum)
			if err != nil {
				return nil, err
			}
			p, err := imaging.Decode(ctx, data, imaging.Limits{})
			return &judge.Reference{SHA256: sum, Picture: p}, err
		})
		if err != nil {
			return s, fmt.Errorf("factory: the picture of identity: %w", err)
		}
	}
	return s, nil
}

// kept gives what was made under a key, or makes it.
func kept[T any](all *map[string]*T, key string, create func() (*T, error)) (*T, error) {
	if v, ok := (*all)[key]; ok {
		return v, nil
	}
	v, err := create()
	if err != nil {
		return nil, err
	}
	if *all == nil {
		*all = map[string]*T{}
	}
	(*all)[key] = v
	return v, nil
}
