"""python -m trainer.house.export OUT: the trained networks as the renderer's folder (diffusers/optimum layout), each graph
compared with the module that it was made from."""

import json
import math
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from trainer.export.networks import residual_shapes
from trainer.train.graph import RESIDUALS

from . import released
from .draw import open_network
from .house import House
from .nets import VAE, LatentEncoder
from .pack import pack_file
from .settings import LATENT, LATENT_CHANNELS, PIXELS, TEXT_WIDTH, THREADS, TOKENS
from .text import Text
from .trained import painters

OPSET = 18
LORA = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net")  # layers of the UNet that stay float16


class TextGraph(nn.Module):
    """input_ids → last_hidden_state. Padding ([PAD] is 0) is masked in attention and zero in the result."""

    def __init__(self, bert):
        super().__init__()
        self.bert = bert

    def forward(self, input_ids):
        mask = (input_ids != 0).float()
        bias = (mask - 1)[:, None, None, :] * 1e4
        h = self.bert.embeddings(input_ids=input_ids)
        for layer in self.bert.encoder.layer:
            own = layer.attention.self
            heads = own.num_attention_heads

            def split(x, heads=heads):
                return x.unflatten(-1, (heads, -1)).transpose(1, 2)

            q, k, v = split(own.query(h)), split(own.key(h)), split(own.value(h))
            p = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias).softmax(-1)
            h = layer.attention.output.LayerNorm(layer.attention.output.dense((p @ v).transpose(1, 2).flatten(2)) + h)
            h = layer.output.LayerNorm(layer.output.dense(F.gelu(layer.intermediate.dense(h))) + h)
        return h * mask[..., None]


class DecoderGraph(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.decoder = vae.decoder
        self.register_buffer("mean", vae.mean)
        self.register_buffer("std", vae.std)

    def forward(self, latent_sample):
        return self.decoder(latent_sample * self.std + self.mean).clamp(-1, 1)


class UNetGraph(nn.Module):
    """House under the names that diffusers gives its UNet's layers, so that LoRA files find them."""

    def __init__(self, house):
        super().__init__()
        parts = {name: part for name, part in house.named_children() if name != "unet"}
        for name, child in (parts | dict(house.unet.named_children())).items():
            setattr(self, name, child)
        self.shell = [house]  # not a submodule: its layers would have two names

    def forward(self, sample, timestep, encoder_hidden_states, *residuals):
        return self.shell[0](sample, timestep, encoder_hidden_states, residuals=residuals)


def graphs(house: House, vae: VAE, text: Text):
    """Folder, module, inputs by name, outputs, dynamic axes."""
    ids = torch.zeros(2, TOKENS, dtype=torch.int64)
    given = text.tokenizer(["a red apple", "a fox, 3d style, on a white background"], padding=True, return_tensors="pt")["input_ids"]
    ids[:, : given.shape[1]] = given
    z, image = torch.randn(2, LATENT_CHANNELS, LATENT, LATENT), torch.rand(2, 3, PIXELS, PIXELS) * 2 - 1
    states = torch.randn(2, TOKENS, TEXT_WIDTH)
    states[:, 20:] = 0
    small, large = {0: "b", 2: "h", 3: "w"}, {0: "b", 2: "H", 3: "W"}
    yield "text_encoder", TextGraph(text.model), {"input_ids": ids}, ["last_hidden_state"], {"input_ids": {0: "b"}, "last_hidden_state": {0: "b"}}
    yield "vae_decoder", DecoderGraph(vae), {"latent_sample": z}, ["sample"], {"latent_sample": small, "sample": large}
    yield "vae_encoder", LatentEncoder(vae), {"sample": image}, ["latent_sample"], {"sample": large, "latent_sample": small}
    unet = {"sample": z, "timestep": torch.tensor([500]), "encoder_hidden_states": states}
    axes = {"sample": small, "encoder_hidden_states": {0: "b"}, "out_sample": small}
    for name, residual in residuals(house.unet).items():
        # Every axis has a name of its own: a residual of zeros may then be 1 wide, and ONNX Runtime spreads it.
        unet[name], axes[name] = residual, {i: f"{name}_{i}" for i in (0, 2, 3)}
    yield "unet", UNetGraph(house), unet, ["out_sample"], axes


def residuals(unet) -> dict:
    """An example of each thing that a control network adds, under the names that diffusers' pipelines of ONNX give them."""
    shapes = residual_shapes(unet)
    names = [f"down_block_res_sample_{i}" for i in range(len(shapes) - 1)] + ["mid_block_res_sample"]
    return {name: torch.randn(2, c, LATENT >> halvings, LATENT >> halvings) * 0.1 for name, (c, halvings) in zip(names, shapes, strict=True)}


def write_graph(out: Path, name: str, module: nn.Module, inputs: dict, outputs: list[str], axes: dict) -> float:
    """Writes out/<name>/model.onnx, packed, and returns how far the unpacked graph's first output is from the module's (share of
    the largest)."""
    (out / name).mkdir(parents=True, exist_ok=True)
    module.eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        path = Path(scratch) / "model.onnx"
        torch.onnx.export(
            module, tuple(inputs.values()), str(path), input_names=list(inputs), output_names=outputs, dynamic_axes=axes, opset_version=OPSET,
            dynamo=False,
        )
        if name == "unet":
            relax(path)
        got = run(path, inputs)
        want = module(*[t.clone() for t in inputs.values()])
        want = (want if len(outputs) == 1 else want[0]).numpy()
        # The text encoder comes from its package: nobody trains it on.
        note = (lambda model: None) if name == "text_encoder" else (lambda model: released.record(model, module.state_dict()))
        pack_file(path, out / name / "model.onnx", note, lora_weights(path) if name == "unet" else frozenset())
    return float(np.abs(got - want).max() / np.abs(want).max())


def relax(path: Path) -> None:
    """Gives residuals zeros as a default, which ONNX Runtime spreads: who steers nothing leaves them out, and the signature is
    that of SD 1.x."""
    import onnx

    model = onnx.load(str(path))
    for value in model.graph.input:
        if value.name.startswith(RESIDUALS):
            channels = value.type.tensor_type.shape.dim[1].dim_value
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros((1, channels, 1, 1), np.float32), value.name))
    onnx.save(model, str(path))


