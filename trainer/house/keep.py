"""python -m trainer.house.keep PHASE ...: copies phases' averaged weights, their clock and the log into trainer/house/weights,
from where the training goes on in a furnace that has no checkpoints. Phases that aren't kept begin anew there."""

import json
import shutil
import sys

from .burn import WEIGHTS, load, packed, save
from .phase_unet import PARTS
from .settings import furnace


def whole(name: str, state: dict) -> dict:
    """A checkpoint's averaged weights as one state dict."""
    if name == "vae":
        return state["vae"]
    if name == "unet":
        return {f"{part}.{k}": v for part in PARTS for k, v in state[f"average_{part}"]["module"].items()}
    return state["average"]["module"]


def main() -> None:
    WEIGHTS.mkdir(exist_ok=True)
    spent = json.loads((furnace() / "state.json").read_text())
    kept = {"prepare": spent["prepare"]}
    for name in sys.argv[1:]:
        state = load(furnace() / f"{name}.pt")
        if state is None:
            sys.exit(f"{furnace()}: no {name}.pt; train {name} first")
        path = WEIGHTS / f"{name}.pt"
        save(path, packed(whole(name, state)))
        kept[name] = spent[name]
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    (WEIGHTS / "state.json").write_text(json.dumps(kept, indent=1) + "\n")
    shutil.copyfile(furnace() / "train.log", WEIGHTS / "train.log")


if __name__ == "__main__":
    main()
