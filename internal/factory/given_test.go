package factory

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"presswerk/internal/art"
)

// shelf keeps a few bytes by their names.
type shelf map[string][]byte

func (s shelf) Get(_ context.Context, sum string) ([]byte, error) {
	if data, ok := s[sum]; ok {
		return data, nil
	}
	return nil, art.ErrNotFound
}

func TestWhatAPictureWasMadeFromIsFetchedOnce(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n and more"
	s := shelf{"a": []byte(png + "a"), "m": []byte(png + "m"), "c": []byte("\xff\xd8\xff and more"), "r": []byte(png + "r"), "x": []byte("no picture")}
	got, err := given(t.Context(), s.Get, art.Recipe{
		InitImage: "sha256:a", MaskImage: "sha256:m",
		Controls:   []art.Control{{Kind: "canny", Image: "sha256:c"}, {Kind: "depth", Image: "sha256:a"}, {Kind: "pose", Image: "sha256:x"}},
		References: []art.Control{{Image: "sha256:r"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var told [][3]string
	for _, g := range got {
		told = append(told, [3]string{g.Label, g.Title, g.MIME})
	}
	if d := cmp.Diff([][3]string{
		{"init", "picture before", "image/png"}, {"mask", "mask", "image/png"}, {"control-1", "control picture (canny)", "image/jpeg"}, {"reference-1", "reference picture", "image/png"},
	}, told); d != "" {
		t.Error(d)
	}
	if _, err := given(t.Context(), s.Get, art.Recipe{InitImage: "sha256:gone"}); !errors.Is(err, art.ErrNotFound) {
		t.Errorf("a picture that is gone: %v", err)
	}
	if got, err := given(t.Context(), s.Get, art.Recipe{}); err != nil || len(got) != 0 {
		t.Errorf("from words alone: %v, %v", got, err)
	}
}
