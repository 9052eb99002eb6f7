package icc

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"

	"presswerk/internal/art"
)

// Soname is the name under which the dynamic linker finds LittleCMS. Whoever has libvips has it, too.
const Soname = "liblcms2.so.2"

// Library is LittleCMS. It is safe for concurrent use: nothing but profiles and transforms, which are handed out, has a state.
//
// Source: lcms2.h of LittleCMS 2.14.
type Library struct{ calls calls }

// calls are the C functions, by their C names.
type calls struct {
	openProfileFromMem func(data unsafe.Pointer, size uint32) uintptr
	createLab4Profile  func(white uintptr) uintptr
	closeProfile       func(profile uintptr) int32
	getColorSpace      func(profile uintptr) uint32
	getDeviceClass     func(profile uintptr) uint32
	isIntentSupported  func(profile uintptr, intent, direction uint32) int32
	profileInfo        func(profile uintptr, info int32, language, country string, text unsafe.Pointer, size uint32) uint32
	createTransform    func(in uintptr, inFormat uint32, out uintptr, outFormat, intent, flags uint32) uintptr
	deleteTransform    func(transform uintptr)
	doTransform        func(transform uintptr, in, out unsafe.Pointer, pixels uint32)
}

// Open loads the library from a path; "" lets the dynamic linker look for it. A missing one gives art.ErrUnavailable.
func Open(path string) (*Library, error) {
	if path == "" {
		path = Soname
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("icc: loading LittleCMS (run 'make setup'): %w: %w", err, art.ErrUnavailable)
	}
	l := &Library{}
	c := &l.calls
	for name, call := range map[string]any{
		"cmsOpenProfileFromMem": &c.openProfileFromMem, "cmsCreateLab4Profile": &c.createLab4Profile, "cmsCloseProfile": &c.closeProfile,
		"cmsGetColorSpace": &c.getColorSpace, "cmsGetDeviceClass": &c.getDeviceClass, "cmsIsIntentSupported": &c.isIntentSupported,
		"cmsGetProfileInfoASCII": &c.profileInfo, "cmsCreateTransform": &c.createTransform, "cmsDeleteTransform": &c.deleteTransform,
		"cmsDoTransform": &c.doTransform,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("icc: %s lacks %s; version 2.8 or newer is needed: %w", path, name, art.ErrUnavailable)
		}
		purego.RegisterFunc(call, symbol)
	}
	return l, nil
}
