package icc

import (
	"fmt"
	"strings"
	"unsafe"

	"presswerk/internal/art"
)

// Space is what the numbers of a profile stand for.
type Space string

// The spaces that are understood here.
const (
	Grey Space = "grey" // 1 channel, 65535 is white
	RGB  Space = "rgb"  // 3 channels, 65535 is full light
	CMYK Space = "cmyk" // 4 channels, 65535 is full ink
)

// Channels is how many numbers a pixel has.
func (s Space) Channels() int {
	switch s {
	case Grey:
		return 1
	case RGB:
		return 3
	case CMYK:
		return 4
	default:
		return 0
	}
}

// MaxProfile is the size in bytes that a profile may have. Those of presses have up to three megabytes.
const MaxProfile = 16 << 20

// The four characters with which a profile names its space and its class.
const (
	signatureGrey   = 0x47524159 // GRAY
	signatureRGB    = 0x52474220 // "RGB "
	signatureCMYK   = 0x434d594b // CMYK
	signatureOutput = 0x70727472 // prtr
)

// Profile says what the numbers of a picture mean. It is only read, so that it is safe for concurrent use. Close it.
type Profile struct {
	l      *Library
	handle uintptr
	Data   []byte // the file
	Name   string // its own description in English
	Space  Space
	Output bool // it is a printing condition's, to which pictures can be turned
}

// Read takes a profile from the bytes of its file, which must not change afterwards. What is none gives art.ErrInvalid, one for other
// colours than grey, RGB and CMYK art.ErrUnsupported.
func (l *Library) Read(data []byte) (*Profile, error) {
	const header = 128
	if len(data) < header || len(data) > MaxProfile || string(data[36:40]) != "acsp" {
		return nil, fmt.Errorf("icc: these %d bytes are no ICC profile: %w", len(data), art.ErrInvalid)
	}
	p := &Profile{l: l, Data: data, handle: l.calls.openProfileFromMem(unsafe.Pointer(&data[0]), uint32(len(data)))}
	if p.handle == 0 {
		return nil, fmt.Errorf("icc: the ICC profile of %d bytes is damaged: %w", len(data), art.ErrInvalid)
	}
	switch s := l.calls.getColorSpace(p.handle); s {
	case signatureGrey:
		p.Space = Grey
	case signatureRGB:
		p.Space = RGB
	case signatureCMYK:
		p.Space = CMYK
	default:
		p.Close()
		return nil, fmt.Errorf("icc: profiles for the colour space %q are not understood, only those for grey, RGB and CMYK: %w", string(data[16:20]), art.ErrUnsupported)
	}
	p.Name, p.Output = p.description(), l.calls.getDeviceClass(p.handle) == signatureOutput
	return p, nil
}

func (p *Profile) description() string {
	const description = 0
	text := make([]byte, 256)
	n := p.l.calls.profileInfo(p.handle, description, "en", "US", unsafe.Pointer(&text[0]), uint32(len(text)))
	name, _, _ := strings.Cut(string(text[:min(int(n), len(text))]), "\x00")
	return name
}

// Close frees the profile. Transforms made of it go on working.
func (p *Profile) Close() {
	if p.handle != 0 {
		p.l.calls.closeProfile(p.handle)
		p.handle = 0
	}
}
