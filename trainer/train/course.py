"""How a job runs: measure, train, look, stop, write."""

import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from . import pictures
from .diffusion import draw
from .events import tell
from .job import MEASURED, SAVE_EVERY, Job
from .words import spelled


def run(description: dict, started: float, only_estimate: bool = False) -> None:
    job = Job(description)
    job.prepare()
    resumed = job.resume()
    seconds = measure(job)
    steps = description["steps"]
    tell(
        "estimate", step=job.step, steps=steps, resumed=resumed, seconds_per_step=round(seconds, 4), seconds_left=round(seconds * (steps - job.step), 1),
        parameters=sum(p.numel() for p in job.parameters.values()), pictures=len(job.rows), held_out=len(job.held), prepared_seconds=round(time.monotonic() - started, 1),
    )
    if only_estimate:
        return
    train(job, seconds)
    finish(job)


def measure(job: Job) -> float:
    """Seconds of a step, from a few that change nothing."""
    took = []
    for step in range(MEASURED):
        begun = time.monotonic()
        job.loss(step).backward()
        took.append(time.monotonic() - begun)
    job.optimizer.zero_grad(set_to_none=True)
    return sorted(took)[len(took) // 2]


def train(job: Job, seconds: float) -> None:
    d = job.job
    if job.first is None:
        job.first = job.validate()
        tell("validation", step=0, loss=job.first, best=job.first, base=job.first)
        look(job)
    saved = time.monotonic()
    while job.step < d["steps"] and job.stale < d["patience"]:
        begun = time.monotonic()
        loss = job.learn()
        seconds = 0.95 * seconds + 0.05 * (time.monotonic() - begun)
        job.losses.append(loss)
        tell("step", step=job.step, steps=d["steps"], loss=loss, seconds_left=round(seconds * (d["steps"] - job.step), 1))
        last = job.step == d["steps"]
        if job.step % d["validate_every"] == 0 or last:
            with job.averaged():
                found = job.validate()
                job.keep_best(found)
                tell("validation", step=job.step, loss=found, best=job.best, base=job.first)
                look(job)
        if time.monotonic() - saved > SAVE_EVERY or job.step % d["validate_every"] == 0 or last:
            job.save()
            saved = time.monotonic()
            tell("checkpoint", step=job.step)


def look(job: Job) -> None:
    """Writes a sheet: the base above, what has been learnt so far below."""
    file = job.out / "sheets" / f"{job.step:06d}.png"
    base = _drawn(job, job.out / "sheets" / "base", without=True)
    now = base if job.step == 0 and job.job["kind"] != "controlnet" else [pictures.image(p) for p in _draw(job)]
    pictures.sheet([base, now], file)
    tell("sheet", step=job.step, path=str(file))


def _draw(job: Job) -> torch.Tensor:
    d = job.job
    prompts = [spelled(p, job._word(), d["vectors"]) for p in d["sheet_prompts"]]
    controls = None
    if d["kind"] == "controlnet":
        controls = torch.stack([job.held[i % len(job.held)]["controls"][0] for i in range(len(prompts))]).to(job.base.device)
    return draw(job.base, prompts, [d["seed"] + i for i in range(len(prompts))], d["draw_steps"], d["guidance"], controls)


def _drawn(job: Job, folder: Path, without: bool) -> list:
    """Pictures of the sheet's prompts that are drawn once and then read."""
    from PIL import Image

    files = [folder / f"{i:02d}.png" for i in range(len(job.job["sheet_prompts"]))]
    if not all(f.exists() for f in files):
        if without:
            with job.plain():
                drawn = _draw(job)
        else:
            drawn = _draw(job)
        for file, picture in zip(files, drawn, strict=True):
            pictures.sheet([[pictures.image(picture)]], file)
    return [Image.open(f).convert("RGB") for f in files]


def finish(job: Job) -> None:
    """Writes the best state with all that is known about it, and the pictures that it is judged by."""
    d = job.job
    job.put(job.kept)
    now = _drawn(job, job.out / "sheets" / "trained", without=False)
    base = _drawn(job, job.out / "sheets" / "base", without=True)
    pictures.sheet([base, now], job.out / "sheet.png")
    metadata = dict(d["metadata"]) | {
        "ss_steps": str(job.step), "ss_max_train_steps": str(d["steps"]), "ss_learning_rate": repr(d["learning_rate"]), "ss_seed": str(d["seed"]),
        "ss_batch_size_per_device": str(d["batch"]), "presswerk.validation_loss": f"{job.kept_at['loss']:.6f}", "presswerk.validation_loss_of_base": f"{job.first:.6f}",
    }
    file = job.out / "result.safetensors"
    if d["kind"] == "controlnet":
        file = job.out / "result"
        job.learnt.write(file)
    else:
        half = file.with_suffix(".half")
        save_file(job.learnt.tensors(), str(half), metadata)
        half.replace(file)
    stopped = job.step < d["steps"]
    tell(
        "done", path=str(file), step=job.step, stopped_early=stopped, loss=sum(job.losses[-20:]) / max(1, len(job.losses[-20:])), validation=job.kept_at["loss"], kept_step=job.kept_at["step"], base=job.first,
        sheet=str(job.out / "sheet.png"), trained=[str(job.out / "sheets/trained" / f"{i:02d}.png") for i in range(len(now))],
        drawn_by_base=[str(job.out / "sheets/base" / f"{i:02d}.png") for i in range(len(base))],
    )
