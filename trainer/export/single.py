"""python -m trainer.export.single FILE CONFIG OUT

Writes a diffusers folder from a checkpoint in one safetensors file, as most people share Stable Diffusion and SDXL. CONFIG is
a diffusers folder of the same family: sizes, scheduler and vocabulary come from there, weights from the file. Nothing is
fetched.
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline

PIPELINES = {p.__name__: p for p in (StableDiffusionPipeline, StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline)}


def unpack(file: Path, config: Path, out: Path) -> None:
    name = json.loads((config / "model_index.json").read_text())["_class_name"]
    if name not in PIPELINES:
        raise ValueError(f"{config}: pipelines of class {name} can't be read from one file; known are {', '.join(PIPELINES)}")
    more = {"safety_checker": None, "feature_extractor": None} if name == "StableDiffusionPipeline" else {}
    pipeline = PIPELINES[name].from_single_file(str(file), config=str(config), local_files_only=True, torch_dtype=torch.float32, **more)
    pipeline.save_pretrained(out, safe_serialization=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trainer.export.single", description="Write a diffusers folder from a single-file checkpoint.")
    parser.add_argument("file", type=Path, help="the checkpoint, one safetensors file")
    parser.add_argument("config", type=Path, help="a diffusers folder of the same family")
    parser.add_argument("out", type=Path, help="the folder to write")
    a = parser.parse_args()
    unpack(a.file, a.config, a.out)


if __name__ == "__main__":
    main()
