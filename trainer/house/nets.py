"""The networks of the house model.

The prior reads a prompt and paints coarse pictures by plain regression: up to two drawings of 64×64 with alpha (as
weights of principal components), where they stand, and the background's colours. It lays them out itself, with hat
filters as matrices, for any size of picture and in every pose (POSES). The noise decides which pose a picture gets. The
UNet sees the coarse picture in that pose beside the noisy latent and only has to sharpen and vary it: what the coarse
picture alone says about the latent is reckoned, not learnt (see Mix). Signature as SD 1.x."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .settings import COARSE, LATENT, LATENT_CHANNELS, TEXT_WIDTH, TOKENS

COMPONENTS = 512  # principal components of a coarse drawing
SLOTS = 6  # two for each drawing, two for the background
HINTS = 24  # channels that the coarse picture takes beside the latent
LOG_VARIANCES = (-7.5, 1.0)  # least and most that a guess may think of its variance

# How all drawings of a picture may stand: mirrored or not, degrees that they are turned anticlockwise, and how often.
POSES = ((False, 0, 0.25), (True, 0, 0.25), (False, 7, 0.125), (False, -7, 0.125), (True, 7, 0.125), (True, -7, 0.125))


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

    def forward(self, e, height: int, width: int):
        """The coarse picture in every pose, [b, POSES, 3, height, width] in −1…1."""
        s = self.read(e)
        ground = self.ground(s[:, 4:].flatten(1))
        rows = (torch.arange(height, device=e.device, dtype=e.dtype) + 0.5) / height
        t = rows[None, None, :, None]
        top, bottom = ground[:, :3, None, None], ground[:, 3:, None, None]
        pictures = [(top * (1 - t) + bottom * t) * torch.ones(1, 1, 1, width, dtype=e.dtype)] * len(POSES)
        # The first drawing lies over the second one, as little as they meet.
        for slot in (s[:, 2:4], s[:, :2]):
            slot = slot.flatten(1)
            sprite, stand = self.sprite(self.draw(slot)), self.stand(slot)
            down, across, back = hats(stand, height, width)
            tall = down @ sprite
            layers = {False: tall @ across, True: tall @ back}
            pictures = [over(turn(layers[mirrored], stand, angle), p) for p, (mirrored, angle, _) in zip(pictures, POSES, strict=True)]
        return torch.stack(pictures, 1) * 2 - 1


def turn(layer, stand, angle: float):
    """A layer [b, 4, height, width] turned anticlockwise around its drawing's centre."""
    if angle == 0:
        return layer
    height, width = layer.shape[2:]
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    y = torch.arange(height, device=layer.device, dtype=layer.dtype)[None, :, None] + 0.5 - stand[:, 1, None, None] * height
    x = torch.arange(width, device=layer.device, dtype=layer.dtype)[None, None] + 0.5 - stand[:, 0, None, None] * width
    u = (c * x - s * y) / width + stand[:, 0, None, None]
    v = (s * x + c * y) / height + stand[:, 1, None, None]
    return F.grid_sample(layer, torch.stack([u, v], -1) * 2 - 1, mode="bilinear", padding_mode="zeros", align_corners=False)


def over(layer, ground):
    return layer[:, :3] + ground * (1 - layer[:, 3:])


def hats(stand, height: int, width: int):
    """Hat filters that lay a drawing of COARSE×COARSE at [x, y, size] into height×width: [b, 1, height, COARSE] for rows,
    [b, 1, COARSE, width] for columns, and the same for columns of the mirrored drawing."""
    x, y, size = (stand[:, i, None, None, None] for i in range(3))
    size = size.clamp(min=0.05)
    least = min(height, width)
    source = torch.arange(COARSE, device=stand.device, dtype=stand.dtype)

    def hat(pixels: int, centre, part):
        at = (torch.arange(pixels, device=stand.device, dtype=stand.dtype) + 0.5) / pixels
        u = ((at[None, None, :, None] - centre) / part + 0.5) * COARSE - 0.5
        reach = (COARSE / (pixels * part)).clamp(min=1)
        hats = F.relu(1 - (u - source).abs() / reach)
        return hats / hats.sum(-1, keepdim=True).clamp(min=0.5)  # a hat between whole reaches sums up to more or less than 1

    rows = hat(height, y, size * (least / height))
    columns = hat(width, x, size * (least / width)).transpose(2, 3)
    return rows, columns, columns.flip(2)


def make_unet(channels=(64, 64, 128, 256), attention=(0, 0, 1, 1)):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=LATENT, in_channels=LATENT_CHANNELS + HINTS, out_channels=LATENT_CHANNELS, block_out_channels=channels,
        layers_per_block=1, cross_attention_dim=TEXT_WIDTH, attention_head_dim=4, norm_num_groups=16,
        mid_block_type="UNetMidBlock2DCrossAttn", time_embedding_dim=256,
        down_block_types=tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attention),
        up_block_types=tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in attention[::-1]),
    )


class Glance(nn.Module):
    """A coarse picture [b, 3, 4h, 4w] → roughly its latent, [b, 8, h, w]: enough to tell poses apart. Linear, as every pose is looked
    at."""

    def __init__(self):
        super().__init__()
        self.net = nn.Conv2d(3, LATENT_CHANNELS, 12, 4, 4)
        self.register_buffer("left", torch.full((LATENT_CHANNELS,), 0.5))  # variance around it, as training found it

    def forward(self, coarse):
        return self.net(coarse)


