"""The networks that the house model is made of, but for the UNet, which is diffusers'.

The prior reads a prompt and paints drawings by plain regression: up to two of 64×64 with alpha (as weights of principal
components), where they stand, and the background's colours. The sharpener makes them plain at 192×192."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .settings import COARSE, LATENT_CHANNELS, SHARP, TEXT_WIDTH, TOKENS

COMPONENTS = 1024  # principal components of a coarse drawing
SLOTS = 6  # two for each drawing, two for the background

class ResBlock(nn.Module):
    def __init__(self, c: int):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return x + self.c2(F.silu(self.c1(F.silu(x)))) * 0.5


class Encoder(nn.Module):
    """[b, 3, H, W] in −1…1 → [b, 8, H/8, W/8]; deterministic. Not normalised: see VAE."""

    def __init__(self, c=(96, 160)):
        super().__init__()
        self.lin = nn.Conv2d(3, LATENT_CHANNELS, 8, 8)
        self.net = nn.Sequential(
            nn.PixelUnshuffle(4), nn.Conv2d(48, c[0], 3, padding=1), ResBlock(c[0]), nn.Conv2d(c[0], c[1], 2, 2), ResBlock(c[1]),
            nn.SiLU(), nn.Conv2d(c[1], LATENT_CHANNELS, 3, padding=1),
        )

    def forward(self, x):
        return self.lin(x) + self.net(x)


class Decoder(nn.Module):
    """[b, 8, h, w] → [b, 3, 8h, 8w]."""

    def __init__(self, c=(96, 160)):
        super().__init__()
        self.lin = nn.ConvTranspose2d(LATENT_CHANNELS, 3, 8, 8)
        self.net = nn.Sequential(
            nn.Conv2d(LATENT_CHANNELS, c[1], 3, padding=1), ResBlock(c[1]), ResBlock(c[1]), nn.Conv2d(c[1], c[0] * 4, 1), nn.PixelShuffle(2),
            ResBlock(c[0]), ResBlock(c[0]), nn.SiLU(), nn.Conv2d(c[0], 48, 3, padding=1), nn.PixelShuffle(4),
        )

    def forward(self, z):
        return self.lin(z) + self.net(z)


class VAE(nn.Module):
    """Encoder and decoder with the latents' mean and deviation folded in: latents have unit variance."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.register_buffer("mean", torch.zeros(1, LATENT_CHANNELS, 1, 1))
        self.register_buffer("std", torch.ones(1, LATENT_CHANNELS, 1, 1))

    def encode(self, x):
        return (self.encoder(x) - self.mean) / self.std

    def decode(self, z):
        return self.decoder(z * self.std + self.mean)


class LatentEncoder(nn.Module):
    """A VAE's encoder with the latents' mean and deviation."""

    def __init__(self, vae: VAE | None = None):
        super().__init__()
        vae = vae or VAE()
        self.encoder = vae.encoder
        self.register_buffer("mean", vae.mean)
        self.register_buffer("std", vae.std)

    def forward(self, sample):
        return (self.encoder(sample) - self.mean) / self.std


class Block(nn.Module):
    """Slots look at each other, then at the prompt, then think."""

    def __init__(self, width=TEXT_WIDTH, heads=6):
        super().__init__()
        self.heads = heads
        self.n1, self.n2, self.n3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.o1 = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.q, self.kv, self.o2 = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def attend(self, q, k, v, bias=None):
        def split(x):
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = split(q), split(k), split(v)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if bias is not None:
            scores = scores + bias
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)

    def forward(self, s, tokens, bias):
        s = s + self.o1(self.attend(*self.qkv(self.n1(s)).chunk(3, -1)))
        s = s + self.o2(self.attend(self.q(self.n2(s)), *self.kv(tokens).chunk(2, -1), bias))
        return s + self.down(F.silu(self.up(self.n3(s))))


