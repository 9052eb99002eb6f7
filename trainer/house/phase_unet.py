"""The UNet's phase: what a guess from the prior's coarse picture leaves of v, on latents of scenes. The guess learns beside it; the prior
rests meanwhile."""

import random

import torch

from .burn import Average, Fire, begin, load, quicken
from .nets import House, alphas
from .pool import ScenePool
from .settings import LATENT, TOKENS
from .text import padded

BATCH, RATE, UNPROMPTED = 16, 5e-4, 0.08
PARTS = ("hint", "glance", "guess", "unet")  # what learns here


class UNetPhase:
    name = "unet"

    def __init__(self, fire: Fire, world):
        self.fire, self.world = fire, world
        torch.manual_seed(0)
        self.net = House()
        state = begin(fire, "unet")
        start(self.net, fire, state)
        self.net.prior.requires_grad_(False).eval()
        self.net.to(memory_format=torch.channels_last)
        self.learning = [p for p in self.net.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(self.learning, RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.averages = {part: Average(getattr(self.net, part), 0.998) for part in PARTS}
        self.alphas = alphas()
        self.rng = random.Random(2)
        self.step_number = 0
        for part, average in self.averages.items():
            if state and "brought" in state:
                average.load({"module": getattr(self.net, part).state_dict(), "steps": 0})
            elif state:
                getattr(self.net, part).load_state_dict(state[part])
                average.load(state[f"average_{part}"])
        if state and "brought" not in state:
            self.optimiser.load_state_dict(state["optimiser"])
            self.step_number = state["step"]
            self.rng.setstate(state["rng"])
            torch.set_rng_state(state["torch"])
        quicken(self.net.unet, fire.folder)
        self.pool = ScenePool(world, fire)
        self.null = world.text.states([""])[0]

    def state(self) -> dict:
        weights = {part: getattr(self.net, part).state_dict() for part in PARTS} | {f"average_{part}": a.state() for part, a in self.averages.items()}
        return weights | {
            "optimiser": self.optimiser.state_dict(), "step": self.step_number, "rng": self.rng.getstate(), "torch": torch.get_rng_state(),
        }

    def step(self, progress: float) -> tuple[int, dict]:
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * min(1, (self.step_number + 1) / 150) * (1 if progress < 0.6 else max(0.05, (1 - progress) / 0.4))
        z, states = self.pool.batch(BATCH, self.rng, self.step_number)
        # As wide as the renderer's: the UNet's attention sees padding.
        e = padded([self.null if self.rng.random() < UNPROMPTED else s for s in states], TOKENS)
        with torch.no_grad():
            views = self.net.prior(e, 4 * LATENT, 4 * LATENT)
        t = torch.randint(0, len(self.alphas), (BATCH,))
        a = self.alphas[t][:, None, None, None]
        noise = torch.randn_like(z)
        noisy = (a.sqrt() * z + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
        looks = self.net.looks(views)
        coarse = self.net.choose(noisy, t, views, looks.detach())
        guess, left = self.net.guess(coarse)
        word = self.net.word(noisy, t, e, coarse)
        off = self.net.mix(t, noisy, guess.detach(), word, left.detach()) - (a.sqrt() * noise - (1 - a).sqrt() * z)
        # By what is left on the average at every time: as much weight for subjects, which noisy times decide, as for edges.
        said = (off / self.net.mix.unit(t, self.net.guess.left[:, None, None])).pow(2).mean()
        guessed = (guess - z).pow(2)
        spread = (guessed.detach() / left + left.log()).mean() / 2  # the likelihood of the error under its variance
        looked = (looks - z[:, None]).pow(2)
        looked = looked[torch.arange(BATCH), looked.mean((2, 3, 4)).argmin(1)]  # each picture has one pose
        loss = said + guessed.mean() + looked.mean() + 0.3 * spread
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learning, 1.0)
        self.optimiser.step()
        for part, errors in ((self.net.guess, guessed), (self.net.glance, looked)):
            part.left.lerp_(errors.detach().mean((0, 2, 3)), 0.01)
        for average in self.averages.values():
            average.update()
        self.step_number += 1
        return BATCH, {"said": said.item(), "v": off.detach().pow(2).mean().item(), "guess": guessed.mean().item(), "look": looked.mean().item()}


def start(net: House, fire: Fire, state: dict | None) -> None:
    """The prior as it was trained last; the UNet from the weights that came along, else from version 0's where shapes fit:
    its three levels are our lower three."""
    prior = begin(fire, "prior")
    if prior is None:
        raise FileNotFoundError(f"{fire.folder}: no prior.pt; train the prior first")
    net.prior.load_state_dict(prior["brought"] if "brought" in prior else prior["average"]["module"])
    if state and "brought" in state:
        net.load_state_dict(state["brought"], strict=False)  # hint and unet; the prior has its own file
        return
    old = load(fire.folder / "v0" / "house.pt")
    if state is None and old is not None:
        fire.say(f"unet begins with {inherit(net.unet, old['ema']) / 1e6:.1f} M of version 0's weights")


def inherit(unet, old: dict) -> int:
    """Copies version 0's weights where shapes fit and returns how many numbers that were."""
    mine, taken = unet.state_dict(), 0
    for name, weight in old.items():
        if not name.startswith("unet."):
            continue
        name = name.removeprefix("unet.")
        part, _, rest = name.partition(".")
        if part == "down_blocks":
            level, _, rest = rest.partition(".")
            name = f"down_blocks.{int(level) + 1}.{rest}"
        if part not in ("conv_in", "conv_out", "conv_norm_out") and name in mine and mine[name].shape == weight.shape:
            mine[name] = weight.float()
            taken += weight.numel()
    unet.load_state_dict(mine)
    return taken
