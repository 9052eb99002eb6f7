"""What diffusers (torch, float32) makes of seamless tiling, a tiled VAE and MultiDiffusion, with tiny random networks.

Run it as `python -m trainer.reference.make_tiling_fixture`; it writes cases and one model folder into
internal/engine/local/testdata, and lists them in tiling.json there. The SDXL networks are those of make_sdxl_fixture.
"""

import json
import shutil
import tempfile
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import (
    StableDiffusionPanoramaPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from PIL import Image

from trainer.export.folder import export
from trainer.reference import make_sdxl_fixture as tiny

WINDOWS = "sd-windows-tiny"
UNET = {k: v for k, v in tiny.UNET.items() if not k.startswith("addition") and k != "transformer_layers_per_block"}


def windows_parts() -> dict:
    """A Stable Diffusion of one text encoder, for the panorama pipeline."""
    module = UNet2DConditionModel(
        **UNET, in_channels=4, up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=tiny.TEXT
    ).eval()
    tiny.random_weights(module, 31, 1.0)
    return {
        "vae": tiny.vae(32), "text_encoder": tiny.text_encoder(False, 33), "tokenizer": tiny.tokenizers()[0], "unet": module,
        "scheduler": tiny.SCHEDULERS["ddim"](), "safety_checker": None, "feature_extractor": None,
    }


def circular(*modules) -> None:
    """What users do for seamless pictures."""
    for module in modules:
        for layer in module.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.padding_mode = "circular"


def panorama(case: dict):
    """The panorama pipeline with windows of another size; its own are 64 latents of 8 pixels."""
    pipe = StableDiffusionPanoramaPipeline(**{**windows_parts(), "scheduler": tiny.SCHEDULERS[case["scheduler"]]()}, requires_safety_checker=False)
    size, stride = (case["tiled_diffusion"]["tile"] // tiny.FACTOR, (case["tiled_diffusion"]["tile"] - case["tiled_diffusion"]["overlap"]) // tiny.FACTOR)
    views = pipe.get_views
    pipe.get_views = lambda h, w, circular_padding=False: views(h * 8 // tiny.FACTOR, w * 8 // tiny.FACTOR, size, stride, circular_padding)
    return pipe, {"height": case["height"], "width": case["width"]}


def pipeline(case: dict):
    if case["model"] == WINDOWS:
        return panorama(case)
    p = {**tiny.parts(), "scheduler": tiny.SCHEDULERS[case["scheduler"]]()}
    if case.get("tiling"):
        circular(p["unet"], p["vae"])
    if case.get("vae_tiling"):
        p["vae"].enable_tiling()
    if case["task"] == "img2img":
        return StableDiffusionXLImg2ImgPipeline(**p), {"image": Image.fromarray(tiny.PHOTO), "strength": case["strength"]}
    size = {"height": case["height"], "width": case["width"]}
    if "cn_scale" in case:
        network = tiny.controlnet(15)
        circular(network)
        return StableDiffusionXLControlNetPipeline(**p, controlnet=network), {
            **size, "image": Image.fromarray(tiny.EDGES), "controlnet_conditioning_scale": case["cn_scale"],
        }
    return StableDiffusionXLPipeline(**p), size


def render(case: dict, prompt: str) -> dict:
    pipe, given = pipeline(case)
    seed = torch.Generator().manual_seed(case["seed"])
    image, steps = tiny.run(pipe, case, prompt, generator=seed, output_type="np", **given)
    arrays = {"image": image, "final_latents": steps[-1]}
    if case["task"] == "img2img":
        arrays["image_in"] = tiny.PHOTO
    if "cn_scale" in case:
        arrays["control_in"] = tiny.EDGES
    case["timesteps"] = [float(t) for t in pipe.scheduler.timesteps]
    case["scheduler_config"] = {
        k: v for k, v in pipe.scheduler.config.items() if not k.startswith("_") and v is not None and v != float("-inf")
    }
    return arrays


def cases() -> list:
    def case(name, model, task, scheduler, steps, **more):
        return {
            "id": f"tiling_{name}_{task}_{scheduler}", "model": model, "task": task, "scheduler": scheduler, "steps": steps,
            "prompt": tiny.PROMPT, "negative_prompt": tiny.NEGATIVE, "height": tiny.HEIGHT, "width": tiny.WIDTH,
            "guidance_scale": 5.0, "seed": 4321, **more,
        }

    windows = {"tile": 64, "overlap": 32}
    return [
        case("seamless", tiny.BASE, "txt2img", "euler", 6, tiling=True),
        case("seamless", tiny.BASE, "img2img", "dpmpp_2m_karras", 8, tiling=True, strength=0.6),
        case("seamless", tiny.BASE, "controlnet", "euler", 6, tiling=True, cn_scale=0.7, cn_start=0.0, cn_end=1.0),
        case("vae", tiny.BASE, "txt2img", "euler", 4, vae_tiling=True, height=96, width=112),
        case("vae", tiny.BASE, "img2img", "euler", 8, vae_tiling=True, strength=0.6),
        case("windows", WINDOWS, "txt2img", "ddim", 6, tiled_diffusion=windows, height=96, width=128),
        case("windows", WINDOWS, "txt2img", "dpmpp_2m_karras", 6, tiled_diffusion={"tile": 64, "overlap": 48}, height=64, width=128),
    ]


def export_model() -> None:
    out = tiny.HERE / "models" / WINDOWS
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        StableDiffusionPipeline(**windows_parts(), requires_safety_checker=False).save_pretrained(scratch)
        export(Path(scratch), out, check=True)


def main() -> None:
    torch.manual_seed(0)
    diffusers.logging.set_verbosity_error()
    export_model()
    made = []
    for case in cases():
        arrays = render(case, tiny.PROMPT)
        other = render(dict(case), tiny.OTHER)
        case["other_prompt_latent_maxdiff"] = float(np.abs(other["final_latents"] - arrays["final_latents"]).max())
        case["latent_absmax"] = float(np.abs(arrays["final_latents"]).max())
        folder = tiny.HERE / "cases" / case["id"]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        case["arrays"] = {}
        for name, a in arrays.items():
            np.save(folder / f"{name}.npy", a)
            case["arrays"][name] = {"file": f"cases/{case['id']}/{name}.npy"}
        made.append(case)
        print(f"{case['id']}: largest {case['latent_absmax']:.1f}, another prompt {case['other_prompt_latent_maxdiff']:.2f}")
    (tiny.HERE / "tiling.json").write_text(json.dumps({"cases": made}, indent=1) + "\n")


if __name__ == "__main__":
    main()
