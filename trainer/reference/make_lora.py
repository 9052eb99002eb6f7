"""Writes small LoRA files for a tiny model in each style of the field, and what diffusers makes of them.

    python -m venv venv
    venv/bin/pip install torch==2.8.0 diffusers==0.39.0 transformers==4.57.6 peft==0.21.2 safetensors==0.8.0 \
        onnx==1.23.2 onnxruntime==1.32.0
    venv/bin/python trainer/reference/make_lora.py internal/engine/local/testdata

Reads models/{sd-tiny,sdxl-base-tiny} there and writes lora/: tiny-peft.safetensors by diffusers' own save_lora_weights,
tiny-kohya.safetensors and tiny-old.safetensors with the same numbers under other keys, second.safetensors as another
adapter, expected.safetensors with changes and merged weights as torch computes them and what ONNX Runtime computes with
an ONNX file that numpy patched, pipeline.safetensors with the latents of diffusers' pipeline after load_lora_weights,
and sgm.json with kohya's names for SDXL and diffusers' translation of them. The torch weights are those of the ONNX
files; the script stops when torch and ONNX Runtime disagree without LoRA.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders.lora_conversion_utils import (
    _convert_non_diffusers_lora_to_diffusers,
    _maybe_map_sgm_blocks_to_diffusers,
)
from diffusers.utils import convert_unet_state_dict_to_peft
from onnx import numpy_helper
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

RANK, ALPHA, WEIGHT = 4, 2.0, 0.8
UNET = [
    "conv_in",
    "time_embedding.linear_1",
    "down_blocks.0.resnets.0.conv1",
    "down_blocks.1.attentions.0.proj_in",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k",
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",
    "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
    "mid_block.resnets.1.time_emb_proj",
    "up_blocks.0.resnets.1.conv_shortcut",
    "up_blocks.0.upsamplers.0.conv",
]
# Without out_proj diffusers doesn't recognise the keys of kohya's text encoders and leaves q_proj out.
ENCODER = [
    "text_model.encoder.layers.0.self_attn.q_proj",
    "text_model.encoder.layers.0.self_attn.out_proj",
    "text_model.encoder.layers.1.mlp.fc1",
]
CHANGES = [UNET[i] for i in (1, 2, 3, 5)] + ENCODER[:1]  # whose ΔW is written out by itself
PROMPT, NEGATIVE = "a photo of an astronaut riding a horse on mars, 4k", "blurry, low quality"


def recover(path, module):
    """Fills a torch module with an ONNX file's weights. Returns torch name → (initialiser, transposed)."""
    graph = onnx.load(path).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    alias = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Identity"}
    state, places = module.state_dict(), {}
    wanted = set(state)
    for name in wanted & set(values):
        places[name] = (name, False)
    for node in graph.node:
        parts = node.name.strip("/").split("/")
        module_name = ".".join(parts[:-1])
        for k, value in enumerate(node.input):
            value = alias.get(value, value)
            if value not in values:
                continue
            kind = {"MatMul": "weight", "Mul": "weight", "Add": "bias"}.get(parts[-1])
            if node.op_type == "LayerNormalization":
                kind = [None, "weight", "bias"][k]
            name = f"{module_name}.{kind}"
            if kind and name in wanted and name not in places and values[value].size == state[name].numel():
                places[name] = (value, parts[-1] == "MatMul")
    missing = {n for n in wanted - set(places) if "position_ids" not in n}
    if missing:
        raise SystemExit(f"{path}: not found: {sorted(missing)}")
    for name, (initializer, turned) in places.items():
        a = values[initializer].T if turned else values[initializer]
        state[name] = torch.from_numpy(np.array(a, order="C")).reshape(state[name].shape)
    module.load_state_dict(state)
    return places


def patched(path, places, merged):
    """The bytes of an ONNX file with other weights, patched by numpy."""
    m = onnx.load(path)
    initializers = {i.name: i for i in m.graph.initializer}
    for name, weight in merged.items():
        initializer, turned = places[name]
        a = weight.numpy().T if turned else weight.numpy()
        initializers[initializer].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(a), initializer))
    return m.SerializeToString()


