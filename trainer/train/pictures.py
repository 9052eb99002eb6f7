"""A job's pictures as tensors, and sheets of drawn ones."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image


def load(file: str, width: int, height: int) -> torch.Tensor:
    """[3, height, width] in −1…1: the middle of the picture in the asked shape, transparency over white."""
    picture = Image.open(file)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = picture.convert("RGB")
    scale = max(width / picture.width, height / picture.height)
    size = max(width, round(picture.width * scale)), max(height, round(picture.height * scale))
    picture = picture.resize(size, Image.LANCZOS)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    values = np.asarray(picture.crop((left, top, left + width, top + height)), np.float32)
    return torch.from_numpy(values.transpose(2, 0, 1).copy()) / 127.5 - 1


def image(picture: torch.Tensor) -> Image.Image:
    """[3, height, width], 0…1, as a picture."""
    return Image.fromarray((picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))


def sheet(rows: list, file: Path, gap: int = 4) -> None:
    """Rows of equally large pictures, written whole or not at all."""
    width, height = rows[0][0].size
    out = Image.new("RGB", (len(rows[0]) * (width + gap) - gap, len(rows) * (height + gap) - gap), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            out.paste(picture, (x * (width + gap), y * (height + gap)))
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    out.save(half, "PNG")
    half.replace(file)
