"""Reads a diffusers checkpoint and writes the renderer's folder."""

import json
import shutil
from pathlib import Path

import onnx
import torch
from diffusers import AutoencoderKL, ControlNetModel, T2IAdapter, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection

from . import adapters, graph, networks, weights
from .quantize import bits_of, quantize

LIMITS = {32: 1e-3, 16: 3e-2, 8: 1e-1, 4: 4e-1}  # by bits, of the difference that --check allows
COPIED = ("model_index.json", "scheduler", "tokenizer", "tokenizer_2", "feature_extractor")


def export(
    checkpoint: Path, out: Path, controlnets=(), t2i: Path | None = None, ip_adapters=(), image_encoder: Path | None = None,
    bits=32, check=False, say=print, adaptable=False,
) -> None:
    """Writes the folder, with weights of 32, 16, 8 or 4 bits. With check, each graph is run beside the module that it was made
    from; a difference of more than LIMITS of the largest value is an error. Adaptable text encoders and UNets take LoRA as
    inputs."""
    index = json.loads((checkpoint / "model_index.json").read_text())
    if "StableDiffusion" not in index["_class_name"] and "LatentConsistency" not in index["_class_name"]:
        raise ValueError(f"{checkpoint}: pipelines of class {index['_class_name']} can't be exported")
    out.mkdir(parents=True, exist_ok=True)
    _copy(checkpoint, out, bool(controlnets))
    for network in _networks(checkpoint, index, [Path(c) for c in controlnets], t2i, ip_adapters, image_encoder):
        if adaptable and network.adaptable:
            adapters.add(network)
        found = graph.save(network, out, bits)
        line = f"{network.folder}: {len(found)} weights mapped"
        if check:
            off = graph.verify(network, out)
            line += f", off by {off:.1e}"
            if not off <= LIMITS[bits]:
                raise ValueError(f"{network.folder}: the graph is off by {off:.2e} of the largest value")
        say(line)


def _copy(checkpoint: Path, out: Path, controlled: bool) -> None:
    for name in COPIED:
        source = checkpoint / name
        if source.is_dir():
            shutil.copytree(source, out / name, dirs_exist_ok=True)
    index = json.loads((checkpoint / "model_index.json").read_text())
    index.pop("_name_or_path", None)
    for dropped in ("safety_checker", "image_encoder", "feature_extractor"):
        if dropped in index:
            index[dropped] = [None, None]
    if controlled:
        index["controlnet"] = ["diffusers", "ControlNetModel"]
    (out / "model_index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def _networks(checkpoint: Path, index: dict, controlnets, t2i, ip_adapters, image_encoder):
    """Loads one network after the other, so that memory holds only what is being traced."""
    pooled = None
    for name, kinds in {
        "text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection,
    }.items():
        if index.get(name, [None, None])[1] is None:
            continue
        module = _load(kinds, checkpoint / name, attn_implementation="eager")
        projected = index[name][1] == "CLIPTextModelWithProjection"
        pooled = module.config.projection_dim if projected else pooled
        yield networks.text_encoder(name, module, projected)
    vae = _load(AutoencoderKL, checkpoint / "vae")
    yield networks.vae_encoder(vae)
    yield networks.vae_decoder(vae)
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    del vae
    for i, path in enumerate(controlnets):
        folder = "controlnet" if i == 0 else f"controlnet_{i + 1}"
        yield networks.controlnet(folder, _load(ControlNetModel, path), pooled)
    features = ()
    if t2i is not None:
        adapter = _load(T2IAdapter, t2i)
        network = networks.t2i_adapter(adapter, factor)
        with torch.no_grad():
            features = adapter(network.inputs["image"])
        yield network
    if image_encoder is not None:
        yield networks.image_encoder(_load(CLIPVisionModelWithProjection, image_encoder, attn_implementation="eager"))
    unet = _load(UNet2DConditionModel, checkpoint / "unet")
    tokens = _load_ip_adapters(unet, ip_adapters, image_encoder)
    yield networks.unet(unet, pooled, features, tokens)


def _load(kind, path: Path, **more):
    """Reads a network in float32; half precision is made from it, as diffusers' own loading does."""
    dtype = {"dtype": torch.float32} if kind in (CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection) else {"torch_dtype": torch.float32}
    return kind.from_pretrained(str(path), local_files_only=True, **dtype, **more)


def _load_ip_adapters(unet, files, image_encoder) -> list:
    """Loads IP-Adapters into the UNet and returns the shapes of the image embeddings that each one takes, without the
    batch: [pictures, width], or for the plus variants [pictures, tokens, width]."""
    if not files:
        return []
    if image_encoder is None:
        raise ValueError("IP-Adapters need the image encoder that they were made for")
    seen = json.loads((image_encoder / "config.json").read_text())
    patches = (seen.get("image_size", 224) // seen.get("patch_size", 32)) ** 2 + 1
    states = []
    for file in files:
        from safetensors.torch import load_file

        state = {"image_proj": {}, "ip_adapter": {}}
        for key, value in load_file(str(file)).items():
            part, _, name = key.partition(".")
            state[part][name] = value
        states.append(state)
    unet._load_ip_adapter_weights(states)
    shapes = []
    for projection in unet.encoder_hid_proj.image_projection_layers:
        if hasattr(projection, "image_embeds"):  # ImageProjection
            shapes.append([1, projection.image_embeds.in_features])
        elif hasattr(projection, "proj_in"):  # IPAdapterPlusImageProjection
            shapes.append([1, patches, projection.proj_in.in_features])
        else:
            raise ValueError(f"IP-Adapters with {type(projection).__name__} can't be exported")
    return shapes


def requantize(folder: Path, out: Path, bits: int, say=print) -> None:
    """Copies a folder of ONNX graphs with weights of 8 or 4 bits. Their weights must be float32."""
    if out.exists():
        raise ValueError(f"{out} is there already")
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("model.lock", "*.onnx", "*.onnx_data", "*.onnx.data"))
    for path in sorted(folder.rglob("*.onnx")):
        model = onnx.load(str(path))
        own = bits_of(path.parent.name, bits)
        gone = quantize(model, own)
        to = out / path.relative_to(folder).parent
        graph.write(model, to, path.name)
        sidecar = path.parent / "weights.json"
        if sidecar.is_file():
            weights.write(to, json.loads(sidecar.read_text())["weights"], gone)
        say(f"{path.relative_to(folder)}: {len(gone)} weights of {own} bits")
