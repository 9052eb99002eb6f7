"""What diffusers (torch, float32) makes of the tiny SDXL folders where several things steer at once: textual inversions,
refiners behind a picture or a mask, control networks in guess mode, two of them and one that pools its conditions, LoRA.

Run it as `python -m trainer.reference.make_sdxl_steered [PART OF AN ID ...]`, after make_sdxl_fixture, whose folders it
takes; it writes internal/engine/local/testdata/steered.json and the arrays that it names, of all cases or of those named.
"""

import hashlib
import json
import shutil
import sys

import diffusers
import numpy as np
import torch
from diffusers import (
    StableDiffusionXLControlNetInpaintPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image
from safetensors.torch import save_file

from trainer.export import graph, networks

from .make_sdxl_fixture import (
    BASE,
    EDGES,
    HEIGHT,
    HERE,
    MASK,
    NEGATIVE,
    OTHER,
    PHOTO,
    PROMPT,
    REFINER,
    SCHEDULERS,
    TEXT,
    WIDTH,
    controlnet,
    loras,
    parts,
    run,
    unet,
)

SECOND, POOLED = "sdxl-control-second-tiny", "sdxl-control-pooled-tiny"
WORDS = {"style-sdxl": 3, "flaw-sdxl": 1}


def control_of(name) -> torch.nn.Module:
    """The control network of a folder; none means the model's own."""
    net = controlnet({None: 15, SECOND: 19, POOLED: 23}[name])
    if name == POOLED:
        net.register_to_config(global_pool_conditions=True)
    return net


def embeddings() -> list:
    """Two textual inversions for both encoders; the vectors are as long as the table's own."""
    folder = HERE / "embeddings"
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(31)
    out = []
    for name, n in WORDS.items():
        state = {key: 3 * torch.randn(n, TEXT, generator=generator) for key in ("clip_l", "clip_g")}
        path = folder / f"{name}.safetensors"
        save_file(state, str(path))
        out.append({"name": name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "state": state})
    return out


def pipeline(case: dict, p: dict):
    """The pipeline of a case with what it is called with beyond the prompt."""
    p = {**p, "scheduler": SCHEDULERS[case["scheduler"]]()}
    given = {}
    if case["task"] != "img2img":
        given = {"height": HEIGHT, "width": WIDTH}
    if case["task"] in ("img2img", "inpaint"):
        given |= {"image": Image.fromarray(PHOTO), "strength": case["strength"]}
    if case["task"] == "inpaint":
        given |= {"mask_image": Image.fromarray(MASK)}
    kinds = {"txt2img": StableDiffusionXLPipeline, "img2img": StableDiffusionXLImg2ImgPipeline, "inpaint": StableDiffusionXLInpaintPipeline}
    if not case.get("controls"):
        return kinds[case["task"]](**p), given
    nets, several = [control_of(c.get("model")) for c in case["controls"]], len(case["controls"]) > 1

    def each(key):
        values = [c[key] for c in case["controls"]]
        return values if several else values[0]

    given |= {
        "controlnet_conditioning_scale": each("weight"), "control_guidance_start": each("start"),
        "control_guidance_end": each("end"), "guess_mode": case["controls"][0].get("guess_mode", False),
    }
    pictures = [Image.fromarray(EDGES)] * len(nets)
    pictures = pictures if several else pictures[0]
    nets = nets if several else nets[0]
    if case["task"] == "inpaint":
        return StableDiffusionXLControlNetInpaintPipeline(**p, controlnet=nets), {**given, "control_image": pictures}
    return StableDiffusionXLControlNetPipeline(**p, controlnet=nets), {**given, "image": pictures}


def refiner_of(case: dict, p: dict):
    components = {
        "vae": p["vae"], "text_encoder": None, "text_encoder_2": p["text_encoder_2"], "tokenizer": None, "tokenizer_2": p["tokenizer_2"],
        "unet": unet(4, TEXT, 5, 17), "scheduler": SCHEDULERS[case["scheduler"]](),
    }
    kind = StableDiffusionXLInpaintPipeline if case["task"] == "inpaint" else StableDiffusionXLImg2ImgPipeline
    return kind(**components, requires_aesthetics_score=True, force_zeros_for_empty_prompt=False)


def render(case: dict, prompt: str) -> dict:
    """All arrays of a case."""
    p = parts()
    pipe, given = pipeline(case, p)
    for i, lora in enumerate(case.get("loras", [])):
        file = HERE / lora["file"]
        pipe.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name=f"l{i}")
    if case.get("loras"):
        pipe.set_adapters([f"l{i}" for i in range(len(case["loras"]))], [lora["weight"] for lora in case["loras"]])
    if case.get("embeddings"):
        for one in embeddings():
            for key, encoder, tokenizer in (("clip_l", "text_encoder", "tokenizer"), ("clip_g", "text_encoder_2", "tokenizer_2")):
                pipe.load_textual_inversion(one["state"][key], token=one["name"], text_encoder=p[encoder], tokenizer=p[tokenizer])
    seed = torch.Generator().manual_seed(case["seed"])
    arrays = {}
    if "split" in case:
        latents, steps = run(pipe, case, prompt, generator=seed, denoising_end=case["split"], output_type="latent", **given)
        more = {"mask_image": given["mask_image"], "height": HEIGHT, "width": WIDTH} if case["task"] == "inpaint" else {}
        image, rest = run(
            refiner_of(case, p), case, prompt, generator=seed, denoising_start=case["split"], image=latents, output_type="np", **more
        )
        steps += rest
    else:
        image, steps = run(pipe, case, prompt, generator=seed, output_type="np", **given)
    arrays |= {"image": image, "final_latents": steps[-1], "step_latents": np.stack(steps)}
    if case["task"] in ("img2img", "inpaint"):
        arrays["image_in"] = PHOTO
    if case["task"] == "inpaint":
        arrays["mask_in"] = MASK
    if case.get("controls"):
        arrays["control_in"] = EDGES
    case["timesteps"] = [float(t) for t in pipe.scheduler.timesteps]
    case["scheduler_config"] = {
        k: v for k, v in pipe.scheduler.config.items() if not k.startswith("_") and v is not None and v != float("-inf")
    }
    return arrays