class Prior(nn.Module):
    """encoder_hidden_states [b, tokens, 384], zero on padding → what the coarse picture is made of."""

    def __init__(self, blocks=2, width=2048):
        super().__init__()
        self.slots = nn.Parameter(torch.randn(SLOTS, TEXT_WIDTH) * 0.1)
        self.places = nn.Parameter(torch.randn(TOKENS, TEXT_WIDTH) * 0.05)
        self.norm = nn.LayerNorm(TEXT_WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(blocks))
        self.last = nn.LayerNorm(TEXT_WIDTH)
        two = 2 * TEXT_WIDTH
        self.draw = nn.Sequential(nn.Linear(two, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, COMPONENTS))
        self.stand = nn.Sequential(nn.Linear(two, 256), nn.SiLU(), nn.Linear(256, 3))  # x, y, size
        self.ground = nn.Sequential(nn.Linear(two, 512), nn.SiLU(), nn.Linear(512, 6))  # top and bottom colour, 0–1
        self.register_buffer("scale", torch.ones(()))  # of the components' weights
        self.register_buffer("mean", torch.zeros(4 * COARSE * COARSE))
        self.register_buffer("basis", torch.zeros(COMPONENTS, 4 * COARSE * COARSE))

    def read(self, e):
        """The slots after reading: [b, SLOTS, 384]."""
        mask = (e.abs().sum(-1, keepdim=True) > 0).to(e.dtype)
        tokens = (self.norm(e) + self.places[: e.shape[1]]) * mask
        bias = ((mask - 1) * 1e4).transpose(1, 2)[:, None]
        s = self.slots.expand(e.shape[0], -1, -1)
        for block in self.blocks:
            s = block(s, tokens, bias)
        return self.last(s)

    def sprite(self, weights):
        """Components' weights [b, COMPONENTS] → premultiplied RGBA [b, 4, COARSE, COARSE], 0–1."""
        return ((weights * self.scale) @ self.basis + self.mean).unflatten(-1, (4, COARSE, COARSE)).clamp(0, 1)


