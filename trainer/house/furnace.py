"""python -m trainer.house.furnace [PHASE ...]: trains the house model, phase after phase, until the schedule's end; or only
the phases named. May be killed at any moment and started again. A file PAUSE in the furnace's folder holds it."""

import os
import sys
import time
from pathlib import Path

import torch

from .burn import Fire, Stopped
from .pool import World
from .settings import THREADS

# Phases in turn, and the seconds of two cores that each has then had in all. Ten hours in all. (The first 953 s of the
# recogniser, 100 s of house CLIP, 370 s of the sharpener and 7925 s of the UNet went into networks that were made anew.)
SCHEDULE = [
    ("prior", 2200), ("recogniser", 500), ("clip", 100), ("unet", 4000),
    ("sharpener", 1450), ("unet", 4900), ("recogniser", 2600), ("clip", 300),
    ("prior", 4000), ("sharpener", 2700), ("style", 600), ("unet", 7000), ("recogniser", 3600), ("clip", 900), ("sharpener", 4000), ("unet", 7900),
    ("style", 1000), ("prior", 5800), ("sharpener", 5600), ("unet", 9400), ("prior", 7300), ("sharpener", 8600), ("unet", 11700),
    ("vae", 600), ("recogniser", 4900), ("clip", 900), ("style", 2000),
]


def phases():
    from .phase_decoder import DecoderPhase
    from .phase_eyes import ClipPhase, RecogniserPhase, StylePhase
    from .phase_prior import PriorPhase
    from .phase_sharpener import SharpenerPhase
    from .phase_unet import UNetPhase

    return {p.name: p for p in (PriorPhase, SharpenerPhase, DecoderPhase, UNetPhase, RecogniserPhase, StylePhase, ClipPhase)}


def burn(fire: Fire, only: list[str]) -> None:
    """Goes through the schedule."""
    world = None
    done: dict[str, float] = {}
    for name, until in SCHEDULE:
        since, done[name] = done.get(name, 0.0), until
        if (only and name not in only) or fire.spent.get(name, {}).get("cores", 0.0) >= until:
            continue
        if world is None:
            fire.start("prepare")
            world = World(fire.say)
            fire.tick(len(world.icons), {})
        fire.start(name)
        phase = phases()[name](fire, world)
        fire.say(f"{name} until {until} s of two cores")
        while fire.entry["cores"] < until:
            samples, losses = phase.step((fire.entry["cores"] - since) / (until - since))
            if fire.tick(samples, losses):
                fire.keep(name, phase.state())
        fire.log()
        fire.keep(name, phase.state())
    fire.say("the schedule is through")


def give_way() -> None:
    """Makes niceness hold against other sessions too: where Linux groups processes by session (sched_autogroup), `nice`
    alone only ranks those within one."""
    group = Path("/proc/self/autogroup")
    if group.exists():
        group.write_text(str(os.nice(0)))


def main() -> None:
    only = sys.argv[1:]
    if strange := set(only) - set(phases()):
        sys.exit(f"there is no phase {', '.join(sorted(strange))}; phases are {', '.join(phases())}")
    give_way()
    torch.set_num_threads(THREADS)
    fire = Fire()
    fire.watch()
    (fire.folder / "pid").write_text(f"{os.getpid()}\n")
    while fire.paused() and not fire.stopping:
        time.sleep(2)
    try:
        burn(fire, only)
    except Stopped:
        fire.say("stopped")


if __name__ == "__main__":
    main()
