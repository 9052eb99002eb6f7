package imaging

import (
	"errors"
	"testing"

	"presswerk/internal/art"
)

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path d="M0 0h20v20h-20z" fill="#d63031"/></svg>`

func TestADrawingIsALayerOfItsSize(t *testing.T) {
	l, err := DecodeLayer(t.Context(), []byte(drawing), 200, Limits{})
	if err != nil || l.Width != 200 || l.Height != 100 || len(l.Alpha) != 200*100 {
		t.Fatalf("%v, %v", l, err)
	}
	if r, g, b := l.At(50, 50); l.Alpha[50*200+50] != 255 || l.Alpha[50*200+150] != 0 || r != 0xd6 || g != 0x30 || b != 0x31 {
		t.Errorf("left is %d %d %d at %d, right at %d", r, g, b, l.Alpha[50*200+50], l.Alpha[50*200+150])
	}
}

func TestAPictureIsALayerThatCovers(t *testing.T) {
	data, err := Encode(scene(t, 64, 48), Encoding{Format: PNG})
	if err != nil {
		t.Fatal(err)
	}
	l, err := DecodeLayer(t.Context(), data, 32, Limits{})
	if err != nil || l.Width != 32 || l.Height != 24 || l.Alpha[0] != 255 {
		t.Fatalf("%v, %v", l, err)
	}
}

func FuzzDecodeLayer(f *testing.F) {
	f.Add([]byte(drawing))
	f.Add([]byte("<svg"))
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1"/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := DecodeLayer(t.Context(), data, 64, Limits{MaxPixels: 1 << 20})
		if err != nil && !errors.Is(err, art.ErrInvalid) {
			t.Errorf("%v", err)
		}
		if err == nil && (len(l.Alpha) != l.Width*l.Height || len(l.Pix) != 3*len(l.Alpha)) {
			t.Errorf("%d × %d with %d", l.Width, l.Height, len(l.Alpha))
		}
	})
}
