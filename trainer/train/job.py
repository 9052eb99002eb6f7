"""A training job from its description to its result. The same description gives the same result on the same machine, whether
it was interrupted or not: what a step draws comes from the seed and the step's number alone."""

import math
import os
from pathlib import Path

import torch

from . import pictures
from .diffusion import Noise, draw
from .events import tell
from .words import spelled

DRAWS = 8  # of noise for each held-out picture
BETTER = 0.999  # the share of the best loss that counts as an improvement
EQUAL = 1.03  # and the one that a few held-back pictures can't tell from it: of equals the later state is kept, which has seen more
AVERAGE = 0.98  # how much of the average of the weights a step leaves; early steps leave less
SAVE_EVERY = 30  # seconds between checkpoints
MEASURED = 3  # steps that the estimate is made from


class Job:
    """Reads the description, and holds the base, what is learnt, and the data."""

    def __init__(self, job: dict):
        self.job, self.out = job, Path(job["out"])
        self.out.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(job["threads"])
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.manual_seed(job["seed"])
        self.base = self._base()
        self.noise = Noise(self.base.scheduler, self.base.device)
        self.learnt = self._learnt()
        self.parameters = self.learnt.parameters()
        self.start = {k: v.detach().clone() for k, v in self.parameters.items()}
        for p in self.parameters.values():
            p.requires_grad_(True)
        self.optimizer = torch.optim.AdamW(self.parameters.values(), lr=job["learning_rate"], weight_decay=job["weight_decay"])
        self.step, self.best, self.first, self.stale = 0, None, None, 0
        self.kept, self.kept_at = {}, {}
        self.average = {k: v.detach().clone() for k, v in self.parameters.items()}
        self.losses: list = []

    def _base(self):
        job = self.job
        if job["base"]["form"] == "onnx":
            from .house import House as Base
        else:
            from .sd import StableDiffusion as Base
        return Base(Path(job["base"]["dir"]), job["width"], job["height"], job["device"], job["threads"])

    def _learnt(self):
        job = self.job
        if job["kind"] == "embedding":
            return self.base.invent(job["trigger"], job["vectors"], job["like"])
        if job["kind"] == "controlnet":
            return self.base.steer(job.get("weights"))
        return self.base.adapt(job)

    # Data

    def prepare(self) -> None:
        """Latents of all pictures, and what their captions say."""
        job = self.job
        self.prompts: dict = {}
        self.rows = self._rows(job["pictures"])
        self.held = self._rows(job["validation"])
        self.prior = []
        if job["kind"] == "dreambooth":
            self.prior = self._rows(self._prior())

    def _rows(self, listed: list) -> list:
        found = []
        for one in listed:
            picture = pictures.load(one["file"], self.job["width"], self.job["height"])
            ways = [picture, picture.flip(-1)] if self.job["flip"] else [picture]
            generator = torch.Generator(self.base.device).manual_seed(self.job["seed"])
            control = None
            if one.get("control"):
                control = (pictures.load(one["control"], self.job["width"], self.job["height"]) + 1) / 2
            found.append({
                "latents": [self.base.encode(w[None], generator)[0] for w in ways], "caption": spelled(one["caption"], self._word(), self.job["vectors"]),
                "controls": [control, control.flip(-1)] if control is not None else None,
            })
        return found

    def _word(self) -> str:
        return self.job["trigger"] if self.job["kind"] == "embedding" else ""

    def _prior(self) -> list:
        """Pictures of the class as the base draws it, made once."""
        job, listed = self.job, []
        for i in range(job["class_pictures"]):
            file = self.out / "prior" / f"{i:03d}.png"
            if not file.exists():
                with self.plain():
                    drawn = draw(self.base, [job["class_prompt"]], [job["seed"] + 10_000 + i], job["draw_steps"], job["guidance"])
                pictures.sheet([[pictures.image(drawn[0])]], file)
                tell("prior", done=i + 1, total=job["class_pictures"])
            listed.append({"file": str(file), "caption": job["class_prompt"]})
        return listed

    def given(self, captions: list[str]) -> dict:
        """What the UNet is told. Prompts are read once, unless their words are being learnt."""
        if self.job["kind"] == "embedding":
            return self.base.stack(self.base.read(captions))
        for caption in captions:
            if caption not in self.prompts:
                with torch.no_grad():
                    self.prompts[caption] = self.base.read([caption])[0]
        return self.base.stack([self.prompts[c] for c in captions])

    def plain(self) -> "Without":
        """While it lasts, the base draws as if nothing had been learnt."""
        return Without(self)

    # Steps

    def loss(self, step: int) -> torch.Tensor:
        """The loss of one batch, which the seed and the step's number decide."""
        job = self.job
        dice = torch.Generator().manual_seed(job["seed"] * 1_000_003 + step)
        picked = self._pick(self.rows, job["batch"], dice)
        own = self._of(picked, dice, 0 if job["kind"] == "embedding" else job["caption_dropout"])  # an empty prompt teaches a word nothing
        if not self.prior:
            return own
        return own + job["prior_weight"] * self._of(self._pick(self.prior, job["batch"], dice), dice, 0)

    def _pick(self, rows: list, count: int, dice) -> list:
        found = []
        for i in torch.randint(len(rows), (count,), generator=dice).tolist():
            way = int(torch.randint(len(rows[i]["latents"]), (1,), generator=dice))
            found.append((rows[i]["latents"][way], rows[i]["caption"], rows[i]["controls"] and rows[i]["controls"][way]))
        return found

    def _of(self, picked: list, dice, dropout: float) -> torch.Tensor:
        n = len(picked)
        t = torch.randint(self.noise.steps, (n,), generator=dice)
        noise = torch.randn(n, *self.base.latent_shape, generator=dice)
        kept = torch.rand(n, generator=dice) >= dropout
        captions = [caption if keep else "" for (_, caption, _), keep in zip(picked, kept.tolist(), strict=True)]
        return self._error([p[0] for p in picked], captions, [p[2] for p in picked], t, noise)

    def _error(self, latents: list, captions: list, controls: list, t, noise) -> torch.Tensor:
        device = self.base.device
        z, t, noise = torch.stack(latents), t.to(device), noise.to(device)
        control = torch.stack(controls).to(device) if controls[0] is not None else None
        out = self.base.predict(self.noise.mix(z, noise, t), t, self.given(captions), control)
        return torch.nn.functional.mse_loss(out.float(), self.noise.target(z, noise, t))

    @torch.no_grad()
    def validate(self) -> float:
        """The loss on pictures that nothing was learnt from, with noise that is always the same."""
        total, n = 0.0, 0
        for i, row in enumerate(self.held):
            dice = torch.Generator().manual_seed(self.job["seed"] + 77_777 + i)
            t = ((torch.arange(DRAWS) + 0.5) / DRAWS * self.noise.steps).long()
            noise = torch.randn(DRAWS, *self.base.latent_shape, generator=dice)
            control = row["controls"] and row["controls"][0]
            total += float(self._error([row["latents"][0]] * DRAWS, [row["caption"]] * DRAWS, [control] * DRAWS, t, noise))
            n += 1
        return total / n

    def rate(self, step: int) -> float:
        """The learning rate: a short warm-up, then half a cosine down to a tenth."""
        job = self.job
        warm = max(1, min(50, job["steps"] // 20))
        if step < warm:
            return job["learning_rate"] * (step + 1) / warm
        along = (step - warm) / max(1, job["steps"] - warm)
        return job["learning_rate"] * (0.1 + 0.45 * (1 + math.cos(math.pi * min(1, along))))

    def learn(self) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.step)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.step)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.follow()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ValueError(f"the loss is {value} at step {self.step}; train with a smaller learning rate")
        return value

    @torch.no_grad()
    def follow(self) -> None:
        """Moves the average of the weights. It is what is measured, drawn with and kept: quieter than any single state."""
        decay = min(AVERAGE, self.step / (self.step + 9))
        for name, p in self.parameters.items():
            self.average[name].lerp_(p.detach(), 1 - decay)

    def averaged(self) -> "As":
        """While it lasts, the average is in the place of the last state."""
        return As(self, self.average)

    # What is kept

    def save(self) -> None:
        """Writes the checkpoint whole or not at all."""
        file = self.out / "checkpoint.pt"
        half = file.with_suffix(".half")
        torch.save({
            "job": self.job["identity"], "step": self.step, "best": self.best, "first": self.first, "stale": self.stale,
            "now": {k: v.detach().cpu() for k, v in self.parameters.items()}, "average": self.average, "kept": self.kept, "kept_at": self.kept_at, "optimizer": self.optimizer.state_dict(), "losses": self.losses[-20:],
        }, half)
        with open(half, "rb") as f:
            os.fsync(f.fileno())
        half.replace(file)

    def resume(self) -> bool:
        """Goes on from the checkpoint, if there is one of this very job."""
        file = self.out / "checkpoint.pt"
        if not file.exists():
            return False
        state = torch.load(file, map_location="cpu", weights_only=True)
        if state["job"] != self.job["identity"]:
            return False
        self.step, self.best, self.first, self.stale, self.kept, self.losses = (state[k] for k in ("step", "best", "first", "stale", "kept", "losses"))
        self.kept_at = state["kept_at"]
        self.put(state["now"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        return True

    @torch.no_grad()
    def put(self, values: dict) -> None:
        for name, p in self.parameters.items():
            p.copy_(values[name])

    def keep_best(self, loss: float) -> None:
        improved = self.best is None or loss < self.best * BETTER
        self.stale = 0 if improved else self.stale + 1
        self.best = loss if self.best is None else min(self.best, loss)
        if loss <= self.best * EQUAL:
            self.kept = {k: v.detach().cpu().clone() for k, v in self.average.items()}
            self.kept_at = {"step": self.step, "loss": loss}


class As:
    """The parameters as other values, while it lasts."""

    def __init__(self, job: Job, values: dict):
        self.job, self.values = job, values

    def __enter__(self):
        self.own = {k: v.detach().clone() for k, v in self.job.parameters.items()}
        self.job.put(self.values)

    def __exit__(self, *_):
        self.job.put(self.own)


class Without:
    """The base without what was learnt, while it lasts. A word that is being learnt can't be left out: its prompt is drawn
    with the word that it began as."""

    def __init__(self, job: Job):
        self.job = job

    def __enter__(self):
        self.values = {k: v.detach().clone() for k, v in self.job.parameters.items()}
        if self.job.job["kind"] == "embedding":
            self.job.put(self.job.start)
        elif self.job.job["kind"] != "controlnet":
            self.job.put({k: torch.zeros_like(v) for k, v in self.values.items()})
        else:
            self.control, self.job.base.control = self.job.base.control, None

    def __exit__(self, *_):
        self.job.put(self.values)
        if self.job.job["kind"] == "controlnet":
            self.job.base.control = self.control
