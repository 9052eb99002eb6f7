package imaging

import "github.com/davidbyttow/govips/v2/vips"

// Format names a file format for pictures.
type Format string

// The formats that can be read. All but GIF can be written, JPEG XL where the machine's libvips has a codec for it.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	WebP Format = "webp"
	AVIF Format = "avif"
	GIF  Format = "gif"
	TIFF Format = "tiff"
	JXL  Format = "jxl"
)

// MIME is the format's media type, or "" for an unknown one.
func (f Format) MIME() string {
	switch f {
	case PNG, JPEG, WebP, AVIF, GIF, TIFF, JXL:
		return "image/" + string(f)
	default:
		return ""
	}
}

// Extension is the usual ending of file names, without the dot.
func (f Format) Extension() string {
	if f == JPEG {
		return "jpg"
	}
	return string(f)
}

// Sniff tells a file's format from its first bytes; "" when it is no picture that can be read here.
func Sniff(data []byte) Format {
	switch vips.DetermineImageType(data) {
	case vips.ImageTypePNG:
		return PNG
	case vips.ImageTypeJPEG:
		return JPEG
	case vips.ImageTypeWEBP:
		return WebP
	case vips.ImageTypeAVIF:
		return AVIF
	case vips.ImageTypeGIF:
		return GIF
	case vips.ImageTypeTIFF:
		return TIFF
	case vips.ImageTypeJXL:
		return JXL
	default:
		return ""
	}
}
