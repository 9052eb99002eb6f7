package imaging

import (
	"errors"
	"fmt"
	"strings"

	"presswerk/internal/art"
)

// Encoding tells how a picture is to be written.
type Encoding struct {
	Format    Format
	Quality   int    // 1..100 for AVIF, WebP, JPEG and JPEG XL; with Palette the quality of the palette; else without meaning
	Effort    int    // 1..9 for AVIF and JPEG XL, 0..6 for WebP, 1..9 for PNG; more is smaller and slower; see Use.Effort
	Subsample bool   // JPEG only: half the colour resolution, which edges between flat colours show
	Lossless  bool   // WebP and JPEG XL: every pixel stays as it is
	Palette   bool   // PNG only: at most 256 colours
	XMP       []byte // packet to embed, or nil
}

// Use is what a file is for, which decides how long its encoder may take.
type Use string

// The uses.
const (
	Preview Use = "preview" // somebody waits for it
	Web     Use = "web"     // made once, fetched often
	Archive Use = "archive" // made once, kept
)

// Effort is the encoder's effort in a format that suits a use.
func (u Use) Effort(f Format) int {
	efforts := map[Format][3]int{AVIF: {1, 3, 7}, WebP: {2, 4, 6}, PNG: {3, 6, 9}, JXL: {3, 5, 7}}[f]
	switch u {
	case Preview:
		return efforts[0]
	case Archive:
		return efforts[2]
	default:
		return efforts[1]
	}
}

// ErrFormat is given for a format that cannot be written.
var ErrFormat = errors.New("imaging: this format cannot be written; use png, jpeg, webp, avif, tiff or jxl")

// Encode writes a file with an embedded sRGB profile, but for WebP, which means sRGB without one, and the XMP packet. A format whose
// codec this machine lacks gives art.ErrUnavailable, one that is never written art.ErrUnsupported.
func Encode(p *RGB, e Encoding) ([]byte, error) {
	profile, err := profileFor(e.Format)
	if err != nil {
		return nil, err
	}
	suffix, err := e.suffix()
	if err != nil {
		return nil, err
	}
	data, err := save(p, profile, e.XMP, suffix)
	switch {
	case err != nil && codecMissing(err):
		return nil, missing(e.Format)
	case err != nil:
		return nil, fmt.Errorf("imaging: writing %s: %s", e.Format, oneLine(err))
	case e.Format == JXL:
		return wrapJXL(data, e.XMP), nil
	default:
		return data, nil
	}
}

// suffix is the encoding in libvips' words: a file name's ending with the saver's options.
func (e Encoding) suffix() (string, error) {
	switch e.Format {
	case PNG:
		return e.png(), nil
	case JPEG:
		return e.jpeg(), nil
	case WebP:
		// Colour has half the resolution in every lossy WebP; smart_subsample at least keeps edges between colours sharp.
		return fmt.Sprintf(".webp[Q=%d,effort=%d,lossless=%t,smart_subsample=true]", e.Quality, e.Effort, e.Lossless), nil
	case AVIF:
		// 8 bits: 10 bits abort the process in Debian's libaom. Whole colour resolution: drawings need half the bytes for the
		// same look, photographs no more than with half of it.
		return fmt.Sprintf(".avif[Q=%d,effort=%d,bitdepth=8,subsample_mode=off]", e.Quality, max(1, e.Effort)), nil
	case TIFF:
		return ".tif[compression=deflate]", nil
	case JXL:
		if e.Lossless { // a quality would be turned into a distance
			return fmt.Sprintf(".jxl[effort=%d,lossless=true]", max(1, e.Effort)), nil
		}
		return fmt.Sprintf(".jxl[Q=%d,effort=%d]", e.Quality, max(1, e.Effort)), nil
	default:
		return "", fmt.Errorf("%w: %q: %w", ErrFormat, e.Format, art.ErrUnsupported)
	}
}

// png filters every row as suits it, but for a palette, whose neighbouring numbers mean nothing to each other.
func (e Encoding) png() string {
	compression := 6
	if e.Effort > 0 {
		compression = e.Effort
	}
	if e.Palette {
		return fmt.Sprintf(".png[compression=%d,filter=none,palette=true,Q=%d,bitdepth=8]", compression, e.Quality)
	}
	return fmt.Sprintf(".png[compression=%d,filter=all]", compression)
}

// jpeg is progressive with Huffman tables of its own. Trellis quantisation, deringing and scans made to measure take effect
// where libvips was built with mozjpeg, and change nothing elsewhere.
func (e Encoding) jpeg() string {
	subsampling := "off"
	if e.Subsample {
		subsampling = "on"
	}
	return fmt.Sprintf(".jpg[Q=%d,interlace=true,optimize_coding=true,trellis_quant=true,overshoot_deringing=true,optimize_scans=true,quant_table=3,subsample_mode=%s]", e.Quality, subsampling)
}

// codecMissing knows libvips' answer to an operation that it was built without.
func codecMissing(err error) bool {
	return strings.Contains(err.Error(), "not found") || strings.Contains(err.Error(), "unknown operation")
}

func missing(f Format) error {
	return fmt.Errorf("imaging: %s is not available here: this libvips has no codec for it; install one that has, such as Debian 12's libvips42: %w", f, art.ErrUnavailable)
}
