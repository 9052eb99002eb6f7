package imaging

import (
	"encoding/base64"
	"image/png"
)

// placeholderSide is the longer side of a placeholder in pixels. Browsers smooth it when they enlarge it.
const placeholderSide = 12

// Placeholder is the picture at a dozen pixels, as a data URI of some 600 bytes, for pages that show it until the file
// is there. A ThumbHash is smaller, but its few waves overshoot around a strong subject into colours that the picture
// doesn't have: tomato on mint gets cyan corners.
func Placeholder(p *RGB) (string, error) {
	long := max(p.Width, p.Height)
	small, err := Resize(p, max(1, p.Width*placeholderSide/long), max(1, p.Height*placeholderSide/long))
	if err != nil {
		return "", err
	}
	data, err := encodePNG(small, png.BestCompression)
	if err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(data), nil
}
