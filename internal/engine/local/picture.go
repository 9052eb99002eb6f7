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
	numbers := r.Image.Data[i*height*width*3 : (i+1)*height*width*3]
	sum, row := sha256.New(), make([]byte, width*3)
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for k := range row {
			row[k] = uint8(math.RoundToEven(float64(numbers[y*len(row)+k]) * 255))
		}
		sum.Write(row)
		for x := range width {
			p := img.Pix[y*img.Stride+4*x:]
			copy(p, row[3*x:3*x+3])
			p[3] = 255
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return engine.Picture{}, fmt.Errorf("local: writing PNG: %w", err)
	}
	picture := engine.Picture{Bytes: buf.Bytes(), MIME: "image/png", Width: width, Height: height, PixelsSHA256: hex.EncodeToString(sum.Sum(nil))}
	if i < len(r.Notes) {
		picture.Notes = r.Notes[i]
	}
	return picture, nil
}
