"""Writes photographs for presswerk marking-report --pictures.

    python bench/marking/pictures.py FOLDER [ROOT]

Six that Python packages carry (scikit-image's astronaut, coffee, chelsea and rocket, scikit-learn's china and flower), few and well known,
and those of photographs.txt that lie below ROOT (by default /), which come with Debian's mate-backgrounds, lomiri-wallpapers-16.04,
lomiri-wallpapers-20.04 and plasma-workspace-wallpapers: install these, or unpack them with dpkg -x. Needs bench/marking/requirements.txt.
"""
import os
import sys

from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

MOST = 2048  # pixels of the longer side


def installed(root):
    """Yields names and pictures of photographs.txt."""
    with open(os.path.join(os.path.dirname(__file__), "photographs.txt"), encoding="utf-8") as lines:
        for line in map(str.strip, lines):
            path = os.path.join(root, line.lstrip("/"))
            if os.path.exists(path):
                parts = os.path.splitext(line)[0].split("/")
                yield parts[-4] if "contents" in parts else parts[-1], Image.open(path)


def main():
    folder, root = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "/"
    os.makedirs(folder, exist_ok=True)
    pictures = {name: Image.fromarray(getattr(data, name)()) for name in ("astronaut", "coffee", "chelsea", "rocket")}
    pictures |= {name: Image.fromarray(load_sample_image(name + ".jpg")) for name in ("china", "flower")}
    pictures |= dict(installed(root))
    for name, picture in pictures.items():
        picture = picture.convert("RGB")
        picture.thumbnail((MOST, MOST))
        picture.save(os.path.join(folder, name + ".png"))
    print(len(pictures), "photographs in", folder)


main()
