"""A model folder in ONNX as a base to train on: the UNet as torch operators, the frozen networks in ONNX Runtime."""

import json
import math
from pathlib import Path

import torch
from torch import nn

from .control import GraphControl, beside, halves
from .graph import Graph, conv_settings
from .words import Words


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
        self.levels = len(vae["block_out_channels"])
        factor = 2 ** (self.levels - 1)
        self.latent_shape = (unet["in_channels"], height // factor, width // factor)
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder / "tokenizer"), local_files_only=True)
        self.sessions = {name: self._open(name) for name in ("text_encoder", "vae_encoder", "vae_decoder")}
        self.tokens = self.sessions["text_encoder"].get_inputs()[0].shape[1]
        if not isinstance(self.tokens, int):
            self.tokens = json.loads((folder / "text_encoder/config.json").read_text())["max_position_embeddings"]
        self.unet = Graph(folder / "unet/model.onnx").to(self.device)
        self.tokenizers, self.encoders, self.control = [self.tokenizer], [], None
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
        """What the UNet is told for each prompt. Gradients flow where an embedding is being learnt."""
        found = []
        for prompt in prompts:
            ids = self.tokenizer([prompt], padding="max_length", truncation=True, max_length=self.tokens, return_tensors="pt")["input_ids"]
            if self.encoders:
                found.append({"encoder_hidden_states": self.encoders[0](ids.to(self.device))[0]})
                continue
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
        given = {"sample": latents, "timestep": t.to(torch.int64)} | given
        residuals = halves(self.unet)
        if controls is not None and self.control is not None:
            down, middle = self.control(latents, t, encoder_hidden_states=given["encoder_hidden_states"], controlnet_cond=controls, return_dict=False)
            given |= zip(residuals, (*down, middle), strict=True)
        else:
            given |= {name: torch.zeros(1, self.unet.inputs[name][1], 1, 1, device=self.device) for name in residuals}
        if self.unet.inputs["timestep"]:
            return self.unet(**given)
        # A scalar is the time of all rows; in training each has its own.
        rows = [{name: v if name == "timestep" or len(v) == 1 else v[i : i + 1] for name, v in given.items()} for i in range(len(latents))]
        return torch.cat([self.unet(**row | {"timestep": t[i].to(torch.float32)}) for i, row in enumerate(rows)])

    def invent(self, trigger: str, vectors: int, like: str) -> Words:
        """Gives the text encoder new words, which begin as an old one."""
        self.encoders = [Encoder(self.folder / "text_encoder/model.onnx").to(self.device)]
        return Words(self, trigger, vectors, like)

    def steer(self, weights: dict | None) -> GraphControl:
        """Gives the UNet a control network, which begins as its own first half as far as its names tell, and changes nothing."""
        self.control = beside(self.unet, self.folder / "unet/config.json", weights or {}, self.levels).to(self.device).train()
        return GraphControl(self.control, self.unet)

    def adapt(self, job: dict) -> "Branches":
        """Puts LoRA beside every layer of the UNet whose torch name is known; one that is used several times has one for all."""
        graph, found = self.unet, {}
        for name, place in sorted(job["weights"].items()):
            nodes = graph.layers(place)
            if not nodes:
                continue
            shape = graph.weight(nodes[0]).shape
            if nodes[0].attributes.get("group", 1) != 1 or nodes[0].op != "Conv" and len(shape) != 2 or nodes[0].op == "Conv" and not job["convolutions"] and shape[2] * shape[3] > 1:
                continue
            module = Branch(shape, job["rank"], job["alpha"]).to(self.device)
            graph.branches |= {node.name: module for node in nodes}
            found[name.removesuffix(".weight")] = module
        if not found:
            raise ValueError("the model has no layer that a LoRA could change")
        return Branches(found)


class Encoder(nn.Module):
    """A graph's text encoder, whose table of words is a module of its own."""

    def __init__(self, path: Path):
        super().__init__()
        self.graph = Graph(path)
        (self.ids, *_) = self.graph.inputs
        found = [n for n in self.graph.nodes if n.op == "Gather" and self._asked(n.inputs[1]) and self.graph.fixed.get(n.inputs[0])]
        if len(found) != 1:
            raise ValueError("this model's text encoder has no table of words that new ones could join")
        self.table = Table(getattr(self.graph, self.graph.fixed[found[0].inputs[0]]))
        self.graph.tables[found[0].name] = self.table

    def _asked(self, name: str) -> bool:
        """Whether a value is the prompt's numbers, however they are laid out."""
        made_by = {n.outputs[0]: n for n in self.graph.nodes}
        while (node := made_by.get(name)) and node.op in ("Cast", "Reshape", "Identity", "Unsqueeze", "Squeeze", "Flatten"):
            name = node.inputs[0]
        return name == self.ids

    def get_input_embeddings(self) -> nn.Module:
        return self.table

    def forward(self, ids):
        return self.graph(**{self.ids: ids})


class Table(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, ids):
        return torch.nn.functional.embedding(ids, self.weight)


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
