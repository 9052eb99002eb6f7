"""The UNet's phase: how scenes' latents differ from what their prompts make foreseen, and beside it by how much they do. Prior and
sharpener rest meanwhile."""

import random

import torch

from .burn import Average, Fire, begin, quicken
from .house import House, alphas
from .pool import ScenePool
from .settings import LATENT, TOKENS
from .text import padded
from .trained import whole

BATCH, RATE, UNPROMPTED = 16, 5e-4, 0.08
FAR = 0.125  # how far from what was foreseen towards the scene the pictures are that it learns: what a young UNet adds is ragged. The variances are its square
PARTS = ("spread", "unet")  # what learns here


class UNetPhase:
    name = "unet"

    def __init__(self, fire: Fire, world):
        self.fire, self.world = fire, world
        torch.manual_seed(0)
        self.net = House()
        state = begin(fire, "unet")
        fixed, _ = whole()
        brought = state.get("brought", {}) if state else {}
        self.net.load_state_dict(fixed | brought, strict=False)  # the prior and its like; and maybe weights that came along
        self.net.requires_grad_(False).eval()
        for part in PARTS:
            getattr(self.net, part).requires_grad_(True)
        self.net.to(memory_format=torch.channels_last)
        self.learning = [p for p in self.net.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(self.learning, RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.averages = {part: Average(getattr(self.net, part), 0.998) for part in PARTS}
        self.alphas = alphas()
        self.rng = random.Random(2)
        self.step_number = 0
        if state and not brought:
            for part, average in self.averages.items():
                getattr(self.net, part).load_state_dict(state[part])
                average.load(state[f"average_{part}"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step_number = state["step"]
            self.rng.setstate(state["rng"])
            torch.set_rng_state(state["torch"])
        quicken(self.net.unet, fire.folder)
        self.pool = ScenePool(world, fire, self.net)
        self.null = world.text.states([""])[0]
        with torch.no_grad():
            self.null_foreseen = [t[0] for t in self.net.foresee(padded([self.null]), LATENT, LATENT)]

    def state(self) -> dict:
        weights = {part: getattr(self.net, part).state_dict() for part in PARTS} | {f"average_{part}": a.state() for part, a in self.averages.items()}
        return weights | {
            "optimiser": self.optimiser.state_dict(), "step": self.step_number, "rng": self.rng.getstate(), "torch": torch.get_rng_state(),
        }

    def step(self, progress: float) -> tuple[int, dict]:
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * min(1, (self.step_number + 1) / 150) * (1 if progress < 0.6 else max(0.05, (1 - progress) / 0.4))
        z, foreseen, slots, states = self.pool.batch(BATCH, self.rng, self.step_number)
        for i in range(BATCH):
            if self.rng.random() < UNPROMPTED:
                states[i], (foreseen[i], slots[i]) = self.null, self.null_foreseen
        e = padded(states, TOKENS)  # as wide as the renderer's: the UNet's attention sees padding
        pose = torch.arange(BATCH), (foreseen - z[:, None]).pow(2).mean((2, 3, 4)).argmin(1)  # each picture has one
        z = torch.lerp(foreseen[pose], z, FAR)
        t = torch.randint(0, len(self.alphas), (BATCH,))
        a = self.alphas[t][:, None, None, None]
        noise = torch.randn_like(z)
        noisy = (a.sqrt() * z + (1 - a).sqrt() * noise).contiguous(memory_format=torch.channels_last)
        spreads = self.net.spreads(foreseen, slots)
        g, s = self.net.mix.choose(t, noisy, foreseen, spreads.detach())
        word = self.net.word(noisy, t, e, g, s)
        off = self.net.mix(t, noisy, g, s, word) - (a.sqrt() * noise - (1 - a).sqrt() * z)
        # By what is left on the average in this picture at this time: as much weight for subjects, which noisy times decide, as for edges.
        said = (off.pow(2) / (s / self.net.mix.at(t, s)[2]).mean((1, 2, 3), keepdim=True)).mean()
        # How far pictures lie from what was foreseen is measured by the likelihood of the error under its variance.
        away = (foreseen[pose] - z).pow(2)
        surprise = (away / spreads[pose] + spreads[pose].log()).mean() / 2
        loss = said + 0.3 * surprise
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learning, 1.0)
        self.optimiser.step()
        for average in self.averages.values():
            average.update()
        self.step_number += 1
        return BATCH, {
            "said": said.item(), "v": off.detach().pow(2).mean().item(), "away": away.mean().item(), "surprise": surprise.item(),
        }
