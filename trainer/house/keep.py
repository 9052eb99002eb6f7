"""python -m trainer.house.keep [--ship]: writes the averaged networks, the clock and the log into the checkout, from where an empty
furnace goes on. The model waits in trainer/house/kept until --ship writes it to models/house, as what Presswerk comes with."""

import json
import shutil
import sys
from pathlib import Path

import torch
from PIL import Image

from .card import description, filled
from .curve import plot
from .data import Icons
from .export import export
from .export_eyes import export_clip, export_recogniser, export_style
from .released import HOUSE, KEPT
from .settings import THREADS, furnace
from .trained import clip, painters, recogniser, style_classifier

GRAPHS = ("unet", "vae_encoder", "vae_decoder", "image_encoder")  # what is trained and ships


def clear(out: Path) -> None:
    for name in GRAPHS:
        shutil.rmtree(out / name, ignore_errors=True)


def main() -> None:
    torch.set_num_threads(THREADS)
    icons, ship = Icons(), sys.argv[1:] == ["--ship"]
    house, vae = painters()
    out = HOUSE if ship else KEPT
    eyes = ((clip, out, export_clip), (lambda: recogniser(len(icons.subjects)), KEPT, export_recogniser), (style_classifier, KEPT, export_style))
    opened = []
    for open_, folder, write in eyes:
        try:
            opened.append((open_(), folder, write))
        except FileNotFoundError as e:  # these may be younger than the model
            print(e)
    clear(KEPT)
    export(out, house, vae, None if ship else GRAPHS)
    for net, folder, write in opened:
        print(f"{write.__name__}: off by {write(folder, net):.1e}")
    for name in ("state.json", "train.log", "measure.json"):
        if (furnace() / name).exists():
            shutil.copyfile(furnace() / name, KEPT / name)
    if ship:  # what the card shows
        (out / "model.json").write_text(json.dumps(description(icons), indent=1) + "\n")
        card = out / "card.yaml"
        card.write_text(filled(card.read_text(), *(json.loads((KEPT / name).read_text()) for name in ("state.json", "measure.json"))))
        plot((KEPT / "train.log").read_text()).save(out / "curve.png", optimize=True)
        Image.open(furnace() / "sheet.png").save(out / "sheet.webp", quality=88)


if __name__ == "__main__":
    main()