def lora_weights(path: Path) -> frozenset:
    """Initialisers that the UNet's attention layers multiply with, found by the modules that nodes are named after."""
    import onnx

    return frozenset(
        name for node in onnx.load(str(path)).graph.node if node.op_type in ("MatMul", "Conv", "Gemm") and "/attentions." in node.name and any(f"/{part}" in node.name for part in LORA)
        for name in node.input[1:2]
    )


def run(path: Path, inputs: dict) -> np.ndarray:
    return open_network(str(path)).run(None, {name: t.numpy() for name, t in inputs.items()})[0]


def configs(out: Path, house: House, text: Text) -> None:
    def put(path: str, content: dict) -> None:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(json.dumps(content, indent=1, default=list))

    unet = {k: v for k, v in dict(house.unet.config).items() if not k.startswith("_")}
    put("unet/config.json", {**unet, "_class_name": "UNet2DConditionModel", "in_channels": LATENT_CHANNELS, "sample_size": LATENT})
    put("scheduler/scheduler_config.json", {
        "_class_name": "DPMSolverMultistepScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000, "prediction_type": "v_prediction", "use_karras_sigmas": True, "steps_offset": 1,
    })
    vae = {
        "_class_name": "AutoencoderKL", "latent_channels": LATENT_CHANNELS, "scaling_factor": 1.0, "block_out_channels": [32, 64, 96, 160],
        "sample_size": PIXELS, "in_channels": 3, "out_channels": 3,
    }
    put("vae_decoder/config.json", vae)
    put("vae_encoder/config.json", vae)
    put("text_encoder/config.json", {"model_type": "bert", "hidden_size": TEXT_WIDTH, "max_position_embeddings": TOKENS})
    own = ["diffusers", "OnnxRuntimeModel"]
    put("model_index.json", {
        "_class_name": "OnnxStableDiffusionPipeline", "scheduler": ["diffusers", "DPMSolverMultistepScheduler"], "text_encoder": own,
        "tokenizer": ["transformers", "BertTokenizer"], "unet": own, "vae_decoder": own, "vae_encoder": own, "safety_checker": None,
    })
    text.tokenizer.save_pretrained(out / "tokenizer")
    for extra in ("special_tokens_map.json", "vocab.txt"):
        (out / "tokenizer" / extra).unlink(missing_ok=True)


def export(out: Path, house: House, vae: VAE, only: tuple | None = None, say=print) -> None:
    """Writes the renderer's folder, or only some of its graphs."""
    text = Text()
    for name, module, inputs, outputs, axes in graphs(house, vae, text):
        if only and name not in only:
            continue
        off = write_graph(out, name, module, inputs, outputs, axes)
        if not off < 1e-3:
            raise ValueError(f"{name}: the graph is off by {off:.2e} of the largest value")
        say(f"{name}: {(out / name / 'model.onnx').stat().st_size / 1e6:.1f} MB, off by {off:.1e}")
    if not only:
        configs(out, house, text)


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    export(Path(sys.argv[1]), *painters())
