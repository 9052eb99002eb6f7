"""python trainer/reference/make_gaze.py internal/judge/gaze/testdata/reference.json: measures of saliency by the program that people compare with.

Needs pysaliency 0.2.22 (installed with --no-deps: only its metrics and its ROC are loaded), numpy and scipy. AUC-Judd is
pysaliency's ROC with the points' values as thresholds and the other places as negatives, which is the formula of the MIT
benchmark's program without its noise. The map and the points are made up, and the Go test makes the same ones: a linear
congruential generator's numbers.
"""

import importlib.util
import json
import site
import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

np.trapz = np.trapezoid  # pysaliency still calls it by its old name


def load(name: str):
    folder = next(p for p in map(Path, site.getsitepackages()) if (p / "pysaliency").exists()) / "pysaliency"
    path = next(folder.glob(f"{name}.cpython*.so"), folder / f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


metrics, roc = load("metrics"), load("roc_cython")


class Numbers:
    def __init__(self, seed: int):
        self.state = seed

    def next(self, n: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 40) % n


def case(seed: int, width: int, height: int, levels: int, points: int, sigma: float) -> dict:
    g = Numbers(seed)
    smap = np.array([[g.next(levels) + (30 if 5 <= x < 12 and 4 <= y < 9 else 0) for x in range(width)] for y in range(height)], np.float32)
    xs, ys = [], []
    for k in range(points):
        near = k % 2 == 0
        xs.append(5 + g.next(7) if near else g.next(width))
        ys.append(4 + g.next(5) if near else g.next(height))
    looked = np.zeros((height, width))
    np.add.at(looked, (ys, xs), 1)
    density = gaussian_filter(looked, sigma, mode="mirror", truncate=4)
    auc, _, _ = roc.general_roc(smap[looked > 0].astype(float), smap[looked == 0].astype(float), judd=1)
    return {
        "seed": seed, "width": width, "height": height, "levels": levels, "points": points, "sigma": sigma,
        "nss": float(metrics.NSS(smap, xs, ys).mean()), "auc_judd": float(auc), "cc": float(metrics.CC(smap.astype(float), density)),
        "sim": float(metrics.SIM(smap.astype(float), density)), "kl": float(metrics.MIT_KLDiv(smap.astype(float), density)),
    }


def main() -> None:
    cases = [case(1, 40, 30, 50, 25, 2.0), case(2, 64, 48, 4, 60, 3.0), case(3, 33, 57, 1000, 8, 1.5)]
    with open(sys.argv[1], "w") as f:
        json.dump(cases, f, indent=1)
        f.write("\n")


main()
