package imaging

import (
	"errors"
	"fmt"
	"strings"

	"github.com/davidbyttow/govips/v2/vips"

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

// Encode writes a file with an embedded sRGB profile and the XMP packet. WebP has no profile: govips takes it away, and the
// format means sRGB without one. A format whose codec this machine lacks gives
// art.ErrUnavailable, one that is never written art.ErrUnsupported.
func Encode(p *RGB, e Encoding) ([]byte, error) {
	profile, err := profileFor(e.Format)
	if err != nil {
		return nil, err
	}
	ref, err := toVips(p, profile, e.XMP)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	data, err := export(ref, e)
	switch {
	case errors.Is(err, ErrFormat):
		return nil, err
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

func export(ref *vips.ImageRef, e Encoding) (data []byte, err error) {
	switch e.Format {
	case PNG:
		data, _, err = ref.ExportPng(e.png())
	case JPEG:
		data, _, err = ref.ExportJpeg(e.jpeg())
	case WebP:
		o := vips.NewWebpExportParams()
		o.Quality, o.ReductionEffort, o.Lossless = e.Quality, e.Effort, e.Lossless
		data, _, err = ref.ExportWebp(o)
	case AVIF:
		// 8 bits: 10 bits abort the process in Debian's libaom. govips forgets the depth where the effort is 0.
		o := vips.NewAvifExportParams()
		o.Quality, o.Effort, o.Bitdepth = e.Quality, max(1, e.Effort), 8
		data, _, err = ref.ExportAvif(o)
	case TIFF:
		o := vips.NewTiffExportParams()
		o.Compression = vips.TiffCompressionDeflate
		data, _, err = ref.ExportTiff(o)
	case JXL:
		o := vips.NewJxlExportParams()
		o.Quality, o.Effort, o.Lossless = e.Quality, max(1, e.Effort), e.Lossless
		if e.Lossless {
			o.Quality, o.Distance = 0, 0 // a quality would be turned into a distance again
		}
		data, _, err = ref.ExportJxl(o)
	default:
		err = fmt.Errorf("%w: %q: %w", ErrFormat, e.Format, art.ErrUnsupported)
	}
	return data, err
}

// png filters every row as suits it, but for a palette, whose neighbouring numbers mean nothing to each other.
func (e Encoding) png() *vips.PngExportParams {
	o := vips.NewPngExportParams()
	o.Compression, o.Filter = 6, vips.PngFilterAll
	if e.Effort > 0 {
		o.Compression = e.Effort
	}
	if e.Palette {
		o.Palette, o.Quality, o.Bitdepth, o.Filter = true, e.Quality, 8, vips.PngFilterNone
	}
	return o
}

// jpeg is progressive with Huffman tables of its own. Trellis quantisation, deringing and scans made to measure take effect
// where libvips was built with mozjpeg, and change nothing elsewhere.
func (e Encoding) jpeg() *vips.JpegExportParams {
	o := vips.NewJpegExportParams()
	o.Quality, o.Interlace, o.OptimizeCoding = e.Quality, true, true
	o.TrellisQuant, o.OvershootDeringing, o.OptimizeScans, o.QuantTable = true, true, true, 3
	o.SubsampleMode = vips.VipsForeignSubsampleOff
	if e.Subsample {
		o.SubsampleMode = vips.VipsForeignSubsampleOn
	}
	return o
}

// codecMissing knows libvips' answer to an operation that it was built without.
func codecMissing(err error) bool {
	return strings.Contains(err.Error(), "not found") || strings.Contains(err.Error(), "unknown operation")
}

func missing(f Format) error {
	return fmt.Errorf("imaging: %s is not available here: this libvips has no codec for it; install one that has, such as Debian 12's libvips42: %w", f, art.ErrUnavailable)
}
