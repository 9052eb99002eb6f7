package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"

	"github.com/davidbyttow/govips/v2/vips"

	"presswerk/internal/art"
)

// Options tells libvips how much of the machine it may use.
type Options struct {
	Threads int // for one operation; 0 leaves it to libvips
}

// Start prepares libvips and silences its chatter. Call it once, before anything else here, and the returned function
// when the program ends; libvips cannot be started a second time in one process.
func Start(o Options) (stop func()) {
	vips.LoggingSettings(func(string, vips.LogLevel, string) {}, vips.LogLevelError)
	vips.Startup(&vips.Config{ConcurrencyLevel: o.Threads, MaxCacheFiles: 0, MaxCacheMem: 32 << 20, MaxCacheSize: 16})
	return vips.Shutdown
}

// Format names a file format for pictures.
type Format string

// The formats that can be written. All of them can be read, and GIF and TIFF too.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	WebP Format = "webp"
	AVIF Format = "avif"
	GIF  Format = "gif"
	TIFF Format = "tiff"
)

// MIME is the format's media type, or "" for an unknown one.
func (f Format) MIME() string {
	switch f {
	case PNG, JPEG, WebP, AVIF, GIF, TIFF:
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

// Limits bound what a stranger's file may cost. Zero values take the defaults.
type Limits struct {
	MaxPixels int // width × height; default 64 Mi
	MaxBytes  int // of the file; default 128 MiB
}

func (l Limits) orDefaults() Limits {
	if l.MaxPixels == 0 {
		l.MaxPixels = 64 << 20
	}
	if l.MaxBytes == 0 {
		l.MaxBytes = 128 << 20
	}
	return l
}

// Info is what a file's header says about the picture, before anything is decoded.
type Info struct {
	Format        Format
	Width, Height int
	Bands         int
	HasAlpha      bool
	XMP           []byte // the packet, if the file has one
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
	default:
		return ""
	}
}

// open reads a file's header and refuses what is no picture or too big. Pixels are decoded later, when asked for.
func open(data []byte, l Limits) (*vips.ImageRef, Format, error) {
	l = l.orDefaults()
	format := Sniff(data)
	if format == "" {
		return nil, "", fmt.Errorf("imaging: these %d bytes are no PNG, JPEG, WebP, AVIF, GIF or TIFF picture: %w", len(data), art.ErrInvalid)
	}
	if len(data) > l.MaxBytes {
		return nil, "", fmt.Errorf("imaging: a file of %d bytes is over the limit of %d: %w", len(data), l.MaxBytes, art.ErrInvalid)
	}
	ref, err := vips.NewImageFromBuffer(data)
	if err != nil {
		return nil, "", fmt.Errorf("imaging: the %s file is damaged (%s): %w", format, oneLine(err), art.ErrInvalid)
	}
	if w, h := ref.Width(), ref.PageHeight(); w > l.MaxPixels/max(h, 1) {
		ref.Close()
		return nil, "", fmt.Errorf("imaging: %d×%d pixels are over the limit of %d: %w", w, h, l.MaxPixels, art.ErrInvalid)
	}
	return ref, format, nil
}

// oneLine keeps the first line of libvips' messages, which come with a stack.
func oneLine(err error) string {
	line, _, _ := bytes.Cut([]byte(err.Error()), []byte("\n"))
	return string(line)
}

// Probe reads a file's header only.
func Probe(data []byte, l Limits) (Info, error) {
	ref, format, err := open(data, l)
	if err != nil {
		return Info{}, err
	}
	defer ref.Close()
	return Info{
		Format: format, Width: ref.Width(), Height: ref.PageHeight(), Bands: ref.Bands(), HasAlpha: ref.HasAlpha(),
		XMP: xmpOf(ref),
	}, nil
}

// xmpOf finds the XMP packet. libvips 8.14 reads the one of an AVIF file under the name of its container item.
func xmpOf(ref *vips.ImageRef) []byte {
	for _, name := range ref.GetFields() {
		if name == "xmp-data" || strings.HasPrefix(name, "heif-mime-") {
			if packet := ref.GetBlob(name); bytes.Contains(packet, []byte("adobe:ns:meta/")) {
				return packet
			}
		}
	}
	return nil
}

// Decode reads a picture as 8-bit sRGB: turned as its EXIF data says, converted from its embedded profile, transparency
// laid on white. What is no picture, damaged or over the limits gives art.ErrInvalid.
func Decode(ctx context.Context, data []byte, l Limits) (*RGB, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("imaging: decoding: %w", err)
	}
	ref, format, err := open(data, l)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	steps := []func() error{ref.AutoRotate, func() error { return toSRGB(ref) }}
	if ref.HasAlpha() {
		steps = append(steps, func() error { return ref.Flatten(&vips.Color{R: 255, G: 255, B: 255}) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("imaging: reading the %s picture (%s): %w", format, oneLine(err), art.ErrInvalid)
		}
	}
	return fromVips(ref)
}

// transformToSRGB converts to the standard sRGB profile and embeds it. Its file is asked for by the call that locks: the
// library's variable of that name is filled in on first use, by whoever comes first.
func transformToSRGB(ref *vips.ImageRef) error {
	profile, err := vips.GetSRGBIEC6196621ICCProfilePath()
	if err != nil {
		return err
	}
	return ref.TransformICCProfileWithFallback(profile, profile)
}

// toSRGB brings any colour space to 8-bit sRGB, by the embedded profile where there is one.
func toSRGB(ref *vips.ImageRef) error {
	if ref.HasICCProfile() && ref.Bands() >= 3 {
		if err := transformToSRGB(ref); err != nil {
			return err
		}
	}
	if ref.Interpretation() != vips.InterpretationSRGB {
		if err := ref.ToColorSpace(vips.InterpretationSRGB); err != nil {
			return err
		}
	}
	if ref.BandFormat() != vips.BandFormatUchar {
		return ref.Cast(vips.BandFormatUchar)
	}
	return nil
}

func fromVips(ref *vips.ImageRef) (*RGB, error) {
	pix, err := ref.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("imaging: decoding the pixels (%s): %w", oneLine(err), art.ErrInvalid)
	}
	p := &RGB{Width: ref.Width(), Height: ref.Height(), Pix: pix}
	if want := 3 * p.Width * p.Height; len(pix) != want {
		return nil, fmt.Errorf("imaging: %d bytes of pixels instead of %d: %w", len(pix), want, art.ErrInvalid)
	}
	return p, nil
}

