"""What diffusers (torch, float32) makes of a tiny SDXL folder with two IP-Adapters, and what CLIP's image processor and
Pillow make of a picture.

Run it as `python -m trainer.reference.make_references`, after make_sdxl_fixture, whose parts it takes; it writes
internal/engine/local/testdata/references.json, the arrays that it names, and models/sdxl-ip-tiny.
"""

import functools
import json
import shutil
import tempfile
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from trainer.export.folder import export

from .make_sdxl_fixture import HEIGHT, HERE, NEGATIVE, PROMPT, SCHEDULERS, TEXT, UNET, WIDTH, parts, random_weights, run

NAME, SIDE, EYES = "sdxl-ip-tiny", 32, 16
MODEL = {
    **UNET, "block_out_channels": (8, 16, 16), "layers_per_block": 2, "attention_head_dim": (2, 4, 4), "transformer_layers_per_block": (1, 1, 1),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}


def unet():
    """Blocks like SDXL's own, so that the layers of style and layout have their names."""
    module = UNet2DConditionModel(
        **MODEL, in_channels=4, cross_attention_dim=2 * TEXT, projection_class_embeddings_input_dim=TEXT + 4 * 6,
    ).eval()
    random_weights(module, 41, 1.0)
    return module


def vision():
    module = CLIPVisionModelWithProjection(CLIPVisionConfig(
        hidden_size=EYES, intermediate_size=2 * EYES, num_hidden_layers=3, num_attention_heads=2, image_size=SIDE, patch_size=8, projection_dim=12,
    )).eval()
    random_weights(module, 42, 1.0)
    return module


def adapters() -> list:
    """An IP-Adapter that reads the embedding and one of the plus kind, in their checkpoints' form."""
    generator = torch.Generator().manual_seed(43)
    draw = lambda *shape: torch.randn(*shape, generator=generator) / (shape[-1] ** 0.5 if len(shape) > 1 else 10)
    wide, inside = 2 * TEXT, 16
    plain = {"proj.weight": draw(4 * wide, 12), "proj.bias": draw(4 * wide), "norm.weight": 1 + draw(wide), "norm.bias": draw(wide)}
    plus = {
        "latents": draw(1, 4, inside), "proj_in.weight": draw(inside, EYES), "proj_in.bias": draw(inside),
        "proj_out.weight": draw(wide, inside), "proj_out.bias": draw(wide), "norm_out.weight": 1 + draw(wide), "norm_out.bias": draw(wide),
    }
    for k in range(4):
        plus |= {f"layers.{k}.{name}": value for name, value in {
            "0.norm1.weight": 1 + draw(inside), "0.norm1.bias": draw(inside), "0.norm2.weight": 1 + draw(inside), "0.norm2.bias": draw(inside),
            "0.to_q.weight": draw(64, inside), "0.to_kv.weight": draw(128, inside), "0.to_out.weight": draw(inside, 64),
            "1.0.weight": 1 + draw(inside), "1.0.bias": draw(inside), "1.1.weight": draw(4 * inside, inside), "1.3.weight": draw(inside, 4 * inside),
        }.items()}
    module, out = unet(), []
    crossing = [name for name in module.attn_processors if "attn2" in name]
    for projection in (plain, plus):
        state = {"image_proj." + k: v for k, v in projection.items()}
        for i, name in enumerate(crossing):
            width = module.get_submodule(name.removesuffix(".processor")).to_k.out_features
            for part in ("to_k_ip", "to_v_ip"):
                state[f"ip_adapter.{2 * i + 1}.{part}.weight"] = 2 * draw(width, wide)
        out.append(state)
    return out


