package imaging

import (
	"bytes"
	"context"
	"fmt"
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

// What a file may cost where Limits say nothing.
const (
	MaxPixels = 64 << 20  // width × height
	MaxBytes  = 128 << 20 // of the file
)

// Limits bound what a stranger's file may cost. Zero values take the defaults.
type Limits struct {
	MaxPixels int // width × height; default MaxPixels
	MaxBytes  int // of the file; default MaxBytes
}

func (l Limits) orDefaults() Limits {
	if l.MaxPixels == 0 {
		l.MaxPixels = MaxPixels
	}
	if l.MaxBytes == 0 {
		l.MaxBytes = MaxBytes
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

// open reads a file's header and refuses what is no picture or too big. Pixels are decoded later, when asked for.
func open(data []byte, l Limits) (*vips.ImageRef, Format, error) {
	l = l.orDefaults()
	format := Sniff(data)
	if format == "" {
		return nil, "", fmt.Errorf("imaging: these %d bytes are no PNG, JPEG, WebP, AVIF, GIF, TIFF or JPEG XL picture: %w", len(data), art.ErrInvalid)
	}
	if len(data) > l.MaxBytes {
		return nil, "", fmt.Errorf("imaging: a file of %d bytes is over the limit of %d: %w", len(data), l.MaxBytes, art.ErrInvalid)
	}
	ref, err := vips.NewImageFromBuffer(data)
	if err != nil && format == JXL && codecMissing(err) {
		return nil, "", missing(format)
	}
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
	info := Info{
		Format: format, Width: ref.Width(), Height: ref.PageHeight(), Bands: ref.Bands(), HasAlpha: ref.HasAlpha(),
		XMP: xmpOf(ref),
	}
	if format == JXL {
		info.XMP = packetOfJXL(data)
	}
	return info, nil
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
