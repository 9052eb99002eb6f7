"""Rings of scenes that training draws from: prompts with their token states, and for the UNet their latents and the foreseen ones. Shards are
files in the furnace; a new one takes the oldest one's place as training goes on."""

import hashlib
import os
import pickle
import random
from pathlib import Path

import numpy as np
import torch

from .burn import Fire, Stopped, begin
from .data import Icons
from .scenes import Director, main_colours, render
from .settings import LATENT
from .sprites import Sprites
from .text import Ragged, Text, padded

TEXTS, TEXT_SHARDS, TEXT_STEPS = 1024, 96, 160  # prompts a shard, shards in the ring, steps between new shards
SCENES, SCENE_SHARDS, SCENE_STEPS = 512, 40, 320


class World:
    """What scenes are made from, loaded once."""

    def __init__(self, say=print):
        self.icons = Icons()
        self.colours = main_colours(self.icons)
        self.director = Director(self.icons, self.colours)
        self.sprites = Sprites(self.icons, self.colours, say)
        self._text = None

    @property
    def text(self) -> Text:
        if self._text is None:
            self._text = Text()
        return self._text


class TextPool:
    """Prompts for the prior."""

    def __init__(self, world: World, fire: Fire):
        self.world, self.fire = world, fire
        self.folder = fire.folder / "texts"
        self.folder.mkdir(exist_ok=True)
        self.shards: list = []
        for path in sorted(self.folder.glob("*.pkl"))[-TEXT_SHARDS:]:
            self.shards.append(self._targets(*read(path)))
        self.next = 1 + max((int(p.stem) for p in self.folder.glob("*.pkl")), default=-1)

    def batch(self, n: int, rng: random.Random, step: int):
        """States, components' weights [n, 2, c], stands [n, 2, 3], ground [n, 6], and whether there is but one drawing."""
        picked = self._pick(n, rng, step)
        rows = [[t[i] for t in targets] for _, targets, _, i in picked]
        return [ragged.rows([i])[0] for ragged, _, _, i in picked], *(torch.stack(column) for column in zip(*rows, strict=True))

    def scenes(self, n: int, rng: random.Random, step: int):
        """States, and the scenes that the prompts are of."""
        picked = self._pick(n, rng, step)
        return [ragged.rows([i])[0] for ragged, _, _, i in picked], [scenes[i] for _, _, scenes, i in picked]

    def _pick(self, n: int, rng: random.Random, step: int) -> list:
        if not self.shards or step % (TEXT_STEPS if len(self.shards) >= TEXT_SHARDS else TEXT_STEPS // 4) == 0:
            self._grow()
        shards = [rng.choice(self.shards) for _ in range(n)]
        return [(*shard, rng.randrange(len(shard[0]))) for shard in shards]

    def _grow(self) -> None:
        rng = random.Random(f"text {self.next}")
        scenes = [self.world.director.scene(rng) for _ in range(TEXTS)]
        states = Ragged.of(self.world.text.states([s.caption for s in scenes]))
        write(self.folder / f"{self.next:06d}.pkl", (states, scenes))
        self.shards.append(self._targets(states, scenes))
        if len(self.shards) > TEXT_SHARDS:
            self.shards.pop(0)
            for old in sorted(self.folder.glob("*.pkl"))[:-TEXT_SHARDS]:
                old.unlink()
        self.next += 1

    def _targets(self, states: Ragged, scenes: list):
        sprites = self.world.sprites
        weights = torch.empty(len(scenes), 2, len(sprites.nothing))
        stands, ground = torch.zeros(len(scenes), 2, 3), torch.empty(len(scenes), 6)
        for i, s in enumerate(scenes):
            for k in range(2):
                there = k < len(s.layers)
                weights[i, k] = sprites.of(s.layers[k]) if there else sprites.nothing
                if there:
                    stands[i, k] = torch.tensor([s.layers[k].x, s.layers[k].y, s.layers[k].size])
            ground[i] = torch.tensor([*s.top, *s.bottom]) / 255
        return states, (weights, stands, ground, torch.tensor([len(s.layers) == 1 for s in scenes])), scenes


def write(path: Path, content) -> None:
    new = path.with_suffix(".new")
    with open(new, "wb") as f:
        pickle.dump(content, f, protocol=5)
    os.replace(new, path)


def read(path: Path):
    """A shard that this program wrote (pickles of strangers must not lie in the furnace)."""
    with open(path, "rb") as f:
        return pickle.load(f)


class ScenePool:
    """For the UNet: latents, and what a house model foresees of their prompts. What another one foresaw isn't used."""

    def __init__(self, world: World, fire: Fire, house):
        from .phase_decoder import open_vae

        self.world, self.fire, self.house = world, fire, house
        self.vae, settled = open_vae(fire, world, begin(fire, "vae"))
        if not settled:
            raise FileNotFoundError(f"{fire.folder}: the VAE's encoder isn't settled; train the VAE first")
        self.mark = fingerprint(house.prior, house.sharpener)
        self.folder = fire.folder / "scenes"
        self.folder.mkdir(exist_ok=True)
        self.shards = []
        for path in sorted(self.folder.glob("*.pkl"))[-SCENE_SHARDS:]:
            mark, *shard = read(path)
            if mark == self.mark:
                self.shards.append(shard)
        self.next = 1 + max((int(p.stem) for p in self.folder.glob("*.pkl")), default=-1)

    def batch(self, n: int, rng: random.Random, step: int):
        """Latents [n, 8, 32, 32], what was foreseen [n, POSES, 8, 32, 32], slots [n, 2·TEXT_WIDTH], and token states."""
        few = len(self.shards) < SCENE_SHARDS // 3
        while len(self.shards) < 2 or step % (SCENE_STEPS // 2 if few else SCENE_STEPS) == 0:
            self._grow()
            if len(self.shards) >= 2:
                break
        rows, states = [], []
        for _ in range(n):
            *arrays, ragged = rng.choice(self.shards)
            i = rng.randrange(len(ragged))
            rows.append([a[i] for a in arrays])
            states += ragged.rows([i])
        return *(torch.from_numpy(np.stack(column)).float() for column in zip(*rows, strict=True)), states

    @torch.no_grad()
    def _grow(self) -> None:
        rng = random.Random(f"scenes {self.next}")
        rows, prompts = [], []
        for _ in range(SCENES // 16):
            if self.fire.stopping:
                raise Stopped
            scenes = [self.world.director.scene(rng) for _ in range(16)]
            x = torch.from_numpy(np.stack([render(s, self.world.icons, self.world.colours) for s in scenes])).permute(0, 3, 1, 2)
            z = self.vae.encode((x.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last))
            states = self.world.text.states([s.caption for s in scenes])
            foreseen, slots = self.house.foresee(padded(states), LATENT, LATENT)
            rows.append([t.half().numpy() for t in (z, foreseen, slots)])
            prompts += states
        shard = *(np.concatenate(column) for column in zip(*rows, strict=True)), Ragged.of(prompts)
        write(self.folder / f"{self.next:06d}.pkl", (self.mark, *shard))
        self.shards.append(shard)
        if len(self.shards) > SCENE_SHARDS:
            self.shards.pop(0)
        for old in sorted(self.folder.glob("*.pkl"))[:-SCENE_SHARDS]:
            old.unlink()
        self.next += 1


def fingerprint(*nets) -> str:
    """Says whether networks have the same weights."""
    sums = hashlib.sha256()
    for net in nets:
        for weight in net.parameters():
            sums.update(weight.detach().contiguous().numpy().tobytes())
    return sums.hexdigest()
