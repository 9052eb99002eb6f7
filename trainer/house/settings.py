"""What every part of the house model agrees on: sizes, words, colours and the furnace's folder."""

import os
from pathlib import Path

PIXELS = 256  # width and height of a training picture
SPRITE = 224  # width and height of a stored drawing, cropped to its content
COARSE = 64  # width and height of a drawing as the prior paints it
SHARP = 192  # and of one when it is sharpened
LATENT_CHANNELS = 8
LATENT = PIXELS // 8  # latents are an eighth of the picture
TOKENS = 32  # tokens that the text encoder takes
TEXT_WIDTH = 384
THREADS = 2

# A drawing's set, and how its style is called in prompts.
STYLES = {
    "flat": ["flat style", "flat vector illustration", "flat design"],
    "gradient": ["glossy gradient style", "soft gradient illustration", "gradient style"],
    "3d": ["3d style", "3d render", "cute 3d render"],
    "cartoon": ["cartoon style", "cartoon illustration", "cartoon"],
}
STYLE_NAMES = list(STYLES)

# Background colours (sRGB centres; pictures jitter around them).
COLOURS = {
    "white": (252, 252, 252), "black": (18, 18, 20), "light gray": (214, 216, 220), "gray": (140, 144, 150),
    "dark gray": (62, 65, 72), "red": (214, 48, 49), "light red": (250, 170, 165), "dark red": (122, 20, 28),
    "orange": (245, 140, 40), "light orange": (255, 210, 160), "yellow": (250, 214, 60), "light yellow": (255, 243, 180),
    "cream": (250, 240, 220), "beige": (228, 212, 184), "brown": (121, 80, 50), "green": (62, 170, 85),
    "light green": (186, 232, 182), "dark green": (22, 84, 48), "mint": (178, 242, 220), "teal": (20, 140, 140),
    "turquoise": (64, 208, 196), "sky blue": (135, 206, 245), "light blue": (186, 218, 250), "blue": (52, 110, 220),
    "dark blue": (20, 40, 110), "navy blue": (16, 24, 66), "purple": (128, 66, 190), "light purple": (214, 190, 245),
    "lavender": (226, 218, 250), "dark purple": (64, 24, 104), "magenta": (214, 50, 150), "pink": (245, 140, 180),
    "light pink": (253, 208, 222), "peach": (255, 208, 178),
}

# Colours that a drawing can be asked in ("a green rocket"), as sRGB.
PAINTS = {
    "red": (222, 52, 52), "orange": (246, 140, 40), "yellow": (250, 210, 60), "green": (70, 170, 80), "teal": (30, 150, 150),
    "blue": (56, 116, 226), "purple": (136, 76, 200), "pink": (244, 130, 178), "brown": (128, 84, 54), "black": (52, 52, 58),
    "white": (240, 240, 242), "gray": (146, 150, 156),
}
PAINT_NAMES = list(PAINTS)
COLOUR_WORDS = set(PAINTS) | {"golden", "dark", "light"}

# Where a single small drawing stands: words, and its centre as a part of width and height.
PLACES = {
    "on the left": (0.28, 0.5), "on the right": (0.72, 0.5), "at the top": (0.5, 0.28), "at the bottom": (0.5, 0.72),
    "in the center": (0.5, 0.5), "in the top left corner": (0.27, 0.27), "in the top right corner": (0.73, 0.27),
    "in the bottom left corner": (0.27, 0.73), "in the bottom right corner": (0.73, 0.73),
}


def furnace() -> Path:
    """The folder with packed data, checkpoints and logs: $FURNACE, or furnace/ beside the checkout."""
    default = Path(__file__).resolve().parents[2].parent / "furnace"
    path = Path(os.environ.get("FURNACE", default))
    path.mkdir(parents=True, exist_ok=True)
    return path