// toVips hands a picture to libvips by way of an uncompressed PNG, which keeps every bit. The XMP packet travels in it,
// too: govips' SetBlob hands C a Go pointer to a Go pointer, which the runtime forbids.
func toVips(p *RGB, xmp []byte) (*vips.ImageRef, error) {
	data, err := encodePNG(p, png.NoCompression)
	if err != nil {
		return nil, err
	}
	if len(xmp) > 0 {
		data = slices.Concat(data[:pngHeader], xmpChunk(xmp), data[pngHeader:])
	}
	ref, err := vips.NewImageFromBuffer(data)
	if err != nil {
		return nil, fmt.Errorf("imaging: handing the picture to libvips: %w", err)
	}
	return ref, nil
}

// pngHeader is the length of a PNG's signature and header chunk, after which other chunks may stand.
const pngHeader = 33

// xmpChunk wraps a packet into the text chunk that the XMP specification, part 3, names for PNG.
func xmpChunk(packet []byte) []byte {
	body := slices.Concat([]byte("iTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00"), packet)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	return binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE(body))
}

func encodePNG(p *RGB, level png.CompressionLevel) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i, j := 0, 0; i < len(p.Pix); i, j = i+3, j+4 {
		copy(img.Pix[j:j+3], p.Pix[i:i+3])
		img.Pix[j+3] = 255
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&out, img); err != nil {
		return nil, fmt.Errorf("imaging: writing PNG: %w", err)
	}
	return out.Bytes(), nil
}

