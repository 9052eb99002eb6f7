"""Marks pictures with the methods of PyPI's invisible-watermark, for presswerk marking-report --beside.

    python bench/marking/peer.py dwtDct|dwtDctSvd|rivaGan

Needs bench/marking/requirements.txt; rivaGan's weights are in the package. Reads one JSON document a line and answers with one:

    {"do": "embed", "in": "a.png", "out": "b.png", "number": 7}    →  {"ms": 103.2}
    {"do": "detect", "in": "b.png"}                                →  {"ms": 61.0, "number": 7}

Numbers have 32 bits, the highest first. Milliseconds are those of the method alone, without files. What the method refuses, such as
pictures below 256 × 256 pixels, is answered with {"error": "why"}.
"""
import json
import sys
import time

import cv2
import numpy as np
from imwatermark import WatermarkDecoder, WatermarkEncoder

BITS = 32


def embed(method, ask):
    picture = cv2.imread(ask["in"], cv2.IMREAD_COLOR)
    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", [ask["number"] >> (BITS - 1 - i) & 1 for i in range(BITS)])
    begun = time.perf_counter()
    marked = encoder.encode(picture, method)
    took = time.perf_counter() - begun
    # dwtDct and dwtDctSvd leave out rows and columns beyond a multiple of four; the rest stays as it was.
    out = picture.copy()
    out[:marked.shape[0], :marked.shape[1]] = np.clip(marked, 0, 255)
    cv2.imwrite(ask["out"], out)
    return {"ms": 1000 * took}


def detect(method, ask):
    picture = cv2.imread(ask["in"], cv2.IMREAD_COLOR)
    begun = time.perf_counter()
    bits = WatermarkDecoder("bits", BITS).decode(picture, method)
    took = time.perf_counter() - begun
    return {"ms": 1000 * took, "number": sum(int(bool(b)) << (BITS - 1 - i) for i, b in enumerate(bits))}


def main():
    method, answers = sys.argv[1], sys.stdout
    sys.stdout = sys.stderr  # what the package prints is no answer
    if method == "rivaGan":
        WatermarkEncoder.loadModel()
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            answer = {"embed": embed, "detect": detect}[ask["do"]](method, ask)
        except (RuntimeError, ValueError, cv2.error) as reason:
            answer = {"error": str(reason)}
        print(json.dumps(answer), file=answers, flush=True)


main()
