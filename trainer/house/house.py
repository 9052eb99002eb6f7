"""The house model in one graph: prior, sharpener, the VAE's encoder and the UNet. Signature as SD 1.x.

What the prompt tells is reckoned once: the prior paints the drawings, the sharpener makes them plain, they are laid out in every
pose, and the encoder says which latents such pictures have. The noise decides which pose a picture gets. The UNet
then only says how the picture differs from what was foreseen (see Mix)."""

import torch
from torch import nn

from .layout import POSES, lay_out
from .nets import Grade, LatentEncoder, Prior, Sharpener
from .settings import LATENT, LATENT_CHANNELS, TEXT_WIDTH

GIVEN = 4 * LATENT_CHANNELS  # channels that the UNet takes: noisy latent, what was foreseen, its variance, and how far off the noise says it is
LOG_VARIANCES = (-8.0, 1.0)  # least and most that the variance of what was foreseen may be: a UNet that may say nothing can't be steered


class Spread(nn.Module):
    """How far pictures lie from what was foreseen: their log variance [n, 8, h, w] by the foreseen latent [n, 8, h, w] and the prompt's
    slots [n, 2·TEXT_WIDTH]."""

    def __init__(self, c=48):
        super().__init__()
        self.see = nn.Conv2d(LATENT_CHANNELS, c, 3, padding=1)
        self.told = nn.Linear(2 * TEXT_WIDTH, c)
        self.say = nn.Conv2d(c, LATENT_CHANNELS, 3, padding=1)
        nn.init.zeros_(self.say.weight)
        nn.init.constant_(self.say.bias, -1.0)

    def forward(self, foreseen, slots):
        return self.say(nn.functional.silu(self.see(foreseen) + self.told(slots)[:, :, None, None])).clamp(*LOG_VARIANCES)


class Mix(nn.Module):
    """v from the noisy latent x, the foreseen clean one g and the UNet's word n, at every time:

        v = ασ(1 − s)/D · x − σ/D · g + √(s/D) · n,   D = σ² + sα²

    The first two terms are the best linear estimate of v where clean latents lie around g with variance s, and √(s/D) is by how much that
    is off: the UNet's word has unit variance at every time, and while it says nothing the picture is the one foreseen. The same as the
    preconditioning of Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", with a mean that isn't zero
    and for v. Each place and channel has its s: nearly all is known of a plain ground, less of an edge.

    Which pose the picture is in, x tells: Bayes' rule says how likely it makes each. So the first noise decides how a drawing stands, and no
    step has to blur all ways into one. While x makes several likely, g and s are mean and variance of them all."""

    def __init__(self):
        super().__init__()
        self.register_buffer("alphas", alphas(), persistent=False)
        self.register_buffer("shares", torch.tensor([share for *_, share in POSES]).log(), persistent=False)

    def at(self, timestep, s):
        """α², σ² and D for variances [b, 8, h, w]."""
        a = self.alphas[timestep][:, None, None, None]
        return a, 1 - a, 1 - a + a * s

    def poses(self, timestep, noisy, foreseen, s):
        """How likely each pose is, [b, POSES], by latents foreseen in it and their variances, both [b, POSES, 8, h, w]."""
        a = self.alphas[timestep][:, None, None, None, None]
        d = 1 - a + a * s
        off = (noisy[:, None] - a.sqrt() * foreseen).pow(2) / d + logarithm(d)
        return torch.softmax(self.shares - 0.5 * off.sum((2, 3, 4)), 1)

    def choose(self, timestep, noisy, foreseen, s):
        """g and s over all poses, as likely as the noisy latent makes each."""
        likely = self.poses(timestep, noisy, foreseen, s)[:, :, None, None, None]
        g = summed(likely * foreseen)
        return g, summed(likely * (s + (foreseen - g[:, None]).pow(2)))

    def given(self, timestep, noisy, g, s):
        """What the UNet sees, [b, GIVEN, h, w], all of about unit variance."""
        a, _, d = self.at(timestep, s)
        return torch.cat([noisy, g, 2 * s.sqrt() - 1, (noisy - a.sqrt() * g) / d.sqrt()], 1)

    def forward(self, timestep, noisy, g, s, word):
        a, rest, d = self.at(timestep, s)
        return (a * rest).sqrt() * (1 - s) / d * noisy - rest.sqrt() / d * g + (s / d).sqrt() * word