// Resize scales to exactly width × height, in linear light so that fine patterns keep their brightness. Shrinking uses
// Lanczos 3, enlarging Mitchell, which does not ring on flat illustration.
func Resize(p *RGB, width, height int) (*RGB, error) {
	if width < 1 || height < 1 {
		return nil, art.Invalid("size", fmt.Sprintf("%d×%d has no pixels", width, height), "ask for at least 1×1")
	}
	if width == p.Width && height == p.Height {
		return p, nil
	}
	ref, err := toVips(p, nil)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	kernel := vips.KernelLanczos3
	if width > p.Width {
		kernel = vips.KernelMitchell
	}
	for _, step := range []func() error{
		func() error { return ref.ToColorSpace(vips.InterpretationScRGB) },
		func() error {
			return ref.ResizeWithVScale(float64(width)/float64(p.Width), float64(height)/float64(p.Height), kernel)
		},
		func() error { return ref.ToColorSpace(vips.InterpretationSRGB) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("imaging: resizing %d×%d to %d×%d: %w", p.Width, p.Height, width, height, err)
		}
	}
	return fromVips(ref)
}

// Crop cuts a rectangle out; it must lie inside the picture.
func Crop(p *RGB, x, y, width, height int) (*RGB, error) {
	if x < 0 || y < 0 || width < 1 || height < 1 || x+width > p.Width || y+height > p.Height {
		return nil, art.Invalid("crop", fmt.Sprintf("%d×%d at %d,%d does not lie inside %d×%d", width, height, x, y, p.Width, p.Height), "choose a rectangle inside the picture")
	}
	out, err := NewRGB(width, height)
	if err != nil {
		return nil, err
	}
	for row := range height {
		from := 3 * ((y+row)*p.Width + x)
		copy(out.Pix[3*row*width:3*(row+1)*width], p.Pix[from:])
	}
	return out, nil
}

// CoverCrop cuts the largest rectangle of the asked aspect (width over height) out of the middle.
func CoverCrop(p *RGB, aspect float64) (*RGB, error) {
	if !(aspect > 0) || math.IsInf(aspect, 0) {
		return nil, art.Invalid("aspect", fmt.Sprintf("%v is no ratio of width to height", aspect), "write it as 16:9")
	}
	w, h := p.Width, p.Height
	if float64(w) > aspect*float64(h) {
		w = max(1, int(math.Round(aspect*float64(h))))
	} else {
		h = max(1, int(math.Round(float64(w)/aspect)))
	}
	return Crop(p, (p.Width-w)/2, (p.Height-h)/2, w, h)
}

// Encoding tells how a picture is to be written.
type Encoding struct {
	Format  Format
	Quality int    // 1..100 for AVIF, WebP and JPEG; PNG is always lossless
	Effort  int    // 0..9 for AVIF, 0..6 for WebP; more is smaller and slower
	XMP     []byte // packet to embed, or nil
}

// ErrFormat is given for a format that cannot be written.
var ErrFormat = errors.New("imaging: this format cannot be written; use png, jpeg, webp or avif")

// Encode writes a file with an embedded sRGB profile and the XMP packet. JPEG is progressive and keeps full colour
// resolution, since flat illustration shows chroma subsampling at its edges. AVIF is written with 8 bits: 10 bits
// abort the process in Debian's libaom.
func Encode(p *RGB, e Encoding) ([]byte, error) {
	ref, err := toVips(p, e.XMP)
	if err != nil {
		return nil, err
	}
	defer ref.Close()
	if err := transformToSRGB(ref); err != nil {
		return nil, fmt.Errorf("imaging: embedding the sRGB profile: %w", err)
	}
	var data []byte
	switch e.Format {
	case PNG:
		o := vips.NewPngExportParams()
		o.Compression, o.Filter = 6, vips.PngFilterAll
		data, _, err = ref.ExportPng(o)
	case JPEG:
		o := vips.NewJpegExportParams()
		o.Quality, o.Interlace, o.OptimizeCoding, o.SubsampleMode = e.Quality, true, true, vips.VipsForeignSubsampleOff
		data, _, err = ref.ExportJpeg(o)
	case WebP:
		o := vips.NewWebpExportParams()
		o.Quality, o.ReductionEffort = e.Quality, e.Effort
		data, _, err = ref.ExportWebp(o)
	case AVIF:
		o := vips.NewAvifExportParams()
		o.Quality, o.Effort, o.Bitdepth = e.Quality, e.Effort, 8
		data, _, err = ref.ExportAvif(o)
	default:
		return nil, fmt.Errorf("%w: %q: %w", ErrFormat, e.Format, art.ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("imaging: writing %s: %s", e.Format, oneLine(err))
	}
	return data, nil
}
