"""The VAE's phase. From nothing, encoder and decoder learn together for a while; then the encoder stays as it is, so that
latents stay what they are, and the decoder alone learns on. Both see crops."""

import random

import numpy as np
import torch
import torch.nn.functional as F

from .burn import Average, Fire, begin
from .nets import VAE
from .scenes import render
from .settings import LATENT_CHANNELS

BATCH, RATE, CROP, PICTURES = 8, 6e-4, 8, 384  # crops a step, rate, latents across, pictures at hand
TOGETHER = 6000  # steps that both learn, where they begin from nothing


class DecoderPhase:
    name = "vae"

    def __init__(self, fire: Fire, world):
        self.fire, self.world = fire, world
        self.rng = random.Random(3)
        torch.manual_seed(3)
        state = begin(fire, "vae")
        self.vae, self.settled = open_vae(fire, world, state)
        self.vae.decoder.requires_grad_(True)
        self.vae.encoder.requires_grad_(not self.settled)
        self.vae.decoder.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW([p for p in self.vae.parameters() if p.requires_grad], RATE, betas=(0.9, 0.99), weight_decay=0, fused=True)
        self.average = Average(self.vae.decoder, 0.998)
        self.step_number = 0
        if state and "optimiser" in state:
            self.vae.decoder.load_state_dict(state["decoder"])
            self.average.load(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step_number = state["step"]
            torch.set_rng_state(state["torch"])
            self.rng.setstate(state["rng"])
        self.pictures: list = []
        self.held = self._draw(random.Random("held"), 16)

    def state(self) -> dict:
        whole = {k: v.clone() for k, v in self.vae.state_dict().items()}
        whole.update({f"decoder.{k}": v for k, v in self.average.module.state_dict().items()})
        return {
            "vae": whole, "settled": self.settled, "decoder": self.vae.decoder.state_dict(), "average": self.average.state(),
            "optimiser": self.optimiser.state_dict(), "step": self.step_number, "torch": torch.get_rng_state(), "rng": self.rng.getstate(),
        }

    @torch.no_grad()
    def _draw(self, rng: random.Random, n: int):
        x = pictures(self.world, rng, n)
        return x, self.vae.encode(x.float() / 127.5 - 1)

    def step(self, progress: float) -> tuple[int, dict]:
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * min(1, (self.step_number + 1) / 50) * (1 - 0.95 * progress)
        if self.step_number % 12 == 0 or not self.pictures:
            self.pictures.append(self._draw(self.rng, 16))
            self.pictures = self.pictures[-PICTURES // 16 :]
        x, z = self._crops()
        if not self.settled:
            z = self.vae.encode(x)
        y = self.vae.decode((z + 0.07 * torch.randn_like(z)).contiguous(memory_format=torch.channels_last))
        d = y - x
        edges = (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
        loss = d.abs().mean() + 2 * d.pow(2).mean() + 0.7 * edges
        self.optimiser.zero_grad(set_to_none=True)
        (loss if self.settled else loss + 1e-4 * z.pow(2).mean()).backward()
        torch.nn.utils.clip_grad_norm_(self.vae.parameters(), 1.0)
        self.optimiser.step()
        self.average.update()
        self.step_number += 1
        if not self.settled and self.step_number >= TOGETHER:
            self._settle()
        if self.step_number % 200 == 0:
            self.fire.say(f"vae step {self.step_number}: {self.decibels():.2f} dB on held pictures")
        return BATCH, {"loss": loss.item()}

    def _crops(self):
        xs, zs = [], []
        for _ in range(BATCH):
            x, z = self.rng.choice(self.pictures)
            i, at = self.rng.randrange(len(x)), z.shape[-1] - CROP
            r, c = self.rng.randint(0, at), self.rng.randint(0, at)
            xs.append(x[i, :, 8 * r : 8 * (r + CROP), 8 * c : 8 * (c + CROP)])
            zs.append(z[i, :, r : r + CROP, c : c + CROP])
        return torch.stack(xs).float() / 127.5 - 1, torch.stack(zs)

    def _settle(self) -> None:
        """Freezes the encoder and starts on the decoder alone."""
        self.vae.encoder.requires_grad_(False)
        self.settled = True
        normalise(self.vae, pictures(self.world, random.Random("latents"), 96).float() / 127.5 - 1)
        self.optimiser = torch.optim.AdamW(self.vae.decoder.parameters(), RATE, betas=(0.9, 0.99), weight_decay=0, fused=True)
        self.pictures, self.held = [], self._draw(random.Random("held"), 16)

    @torch.no_grad()
    def decibels(self) -> float:
        x, z = self.held
        if not self.settled:
            z = self.vae.encode(x.float() / 127.5 - 1)
        y = self.average.module(z * self.vae.std + self.vae.mean).clamp(-1, 1)
        return float((-10 * ((y - (x.float() / 127.5 - 1)) / 2).pow(2).mean((1, 2, 3)).log10()).mean())


def pictures(world, rng: random.Random, n: int) -> torch.Tensor:
    """Scenes as uint8 [n, 3, PIXELS, PIXELS]."""
    scenes = [world.director.scene(rng) for _ in range(n)]
    return torch.from_numpy(np.stack([render(s, world.icons, world.colours) for s in scenes])).permute(0, 3, 1, 2)


def open_vae(fire: Fire, world, state: dict | None) -> tuple[VAE, bool]:
    """The VAE as it was trained last, and whether its encoder is settled; at first principal components of patches."""
    vae = VAE().eval().requires_grad_(False)
    if state:
        vae.load_state_dict(state["brought"] if "brought" in state else state["vae"])
        return vae, state.get("settled", True)
    components(vae, pictures(world, random.Random("latents"), 96).float() / 127.5 - 1)
    fire.say("vae begins with principal components")
    return vae, False


def components(vae: VAE, x: torch.Tensor) -> None:
    """Starts the linear paths with the principal components of 8×8 patches, whitened: latents have unit variance."""
    patches = F.unfold(x, 8, stride=8).permute(0, 2, 1).reshape(-1, 192)
    mean = patches.mean(0)
    _, s, v = torch.pca_lowrank(patches - mean, q=LATENT_CHANNELS, center=False)
    deviation = (s / len(patches) ** 0.5).clamp(min=float(s[0]) / len(patches) ** 0.5 * 0.12)
    shape = (LATENT_CHANNELS, 3, 8, 8)
    vae.encoder.lin.weight.data = (v.T / deviation[:, None]).reshape(shape).contiguous()
    vae.encoder.lin.bias.data = -(v.T @ mean) / deviation
    vae.decoder.lin.weight.data = (v * deviation).T.reshape(shape).contiguous()
    vae.decoder.lin.bias.data = mean.view(3, 64).mean(1)
    for last in (vae.encoder.net[-1], vae.decoder.net[-2]):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)


def normalise(vae: VAE, x: torch.Tensor) -> None:
    """Folds the latents' mean and deviation over pictures into the VAE."""
    with torch.no_grad():
        z = vae.encoder(x)
    vae.mean.copy_(z.mean((0, 2, 3), keepdim=True))
    vae.std.copy_(z.std((0, 2, 3), keepdim=True))
