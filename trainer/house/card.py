"""python -m trainer.house.card FOLDER: writes model.json's vocabulary and the training's figures for the card, out of the
packed drawings, the log's clock and the measure's JSON (FOLDER/../measure.json, where it is)."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

from .data import Icons
from .settings import COLOURS, PIXELS, STYLE_NAMES, STYLES, furnace

TRAINING = {  # how it best learns: a style is colours of drawings and grounds, a subject is what is drawn
    "lora": {"steps": 150, "batch": 3, "learning_rate": 3e-3, "layers": ["grade.", "prior.ground."]},
    "dreambooth": {"steps": 150, "batch": 4, "learning_rate": 8e-4, "layers": ["prior.draw.", "prior.ground.", "sharpener."]},
}


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
        "threads": 1, "split": True, "together": 6, "training": TRAINING,
    }


# The card's measures by their names in it: what measure.json calls them, and how the card writes them.
MEASURES = {
    "subject, top-1": ("subject_top1", "{:.1%}"), "subject, top-5": ("subject_top5", "{:.1%}"), "style": ("style", "{:.1%}"),
    "style of the drawings themselves, coded by the VAE": ("coded_style", "{:.1%}"),
    "background": ("background_delta_e", "{:.1f} ΔE2000"), "near copies": ("near_copies", "{:.1%}"),
    "the recogniser on real drawings that it never saw: subject": ("unseen_top1", "{:.1%}"),
    "the style classifier on real drawings that it never saw": ("unseen_style", "{:.1%}"), "the recogniser on unseen recolourings": ("recoloured_top1", "{:.1%}"),
    "asked colour of a subject": ("painted_right", "{:.1%}"), "asked colour, in the drawings themselves": ("painted_drawings", "{:.1%}"), "asked place": ("placed_right", "{:.1%}"), "two subjects": ("two_right", "{:.1%}"),
    "two seeds differ": ("seeds_differ", "{:.3f}"), "Fréchet distance": ("fid", "{:.1f}"), "maximum mean discrepancy": ("cmmd", "{:.1f}"),
}
PHASES = {  # in English and German
    "prior": ("prior", "Prior"), "sharpener": ("sharpener", "Schärfer"), "unet": ("UNet", "UNet"), "vae": ("VAE", "VAE"),
    "recogniser": ("recogniser", "Erkenner"), "style": ("style classifier", "Stilerkenner"),
    "clip": ("house CLIP", "House CLIP"),
}


def filled(card: str, spent: dict, measured: dict) -> str:
    """card.yaml with the values of its measures and of its training's time as they are now; what else it says stays."""

    def put(pattern: str, value: str) -> None:
        nonlocal card
        card, found = re.subn(pattern, lambda m: m[1] + value + m[2], card)
        if found != 1:
            raise ValueError(f"the card has {found} places for {value}; expected one that matches {pattern}")

    def written(key: str, form: str) -> str:
        return form.format(measured[key]).replace("%", " %")

    for name, (key, form) in MEASURES.items():
        value = written(key, form)
        put(rf"(\n  - name: {{en: '{re.escape(name)}', de: [^\n]*\n    value: ')[^']*(')", value)
    put(r"(how: \{en: 'top-5 )[^;]*(; one style of every tenth)", written("unseen_top5", "{:.1%}"))
    put(r"(de: 'Top 5 )[^;]*(; ein Stil jedes zehnten)", written("unseen_top5", "{:.1%}").replace(".", ","))
    together = sum(e["cores"] for e in spent.values())
    parts = [", ".join(f"{words[lang]} {spent[name]['cores']:.0f}" for name, words in PHASES.items() if name in spent) for lang in (0, 1)]
    put(r'(\n  en: ")[^"(]*( hours of two cores by the log)', f"{together / 3600:.1f}")
    put(r"(by the log, which is committed \()[^)]*(\))", f"{together:.0f} s: {parts[0]}")
    put(r'(\n  de: ")[^"(]*( Stunden zweier Kerne nach dem Protokoll)', f"{together / 3600:.1f}".replace(".", ","))
    put(r"(nach dem Protokoll, das beiliegt \()[^)]*(\))", f"{together:.0f} s: {parts[1]}")
    return card


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