def session(model):
    o = onnxruntime.SessionOptions()
    o.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, o, providers=["CPUExecutionProvider"])


def near(what, a, b, bound):
    worst = float(np.abs(np.asarray(a) - np.asarray(b)).max())
    print(f"{what}: {worst:.3g}")
    if not worst <= bound:
        raise SystemExit(f"{what} is off by {worst}, at most {bound} is allowed")


def matrices(module, targets, generator, size):
    """One pair of matrices for each layer."""
    pairs = {}
    for name in targets:
        w = module.get_submodule(name).weight
        down = torch.randn((RANK, *w.shape[1:]), generator=generator) * size
        up = torch.randn((w.shape[0], RANK, *[1] * (w.ndim - 2)), generator=generator) * size
        pairs[name] = (down, up)
    return pairs


def change(pair):
    down, up = pair
    return (up.flatten(1) @ down.flatten(1)).reshape(up.shape[0], *down.shape[1:])


def attach(module, pairs):
    """Gives a module a peft adapter with these numbers."""
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=list(pairs), lora_dropout=0.0)
    module.add_adapter(config, adapter_name="made")
    for name, (down, up) in pairs.items():
        layer = module.get_submodule(name)
        layer.lora_A["made"].weight.data.copy_(down)
        layer.lora_B["made"].weight.data.copy_(up)
    return get_peft_model_state_dict(module, adapter_name="made"), module.peft_config["made"].to_dict()


def kohya(pairs, prefix, alpha):
    out = {}
    for name, (down, up) in pairs.items():
        key = prefix + name.replace(".", "_")
        out[f"{key}.lora_down.weight"], out[f"{key}.lora_up.weight"] = down, up
        if alpha is not None:
            out[f"{key}.alpha"] = torch.tensor(float(alpha))
    return out


def old(pairs, prefix):
    """diffusers' keys before peft, which have no alpha: up is scaled instead."""
    out = {}
    for name, (down, up) in pairs.items():
        base = name
        if prefix == "text_encoder.":
            base += ".lora_linear_layer"
        elif ".attn" in name:
            module, layer = name.rsplit(".to_", 1)
            base = f"{module}.processor.to_{layer.removesuffix('.0')}_lora"
        else:
            base += ".lora"
        out[f"{prefix}{base}.down.weight"], out[f"{prefix}{base}.up.weight"] = down, up * (ALPHA / RANK)
    return out


def sgm_names(config):
    """kohya's names of an SDXL UNet's layers, as the original code builds the blocks, and diffusers' names for them."""
    depth, levels = config["layers_per_block"], len(config["block_out_channels"])
    attends = ["CrossAttn" in b for b in config["down_block_types"]]
    res = ["in_layers_2", "out_layers_3", "emb_layers_1"]
    names = ["input_blocks_0_0", "out_2", "time_embed_0", "time_embed_2", "label_emb_0_0", "label_emb_0_2"]
    inner = ["proj_in", "proj_out"] + [f"transformer_blocks_0_{s}" for s in ("attn1_to_q", "attn2_to_out_0", "ff_net_0_proj", "ff_net_2")]

    def layers(at, attention):
        names.extend(f"{at}_0_{s}" for s in res)
        if attention:
            names.extend(f"{at}_1_{s}" for s in inner)

    at = 1
    for level in range(levels):
        for _ in range(depth):
            layers(f"input_blocks_{at}", attends[level])
            at += 1
        if level < levels - 1:
            names.append(f"input_blocks_{at}_0_op")
            at += 1
    names.extend(f"middle_block_{k}_{s}" for k in (0, 2) for s in res)
    names.extend(f"middle_block_1_{s}" for s in inner)
    at = 0
    for level in reversed(range(levels)):
        for i in range(depth + 1):
            layers(f"output_blocks_{at}", attends[level])
            if level and i == depth:
                names.append(f"output_blocks_{at}_{2 if attends[level] else 1}_conv")
            at += 1
    return names


