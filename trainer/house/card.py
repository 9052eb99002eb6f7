"""python -m trainer.house.card FOLDER: writes model.json's vocabulary and the training's figures for the card, out of the
packed drawings, the log's clock and the measure's JSON (FOLDER/../measure.json, where it is)."""

import json
import sys
from collections import Counter
from pathlib import Path

from .data import Icons
from .settings import COLOURS, PIXELS, STYLE_NAMES, STYLES, furnace


def description(icons: Icons) -> dict:
    """model.json."""
    return {
        "name": "house", "version": "1", "license": "Apache-2.0 AND MIT", "dialect": "house", "width": PIXELS, "height": PIXELS,
        "min_size": 128, "max_size": 512, "seconds_per_picture": 2,
        "defaults": {"sampler": "dpmpp_2m", "scheduler": "karras", "steps": 20, "guidance_scale": 1},
        "session": {"session.disable_quant_qdq": "1"},
        "vocabulary": {
            "subjects": icons.subjects, "styles": [w for s in STYLE_NAMES for w in STYLES[s]],
            "colours": {name: "#{:02x}{:02x}{:02x}".format(*rgb) for name, rgb in COLOURS.items()},
        },
        "threads": 1, "split": True, "together": 6, "training": {"steps": 150, "batch": 4, "learning_rate": 8e-4},
        "untrained": ["encode.", "blocks.", "prior.stand", "conv_", "time_embedding.", "down_blocks.", "mid_block.", "up_blocks."],
    }


def figures(icons: Icons, spent: dict, measured: dict) -> str:
    """The card's tables."""
    lines = ["| phase | seconds of two cores | samples |", "|---|---|---|"]
    lines += [f"| {name} | {e['cores']:.0f} | {e['samples']:,} |" for name, e in spent.items()]
    lines.append(f"| together | {sum(e['cores'] for e in spent.values()):.0f} | |")
    counts = Counter(r["style"] for r in icons.records)
    lines += ["", f"{len(icons)} drawings of {len(icons.subjects)} subjects: " + ", ".join(f"{s} {counts[s]}" for s in STYLE_NAMES) + "."]
    if measured:
        lines += ["", "| measure | value |", "|---|---|"]
        lines += [f"| {name.replace('_', ' ')} | {value:.3f} |" if isinstance(value, float) else f"| {name.replace('_', ' ')} | {value} |" for name, value in measured.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    out = Path(sys.argv[1])
    icons = Icons()
    measured = out.parent / "measure.json"
    (out / "model.json").write_text(json.dumps(description(icons), indent=1) + "\n")
    spent = json.loads((furnace() / "state.json").read_text())
    print(figures(icons, spent, json.loads(measured.read_text()) if measured.exists() else {}))


if __name__ == "__main__":
    main()
