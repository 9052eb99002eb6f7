package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"math"

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// Picture makes a PNG of picture i of the result: round(255·x), ties to even, as diffusers does.
func (r Result) Picture(i int) (engine.Picture, error) {
	if len(r.Image.Shape) != 4 || i < 0 || i >= r.Image.Shape[0] {
		return engine.Picture{}, fmt.Errorf("local: the result has no picture %d: %w", i, art.ErrNotFound)
	}
	height, width := r.Image.Shape[1], r.Image.Shape[2]
	rgb := make([]byte, height*width*3)
	for k, v := range r.Image.Data[i*len(rgb) : (i+1)*len(rgb)] {
		rgb[k] = uint8(math.RoundToEven(float64(v) * 255))
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for p := range width * height {
		copy(img.Pix[p*4:], rgb[p*3:p*3+3])
		img.Pix[p*4+3] = 255
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return engine.Picture{}, fmt.Errorf("local: writing PNG: %w", err)
	}
	sum := sha256.Sum256(rgb)
	picture := engine.Picture{Bytes: buf.Bytes(), MIME: "image/png", Width: width, Height: height, PixelsSHA256: hex.EncodeToString(sum[:])}
	if i < len(r.Notes) {
		picture.Notes = r.Notes[i]
	}
	return picture, nil
}