def sgm(folder):
    config = json.loads((folder / "unet/config.json").read_text())
    unet = UNet2DConditionModel.from_config(config)
    modules = {n for n, m in unet.named_modules() if hasattr(m, "weight")}
    pairs = {}
    for name in sgm_names(config):
        state = {f"lora_unet_{name}.lora_down.weight": torch.ones(1), f"lora_unet_{name}.lora_up.weight": torch.ones(1)}
        state = _maybe_map_sgm_blocks_to_diffusers(state, unet.config)
        state, _ = _convert_non_diffusers_lora_to_diffusers(state)
        state = convert_unet_state_dict_to_peft(state)
        key = next(k for k in state if "lora_A" in k or ".down." in k)
        module = key.removeprefix("unet.").split(".lora")[0]
        if module not in modules:
            print(f"diffusers translates {name} to {module}, which the UNet has not: left out")
            continue
        pairs[f"lora_unet_{name}"] = f"{module}.weight"
    return pairs


def main(root):
    out = root / "lora"
    out.mkdir(exist_ok=True)
    folder = root / "models/sd-tiny"
    unet = UNet2DConditionModel.from_config(json.loads((folder / "unet/config.json").read_text())).eval()
    encoder = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")).eval()
    places = {"unet": recover(folder / "unet/model.onnx", unet), "text_encoder": recover(folder / "text_encoder/model.onnx", encoder)}
    modules = {"unet": unet, "text_encoder": encoder}
    bases = {k: {n: v.clone() for n, v in m.state_dict().items()} for k, m in modules.items()}
    files = {k: folder / k / "model.onnx" for k in modules}

    generator = torch.Generator().manual_seed(6)
    ids = torch.randint(3, 1000, (1, 77), generator=generator)
    inputs = {
        "sample": torch.randn((1, 4, 16, 16), generator=generator),
        "timestep": torch.tensor([481]),
        "encoder_hidden_states": torch.randn((1, 77, 32), generator=generator),
    }

    def run(models):
        feed = {k: v.numpy() for k, v in inputs.items()}
        s = session(models["unet"])
        wanted = {i.name: i for i in s.get_inputs()}
        if not wanted["timestep"].shape:
            feed["timestep"] = feed["timestep"][0]
        if "float" in wanted["timestep"].type:
            feed["timestep"] = feed["timestep"].astype(np.float32)
        noise = s.run(None, {k: np.asarray(v) for k, v in feed.items()})[0]
        hidden = session(models["text_encoder"]).run(["last_hidden_state"], {"input_ids": ids.numpy()})[0]
        return {"unet": noise, "text_encoder": hidden}

    def torch_run():
        with torch.no_grad():
            noise = unet(inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"]).sample
            return {"unet": noise.numpy(), "text_encoder": encoder(ids).last_hidden_state.numpy()}

    base = run({k: f.read_bytes() for k, f in files.items()})
    for k, v in torch_run().items():
        near(f"{k} without LoRA, torch against ONNX Runtime", v, base[k], 1e-5)

    first = {"unet": matrices(unet, UNET, generator, 0.3), "text_encoder": matrices(encoder, ENCODER, generator, 0.3)}
    second = {"unet": matrices(unet, UNET[3:6], generator, 0.3), "text_encoder": {}}
    save_file({**kohya(first["unet"], "lora_unet_", ALPHA), **kohya(first["text_encoder"], "lora_te_", ALPHA)}, out / "tiny-kohya.safetensors")
    save_file({**old(first["unet"], "unet."), **old(first["text_encoder"], "text_encoder.")}, out / "tiny-old.safetensors")
    half = {k: v.half() for k, v in kohya(second["unet"], "lora_unet_", None).items()}
    save_file(half, out / "second.safetensors")
    second["unet"] = {n: (d.half().float(), u.half().float()) for n, (d, u) in second["unet"].items()}

    expected = {f"in.{k}": v.contiguous() for k, v in inputs.items() if k != "timestep"}
    expected["in.timestep"], expected["in.input_ids"] = torch.tensor([481.0]), ids.float()
    for label, adapters in {"one": [(first, ALPHA / RANK, WEIGHT)], "two": [(first, ALPHA / RANK, WEIGHT), (second, 1.0, -0.5)]}.items():
        models = {}
        for network in modules:
            merged = {}
            for pairs, scale, weight in adapters:
                for name, pair in pairs[network].items():
                    key = f"{name}.weight"
                    delta = change(pair)
                    merged[key] = merged.get(key, bases[network][key]) + weight * scale * delta
                    if label == "one" and name in CHANGES:
                        expected[f"delta.{network}.{key}"] = delta.contiguous()
            models[network] = patched(files[network], places[network], merged)
            for key, v in merged.items():
                if label == "one" or key.removesuffix(".weight") in second["unet"]:
                    expected[f"{label}.{network}.{key}"] = v.contiguous()
        for network, v in run(models).items():
            expected[f"{label}.out.{network}"] = torch.from_numpy(v).contiguous()
    save_file(expected, out / "expected.safetensors")

    states = {k: attach(m, first[k]) for k, m in modules.items()}
    StableDiffusionPipeline.save_lora_weights(
        out, unet_lora_layers=states["unet"][0], text_encoder_lora_layers=states["text_encoder"][0],
        unet_lora_adapter_metadata=states["unet"][1], text_encoder_lora_adapter_metadata=states["text_encoder"][1],
        weight_name="tiny-peft.safetensors",
    )
    for m in modules.values():
        m.delete_adapters("made") if hasattr(m, "delete_adapters") else m.delete_adapter("made")

    latents = {}
    for style in ("tiny-peft", "tiny-kohya"):
        unet = UNet2DConditionModel.from_config(json.loads((folder / "unet/config.json").read_text())).eval()
        encoder = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")).eval()
        unet.load_state_dict(bases["unet"])
        encoder.load_state_dict(bases["text_encoder"])
        scheduler = EulerDiscreteScheduler.from_config(json.loads((folder / "scheduler/scheduler_config.json").read_text()))
        pipe = StableDiffusionPipeline(
            vae=Scale(), text_encoder=encoder, tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"), unet=unet,
            scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )
        pipe.set_progress_bar_config(disable=True)
        pipe.load_lora_weights(out, weight_name=f"{style}.safetensors", adapter_name="a")
        pipe.set_adapters("a", WEIGHT)
        latents[style] = pipe(
            PROMPT, negative_prompt=NEGATIVE, height=64, width=64, num_inference_steps=4, guidance_scale=7.5,
            generator=torch.Generator().manual_seed(7), output_type="latent",
        ).images
        pipe.fuse_lora(lora_scale=1.0)
        own = {"unet": pipe.unet, "text_encoder": pipe.text_encoder}
        for network, m in own.items():
            m.requires_grad_(False)
            for name, w in m.state_dict().items():
                key = f"one.{network}.{name.replace('.base_layer', '')}"
                if key in expected:
                    near(f"{style}: {name}", w, expected[key], 1e-5)
    near("latents of the two styles", latents["tiny-peft"], latents["tiny-kohya"], 1e-3)
    save_file({"latents": latents["tiny-kohya"].contiguous()}, out / "pipeline.safetensors")

    (out / "sgm.json").write_text(json.dumps(sgm(root / "models/sdxl-base-tiny"), indent=0) + "\n")
    check = load_file(out / "tiny-peft.safetensors")
    print(f"{len(check)} tensors, {sum(f.stat().st_size for f in out.iterdir())} bytes in all")


class Scale(torch.nn.Module):
    """Stands in for the VAE: latents are what is looked at."""

    def __init__(self):
        super().__init__()
        self.config = type("Config", (), {"block_out_channels": [8, 8], "scaling_factor": 0.18215, "force_upcast": False, "latent_channels": 4})()
        self.dtype = torch.float32


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
