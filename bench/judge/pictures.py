"""Writes the six pictures of 1024 × 1024 pixels that the judge is measured with.

    python bench/judge/pictures.py FOLDER

Three photographs that scikit-image carries (astronaut, coffee, chelsea), the first of them with words on it, and two drawings: flat
shapes with a headline, and a gradient. Needs scikit-image and Pillow.
"""
import os
import sys

from PIL import Image, ImageDraw, ImageFont
from skimage import data

SIDE = 1024


def square(array):
    picture = Image.fromarray(array).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.LANCZOS)


def words(picture, text, at, size, colour):
    ImageDraw.Draw(picture).text(at, text, fill=colour, font=ImageFont.load_default(size))
    return picture


def flat():
    picture = Image.new("RGB", (SIDE, SIDE), "#d9f2e6")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((260, 380, 760, 880), fill="#e8573f")
    draw.rectangle((480, 300, 540, 420), fill="#3d7a4f")
    return words(picture, "Fresh every morning", (120, 120), 84, "#1d1d1b")


def gradient():
    ramp = Image.linear_gradient("L").resize((SIDE, SIDE), Image.BICUBIC)
    return Image.merge("RGB", (ramp, ramp.transpose(Image.Transpose.ROTATE_90), Image.new("L", (SIDE, SIDE), 140)))


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, picture in {
        "astronaut": square(data.astronaut()), "coffee": square(data.coffee()), "chelsea": square(data.chelsea()),
        "poster": words(square(data.astronaut()), "Reach higher: 20 % off", (60, 860), 88, "white"), "flat": flat(), "gradient": gradient(),
    }.items():
        picture.save(os.path.join(folder, name + ".png"))


main()
