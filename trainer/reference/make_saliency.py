"""python trainer/reference/make_saliency.py internal/vision/testdata/saliency.json: spectral residuals by OpenCV, and in numpy.

Needs opencv-contrib-python-headless 5.0.0.93 and scipy. OpenCV's own arithmetic is coarse: its maps differ by up to 0.004 from the
same steps in double precision, which are taken here too. The grey pictures of 64 × 64 are made up, and the Go test makes the same ones: a linear
congruential generator's numbers with two bright rectangles. Kept is every sixteenth value of a map, row by row.
"""

import json
import sys

import cv2
import numpy as np
from scipy.ndimage import convolve, uniform_filter

SIDE = 64


def picture(seed: int, noise: int) -> np.ndarray:
    state, out = seed, np.empty((SIDE, SIDE), np.uint8)
    for y in range(SIDE):
        for x in range(SIDE):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            level = 40 + x + (state >> 40) % noise
            if 10 <= x < 18 and 40 <= y < 46:
                level += 90
            if 44 <= x < 58 and 8 <= y < 20:
                level += 50
            out[y, x] = level
    return out


def residual(grey: np.ndarray) -> np.ndarray:
    spectrum = np.fft.fft2(grey.astype(np.float64))
    logs = np.log(np.abs(spectrum))
    back = np.fft.ifft2(np.exp(logs - uniform_filter(logs, 3, mode="mirror")) * np.exp(1j * np.angle(spectrum)))
    bell = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 8.0**2))
    found = convolve(np.abs(back), np.outer(bell, bell) / bell.sum() ** 2, mode="mirror") ** 2
    return found / found.max()


def main() -> None:
    cases = []
    for seed, noise in [(1, 2), (2, 12), (3, 40)]:
        ok, found = cv2.saliency.StaticSaliencySpectralResidual_create().computeSaliency(picture(seed, noise))
        assert ok
        few = lambda v: [round(float(x), 6) for x in v.ravel()[::16]]
        cases.append({"seed": seed, "noise": noise, "opencv": few(found), "exact": few(residual(picture(seed, noise)))})
    with open(sys.argv[1], "w") as f:
        f.write(json.dumps(cases).replace("}, {", "},\n {") + "\n")


main()