def cases() -> list:
    def case(task, scheduler, steps, tag, **more):
        return {
            "model": BASE, "task": task, "scheduler": scheduler, "steps": steps, "prompt": PROMPT, "negative_prompt": NEGATIVE,
            "height": HEIGHT, "width": WIDTH, "guidance_scale": 5.0, "seed": 77, **more, "id": f"steered_{tag}_{scheduler}",
        }

    words = {
        "prompt": "a photo of style-sdxl, an astronaut on mars", "negative_prompt": "flaw-sdxl, blurry",
        "embeddings": [{k: v for k, v in one.items() if k != "state"} for one in embeddings()],
    }
    refined = {"split": 0.7, "refiner": REFINER}
    one = {"weight": 0.7, "start": 0.0, "end": 1.0}
    second = {"weight": 0.5, "start": 0.0, "end": 0.6, "model": SECOND}
    guess = {"guess_mode": True}
    return [
        case("txt2img", "euler", 6, "words", **words),
        # A token and one of its parts in one prompt would be replaced twice by diffusers.
        case("txt2img", "euler", 10, "words-refiner", **{**words, "prompt": "style-sdxl_2 and a horse (style-sdxl_1)"}, **refined),
        case("img2img", "euler", 10, "picture-refiner", strength=0.8, **refined),
        case("inpaint", "euler", 10, "mask-refiner", strength=0.9999, **refined),
        case("inpaint", "euler_a", 10, "mask-refiner", strength=0.8, **refined),
        case("inpaint", "dpmpp_2m_karras", 10, "mask-refiner", strength=1.0, **refined),
        case("inpaint", "euler", 8, "mask-control", strength=0.8, controls=[one]),
        case("inpaint", "euler", 10, "everything", strength=0.9999, controls=[{**one, "end": 0.8}], loras=loras(), **refined),
        case("inpaint", "euler_a", 10, "everything", strength=0.9, controls=[one, second], loras=loras(), **{**words, **refined}),
        case("txt2img", "euler", 6, "guess", controls=[one | guess]),
        case("txt2img", "euler", 6, "two-controls", controls=[one, second]),
        case("txt2img", "euler", 6, "two-controls-guess", controls=[one | guess, second | guess]),
        case("txt2img", "euler", 6, "pooled-control", controls=[one | {"model": POOLED}]),
    ]


def main() -> None:
    torch.manual_seed(0)
    diffusers.logging.set_verbosity_error()
    for name in (SECOND, POOLED):
        if not (HERE / "models" / name).exists():
            graph.save(networks.controlnet("", control_of(name), TEXT), HERE / "models" / name)
    path, made, kept = HERE / "steered.json", [], {}
    if sys.argv[1:]:
        kept = {c["id"]: c for c in json.loads(path.read_text())["cases"]}
    for case in cases():
        if kept and not any(part in case["id"] for part in sys.argv[1:]):
            made.append(kept[case["id"]])
            continue
        arrays = render(case, case["prompt"])
        other = render(dict(case), OTHER)
        case["other_prompt_latent_maxdiff"] = float(np.abs(other["final_latents"] - arrays["final_latents"]).max())
        case["latent_absmax"] = float(np.abs(arrays["final_latents"]).max())
        folder = HERE / "cases" / case["id"]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        case["arrays"] = {}
        for name, a in arrays.items():
            if name == "step_latents":
                continue  # to keep the folder small
            np.save(folder / f"{name}.npy", a)
            case["arrays"][name] = {"file": f"cases/{case['id']}/{name}.npy", "shape": list(a.shape), "dtype": str(a.dtype)}
        made.append(case)
        print(f"{case['id']}: largest {case['latent_absmax']:.1f}, another prompt {case['other_prompt_latent_maxdiff']:.2f}", flush=True)
    path.write_text(json.dumps({"made_by": "make_sdxl_steered.py", "cases": made}, indent=1) + "\n")


if __name__ == "__main__":
    main()