class Sharpener(nn.Module):
    """A drawing as the prior paints it [b, 4, COARSE, COARSE], and the slot that it was painted from [b, 2·TEXT_WIDTH] → the drawing
    [b, 4, SHARP, SHARP]. It sees speckles against what is around them in halves and quarters of the size; and the slot says what a few
    pixels can't: which style, and, on a map of 8×8, whether that is an eye."""

    def __init__(self, widths=(48, 96, 128), map_=16):
        super().__init__()
        a, b, c = widths
        self.map, self.read = nn.Linear(2 * TEXT_WIDTH, map_ * 64), nn.Conv2d(map_, c, 3, padding=1)
        nn.init.zeros_(self.read.weight)
        nn.init.zeros_(self.read.bias)
        self.first = nn.Conv2d(4, a, 3, padding=1)
        self.norm = nn.LayerNorm(2 * TEXT_WIDTH)
        self.down = nn.ModuleList([Told(a), nn.Conv2d(a, b, 2, 2), Told(b), nn.Conv2d(b, c, 2, 2), Told(c), Told(c)])
        self.up = nn.ModuleList([nn.Conv2d(c, 4 * b, 1), Told(b), nn.Conv2d(b, 4 * a, 1), Told(a)])
        self.last = nn.Conv2d(a, 4 * (SHARP // COARSE) ** 2, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.even = Even(a)

    def forward(self, sprite, slot):
        slot = self.norm(slot)
        full, halve, half, quarter, *small = self.down
        one = full(self.first(sprite), slot)
        two = half(halve(one), slot)
        h = quarter(two) + self.read(F.interpolate(self.map(slot).unflatten(1, (-1, 8, 8)), scale_factor=2, mode="nearest"))
        for block in small:
            h = block(h, slot)
        for grow, beside, block in ((self.up[0], two, self.up[1]), (self.up[2], one, self.up[3])):
            h = block(F.pixel_shuffle(grow(h), 2) + beside, slot)
        h = F.silu(h)
        fine = F.pixel_shuffle(self.last(h), SHARP // COARSE)
        return self.even(fine + F.interpolate(sprite, size=(SHARP, SHARP), mode="bilinear", align_corners=False), h, slot)


class Even(nn.Module):
    """Makes surfaces even that a regression leaves mottled: alike colours of the whole drawing become their mean, where a gate says so. The groups
    are soft k-means (Dunn 1973's fuzzy c-means with Gaussian membership) from the mean colours of a grid's cells; how wide one is, the slot
    says. With the gate wide open and nothing learnt, flat drawings and cartoons lose 7 % of their error, the others gain 3 %: hence the gate."""

    GRID, ROUNDS, WIDTH = 4, 4, 0.005  # cells across, rounds of k-means, a group's variance (of colours 0–1) to begin with

    def __init__(self, c: int):
        super().__init__()
        self.gate, self.width = nn.Conv2d(c, (SHARP // COARSE) ** 2, 3, padding=1), nn.Linear(2 * TEXT_WIDTH, 1)
        for layer in (self.gate, self.width):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        means = torch.eye(self.GRID).repeat_interleave(COARSE // self.GRID, 1) * self.GRID / COARSE
        self.register_buffer("cells", means, persistent=False)

    def forward(self, drawn, h, slot):
        """A drawing [b, 4, SHARP, SHARP], what was seen of it [b, c, COARSE, COARSE], its slot → the drawing."""
        alpha = drawn[:, 3:].detach().clamp(0, 1)
        width = self.width(slot).exp()[..., None] * self.WIDTH
        with torch.no_grad():  # a gradient takes the groups for given, but for how wide they are
            some = slice(SHARP // COARSE // 2, None, SHARP // COARSE)
            centres = self._centres(drawn[:, :, some, some], alpha[:, :, some, some], width)
            apart = self._apart(_straight(drawn, alpha), centres)
        even = (apart / width).softmax(-1) @ centres
        even = even.transpose(1, 2).unflatten(2, (SHARP, SHARP)) * alpha
        gate = F.pixel_shuffle(self.gate(h), SHARP // COARSE).sigmoid()
        return torch.cat([drawn[:, :3] + gate * (even - drawn[:, :3].detach()), drawn[:, 3:]], 1)

    def _centres(self, some, alpha, width):
        """The groups' colours [b, GRID², 3], by some of the pixels."""
        colours = _straight(some, alpha)
        weight = alpha.flatten(2).transpose(1, 2)
        weighted = torch.cat([colours * weight, weight], -1)
        sums = (self.cells @ weighted.transpose(1, 2).unflatten(2, (COARSE, COARSE)) @ self.cells.T).flatten(2).transpose(1, 2)
        centres = sums[..., :3] / sums[..., 3:].clamp(min=0.02)
        for _ in range(self.ROUNDS):
            sums = (self._apart(colours, centres) / width).softmax(-1).transpose(1, 2) @ weighted
            centres = sums[..., :3] / sums[..., 3:].clamp(min=1e-3)
        return centres

    @staticmethod
    def _apart(colours, centres):
        """Negative squared distances [b, pixels, centres], but for what is the same for every centre."""
        x, y, z = centres.unbind(-1)
        return 2 * colours @ centres.transpose(1, 2) - (x * x + y * y + z * z)[:, None]


def _straight(rgba, alpha):
    """Premultiplied pixels' own colours, [b, pixels, 3]."""
    return (rgba[:, :3] / alpha.clamp(min=0.1)).flatten(2).transpose(1, 2)


class Told(nn.Module):
    """A residual block whose channels a slot scales and shifts."""

    def __init__(self, c: int):
        super().__init__()
        self.block, self.told = ResBlock(c), nn.Linear(2 * TEXT_WIDTH, 2 * c)
        nn.init.zeros_(self.told.weight)
        nn.init.zeros_(self.told.bias)

    def forward(self, x, slot):
        scale, shift = self.told(slot)[:, :, None, None].chunk(2, 1)
        return self.block(x * (1 + scale) + shift)


class Grade(nn.Module):
    """What an adapter may do to a drawing's colours. The model itself changes none: its last layer is zero. What lies before it are random
    functions of a place's colour (Rahimi & Recht 2007, "Random Features for Large-Scale Kernel Machines"), so that a LoRA of these
    three layers finds any curve of colours within a hundred steps, where layers that draw would learn the drawings by heart."""

    GAIN = 8.0  # of what the last layer says: an adapter's weights grow slowly

    def __init__(self, width=64):
        super().__init__()
        chance = torch.Generator().manual_seed(0)
        self.see, self.think, self.say = nn.Conv2d(4, width, 3, padding=1), nn.Conv2d(width, width, 1), nn.Conv2d(width, 3, 1)
        with torch.no_grad():
            for p in self.parameters():
                p.zero_()
            self.see.weight[:, :, 1, 1] = torch.randn(width, 4, generator=chance) * 4
            self.see.bias.copy_(torch.randn(width, generator=chance) * 2)
            self.think.weight.copy_(torch.randn(self.think.weight.shape, generator=chance) * (2 / width) ** 0.5)

    def forward(self, sprite):
        """Premultiplied RGBA [b, 4, h, w], 0–1, to the same; alpha stays."""
        said = self.say(F.silu(self.think(F.silu(self.see(sprite - 0.5)))))
        colour, alpha = sprite[:, :3], sprite[:, 3:]
        return torch.cat([torch.minimum((colour + self.GAIN * alpha * said).clamp(min=0), alpha), alpha], 1)