class Guess(nn.Module):
    """A coarse picture [b, 3, 4h, 4w] → the mean of all latents that it may become and their variance, both [b, 8, h, w]. A
    regression: of a plain ground it knows everything, of edges little."""

    def __init__(self, c=96):
        super().__init__()
        self.net = nn.Sequential(nn.PixelUnshuffle(4), nn.Conv2d(48, c, 3, padding=1), ResBlock(c), ResBlock(c), nn.SiLU())
        self.mean, self.spread = (nn.Conv2d(c, LATENT_CHANNELS, 3, padding=1) for _ in range(2))
        self.register_buffer("left", torch.full((LATENT_CHANNELS,), 0.5))  # variance over all pictures, as training found it
        nn.init.zeros_(self.spread.weight)
        nn.init.constant_(self.spread.bias, math.log(0.5))

    def forward(self, coarse):
        seen = self.net(coarse)
        return self.mean(seen), self.spread(seen.detach()).clamp(*LOG_VARIANCES).exp()


class Mix(nn.Module):
    """v from the noisy latent x, a guess g of the clean one and the UNet's word n, at every time:

        v = ασ(1 − s)/D · x − σ/D · g + √(s/D) · n,   D = σ² + sα²

    The first two terms are the best linear estimate of v where clean latents lie around g with variance s, and √(s/D) is by how much that
    is off: the UNet's word has unit variance at every time, and while it says nothing the picture is the guess. The same as the
    preconditioning of Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", with a mean that isn't zero
    and for v. Each place and channel has its s: a coarse picture tells all of a plain ground, most of a colour and little of an edge.

    Which pose the guess is of, x tells as well: Bayes' rule says how likely it makes each. So the first noise decides how a drawing stands,
    and no step has to blur all ways into one."""

    def __init__(self):
        super().__init__()
        self.register_buffer("alphas", alphas(), persistent=False)
        self.register_buffer("shares", torch.tensor([share for *_, share in POSES]).log(), persistent=False)

    def at(self, timestep, left):
        """α², σ² and D for variances [8, 1, 1] or [b, 8, h, w]."""
        a = self.alphas[timestep][:, None, None, None]
        return a, 1 - a, 1 - a + a * left

    def unit(self, timestep, left):
        """What the UNet's word is measured in."""
        return (left / self.at(timestep, left)[2]).sqrt()

    def poses(self, timestep, noisy, looks, left):
        """How likely each pose is, [b, POSES], by what pictures in it roughly look like, [b, POSES, 8, h, w]."""
        a, _, d = self.at(timestep, left)
        off = (noisy[:, None] - a.sqrt()[:, None] * looks).pow(2)
        return torch.softmax(self.shares - 0.5 * (off / d[:, None]).sum((2, 3, 4)), 1)

    def forward(self, timestep, noisy, guess, word, left):
        a, rest, d = self.at(timestep, left)
        return (a * rest).sqrt() * (1 - left) / d * noisy - rest.sqrt() / d * guess + (left / d).sqrt() * word


class House(nn.Module):
    """UNet, prior and guess in one graph."""

    def __init__(self, channels=(64, 64, 128, 256)):
        super().__init__()
        self.prior = Prior()
        self.hint = nn.Conv2d(3, HINTS, 4, 4)
        self.glance, self.guess, self.mix = Glance(), Guess(), Mix()
        self.unet = make_unet(channels)
        nn.init.zeros_(self.unet.conv_out.weight)  # the first word is nothing
        nn.init.zeros_(self.unet.conv_out.bias)

    def forward(self, sample, timestep, encoder_hidden_states, residuals=()):
        """v for noisy latents [b, 8, h, w]; residuals are a control network's."""
        views = self.prior(encoder_hidden_states, 4 * sample.shape[2], 4 * sample.shape[3])
        coarse = self.choose(sample, timestep, views, self.looks(views))
        word = self.word(sample, timestep, encoder_hidden_states, coarse, residuals)
        guess, left = self.guess(coarse)
        return self.mix(timestep, sample, guess, word, left)

    def looks(self, views):
        """What views [b, POSES, 3, 4h, 4w] roughly look like as latents."""
        return self.glance(views.flatten(0, 1)).unflatten(0, (-1, len(POSES)))

    def choose(self, sample, timestep, views, looks):
        """The coarse picture in the pose that the noisy latent makes likely; while it makes several so, in all of them at once."""
        return (self.mix.poses(timestep, sample, looks, self.glance.left[:, None, None])[:, :, None, None, None] * views).sum(1)

    def word(self, sample, timestep, encoder_hidden_states, coarse, residuals=()):
        """What the UNet adds to the guess."""
        given = torch.cat([sample, self.hint(coarse).to(sample.dtype)], 1)
        more = {"down_block_additional_residuals": residuals[:-1], "mid_block_additional_residual": residuals[-1]} if residuals else {}
        return self.unet(given, timestep, encoder_hidden_states, return_dict=False, **more)[0]


def alphas(steps=1000, first=0.00085, last=0.012):
    """Cumulative alphas of SD's scaled-linear betas."""
    betas = torch.linspace(first**0.5, last**0.5, steps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()
