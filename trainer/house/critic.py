"""What tells a drawing from what the sharpener makes of it, place by place, and how the sharpener learns from that.

A regression that isn't sure paints the mean: surfaces that should be even come out mottled, contours soft. A critic sees that at
once (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks": the PatchGAN), and its gradient says what a
drawing of this style would have instead. It stays in the furnace; nothing of it is shipped, and nothing that measures is asked."""

import random

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from .settings import STYLE_NAMES

CROP = 96  # pixels of a drawing that it sees at a time
RATE = 4e-4
AROUND, MAGNIFIED = (4, 16), 8  # widths of what a pixel is compared with, and by how much that is magnified
SHARE = 0.8  # how strong its gradient is beside that of the regression
WARM = 200  # steps in which it grows to that


class Critic(nn.Module):
    """Premultiplied RGBA [b, 4, h, w] and each one's style [b] → how much each place of some 40 pixels looks drawn (hinge logits). It sees
    pixels, and beside them by how much each differs from those near it and from those around, magnified: what is wrong with a sharpened
    drawing is faint, and without that 120 steps taught it next to nothing. Spectral norms keep it smooth (Miyato et al. 2018); the style
    comes in by projection (Miyato and Koyama 2018)."""

    def __init__(self, widths=(48, 96, 160)):
        super().__init__()
        a, b, c = widths
        layers = (nn.Conv2d(4 * (1 + len(AROUND)), a, 4, 2, 1), nn.Conv2d(a, b, 4, 2, 1), nn.Conv2d(b, c, 4, 2, 1), nn.Conv2d(c, c, 3, 1, 1))
        self.layers = nn.ModuleList(spectral_norm(layer) for layer in layers)
        self.say = spectral_norm(nn.Conv2d(c, 1, 1))
        self.style = spectral_norm(nn.Embedding(len(STYLE_NAMES), c))

    def forward(self, x, style):
        means = [F.interpolate(F.avg_pool2d(x, n), size=x.shape[2:], mode="bilinear") for n in AROUND]
        h = torch.cat([x * 2 - 1, *((x - mean) * MAGNIFIED for mean in means)], 1)
        for layer in self.layers:
            h = F.leaky_relu(layer(h), 0.2)
        return self.say(h) + (h * self.style(style)[:, :, None, None]).sum(1, keepdim=True)


class Lesson:
    """A critic that learns, and what it teaches."""

    def __init__(self):
        self.net = Critic().to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.net.parameters(), RATE, betas=(0.5, 0.9))
        self.steps = 0

    def state(self) -> dict:
        return {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict(), "steps": self.steps}

    def load(self, state: dict) -> None:
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps = state["steps"]

    def teach(self, made, drawn, style, rng: random.Random):
        """Learns from made and drawn pictures, which show the same; then says in which direction the made ones look more drawn: a
        gradient of their shape with the norm SHARE, and the critic's loss."""
        top, left = (rng.randrange(n - CROP + 1) for n in made.shape[2:])
        seen = slice(None), slice(None), slice(top, top + CROP), slice(left, left + CROP)
        fake = made.detach()[seen].contiguous(memory_format=torch.channels_last)
        loss = F.relu(1 - self.net(drawn[seen].contiguous(memory_format=torch.channels_last), style)).mean() + F.relu(1 + self.net(fake, style)).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        fake.requires_grad_(True)
        self.net.requires_grad_(False)
        towards, = torch.autograd.grad(-self.net(fake, style).mean(), fake)
        self.net.requires_grad_(True)
        gradient = torch.zeros_like(made)
        gradient[seen] = towards * (SHARE * min(1, self.steps / WARM) / towards.norm().clamp(min=1e-12))
        return gradient, loss.item()
