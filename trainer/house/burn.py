"""What every phase of the training shares: clock, log, pause, checkpoints that a kill can't break."""

import json
import os
import shutil
import signal
import time
from datetime import datetime, timezone
from pathlib import Path

import torch

from . import released
from .settings import furnace

KEEP_EVERY = 120  # seconds between checkpoints
LOG_EVERY = 60


class Stopped(Exception):
    """SIGTERM or SIGINT came."""


class Fire:
    """The furnace's folder, its log and its clock. A phase's time is counted in seconds of two cores: half of the
    processor time that it took, whatever else the machine did meanwhile."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder or furnace()
        self.path = self.folder / "state.json"
        if not self.path.exists() and (released.KEPT / "state.json").exists():  # a furnace that goes on from a checkout
            for name in ("state.json", "train.log"):
                shutil.copyfile(released.KEPT / name, self.folder / name)
        self.spent = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.stopping = False
        self.mark = self.cpu = self.logged = self.kept = 0.0

    def watch(self) -> None:
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, self._stop)

    def _stop(self, *_):
        self.stopping = True

    def start(self, phase: str) -> None:
        self.phase = phase
        self.entry = self.spent.setdefault(phase, {"wall": 0.0, "cores": 0.0, "samples": 0, "steps": 0})
        self.mark, self.cpu = time.monotonic(), _cpu()
        self.logged = self.kept = self.mark
        self.sums, self.count = {}, 0

    def tick(self, samples: int, losses: dict) -> bool:
        """Counts a step; true when it is time for a checkpoint."""
        now, cpu = time.monotonic(), _cpu()
        self.entry["wall"] += now - self.mark
        self.entry["cores"] += (cpu - self.cpu) / 2
        self.entry["samples"] += samples
        self.entry["steps"] += 1
        self.mark, self.cpu = now, cpu
        for k, v in losses.items():
            self.sums[k] = self.sums.get(k, 0.0) + v
        self.count += 1
        if now - self.logged >= LOG_EVERY:
            self.log()
        return now - self.kept >= KEEP_EVERY or self.stopping or self.paused()

    def log(self) -> None:
        if self.count:
            e = self.entry
            losses = " ".join(f"{k} {v / self.count:.4f}" for k, v in self.sums.items())
            self.say(f"{self.phase} cores {e['cores']:.0f} s wall {e['wall']:.0f} s samples {e['samples']} steps {e['steps']} {losses}")
        self.sums, self.count, self.logged = {}, 0, time.monotonic()

    def say(self, line: str) -> None:
        line = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {line}"
        print(line, flush=True)
        with open(self.folder / "train.log", "a") as f:
            f.write(line + "\n")

    def paused(self) -> bool:
        return (self.folder / "PAUSE").exists()

    def keep(self, name: str, state: dict) -> None:
        """Writes a checkpoint and the clock; then waits while PAUSE lies there."""
        save(self.folder / f"{name}.pt", {**state, "spent": self.spent})
        text = json.dumps(self.spent, indent=1)
        (self.folder / "state.json.new").write_text(text)
        os.replace(self.folder / "state.json.new", self.path)
        self.kept = time.monotonic()
        self.rest()

    def rest(self) -> None:
        """Waits while PAUSE lies there, and raises Stopped when asked to stop. The wait isn't counted."""
        if self.paused():
            self.say("paused")
            while self.paused() and not self.stopping:
                time.sleep(2)
            self.say("goes on")
        if self.stopping:
            self.log()
            raise Stopped
        self.mark, self.cpu = time.monotonic(), _cpu()


def _cpu() -> float:
    t = os.times()
    return t.user + t.system


def save(path: Path, state: dict) -> None:
    """torch.save that leaves either the old or the new file."""
    new = path.with_name(path.name + ".new")
    with open(new, "wb") as f:
        torch.save(state, f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(new, path)


def load(path: Path) -> dict | None:
    return torch.load(path, map_location="cpu", weights_only=False) if path.exists() else None


def begin(fire: Fire, name: str) -> dict | None:
    """A phase's checkpoint; where the furnace has none, the averaged weights that were released, if any."""
    own = fire.folder / f"{name}.pt"
    if own.exists():
        return load(own)
    state = released.brought(name)
    return None if state is None else {"brought": state}


def resume(phase, state: dict | None) -> None:
    """Brings a phase of one network to where its checkpoint was, or to the averaged weights that came with the checkout."""
    if state and "brought" in state:
        phase.net.load_state_dict(state["brought"])
        phase.average.load({"module": state["brought"], "steps": 0})
    elif state:
        phase.net.load_state_dict(state["net"])
        phase.average.load(state["average"])
        phase.optimiser.load_state_dict(state["optimiser"])
        phase.step_number = state["step"]
        phase.rng.setstate(state["rng"])
        torch.set_rng_state(state["torch"])


def learn(phase, loss) -> None:
    """One step of a phase of one network towards a smaller loss."""
    phase.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(phase.net.parameters(), 1.0)
    phase.optimiser.step()
    phase.average.update()
    phase.step_number += 1


def snapshot(phase) -> dict:
    """The checkpoint of a phase of one network, which resume reads."""
    return {
        "net": phase.net.state_dict(), "average": phase.average.state(), "optimiser": phase.optimiser.state_dict(),
        "step": phase.step_number, "rng": phase.rng.getstate(), "torch": torch.get_rng_state(),
    }


def quicken(net, folder: Path) -> None:
    """Compiles a network where there is a C++ compiler, for inputs of one size: a minute or two the first time in a furnace, then a
    step takes a sixth less."""
    if shutil.which("g++"):
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
        net.compile(dynamic=False)


class Average:
    """Exponential moving average of a module's parameters; buffers are copied."""

    def __init__(self, module, decay: float):
        import copy

        self.module, self.decay, self.steps = copy.deepcopy(module).eval().requires_grad_(False), decay, 0
        self.mine, self.theirs = list(self.module.parameters()), list(module.parameters())
        self.buffers = list(zip(self.module.buffers(), module.buffers(), strict=True))

    @torch.no_grad()
    def update(self, every: int = 4) -> None:
        self.steps += 1
        if self.steps % every == 0:
            decay = min(self.decay, self.steps / (self.steps + 10 * every))
            torch._foreach_lerp_(self.mine, [p.detach() for p in self.theirs], 1 - decay)

    def state(self) -> dict:
        for mine, theirs in self.buffers:
            mine.copy_(theirs)
        return {"module": self.module.state_dict(), "steps": self.steps}

    def load(self, state: dict) -> None:
        self.module.load_state_dict(state["module"])
        self.steps = state["steps"]
