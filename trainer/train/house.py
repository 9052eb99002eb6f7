"""A model folder in ONNX as a base to train on: the UNet as torch operators, the frozen networks in ONNX Runtime."""

import json
import math
from pathlib import Path

import torch
from torch import nn

from .graph import Graph, conv_settings


class House:
    """The base of a job: prompts, latents and predictions. Width and height are in pixels."""

    def __init__(self, folder: Path, width: int, height: int, device: str, threads: int):
        from transformers import AutoTokenizer

        self.device = torch.device(device)
        self.threads = threads
        self.folder = folder
        self.scheduler = json.loads((folder / "scheduler/scheduler_config.json").read_text().replace("-Infinity", "null").replace("Infinity", "null"))
        unet = json.loads((folder / "unet/config.json").read_text())
        vae = json.loads((folder / "vae_decoder/config.json").read_text())
        self.scale = vae.get("scaling_factor", 0.18215)
        factor = 2 ** (len(vae["block_out_channels"]) - 1)
        self.latent_shape = (unet["in_channels"], height // factor, width // factor)
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder / "tokenizer"), local_files_only=True)
        self.sessions = {name: self._open(name) for name in ("text_encoder", "vae_encoder", "vae_decoder")}
        self.tokens = self.sessions["text_encoder"].get_inputs()[0].shape[1]
        if not isinstance(self.tokens, int):
            self.tokens = json.loads((folder / "text_encoder/config.json").read_text())["max_position_embeddings"]
        self.unet = Graph(folder / "unet/model.onnx").to(self.device)
        self.empty = self.read([""])[0]

    def _open(self, name: str):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        about = self.folder / "model.json"
        for key, value in (json.loads(about.read_text()).get("session", {}) if about.exists() else {}).items():
            options.add_session_config_entry(key, value)
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(self.folder / name / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def _run(self, name: str, value: torch.Tensor) -> torch.Tensor:
        session = self.sessions[name]
        return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: value.cpu().numpy()})[0]).to(self.device)

    def read(self, prompts: list[str]) -> list[dict]:
        """What the UNet is told for each prompt."""
        found = []
        for prompt in prompts:
            ids = self.tokenizer([prompt], padding="max_length", truncation=True, max_length=self.tokens, return_tensors="pt")["input_ids"]
            kind = torch.int32 if "int32" in self.sessions["text_encoder"].get_inputs()[0].type else torch.int64
            found.append({"encoder_hidden_states": self._run("text_encoder", ids.to(kind))[0]})
        return found

    def stack(self, given: list[dict]) -> dict:
        return {name: torch.stack([g[name] for g in given]) for name in given[0]}

    def encode(self, pictures: torch.Tensor, generator=None) -> torch.Tensor:
        """Pictures [n, 3, height, width] in −1…1 → latents as the UNet takes them. A posterior's mean is taken."""
        z = torch.cat([self._run("vae_encoder", p[None]) for p in pictures])
        channels = self.latent_shape[0]
        return z[:, :channels] * self.scale

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.cat([self._run("vae_decoder", (z / self.scale)[None]) for z in latents])

    def predict(self, latents, t, given: dict, controls=None) -> torch.Tensor:
        if controls is not None:
            raise ValueError("this model's UNet takes no control network")
        return self.unet(sample=latents, timestep=t.to(torch.int64), **given)

    def adapt(self, job: dict) -> "Branches":
        """Puts LoRA beside every layer of the UNet whose torch name is known."""
        graph, found = self.unet, {}
        for name, place in sorted(job["weights"].items()):
            nodes = graph.layers(place)
            if len(nodes) != 1:
                continue
            shape = graph.weight(nodes[0]).shape
            if nodes[0].attributes.get("group", 1) != 1 or nodes[0].op != "Conv" and len(shape) != 2 or nodes[0].op == "Conv" and not job["convolutions"] and shape[2] * shape[3] > 1:
                continue
            module = Branch(shape, job["rank"], job["alpha"]).to(self.device)
            graph.branches[nodes[0].name] = module
            found[name.removesuffix(".weight")] = module
        if not found:
            raise ValueError("the model has no layer that a LoRA could change")
        return Branches(found)

    def write(self, prompt: str, trigger: str, vectors: int) -> str:
        return prompt


class Branch(nn.Module):
    """alpha/rank · up(down(x)) beside a layer of a graph. Down begins as peft's does, up at zero: nothing changes at first."""

    def __init__(self, shape, rank: int, alpha: float):
        super().__init__()
        out, rest = shape[0], tuple(shape[1:])
        self.scale = alpha / rank
        rank = min(rank, out, math.prod(rest))
        self.down = nn.Parameter(torch.empty(rank, *rest))
        self.up = nn.Parameter(torch.zeros(out, rank, *[1] * (len(rest) - 1)))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, x, attributes: dict):
        if self.down.dim() == 2:
            low = x @ self.down.T
            return (low @ self.up.T) * self.scale
        low = torch.nn.functional.conv2d(x, self.down, **conv_settings(attributes))
        return torch.nn.functional.conv2d(low, self.up) * self.scale


class Branches:
    """All branches of a LoRA, by the torch name of their layer."""

    def __init__(self, modules: dict):
        self.modules = modules

    def parameters(self) -> dict:
        return {f"{name}.{part}": getattr(m, part) for name, m in self.modules.items() for part in ("down", "up")}

    def tensors(self) -> dict:
        """As the renderer and other programs read them."""
        found = {}
        for name, m in self.modules.items():
            found[f"unet.{name}.lora_A.weight"] = m.down.detach().cpu().contiguous()
            found[f"unet.{name}.lora_B.weight"] = m.up.detach().cpu().contiguous()
            found[f"unet.{name}.alpha"] = torch.tensor(m.scale * m.down.shape[0])
        return found