def settled(sprite, faint=0.03):
    """A drawing's values within their bounds, [b, 4, h, w] premultiplied. What is all but transparent is transparent, and what is all but
    opaque is opaque: a regression is never quite sure of either, and a haze shows on a plain ground."""
    alpha = ((sprite[:, 3:] - faint) / (1 - 2 * faint)).clamp(0, 1)
    return torch.cat([torch.minimum(sprite[:, :3].clamp(min=0), alpha), alpha], 1)


def logarithm(x, halvings=7):
    """The natural logarithm of variances, by square roots: n/2·(r − 1/r) with r the n-th root of x. ONNX Runtime's own gives other bits on
    another number of threads."""
    r = x
    for _ in range(halvings):
        r = r.sqrt()
    return 2 ** (halvings - 1) * (r - 1 / r)


def summed(x):
    """The sum over axis 1, term by term; ONNX Runtime's own depends on threads as its logarithm does."""
    first, *rest = x.unbind(1)
    for term in rest:
        first = first + term
    return first


def make_unet(channels, attention=(0, 0, 1, 1)):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=LATENT, in_channels=GIVEN, out_channels=LATENT_CHANNELS, block_out_channels=channels,
        layers_per_block=1, cross_attention_dim=TEXT_WIDTH, attention_head_dim=4, norm_num_groups=16,
        mid_block_type="UNetMidBlock2DCrossAttn", time_embedding_dim=256,
        down_block_types=tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attention),
        up_block_types=tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in attention[::-1]),
    )


class House(nn.Module):
    """All of it."""

    def __init__(self, channels=(48, 64, 96, 160)):
        super().__init__()
        self.prior, self.sharpener, self.grade, self.encode = Prior(), Sharpener(), Grade(), LatentEncoder()
        self.spread, self.mix = Spread(), Mix()
        self.unet = make_unet(channels)
        nn.init.zeros_(self.unet.conv_out.weight)  # the first word is nothing
        nn.init.zeros_(self.unet.conv_out.bias)

    def forward(self, sample, timestep, encoder_hidden_states, residuals=()):
        """v for noisy latents [b, 8, h, w]; residuals are a control network's."""
        foreseen, slots = self.foresee(encoder_hidden_states, sample.shape[2], sample.shape[3])
        return self.v(sample, timestep, encoder_hidden_states, foreseen, self.spreads(foreseen, slots), residuals)

    def pictures(self, e, height: int, width: int):
        """What the prompt makes foreseen, in every pose: pictures [b, POSES, 3, height, width] in −1…1, and the prompt's slots."""
        slots = self.prior.read(e)
        layers = []
        # The first drawing lies over the second one, as little as they meet.
        for slot in (slots[:, 2:4].flatten(1), slots[:, :2].flatten(1)):
            sprite = settled(self.sharpener(self.prior.sprite(self.prior.draw(slot)), slot))
            layers.append((self.grade(sprite), self.prior.stand(slot)))
        return lay_out(layers, self.prior.ground(slots[:, 4:].flatten(1)), height, width), slots[:, :2].flatten(1)

    def foresee(self, e, height: int, width: int):
        """Latents in every pose, [b, POSES, 8, height, width], and the prompt's slots [b, 2·TEXT_WIDTH]."""
        pictures, slots = self.pictures(e, 8 * height, 8 * width)
        return self.encode(pictures.flatten(0, 1)).unflatten(0, (-1, len(POSES))), slots

    def spreads(self, foreseen, slots):
        """Variances [b, POSES, 8, h, w]."""
        each = slots[:, None].expand(-1, len(POSES), -1)
        return self.spread(foreseen.flatten(0, 1), each.flatten(0, 1)).exp().unflatten(0, (-1, len(POSES)))

    def v(self, sample, timestep, e, foreseen, spreads, residuals=()):
        g, s = self.mix.choose(timestep, sample, foreseen, spreads)
        return self.mix(timestep, sample, g, s, self.word(sample, timestep, e, g, s, residuals))

    def word(self, sample, timestep, e, g, s, residuals=()):
        """What the UNet adds to what was foreseen."""
        given = self.mix.given(timestep, sample, g, s)
        more = {"down_block_additional_residuals": residuals[:-1], "mid_block_additional_residual": residuals[-1]} if residuals else {}
        return self.unet(given, timestep, e, return_dict=False, **more)[0]


def alphas(steps=1000, first=0.00085, last=0.012):
    """Cumulative alphas of SD's scaled-linear betas."""
    betas = torch.linspace(first**0.5, last**0.5, steps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()
