package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif" // what services send
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/webp" // of the image package's formats the one that it lacks

	"presswerk/internal/art"
	"presswerk/internal/engine"
)

// maxPixels is what one picture may have.
const maxPixels = 100 << 20

// Picture makes a Picture of a file that a service sent, whose bytes stay as they are: they may carry a signature. What
// is no PNG, JPEG, WebP or GIF, or is broken, gives art.ErrUnavailable.
func (c *Client) Picture(data []byte) (engine.Picture, error) {
	config, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return engine.Picture{}, fmt.Errorf("%s: what it sent is no picture (%s): %w: %w", c.Name, c.redact(beginning(data)), err, art.ErrUnavailable)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return engine.Picture{}, fmt.Errorf("%s: its picture has %d×%d pixels, more than %d: %w", c.Name, config.Width, config.Height, maxPixels, art.ErrUnavailable)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return engine.Picture{}, fmt.Errorf("%s: its picture is broken: %w: %w", c.Name, err, art.ErrUnavailable)
	}
	return engine.Picture{Bytes: data, MIME: "image/" + kind, Width: config.Width, Height: config.Height, PixelsSHA256: pixels(m)}, nil
}

// pixels is the SHA-256 of the 8-bit RGB pixels, row by row; transparency is left aside.
func pixels(m image.Image) string {
	b := m.Bounds()
	all, stride := plain(m)
	h := sha256.New()
	row := make([]byte, 3*b.Dx())
	for y := range b.Dy() {
		for x := range b.Dx() {
			copy(row[3*x:], all[y*stride+4*x:y*stride+4*x+3])
		}
		h.Write(row)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// plain gives four bytes a pixel, not multiplied by the fourth. Where nothing is transparent that is the same as
// multiplied, which the draw package is quick at.
func plain(m image.Image) (pix []uint8, stride int) {
	b := m.Bounds()
	size := image.Rect(0, 0, b.Dx(), b.Dy())
	if o, ok := m.(interface{ Opaque() bool }); ok && o.Opaque() {
		to := image.NewRGBA(size)
		draw.Draw(to, size, m, b.Min, draw.Src)
		return to.Pix, to.Stride
	}
	to := image.NewNRGBA(size)
	draw.Draw(to, size, m, b.Min, draw.Src)
	return to.Pix, to.Stride
}

// Asked adds a note when a picture has another size than the recipe asks for.
func Asked(p engine.Picture, r art.Recipe) engine.Picture {
	if r.Mode != art.ModeUpscale && (p.Width != r.Width || p.Height != r.Height) {
		p.Notes = append(p.Notes, fmt.Sprintf("asked for %d×%d, got %d×%d", r.Width, r.Height, p.Width, p.Height))
	}
	return p
}
