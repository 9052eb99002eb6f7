"""python -m trainer.house.look OUT.png: what the furnace's networks make of fixed prompts; first what they
make foreseen, then, once there is a UNet, two seeds."""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from .draw import Model
from .export import export
from .house import House
from .measure import sheet
from .settings import PIXELS, THREADS, furnace
from .text import Text, padded
from .trained import painters, whole

PROMPTS = [
    "a red apple, flat style, on a light blue background", "a cat face, cartoon style, yellow background",
    "a lion, 3d style, on a purple background", "a rocket, 3d render, dark blue background",
    "a birthday cake, glossy gradient style, on a pink background", "a guitar, flat vector illustration, mint background",
    "an evergreen tree, cartoon style, on a white background", "a house, flat style, sky blue background",
    "a purple elephant, 3d style, on a yellow background", "a green rocket, cartoon style, orange background",
    "a small mushroom at the bottom, flat style, black background", "a fox and an owl, 3d style, on a light green background",
    "a hot cup of coffee, flat design, cream background", "smiling face with sunglasses, 3d render, light purple background",
    "a trophy on the left and a bell on the right, flat style, on a teal background", "a robot, 3d render, light gray background",
]


@torch.no_grad()
def foreseen() -> np.ndarray:
    """What the prompts make foreseen, in the first pose."""
    house = House()
    house.load_state_dict(whole()[0], strict=False)
    x = house.pictures(padded(Text().states(PROMPTS)), PIXELS, PIXELS)[0][:, 0]
    return (x.clamp(-1, 1) + 1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy()


def main() -> None:
    torch.set_num_threads(THREADS)
    pictures = [foreseen()]
    if (furnace() / "unet.pt").exists():
        with tempfile.TemporaryDirectory() as scratch:
            export(Path(scratch), *painters(), say=lambda _: None)
            model = Model(Path(scratch))
            pictures += [model.draw(PROMPTS[i : i + 8], [seed] * 8) for seed in (1, 2) for i in (0, 8)]
    sheet(np.concatenate(pictures), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
