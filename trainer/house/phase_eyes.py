"""The phases of the image encoders: recogniser, style classifier, and house CLIP."""

import random

import numpy as np
import torch
import torch.nn.functional as F

from .burn import Average, Fire, begin, learn, quicken, resume, snapshot
from .eyes import SIDE, ImageEncoder, Recogniser, StyleClassifier, Views, held_paints, held_pairs, worn
from .scenes import caption
from .settings import COLOURS, STYLES
from .text import padded

BATCH, RATE = 64, 1e-3
PARTS = {"backbone.": 0.25, "surface.": 0.25, "places.": 3.0}  # of the rate: what ImageNet taught changes slowly, what tells styles from its textures may hurry


class _Phase:
    """What both have in common."""

    name: str

    def __init__(self, fire: Fire, world, net):
        self.fire, self.world, self.net = fire, world, net.to(memory_format=torch.channels_last)
        self.views = Views(world.icons, world.colours)
        groups = [
            {"params": [p for name, p in net.named_parameters() if name.startswith(beginning)], "part": part} for beginning, part in PARTS.items()
        ]
        groups.append({"params": [p for name, p in net.named_parameters() if not name.startswith(tuple(PARTS))], "part": 1.0})
        groups = [g for g in groups if g["params"]]
        self.optimiser = torch.optim.AdamW(groups, RATE, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
        self.average = Average(net, 0.998)
        self.rng = random.Random(self.name)
        self.step_number = 0
        resume(self, begin(fire, self.name))
        quicken(net, fire.folder)

    def state(self) -> dict:
        return snapshot(self)

    def learn(self, loss, progress: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = group["part"] * RATE * min(1, (self.step_number + 1) / 100) * (1 - 0.95 * progress)
        learn(self, loss)


class RecogniserPhase(_Phase):
    name = "recogniser"

    def __init__(self, fire: Fire, world):
        torch.manual_seed(4)
        super().__init__(fire, world, Recogniser(len(world.icons.subjects)))
        self.ids = shown(world.icons)

    def step(self, progress: float) -> tuple[int, dict]:
        x, subject, _ = self.views.batch(
            self.rng.choices(self.ids, k=BATCH), self.rng, redrawn=BATCH // 2, paints=lambda i: held_paints(i, shown=False))
        said, _ = self.net(x.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(said, subject, label_smoothing=0.05)
        self.learn(loss, progress)
        if self.step_number % 200 == 0:
            self.fire.say("recogniser on what it never saw: " + " ".join(f"{k} {v:.3f}" for k, v in examine(self.average.module, self.views).items()))
        return BATCH, {"loss": loss.item(), "right": (said.argmax(1) == subject).float().mean().item()}


def shown(icons) -> list[int]:
    """The drawings that nobody is examined on."""
    held = held_pairs(icons)
    return [i for i in range(len(icons)) if i not in held]


class StylePhase(_Phase):
    """Plain pictures and windows of them, some with their colours swapped: as little of a drawing as can be learnt by heart."""

    name = "style"

    def __init__(self, fire: Fire, world):
        torch.manual_seed(6)
        super().__init__(fire, world, StyleClassifier())
        self.ids = shown(world.icons)

    def step(self, progress: float) -> tuple[int, dict]:
        x, _, style = self.views.batch(self.rng.choices(self.ids, k=BATCH), self.rng, hard=False, plain=True)
        window = self.rng.choice((SIDE * 3 // 4, SIDE))
        left, top = (self.rng.randint(0, SIDE - window) for _ in range(2))
        x = x[:, :, top : top + window, left : left + window]
        if self.rng.random() < 0.2:
            x = x[:, torch.randperm(3)]
        said = self.net(worn(x).contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(said, style)
        self.learn(loss, progress)
        if self.step_number % 200 == 0:
            found = {"clean": lambda x: x, "worn": worn}
            shares = " ".join(f"{name} {examine_style(self.average.module, self.views, change):.3f}" for name, change in found.items())
            self.fire.say(f"style classifier on what it never saw: {shares}")
        return BATCH, {"loss": loss.item(), "right": (said.argmax(1) == style).float().mean().item()}


@torch.no_grad()
def examine(net, views: Views) -> dict:
    """The recogniser on drawings that it never saw, and on known drawings in colours that it never saw them in."""
    net.eval()
    held = sorted(held_pairs(views.icons))
    x, subject, _ = views.batch(held, random.Random("held"), painted=0.0, hard=False)
    said, _ = net(x)
    found = {"unseen_top1": _right(said, subject), "unseen_top5": _right(said, subject, 5)}
    known = [i for i in shown(views.icons) if views.paintable(i)]
    some = random.Random("painted").sample(known, min(400, len(known)))
    x, subject, _ = views.batch(some, random.Random("held"), painted=1.0, hard=False, paints=lambda i: held_paints(i, shown=True))
    said, _ = net(x)
    return found | {"recoloured_top1": _right(said, subject), "recoloured_top5": _right(said, subject, 5)}


@torch.no_grad()
def examine_style(net, views: Views, change=lambda x: x) -> float:
    """Of how many drawings that it never saw the style classifier tells the style, after a change of the pictures."""
    held = sorted(held_pairs(views.icons))
    x, _, style = views.batch(held, random.Random("held"), painted=0.0, hard=False, plain=True)
    net.eval()
    return _right(net(change(x)), style)


def _right(said: torch.Tensor, wanted: torch.Tensor, of: int = 1) -> float:
    return float((said.topk(of).indices == wanted[:, None]).any(1).float().mean())


class ClipPhase(_Phase):
    """Pictures against their captions, each the other's only match in the batch; the texts' encoder is frozen."""

    name = "clip"

    def __init__(self, fire: Fire, world):
        torch.manual_seed(5)
        super().__init__(fire, world, ImageEncoder())
        self.ids = list(range(len(world.icons)))

    def step(self, progress: float) -> tuple[int, dict]:
        ids = self.rng.sample(self.ids, BATCH)
        x, _, _ = self.views.batch(ids, self.rng, painted=0.0)
        records = [self.world.icons.records[i] for i in ids]
        words = [caption(r["name"], self.rng.choice(STYLES[r["style"]]), self.rng.choice(list(COLOURS)), self.rng).rsplit(",", 1)[0] for r in records]
        words = [r["name"] if self.rng.random() < 0.4 else w for r, w in zip(records, words, strict=True)]
        texts = sentence(padded(self.world.text.states(words)))
        likeness = self.net(x.contiguous(memory_format=torch.channels_last)) @ texts.T * self.net.heat.exp().clamp(max=100)
        # Captions of one subject are no wrong answers to each other.
        names = np.array([r["name"] for r in records])
        same = torch.from_numpy(names[:, None] == names[None, :])
        target = same.float() / same.sum(1, keepdim=True)
        loss = (F.cross_entropy(likeness, target) + F.cross_entropy(likeness.T, target)) / 2
        self.learn(loss, progress)
        return BATCH, {"loss": loss.item(), "right": same[torch.arange(BATCH), likeness.argmax(1)].float().mean().item()}


def sentence(states: torch.Tensor) -> torch.Tensor:
    """Token states as the encoder's own sentence vectors: the mean over tokens, to unit length."""
    mask = (states.abs().sum(-1, keepdim=True) > 0).float()
    return F.normalize((states * mask).sum(1) / mask.sum(1).clamp(min=1), dim=-1)
