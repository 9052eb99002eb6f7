"""Writes the photographs that Python packages carry, for presswerk marking-report --pictures.

    python bench/marking/pictures.py FOLDER

scikit-image's astronaut, coffee, chelsea and rocket, and scikit-learn's china and flower: six photographs, few and well known. Needs
bench/marking/requirements.txt.
"""
import os
import sys

from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    pictures = {name: getattr(data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")}
    pictures |= {name: load_sample_image(name + ".jpg") for name in ("china", "flower")}
    for name, picture in pictures.items():
        Image.fromarray(picture).convert("RGB").save(os.path.join(folder, name + ".png"))


main()
