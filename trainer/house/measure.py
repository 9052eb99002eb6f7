"""python -m trainer.house.measure FOLDER [--subjects FILE] [--pictures N] [--sheet PNG] [--json FILE]

Measures a model folder with recogniser and style classifier, which were trained on real drawings alone: subjects (top-1, top-5), styles, the
background's colour, distance from real pictures in the recogniser's features (FID and CMMD), and how many pictures are
near copies of a drawing."""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from . import abilities, colour
from .data import Icons
from .draw import Model
from .eyes import SIDE, Recogniser, StyleClassifier, Views, premultiplied, small_icons
from .phase_eyes import examine, examine_style
from .scenes import Layer, Scene, article, main_colours, render
from .settings import COLOURS, STYLE_NAMES, STYLES, THREADS
from .trained import recogniser, style_classifier

BATCH = 6
COPY = 64  # pixels at which pictures are compared with drawings
NEAR = 0.06  # root mean square difference (of 1) from a drawing on the same ground, below which a picture is a near copy


def questions(subjects: list[str], n: int, rng: random.Random) -> list[dict]:
    """Prompts of the kind that the card recommends: every subject in turn, styles and colours at random, seeds above those of
    training."""
    names = subjects[:]
    rng.shuffle(names)
    found = []
    for k in range(n):
        name, style, ground = names[k % len(names)], STYLE_NAMES[k % len(STYLE_NAMES)], rng.choice(list(COLOURS))
        words = STYLES[style][0]
        prompt = f"{article(name)}, {words}, on {article(ground)} background"
        found.append({"subject": name, "style": style, "ground": ground, "prompt": prompt, "seed": (1 << 32) + k})
    return found


def small(pictures: np.ndarray) -> torch.Tensor:
    """uint8 [n, side, side, 3] as the recogniser takes them."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    return F.interpolate(x, size=(SIDE, SIDE), mode="area")


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two sets of features [n, d] taken as Gaussians."""
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # The trace of the root of ca·cb, by its eigenvalues: they are real and not negative but for rounding.
    eigen = np.linalg.eigvals(ca @ cb).real
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.clip(eigen, 0, None)).sum())


def mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Squared maximum mean discrepancy (unbiased) with a Gaussian kernel as wide as the median distance in b, times 1000."""

    def squares(x, y):
        return np.maximum((x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T, 0)

    own = squares(b, b)
    width = np.median(own[np.triu_indices(len(b), 1)])
    ka, kb, kab = np.exp(-squares(a, a) / width), np.exp(-own / width), np.exp(-squares(a, b) / width)
    n, m = len(a), len(b)
    return float(1000 * ((ka.sum() - n) / (n * (n - 1)) + (kb.sum() - m) / (m * (m - 1)) - 2 * kab.mean()))


def near_copies(pictures: torch.Tensor, grounds: np.ndarray, drawings: np.ndarray) -> np.ndarray:
    """Each picture's distance from the drawing that it resembles most: root mean square over COPY×COPY, 0–1. Drawings stand
    as the captions ask (centred, 0.78 of the side) on the picture's own ground, as they are and mirrored."""
    room = round(COPY * 0.78)
    pictures = F.interpolate(pictures, size=(COPY, COPY), mode="area")
    rgba = torch.cat([
        F.interpolate(premultiplied(torch.from_numpy(drawings[at : at + 256])), size=(room, room), mode="area") for at in range(0, len(drawings), 256)
    ])
    rest = COPY - room
    rgba = F.pad(rgba, (rest // 2, rest - rest // 2, rest // 2, rest - rest // 2))
    found = []
    for x, ground in zip(pictures, torch.from_numpy(grounds).float() / 255, strict=True):
        x = (x + 1) / 2
        laid = rgba[:, :3] + ground[None, :, None, None] * (1 - rgba[:, 3:])
        found.append(min(float((laid - y).pow(2).mean((1, 2, 3)).min()) ** 0.5 for y in (x, x.flip(-1))))
    return np.array(found)


def drawer(model: Model, say=print):
    """Makes pictures in batches."""

    def draw(prompts: list[str], seeds: list[int]) -> np.ndarray:
        found = []
        for at in range(0, len(prompts), BATCH):
            found.append(model.draw(prompts[at : at + BATCH], seeds[at : at + BATCH]))
            if at % (10 * BATCH) == 0:
                say(f"{at + len(found[-1])} of {len(prompts)}")
        return np.concatenate(found)

    return draw


def drawings(icons: Icons):
    """`scene(subject, style, ground, paint)`: the drawing that a prompt asks for, as the training pictures have it; nothing where there is none."""
    colours, where = main_colours(icons), {(r["name"], r["style"]): i for i, r in enumerate(icons.records)}

    def scene(subject: str, style: str, ground: str, paint: str | None = None) -> np.ndarray | None:
        i = where.get((subject, style))
        if i is None or (paint and not np.isfinite(colours[i, 0])):
            return None
        return render(Scene("", [Layer(i, paint, 0.5, 0.5, 0.78)], COLOURS[ground], COLOURS[ground], style, 0), icons, colours)

    return scene


def coded_style(coded, asked: list[dict], scene, stylist: StyleClassifier) -> float:
    """Of how many of the drawings that are asked for the style classifier tells the style once the VAE has coded and decoded them: the most
    that can be expected of pictures."""
    found = [(x, q) for q in asked if (x := scene(q["subject"], q["style"], q["ground"])) is not None]
    right = []
    for at in range(0, len(found), BATCH):
        said = stylist(small(coded(np.stack([x for x, _ in found[at : at + BATCH]])))).argmax(1)
        right += [STYLE_NAMES[k] == q["style"] for k, (_, q) in zip(said, found[at : at + BATCH], strict=True)]
    return float(np.mean(right))


def measure(draw, asked: list[dict], icons: Icons, judge: Recogniser, stylist: StyleClassifier) -> tuple[dict, np.ndarray]:
    """The numbers, and the pictures."""
    pictures = draw([q["prompt"] for q in asked], [q["seed"] for q in asked])
    x = small(pictures)
    said, features = judge(x)
    subject = torch.tensor([icons.subjects.index(q["subject"]) for q in asked])
    style = torch.tensor([STYLE_NAMES.index(q["style"]) for q in asked])
    top = said.topk(5).indices == subject[:, None]
    views = Views(icons, main_colours(icons))
    where = {(r["name"], r["style"]): i for i, r in enumerate(icons.records)}
    real = [where[q["subject"], q["style"]] for q in asked if (q["subject"], q["style"]) in where]
    rx, rsubject, rstyle = views.batch(real, random.Random("real"), painted=0.0, hard=False, plain=True)
    rsaid, rfeatures = judge(rx)
    grounds = np.stack([colour.ground(p) for p in pictures])
    wanted = np.array([COLOURS[q["ground"]] for q in asked], float)
    copies = near_copies(x, grounds, small_icons(icons))
    return {
        "pictures": len(asked),
        "subject_top1": top[:, 0].float().mean().item(),
        "subject_top5": top.any(1).float().mean().item(),
        "style": (stylist(x).argmax(1) == style).float().mean().item(),
        "background_delta_e": float(colour.delta_e(colour.lab(grounds), colour.lab(wanted)).mean()),
        "fid": frechet(features.numpy(), rfeatures.numpy()),
        "cmmd": mmd(features.numpy(), rfeatures.numpy()),
        "near_copies": float((copies < NEAR).mean()),
        "real_subject_top1": (rsaid.argmax(1) == rsubject).float().mean().item(),
        "real_style": (stylist(rx).argmax(1) == rstyle).float().mean().item(),
        **examine(judge, views),
        "unseen_style": examine_style(stylist, views),
    }, pictures


def sheet(pictures: np.ndarray, path: Path, columns: int = 8, side: int = 160) -> None:
    """A contact sheet."""
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * side, rows * side), "white")
    for i, p in enumerate(pictures):
        out.paste(Image.fromarray(p).resize((side, side), Image.LANCZOS), (i % columns * side, i // columns * side))
    out.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trainer.house.measure", description="Measure a house model's folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subjects", type=Path, help="a model.json, whose vocabulary alone is asked for; else every subject")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--abilities", type=int, default=48, help="pictures for each of colours, places, two subjects and seeds")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of the first 64")
    parser.add_argument("--json", type=Path, help="write the numbers")
    a = parser.parse_args()
    torch.set_num_threads(THREADS)
    icons = Icons()
    names = icons.subjects
    if a.subjects:
        known = set(json.loads(a.subjects.read_text())["vocabulary"]["subjects"])
        names = [n for n in names if n in known]
    model, judge, stylist, scene = Model(a.folder), recogniser(len(icons.subjects)), style_classifier(), drawings(icons)
    draw, asked = drawer(model), questions(names, a.pictures, random.Random(7))
    found, pictures = measure(draw, asked, icons, judge, stylist)
    found["coded_style"] = coded_style(model.coded, asked, scene, stylist)
    if a.abilities:
        known = abilities.recogniser_of(judge, small, icons.subjects)
        found |= abilities.measure(draw, known, scene, names, a.abilities, random.Random(8))
    found["subjects_asked"] = min(len(names), a.pictures)
    print(json.dumps(found, indent=1))
    if a.json:
        a.json.write_text(json.dumps(found, indent=1) + "\n")
    if a.sheet:
        sheet(pictures[:64], a.sheet)


if __name__ == "__main__":
    main()