def pictures() -> list:
    y, x = np.mgrid[0:53, 0:71]
    first = np.stack([x * 255 / 71, 127 + 127 * np.sin(x * y / 90), y * 255 / 53], -1).astype(np.uint8)
    y, x = np.mgrid[0:40, 0:20]
    return [first, np.stack([(x // 5 + y // 7) % 2 * 255, x * 12, 255 - y * 6], -1).astype(np.uint8)]


def pipeline(scheduler: str, with_adapters: bool):
    p = {**parts(), "unet": unet(), "scheduler": SCHEDULERS[scheduler]()}
    if not with_adapters:
        return StableDiffusionXLPipeline(**p)
    pipe = StableDiffusionXLPipeline(**p, image_encoder=vision(), feature_extractor=CLIPImageProcessor(size=SIDE, crop_size=SIDE))
    states = []
    for state in adapters():
        split = {"image_proj": {}, "ip_adapter": {}}
        for key, value in state.items():
            part, _, name = key.partition(".")
            split[part][name] = value
        states.append(split)
    pipe.unet._load_ip_adapter_weights(states)
    return pipe


KINDS = {"": lambda w: w, "style": lambda w: {"up": {"block_0": [0.0, w, 0.0]}}, "layout": lambda w: {"down": {"block_2": [0.0, w]}}}


def render(case: dict) -> dict:
    refs = case["references"]
    pipe = pipeline(case["scheduler"], bool(refs))
    calls = case["steps"]

    def scales(i):
        within = lambda r: i / calls >= r["start"] and (i + 1) / calls <= r["end"]
        pipe.set_ip_adapter_scale([KINDS[r["kind"]](r["weight"] if within(r) else 0.0) for r in refs])

    given = {"height": HEIGHT, "width": WIDTH, "generator": torch.Generator().manual_seed(case["seed"]), "output_type": "np"}
    if refs:
        given["ip_adapter_image"] = [Image.fromarray(p) for p in pictures()]
        scales(0)
        predict = pipe.scheduler.step

        @functools.wraps(predict)  # the pipeline reads its signature
        def step(*a, **k):
            out = predict(*a, **k)
            scales(pipe.scheduler.step_index)
            return out

        pipe.scheduler.step = step
    image, steps = run(pipe, case, case["prompt"], **given)
    case["scheduler_config"] = {
        k: v for k, v in pipe.scheduler.config.items() if not k.startswith("_") and v is not None and v != float("-inf")
    }
    case["timesteps"] = [float(t) for t in pipe.scheduler.timesteps]
    return {"image": image, "final_latents": steps[-1]}


def cases() -> list:
    def case(tag, *refs, steps=6, scheduler="euler", **more):
        return {
            "model": NAME, "task": "txt2img", "scheduler": scheduler, "steps": steps, "prompt": PROMPT, "negative_prompt": NEGATIVE,
            "height": HEIGHT, "width": WIDTH, "guidance_scale": 5.0, "seed": 5, "references": list(refs), **more, "id": f"references_{tag}",
        }

    def ref(weight, kind="", start=0.0, end=1.0):
        return {"weight": weight, "kind": kind, "start": start, "end": end}

    return [
        case("none"),
        case("both", ref(0.7), ref(0.5)),
        case("style-layout", ref(1.0, "style"), ref(0.9, "layout")),
        case("window", ref(0.9, start=0.25, end=0.75), ref(0.8, "style", end=0.5), steps=8, scheduler="euler_a"),
        case("unguided", ref(0.7), ref(0.5), guidance_scale=1.0),
    ]


def main() -> None:
    torch.manual_seed(0)
    diffusers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        StableDiffusionXLPipeline(**{**parts(), "unet": unet()}).save_pretrained(scratch / "base")
        vision().save_pretrained(scratch / "vision")
        files = []
        for i, state in enumerate(adapters()):
            files.append(scratch / f"ip{i}.safetensors")
            save_file(state, str(files[-1]))
        out = HERE / "models" / NAME
        shutil.rmtree(out, ignore_errors=True)
        export(scratch / "base", out, ip_adapters=files, image_encoder=scratch / "vision", check=True)
    folder = HERE / "cases" / "references"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    processor = CLIPImageProcessor(size=SIDE, crop_size=SIDE)
    for i, p in enumerate(pictures()):
        np.save(folder / f"picture_{i}.npy", p)
        np.save(folder / f"pixels_{i}.npy", processor(Image.fromarray(p), return_tensors="np").pixel_values)
        for w, h in ((p.shape[1] // 2, p.shape[0] // 2), (130, 90)):  # where one side grows and one shrinks, Pillow 13 may begin with the other one
            np.save(folder / f"resized_{i}_{w}.npy", np.asarray(Image.fromarray(p).resize((w, h), Image.BICUBIC)))
    made = []
    for case in cases():
        arrays = render(case)
        case["latent_absmax"] = float(np.abs(arrays["final_latents"]).max())
        case["arrays"] = {}
        for name, a in arrays.items():
            np.save(folder / f"{case['id']}_{name}.npy", a)
            case["arrays"][name] = {"file": f"cases/references/{case['id']}_{name}.npy", "shape": list(a.shape), "dtype": str(a.dtype)}
        made.append(case)
        print(f"{case['id']}: largest {case['latent_absmax']:.1f}", flush=True)
    (HERE / "references.json").write_text(json.dumps({"made_by": "make_references.py", "cases": made}, indent=1) + "\n")


if __name__ == "__main__":
    main()
