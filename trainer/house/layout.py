"""Laying drawings out on a background: in any size of picture, and in every pose."""

import math

import torch
import torch.nn.functional as F

# How all drawings of a picture may stand: mirrored or not, degrees that they are turned anticlockwise, and how often.
POSES = ((False, 0, 0.25), (True, 0, 0.25), (False, 7, 0.125), (False, -7, 0.125), (True, 7, 0.125), (True, -7, 0.125))


def lay_out(layers, ground, height: int, width: int):
    """Pictures in every pose, [b, POSES, 3, height, width] in −1…1. `layers` are (premultiplied RGBA [b, 4, side, side] in 0…1, [b, 3]
    centre and size as parts of the picture) from the lowest up; `ground` [b, 6] the colours at top and bottom, 0–1."""
    rows = (torch.arange(height, device=ground.device, dtype=ground.dtype) + 0.5) / height
    t = rows[None, None, :, None]
    top, bottom = ground[:, :3, None, None], ground[:, 3:, None, None]
    pictures = [(top * (1 - t) + bottom * t) * torch.ones(1, 1, 1, width, device=ground.device, dtype=ground.dtype)] * len(POSES)
    for sprite, stand in layers:
        down, across, back = hats(stand, height, width, sprite.shape[-1])
        tall = down @ sprite
        laid = {False: tall @ across, True: tall @ back}
        pictures = [over(turn(laid[mirrored], stand, angle), p) for p, (mirrored, angle, _) in zip(pictures, POSES, strict=True)]
    return torch.stack(pictures, 1) * 2 - 1


def turn(layer, stand, angle: float):
    """A layer [b, 4, height, width] turned anticlockwise around its drawing's centre."""
    if angle == 0:
        return layer
    height, width = layer.shape[2:]
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    y = torch.arange(height, device=layer.device, dtype=layer.dtype)[None, :, None] + 0.5 - stand[:, 1, None, None] * height
    x = torch.arange(width, device=layer.device, dtype=layer.dtype)[None, None] + 0.5 - stand[:, 0, None, None] * width
    u = (c * x - s * y) / width + stand[:, 0, None, None]
    v = (s * x + c * y) / height + stand[:, 1, None, None]
    return F.grid_sample(layer, torch.stack([u, v], -1) * 2 - 1, mode="bilinear", padding_mode="zeros", align_corners=False)


def over(layer, ground):
    return layer[:, :3] + ground * (1 - layer[:, 3:])


def hats(stand, height: int, width: int, side: int):
    """Hat filters that lay a drawing of side×side at [x, y, size] into height×width: [b, 1, height, side] for rows,
    [b, 1, side, width] for columns, and the same for columns of the mirrored drawing."""
    x, y, size = (stand[:, i, None, None, None] for i in range(3))
    size = size.clamp(min=0.05)
    least = min(height, width)
    source = torch.arange(side, device=stand.device, dtype=stand.dtype)

    def hat(pixels: int, centre, part):
        at = (torch.arange(pixels, device=stand.device, dtype=stand.dtype) + 0.5) / pixels
        u = ((at[None, None, :, None] - centre) / part + 0.5) * side - 0.5
        reach = (side / (pixels * part)).clamp(min=1)
        hats = F.relu(1 - (u - source).abs() / reach)
        return hats / hats.sum(-1, keepdim=True).clamp(min=0.5)  # a hat between whole reaches sums up to more or less than 1

    rows = hat(height, y, size * (least / height))
    columns = hat(width, x, size * (least / width)).transpose(2, 3)
    return rows, columns, columns.flip(2)
