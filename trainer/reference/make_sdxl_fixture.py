"""Makes tiny SDXL folders with the exporter, and what diffusers (torch, float32) makes of them.

Run it as `python -m trainer.reference.make_sdxl_fixture`; it writes into internal/engine/local/testdata and replaces its
own entries in manifest.json. The weights are random but seeded: without a change here or in torch nothing changes there.
"""

import hashlib
import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionXLAdapterPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
    T2IAdapter,
    UNet2DConditionModel,
)
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from trainer.export.folder import export

HERE = Path(__file__).resolve().parents[2] / "internal/engine/local/testdata"
TOKENIZERS = HERE / "models/sdxl-base-tiny"
HEIGHT, WIDTH, FACTOR = 64, 96, 4  # not square, so that a side taken for the other one shows
PROMPT, NEGATIVE = "a photo of an astronaut riding a horse on mars, 4k", "blurry, low quality"
OTHER = "an oil painting of a lighthouse on a cliff"
TEXT = 16  # width of each text encoder

BASE, REFINER, INPAINT = "sdxl-control-tiny", "sdxl-control-refiner-tiny", "sdxl-inpaint9-tiny"

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1, "timestep_spacing": "leading"}
SCHEDULERS = {
    "euler": lambda: EulerDiscreteScheduler(**BETAS),
    "euler_a": lambda: EulerAncestralDiscreteScheduler(**BETAS),
    "ddim": lambda: DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False),
    "dpmpp_2m_karras": lambda: DPMSolverMultistepScheduler(**BETAS, use_karras_sigmas=True),
}


def random_weights(module, seed: int, gain: float) -> None:
    """Gives every weight a random value, biases and zero convolutions too; untrained ones would hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(module.named_parameters()):
            noise = torch.randn(p.shape, generator=generator)
            if p.dim() > 1:
                p.copy_(noise * gain / p[0].numel() ** 0.5)
            elif name.endswith("weight"):
                p.copy_(1 + 0.1 * noise)
            else:
                p.copy_(0.1 * noise)


def text_encoder(projected: bool, seed: int):
    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    config = CLIPTextConfig(
        vocab_size=2000, hidden_size=TEXT, intermediate_size=2 * TEXT, num_hidden_layers=3, num_attention_heads=2,
        max_position_embeddings=77, projection_dim=TEXT, hidden_act="gelu" if projected else "quick_gelu",
        bos_token_id=1998, eos_token_id=1999, pad_token_id=0 if projected else 1999,
    )
    module = kind(config).eval()
    random_weights(module, seed, 1.0)
    with torch.no_grad():  # tokens must differ more than places do
        module.text_model.embeddings.token_embedding.weight.mul_(4.0)
    return module


UNET = {
    "sample_size": 16, "out_channels": 4, "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "attention_head_dim": (2, 4), "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 4, "transformer_layers_per_block": (1, 2),
}


def unet(channels: int, width: int, sizes: int, seed: int):
    module = UNet2DConditionModel(
        **UNET, in_channels=channels, up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=width,
        projection_class_embeddings_input_dim=TEXT + 4 * sizes,
    ).eval()
    random_weights(module, seed, 1.0)
    return module


def controlnet(seed: int):
    config = {k: v for k, v in UNET.items() if k not in ("sample_size", "out_channels")}
    module = ControlNetModel(
        **config, in_channels=4, cross_attention_dim=2 * TEXT, projection_class_embeddings_input_dim=TEXT + 4 * 6,
        conditioning_embedding_out_channels=(4, 8, 8),
    ).eval()
    random_weights(module, seed, 1.0)
    return module


def adapter(seed: int):
    module = T2IAdapter(in_channels=3, channels=(8, 16), num_res_blocks=1, downscale_factor=8, adapter_type="full_adapter_xl").eval()
    random_weights(module, seed, 1.0)
    return module


def vae(seed: int):
    module = AutoencoderKL(
        block_out_channels=(4, 4, 8), down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1, latent_channels=4, norm_num_groups=2, sample_size=64, scaling_factor=0.13025,
    ).eval()
    random_weights(module, seed, 1.0)
    return module


def tokenizers():
    return [CLIPTokenizer.from_pretrained(str(TOKENIZERS / name)) for name in ("tokenizer", "tokenizer_2")]


def parts():
    """Everything that a base has, by diffusers' names."""
    first, second = tokenizers()
    return {
        "vae": vae(11), "text_encoder": text_encoder(False, 12), "text_encoder_2": text_encoder(True, 13),
        "tokenizer": first, "tokenizer_2": second, "unet": unet(4, 2 * TEXT, 6, 14), "scheduler": SCHEDULERS["euler"](),
    }


