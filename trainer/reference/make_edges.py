"""Writes what OpenCV and the field's annotators make of a few small pictures, for the tests of internal/vision.

    python -m venv venv
    venv/bin/pip install numpy==2.4.6 opencv-python-headless==5.0.0.93
    venv/bin/python trainer/reference/make_edges.py internal/vision/testdata/edges

Every expected picture is a PNG beside its scene; cases.json names scene, function, parameters and file. OpenCV's IPP and
thread paths are switched off and on, and must agree, so that the fixture depends on no machine.
"""

import json
import pathlib
import sys

import cv2
import numpy as np


def scenes():
    """Pictures in RGB; a picture of two dimensions is grey."""
    rng = np.random.default_rng(7)
    shapes = np.full((80, 112, 3), (236, 228, 214), np.uint8)
    cv2.circle(shapes, (38, 40), 26, (196, 60, 44), -1, cv2.LINE_AA)
    cv2.rectangle(shapes, (60, 14), (100, 50), (42, 92, 140), -1)
    cv2.line(shapes, (4, 76), (108, 56), (20, 20, 24), 2, cv2.LINE_AA)
    cv2.ellipse(shapes, (80, 62), (22, 9), 30, 0, 360, (90, 150, 80), 1, cv2.LINE_AA)
    noise = cv2.GaussianBlur(rng.integers(0, 256, (61, 83, 3), dtype=np.uint8), (0, 0), 1.4)
    noise = np.clip((noise.astype(np.int32) - 128) * 3 + 128, 0, 255).astype(np.uint8)
    coarse = rng.integers(0, 4, (33, 40, 3)).astype(np.uint8) * 85  # many equal magnitudes: ties decide
    yield "shapes", shapes
    yield "noise", noise
    yield "coarse", coarse
    yield "grey", cv2.cvtColor(noise, cv2.COLOR_RGB2GRAY)
    for h, w in ((1, 1), (1, 6), (5, 1), (2, 2), (3, 4)):
        yield f"tiny-{w}x{h}", rng.integers(0, 256, (h, w, 3), dtype=np.uint8)


def canny(picture, low, high):
    """Through every path of this OpenCV; they must agree."""
    made = []
    for ipp, optimized, threads in ((False, True, 1), (True, True, 1), (False, False, 1), (False, True, 4)):
        cv2.ipp.setUseIPP(ipp)
        cv2.setUseOptimized(optimized)
        cv2.setNumThreads(threads)
        made.append(cv2.Canny(picture, low, high))
    assert all(np.array_equal(m, made[0]) for m in made), "the paths of OpenCV differ"
    return made[0]


def scribble_xdog(picture, threshold=32):
    """As the annotator of that name in sd-webui-controlnet, at the picture's own size.

    Its doubling overflows eight bits, which loses strokes of contrast 128 to 144; here it does not.
    """
    x = picture.astype(np.float32)
    small, large = cv2.GaussianBlur(x, (0, 0), 0.5), cv2.GaussianBlur(x, (0, 0), 5.0)
    dog = (255 - np.min(large - small, axis=2)).clip(0, 255).astype(np.uint8)
    return np.where(2 * (255 - dog.astype(np.int32)) > threshold, 255, 0).astype(np.uint8)


def lineart_standard(picture):
    """As the annotator of that name in sd-webui-controlnet, at the picture's own size."""
    x = picture.astype(np.float32)
    intensity = np.min(cv2.GaussianBlur(x, (0, 0), 6.0) - x, axis=2).clip(0, 255)
    strong = intensity[intensity > 8]
    intensity = intensity / max(16, np.median(strong) if strong.size else 0) * 127
    return intensity.clip(0, 255).astype(np.uint8)


def lines(size, ends):
    drawn = np.zeros((size[1], size[0]), np.uint8)
    for x0, y0, x1, y1 in ends:
        cv2.line(drawn, (x0, y0), (x1, y1), 255, 1)
    return drawn


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    cases = []

    def keep(scene, function, name, expected, **parameters):
        file = f"{scene}.{name}.png"
        cv2.imwrite(str(folder / file), expected, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        cases.append({"scene": f"{scene}.png", "function": function, **parameters, "expected": file})

    for scene, picture in scenes():
        bgr = picture if picture.ndim == 2 else picture[:, :, ::-1]
        cv2.imwrite(str(folder / f"{scene}.png"), bgr, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        for low, high in ((100, 200), (30, 90), (0, 0)) + (((200, 100), (255, 800)) if scene == "noise" else ()):
            keep(scene, "canny", f"canny-{low}-{high}", canny(picture, low, high), low=low, high=high)
        if picture.ndim == 3:
            keep(scene, "scribble_xdog", "scribble_xdog", scribble_xdog(picture))
            keep(scene, "lineart_standard", "lineart_standard", lineart_standard(picture))
        if scene in ("shapes", "noise"):
            size = (16, 16)
            keep(scene, "area", "area-16x16", cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[:, :, ::-1])
    ends = [(2, 3, 60, 9), (60, 50, 5, 12), (30, 2, 22, 55), (10, 58, 14, 4), (0, 59, 63, 0), (40, 40, 40, 40), (50, 20, 50, 33), (33, 30, 12, 30)]
    drawn = lines((64, 60), ends)
    cv2.imwrite(str(folder / "lines.png"), drawn, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cases.append({"function": "lines", "ends": ends, "expected": "lines.png"})
    head = {"made_by": "trainer/reference/make_edges.py", "opencv": cv2.__version__, "numpy": np.__version__}
    (folder / "cases.json").write_text(json.dumps({**head, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
