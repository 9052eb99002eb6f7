"""Reads the drawings and their names out of the npm packages and packs them into arrays in the furnace.

icons.npy  uint8 [icons, SPRITE, SPRITE, 4], sRGB with straight alpha, cropped to content and centred
icons.json one record an icon: style, name, tags, group (emojibase's), spoken (what else people call it)"""

import io
import json
import os
import re
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from PIL import Image

from .settings import SPRITE, STYLE_NAMES, furnace

PACKAGES = Path(__file__).resolve().parents[1] / "node_modules"
SETS = {"flat": "fluent-emoji-flat", "gradient": "fluent-emoji", "cartoon": "noto"}
GROUPS = {0, 3, 4, 5, 6, 7}  # smileys, animals, food, travel, activities, objects: no people, components, symbols, flags
SHORTCODES = ("emojibase", "github", "iamcal", "joypixels")  # what chat programs call a drawing: "coffee" for "hot beverage"
SYMBOLS = {"recycling symbol", "musical note", "musical notes", "peace symbol", "trident emblem", "fleur de lis", "dizzy", "sparkle"}
SIGNS = re.compile(r"oclock|thirty|keycap|button$|^flag|letter|mahjong|medium|skin")
VARIANTS = re.compile(r"skin-tone|-(light|medium|dark|medium-light|medium-dark)$|^flag|keycap|^clock-?\d|oclock|^[0-9]+$|letter|cjk|mahjong")


def plain(label: str) -> str:
    """Lower case, words and digits only."""
    return re.sub(r"[^a-z0-9]+", " ", label.lower().replace("’", "").replace("'", "").replace("⊛", "")).strip()


def shortcodes() -> dict[str, set[str]]:
    """Plain names in chat programs, by emojibase's code point."""
    found: dict[str, set[str]] = {}
    for source in SHORTCODES:
        for code, names in json.loads((PACKAGES / f"emojibase-data/en/shortcodes/{source}.json").read_text()).items():
            found.setdefault(code, set()).update(plain(n) for n in ([names] if isinstance(names, str) else names))
    return found


def labels() -> tuple[dict, dict]:
    """Emojibase's records that are wanted, by plain name and by code point."""
    by_name, by_code, called = {}, {}, shortcodes()
    for record in json.loads((PACKAGES / "emojibase-data/en/data.json").read_text()):
        name = plain(record["label"])
        wanted = record.get("group") in GROUPS or name in SYMBOLS
        if not wanted or SIGNS.search(name):
            continue
        entry = {"name": name, "tags": [plain(t) for t in record.get("tags", [])], "group": record["group"], "called": sorted(called.get(record["hexcode"], ()))}
        by_name[name] = entry
        by_code[record["hexcode"].lower().replace("-fe0f", "")] = entry
    return by_name, by_code


def drawings() -> list[tuple[dict, str, object]]:
    """Every wanted drawing: its label, its style and its SVG text or the path of its picture."""
    by_name, by_code = labels()
    squeezed = {name.replace(" ", ""): name for name in by_name}
    found = []
    for style, package in SETS.items():
        icons = json.loads((PACKAGES / "@iconify-json" / package / "icons.json").read_text())
        seen = set()
        for key, icon in icons["icons"].items():
            name = squeezed.get(plain(key).replace(" ", ""))
            if icon.get("hidden") or VARIANTS.search(key) or name is None or name in seen:
                continue
            seen.add(name)
            found.append((by_name[name], style, _svg(icon, icons)))
    folder = PACKAGES / "@lobehub/fluent-emoji-3d/assets"
    for file in sorted(os.listdir(folder)):
        label = by_code.get(file.removesuffix(".webp").replace("-fe0f", ""))
        if label is not None:
            found.append((label, "3d", folder / file))
    return found


def _svg(icon: dict, icons: dict) -> str:
    width, height = (icon.get(k, icons.get(k, 16)) for k in ("width", "height"))
    box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="256" height="256" viewBox="{box}">{icon["body"]}</svg>'
    )


def draw(source) -> np.ndarray | None:
    """A drawing as RGBA, cropped to its content on a square; None if hardly anything is in it."""
    import resvg_py

    if isinstance(source, Path):
        picture = Image.open(source).convert("RGBA")
    else:
        picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=source)))).convert("RGBA")
    alpha = np.asarray(picture)[..., 3]
    ys, xs = np.where(alpha > 8)
    if len(ys) < 0.01 * alpha.size:
        return None
    picture = picture.crop((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    side = max(picture.size)
    square = Image.new("RGBA", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    # Scaled with premultiplied alpha: colours of unseen pixels must not bleed in.
    return np.asarray(square.convert("RGBa").resize((SPRITE, SPRITE), Image.LANCZOS).convert("RGBA"))


def pack(say=print) -> None:
    """Writes icons.npy and icons.json."""
    found = drawings()
    with Pool(2) as pool:
        pixels = pool.map(draw, [source for _, _, source in found], chunksize=32)
    kept = [i for i, p in enumerate(pixels) if p is not None]
    subjects = {found[i][0]["name"]: found[i][0] for i in kept}
    owners = Counter(name for label in subjects.values() for name in label["called"])
    records = []
    for i in kept:
        label, style, _ = found[i]
        # No word that is another drawing's name or no word at all ("a", "v").
        spoken = [n for n in label["called"] if owners[n] == 1 and n not in subjects and len(n) > 2]
        records.append({"style": style, "name": label["name"], "tags": label["tags"], "group": label["group"], "spoken": spoken})
    out = furnace()
    stack = np.lib.format.open_memmap(out / "icons.npy.new", "w+", np.uint8, (len(kept), SPRITE, SPRITE, 4))
    for n, i in enumerate(kept):
        stack[n] = pixels[i]
    stack.flush()
    os.replace(out / "icons.npy.new", out / "icons.npy")
    (out / "icons.json").write_text(json.dumps(records))
    counts = Counter(r["style"] for r in records)
    say(f"{len(kept)} drawings of {len({r['name'] for r in records})} subjects: " + ", ".join(f"{s} {counts[s]}" for s in STYLE_NAMES))


class Icons:
    """The packed drawings."""

    def __init__(self):
        folder = furnace()
        if not (folder / "icons.json").exists():
            raise FileNotFoundError(f"{folder}: no icons.json; run 'make -C trainer data' first")
        self.pixels = np.load(folder / "icons.npy", mmap_mode="r")
        self.records = json.loads((folder / "icons.json").read_text())
        self.subjects = sorted({r["name"] for r in self.records})
        self.of_style = {s: [i for i, r in enumerate(self.records) if r["style"] == s] for s in STYLE_NAMES}

    def __len__(self) -> int:
        return len(self.records)


if __name__ == "__main__":
    pack()
