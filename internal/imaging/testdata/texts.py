"""Writes the pictures of texts_test.go: python texts.py (needs Pillow)."""

from PIL import Image

TEXT = "a hut, snö\nSteps: 20"
picture = Image.new("RGB", (8, 8), (200, 20, 20))


def comment(encoding):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + TEXT.encode(encoding)
    return exif


picture.save("texts.jpg", exif=comment("utf-16-be"), comment=b"a comment")
picture.save("texts.webp", exif=comment("utf-16-le"))
exif = Image.Exif()
exif[0x0110], exif[0x010F] = 'prompt:{"1": {}}', "workflow:{}"
picture.save("comfy.webp", exif=exif)
