"""python trainer/reference/make_sets.py internal/judge/sets/testdata/reference.json: measures of sets by the programs that people compare with.

Needs clean-fid 0.1.35, prdc 0.2, vendi-score 0.0.3, torchmetrics 1.9.0 and torch 2.8.0. The features are made up, and the Go
test makes the same ones: a linear congruential generator's numbers, so that no file holds them. CMMD has no package: it is
computed here from its paper's formula with scipy's distances.
"""

import json
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from unittest.mock import MagicMock

pictures_only = ("torchvision", "torchvision.models", "torchvision.transforms", "PIL", "PIL.Image", "requests", "tqdm", "tqdm.auto")
missing = {name: MagicMock(__spec__=ModuleSpec(name, None), __path__=[]) for name in pictures_only if find_spec(name.split(".")[0]) is None}
sys.modules.update(missing)  # the references load them to look at pictures, which isn't done here

import numpy as np
import torch
from cleanfid.fid import frechet_distance
from prdc import compute_prdc
from scipy.spatial.distance import cdist
from torchmetrics.image.fid import _compute_fid
from vendi_score import vendi


def features(n: int, width: int, seed: int, shift: float, spread: float) -> np.ndarray:
    state, out = seed, np.empty((n, width), np.float32)
    for i in range(n):
        for j in range(width):
            total = 0.0
            for _ in range(4):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                total += (state >> 40) / 2**24
            out[i, j] = np.float32(shift + (total - 2) * spread * (1 + j % 3))
    return out


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def cmmd(a: np.ndarray, b: np.ndarray) -> float:
    a, b = unit(a), unit(b)
    mean = lambda x, y: np.exp(-cdist(x, y, "sqeuclidean") / (2 * 10**2)).mean()
    return 1000 * (mean(a, a) + mean(b, b) - 2 * mean(a, b))


def main() -> None:
    cases = []
    for n, m, width, shift, spread in [(60, 80, 12, 0.4, 1.1), (40, 30, 64, 0.2, 0.8), (90, 90, 8, 0.0, 1.0)]:
        a, b = features(n, width, 1, shift, spread), features(m, width, 2, 0.1, 1.0)
        a64, b64 = a.astype(np.float64), b.astype(np.float64)
        ca, cb = np.cov(a64, rowvar=False), np.cov(b64, rowvar=False)
        case = {"n": n, "m": m, "width": width, "shift": shift, "spread": spread}
        case["frechet"] = float(frechet_distance(a64.mean(0), ca, b64.mean(0), cb))
        t = lambda v: torch.from_numpy(np.ascontiguousarray(v))
        case["frechet_torchmetrics"] = float(_compute_fid(t(a64.mean(0)), t(ca), t(b64.mean(0)), t(cb)))
        case["mmd"] = float(cmmd(a64, b64))
        case.update({k: float(v) for k, v in compute_prdc(real_features=b64, fake_features=a64, nearest_k=3).items()})
        case["vendi"] = float(vendi.score_X(a64, normalize=True))
        cases.append(case)
    with open(sys.argv[1], "w") as f:
        json.dump(cases, f, indent=1)
        f.write("\n")


main()