def pictures():
    """A photo-like picture, a mask with a soft edge and an edge map, as bytes."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    photo = np.stack([x * 255 / WIDTH, y * 255 / HEIGHT, 127 + 127 * np.sin(x / 7 + y / 11)], -1).astype(np.uint8)
    distance = np.hypot(x - 60, (y - 30) * 1.3)
    mask = np.clip((34 - distance) * 16 + 128, 0, 255).astype(np.uint8)
    edges = ((np.abs(distance - 20) < 2) | ((x // 3 + y // 5) % 13 == 0)) * 255
    return photo, mask, np.repeat(edges[..., None], 3, -1).astype(np.uint8)


PHOTO, MASK, EDGES = pictures()


@contextmanager
def recorded():
    """Keeps what is drawn from the seed, by who drew it."""
    draws = {"init": [], "posterior": [], "step": []}
    places = {
        "init": [m for m in vars(diffusers.pipelines.stable_diffusion_xl).values() if hasattr(m, "randn_tensor")]
        + [__import__(type_.__module__, fromlist=["x"]) for type_ in (StableDiffusionXLControlNetPipeline, StableDiffusionXLAdapterPipeline)],
        "posterior": [__import__("diffusers.models.autoencoders.vae", fromlist=["x"])],
        "step": [__import__(type(s()).__module__, fromlist=["x"]) for s in SCHEDULERS.values()],
    }
    undo = []
    for kind, modules in places.items():
        for module in modules:
            draw = module.randn_tensor if hasattr(module, "randn_tensor") else None
            if draw is None:
                continue

            def keep(*a, _draw=draw, _kind=kind, **k):
                noise = _draw(*a, **k)
                draws[_kind].append(noise.detach().clone().numpy())
                return noise

            module.randn_tensor = keep
            undo.append((module, draw))
    try:
        yield draws
    finally:
        for module, draw in undo:
            module.randn_tensor = draw


def run(pipe, case: dict, prompt: str, **more):
    """Runs a pipeline twice in one: latents after each step, and the picture."""
    steps = []

    def after(_pipe, _i, _t, values):
        steps.append(values["latents"].detach().clone().numpy())
        return values

    pipe.set_progress_bar_config(disable=True)
    if isinstance(pipe, StableDiffusionXLAdapterPipeline):  # which still has the older kind of callback
        more |= {"callback": lambda i, t, latents: after(pipe, i, t, {"latents": latents}), "callback_steps": 1}
    else:
        more["callback_on_step_end"] = after
    output = pipe(
        prompt=prompt, negative_prompt=case["negative_prompt"], num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"], **more,
    )
    return output.images, steps


def pipeline(case: dict, p: dict):
    """The pipeline of a case with what it is called with beyond the prompt."""
    components = {**p, "scheduler": SCHEDULERS[case["scheduler"]]()}
    size = {"height": HEIGHT, "width": WIDTH}
    if case["model"] == INPAINT:
        components["unet"] = unet(9, 2 * TEXT, 6, 16)
    if case["task"] == "img2img":
        return StableDiffusionXLImg2ImgPipeline(**components), {"image": Image.fromarray(PHOTO), "strength": case["strength"]}
    if case["task"] == "inpaint":
        given = {"image": Image.fromarray(PHOTO), "mask_image": Image.fromarray(MASK), "strength": case["strength"]}
        return StableDiffusionXLInpaintPipeline(**components), {**given, **size}
    if case.get("cn_model") == "t2i_adapter":
        given = {
            "image": Image.fromarray(EDGES), "adapter_conditioning_scale": case["cn_scale"],
            "adapter_conditioning_factor": case["cn_end"],
        }
        return StableDiffusionXLAdapterPipeline(**components, adapter=adapter(18)), {**given, **size}
    if "cn_scale" in case:
        given = {
            "image": Image.fromarray(EDGES), "controlnet_conditioning_scale": case["cn_scale"],
            "control_guidance_start": case["cn_start"], "control_guidance_end": case["cn_end"],
        }
        return StableDiffusionXLControlNetPipeline(**components, controlnet=controlnet(15)), {**given, **size}
    return StableDiffusionXLPipeline(**components), size


def render(case: dict, p: dict, prompt: str) -> dict:
    """All arrays of a case."""
    pipe, given = pipeline(case, p)
    if case.get("loras"):
        for i, lora in enumerate(case["loras"]):
            file = HERE / lora["file"]
            pipe.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name=f"l{i}")
        pipe.set_adapters([f"l{i}" for i in range(len(case["loras"]))], [lora["weight"] for lora in case["loras"]])
    seed = torch.Generator().manual_seed(case["seed"])
    arrays = {}
    with recorded() as draws:
        if case["task"] == "base+refiner":
            arrays["base_latents"], steps = run(
                pipe, case, prompt, generator=seed, denoising_end=case["split"], output_type="latent", **given
            )
            refiner = StableDiffusionXLImg2ImgPipeline(
                p["vae"], None, p["text_encoder_2"], None, p["tokenizer_2"], unet(4, TEXT, 5, 17),
                SCHEDULERS[case["scheduler"]](), requires_aesthetics_score=True, force_zeros_for_empty_prompt=False,
            )
            image, more = run(
                refiner, case, prompt, generator=seed, denoising_start=case["split"], image=arrays["base_latents"], output_type="np"
            )
            arrays["base_latents"] = arrays["base_latents"].numpy()
            steps += more
        else:
            image, steps = run(pipe, case, prompt, generator=seed, output_type="np", **given)
    arrays |= {"init_noise": draws["init"][0], "image": image, "final_latents": steps[-1], "step_latents": np.stack(steps)}
    if case["scheduler"] == "ddim" or case.get("cn_model"):
        del arrays["step_latents"]  # to keep the folder small; the other samplers show every step
    if draws["posterior"]:
        arrays["posterior_noise"] = np.stack(draws["posterior"])
    if draws["step"]:
        arrays["step_noise"] = np.stack(draws["step"])
    if case["task"] in ("img2img", "inpaint"):
        arrays["image_in"] = PHOTO
    if case["task"] == "inpaint":
        arrays["mask_in"] = MASK
    if "cn_scale" in case:
        arrays["control_in"] = EDGES
    case["timesteps"] = [float(t) for t in pipe.scheduler.timesteps]
    if case["task"] == "base+refiner":
        case["timesteps"] = {"base": case["timesteps"], "refiner": case["timesteps"]}
    case["scheduler_class"] = type(pipe.scheduler).__name__
    case["scheduler_config"] = {
        k: v for k, v in pipe.scheduler.config.items() if not k.startswith("_") and v is not None and v != float("-inf")
    }
    case["init_noise_sigma"] = float(pipe.scheduler.init_noise_sigma)
    return arrays


def cases() -> list:
    def case(model, task, scheduler, steps, tag="", **more):
        name = f"{model.removesuffix('-tiny')}_{task}_{scheduler}_{steps}" + (f"_{tag}" if tag else "")
        return {
            "model": model, "task": task, "scheduler": scheduler, "steps": steps, "prompt": PROMPT, "negative_prompt": NEGATIVE,
            "height": HEIGHT, "width": WIDTH, "guidance_scale": 5.0, "seed": 1234, "num_images": 1, **more, "id": name,
        }

    control = {"cn_scale": 0.7, "cn_start": 0.0, "cn_end": 1.0}
    return [
        case(BASE, "txt2img", "euler", 6),
        case(BASE, "controlnet", "euler", 8, **control),
        case(BASE, "controlnet", "euler_a", 8, "window", cn_scale=1.2, cn_start=0.2, cn_end=0.8),
        case(BASE, "controlnet", "dpmpp_2m_karras", 8, **control),
        case(BASE, "controlnet", "euler", 8, "t2i", cn_model="t2i_adapter", cn_scale=0.8, cn_start=0.0, cn_end=1.0),
        case(BASE, "controlnet", "euler_a", 8, "t2i-window", cn_model="t2i_adapter", cn_scale=1.3, cn_start=0.0, cn_end=0.5),
        case(BASE, "img2img", "euler", 8, strength=0.6),
        case(BASE, "img2img", "euler_a", 8, strength=0.75),
        case(BASE, "img2img", "ddim", 8, strength=0.6),
        case(BASE, "inpaint", "euler", 8, strength=0.9999),
        case(BASE, "inpaint", "euler_a", 8, "whole", strength=1.0),
        case(BASE, "inpaint", "ddim", 8, strength=0.6),
        case(INPAINT, "inpaint", "euler", 8, strength=0.9999),
        case(INPAINT, "inpaint", "euler_a", 8, strength=0.6),
        case(INPAINT, "inpaint", "ddim", 8, "whole", strength=1.0),
        case(BASE, "txt2img", "euler", 6, "loras", loras=loras()),
        case(BASE, "base+refiner", "euler", 10, "controlnet", split=0.7, refiner=REFINER, cn_scale=0.7, cn_start=0.0, cn_end=0.8),
    ]


def loras() -> list:
    """Two LoRAs: one with diffusers' keys on attention; one with kohya's keys, an alpha, and convolutions."""
    folder = HERE / "loras"
    folder.mkdir(exist_ok=True)
    weights = dict(unet(4, 2 * TEXT, 6, 14).named_parameters())
    generator = torch.Generator().manual_seed(21)

    def pair(name, rank):
        w = weights[name + ".weight"]
        down = torch.randn(rank, *w.shape[1:], generator=generator) / w[0].numel() ** 0.5
        up = torch.randn(w.shape[0], rank, *[1] * (w.dim() - 2), generator=generator) / rank**0.5
        return down, up

    attention = sorted(n.removesuffix(".weight") for n in weights if n.endswith(("to_q.weight", "to_v.weight", "to_out.0.weight")))
    first = {}
    for name in attention:
        first[f"unet.{name}.lora_A.weight"], first[f"unet.{name}.lora_B.weight"] = pair(name, 2)
    second = {}
    for name in [*attention[:6], "down_blocks.0.resnets.0.conv1", "down_blocks.1.resnets.0.conv_shortcut", "mid_block.attentions.0.proj_in"]:
        key = "lora_unet_" + name.replace(".", "_")
        second[key + ".lora_down.weight"], second[key + ".lora_up.weight"] = pair(name, 4)
        second[key + ".alpha"] = torch.tensor(2.0)
    out = []
    for name, state, weight in (("sdxl-tiny-peft", first, 0.8), ("sdxl-tiny-kohya", second, 0.5)):
        path = folder / f"{name}.safetensors"
        save_file(state, str(path))
        out.append({"name": name, "file": f"loras/{name}.safetensors", "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "weight": weight})
    return out


def export_models(p: dict) -> dict:
    """Exports the three folders and returns their sizes."""
    sizes = {}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        controlnet(15).save_pretrained(scratch / "control")
        adapter(18).save_pretrained(scratch / "t2i")
        StableDiffusionXLPipeline(**p).save_pretrained(scratch / BASE)
        StableDiffusionXLInpaintPipeline(**{**p, "unet": unet(9, 2 * TEXT, 6, 16)}).save_pretrained(scratch / INPAINT)
        StableDiffusionXLImg2ImgPipeline(
            p["vae"], None, p["text_encoder_2"], None, p["tokenizer_2"], unet(4, TEXT, 5, 17), SCHEDULERS["euler"](),
            requires_aesthetics_score=True, force_zeros_for_empty_prompt=False,
        ).save_pretrained(scratch / REFINER)
        for name in (BASE, INPAINT, REFINER):
            out = HERE / "models" / name
            shutil.rmtree(out, ignore_errors=True)
            print(name)
            more = {"controlnets": [scratch / "control"], "t2i": scratch / "t2i"} if name == BASE else {}
            export(scratch / name, out, **more, check=True, say=lambda line: print("  " + line))
            files = {str(f.relative_to(out)): f.stat().st_size for f in sorted(out.rglob("*")) if f.is_file()}
            sizes[name] = {"bytes": files, "total_bytes": sum(files.values())}
    return sizes


def main() -> None:
    torch.manual_seed(0)
    diffusers.logging.set_verbosity_error()
    p = parts()
    sizes = export_models(p)
    made = []
    for case in cases():
        arrays = render(case, p, PROMPT)
        other = render(dict(case), parts(), OTHER)
        p = parts()  # LoRAs were loaded into them
        case["other_prompt_latent_maxdiff"] = float(np.abs(other["final_latents"] - arrays["final_latents"]).max())
        case["other_prompt_image_maxdiff"] = float(np.abs(other["image"] - arrays["image"]).max())
        case["latent_absmax"] = float(np.abs(arrays["final_latents"]).max())
        case["image_std"] = float(arrays["image"].std())
        folder = HERE / "cases" / case["id"]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        case["arrays"] = {}
        for name, a in arrays.items():
            np.save(folder / f"{name}.npy", a)
            case["arrays"][name] = {"file": f"cases/{case['id']}/{name}.npy", "shape": list(a.shape), "dtype": str(a.dtype)}
        made.append(case)
        print(f"{case['id']}: largest {case['latent_absmax']:.1f}, another prompt {case['other_prompt_latent_maxdiff']:.2f}")
    path = HERE / "manifest.json"
    manifest = json.loads(path.read_text())
    ids = {c["id"] for c in made}
    manifest["models"] |= sizes
    manifest["cases"] = [c for c in manifest["cases"] if c["id"] not in ids] + made
    path.write_text(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    main()
