"""python -m trainer.house.keep: copies the averaged weights and the log into trainer/house/weights, from where the training
goes on in a furnace that has no checkpoints."""

import shutil

from .burn import WEIGHTS, load, packed, save
from .settings import furnace


def states() -> dict:
    """What there is, by file name, as whole state dicts."""
    prior, unet, vae = (load(furnace() / f"{name}.pt") for name in ("prior", "unet", "vae"))
    found = {}
    if prior:
        found["prior"] = prior["average"]["module"]
    if vae:
        found["vae"] = vae["vae"]
    if unet:
        found["unet"] = {f"{part}.{k}": v for part in ("hint", "unet") for k, v in unet[f"average_{part}"]["module"].items()}
    return found


def main() -> None:
    WEIGHTS.mkdir(exist_ok=True)
    for name, state in states().items():
        path = WEIGHTS / f"{name}.pt"
        save(path, packed(state))
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    for name in ("train.log", "state.json"):
        shutil.copyfile(furnace() / name, WEIGHTS / name)


if __name__ == "__main__":
    main()
