package imaging

// govips leaves out savers' options that decide a file's size, such as the colour resolution of AVIF, so that files are written by
// libvips' own call, which takes them all.

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include <vips/vips.h>

// presswerk_save writes width × height pixels of three bytes by the saver that a suffix such as ".avif[Q=60]" names. The bytes are to
// be freed with g_free, the message with free. The picture borrows the pixels, so that what libvips may keep of it for later is
// declared void before they are given back.
static int presswerk_save(void *pixels, int width, int height, void *profile, size_t profile_bytes, void *xmp, size_t xmp_bytes,
                          const char *suffix, void **bytes, size_t *size, char **message) {
  VipsImage *picture = vips_image_new_from_memory(pixels, (size_t)3 * width * height, width, height, 3, VIPS_FORMAT_UCHAR);
  int failed = picture == NULL;
  if (!failed) {
    picture->Type = VIPS_INTERPRETATION_sRGB;
    if (profile_bytes > 0) vips_image_set_blob_copy(picture, VIPS_META_ICC_NAME, profile, profile_bytes);
    if (xmp_bytes > 0) vips_image_set_blob_copy(picture, VIPS_META_XMP_NAME, xmp, xmp_bytes);
    failed = vips_image_write_to_buffer(picture, suffix, bytes, size, NULL) != 0;
    vips_image_invalidate_all(picture);
    g_object_unref(picture);
  }
  if (failed) {
    *message = strdup(vips_error_buffer());
    vips_error_clear();
  }
  return failed;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// save writes a picture with a profile and an XMP packet, either of which may be empty, as libvips' suffix says.
func save(p *RGB, profile, xmp []byte, suffix string) ([]byte, error) {
	if p.Width < 1 || p.Height < 1 || len(p.Pix) != 3*p.Width*p.Height {
		return nil, fmt.Errorf("%d×%d pixels in %d bytes", p.Width, p.Height, len(p.Pix))
	}
	name := C.CString(suffix)
	defer C.free(unsafe.Pointer(name))
	var bytes unsafe.Pointer
	var size C.size_t
	var message *C.char
	failed := C.presswerk_save(unsafe.Pointer(unsafe.SliceData(p.Pix)), C.int(p.Width), C.int(p.Height),
		unsafe.Pointer(unsafe.SliceData(profile)), C.size_t(len(profile)), unsafe.Pointer(unsafe.SliceData(xmp)), C.size_t(len(xmp)),
		name, &bytes, &size, &message) //nolint:gocritic // what it sees is written by cgo
	if failed != 0 {
		defer C.free(unsafe.Pointer(message))
		return nil, errors.New(C.GoString(message))
	}
	defer C.g_free(C.gpointer(bytes))
	return C.GoBytes(bytes, C.int(size)), nil
}
