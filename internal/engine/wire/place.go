package wire

import (
	"bytes"
	"fmt"
	"image"

	"presswerk/internal/art"
)

// Extent is a picture's size, read from its beginning.
func Extent(field string, data []byte) (art.Size, error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return art.Size{}, art.Invalid(field, "is no picture: "+err.Error(), "use PNG, JPEG or WebP")
	}
	return art.Size{Width: config.Width, Height: config.Height}, nil
}

// Room is what an outpainted picture gets on each side, in pixels.
type Room struct{ Left, Top, Right, Bottom int }

// RoomAround puts a picture into the middle of the recipe's format, as mode outpaint means it.
func RoomAround(r art.Recipe, data []byte) (Room, error) {
	p, err := Extent("init_image", data)
	if err != nil {
		return Room{}, err
	}
	if p.Width > r.Width || p.Height > r.Height || p == (art.Size{Width: r.Width, Height: r.Height}) {
		return Room{}, art.Invalid("width", fmt.Sprintf("the picture of %d×%d has no room in %d×%d", p.Width, p.Height, r.Width, r.Height), "choose a larger format")
	}
	left, top := (r.Width-p.Width)/2, (r.Height-p.Height)/2
	return Room{left, top, r.Width - p.Width - left, r.Height - p.Height - top}, nil
}

// SameSize refuses a format that isn't the picture's, for services that keep it.
func SameSize(field string, r art.Recipe, data []byte) error {
	p, err := Extent(field, data)
	if err == nil && p != (art.Size{Width: r.Width, Height: r.Height}) {
		err = art.Unsupported("width", fmt.Sprintf("the picture of %d×%d keeps its size and doesn't become %d×%d", p.Width, p.Height, r.Width, r.Height), fmt.Sprintf("ask for %d×%d", p.Width, p.Height))
	}
	return err
}
