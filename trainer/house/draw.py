"""Makes pictures with a model folder in ONNX Runtime, as the renderer would: DPM++ 2M with Karras sigmas, and what depends on prompts
alone once for each."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from trainer.train.graph import Early, Graph

from .settings import THREADS


class Model:
    """A house model's folder."""

    def __init__(self, folder: Path):
        from transformers import AutoTokenizer

        self.folder = folder
        about = json.loads((folder / "model.json").read_text()) if (folder / "model.json").exists() else {}
        config = json.loads((folder / "unet/config.json").read_text())
        self.latent, self.channels = config["sample_size"], config["in_channels"]
        self.side = about.get("width", self.latent * 8)
        self.tokens = json.loads((folder / "text_encoder/config.json").read_text())["max_position_embeddings"]
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder / "tokenizer"))
        self.sessions = {name: open_network(str(folder / name / "model.onnx")) for name in ("text_encoder", "vae_encoder", "vae_decoder")}
        first, rest = halves(folder / "unet" / "model.onnx")
        self.sessions |= {"first": open_network(first), "rest": open_network(rest)}

    def _run(self, name: str, **inputs) -> np.ndarray:
        return self.sessions[name].run(None, inputs)[0]

    def _known(self, states: np.ndarray, x: np.ndarray) -> dict:
        """What the UNet needs of prompts, for latents of x's shape."""
        asked = {i.name for i in self.sessions["rest"].get_inputs()}
        given = {name: value for name, value in (("encoder_hidden_states", states), ("sample", x)) if name in {i.name for i in self.sessions["first"].get_inputs()}}
        names = [o.name for o in self.sessions["first"].get_outputs()]
        known = dict(zip(names, self.sessions["first"].run(None, given), strict=True))
        return known | ({"encoder_hidden_states": states} if "encoder_hidden_states" in asked else {})

    def read(self, prompts: list[str]) -> np.ndarray:
        given = self.tokenizer(prompts, padding="max_length", truncation=True, max_length=self.tokens, return_tensors="np")["input_ids"]
        return self._run("text_encoder", input_ids=given.astype(np.int64))

    def draw(self, prompts: list[str], seeds: list[int], steps: int = 20, guidance: float = 1.0) -> np.ndarray:
        """uint8 [prompts, side, side, 3]."""
        from diffusers import DPMSolverMultistepScheduler

        scheduler = DPMSolverMultistepScheduler.from_config(json.loads((self.folder / "scheduler/scheduler_config.json").read_text()))
        scheduler.set_timesteps(steps)
        shape = (self.channels, self.latent, self.latent)
        x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seeds])
        states, times = self.read(prompts), 1
        if guidance != 1:
            states, times = np.concatenate([np.repeat(self.read([""]), len(prompts), 0), states]), 2
        known = self._known(states, torch.cat([x] * times).numpy())
        for t in scheduler.timesteps:
            rows = torch.cat([x] * times).numpy()
            v = torch.from_numpy(self._run("rest", sample=rows, timestep=np.array([int(t)], np.int64), **known))
            if times == 2:
                without, with_prompt = v.chunk(2)
                v = without + guidance * (with_prompt - without)
            x = scheduler.step(v, t, x).prev_sample
        return self._decode(x.numpy())

    def coded(self, pictures: np.ndarray) -> np.ndarray:
        """What the VAE leaves of pictures, uint8 [n, side, side, 3]."""
        x = pictures.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        return self._decode(self._run("vae_encoder", sample=x))

    def _decode(self, latents: np.ndarray) -> np.ndarray:
        pictures = self._run("vae_decoder", latent_sample=latents)
        return np.rint((pictures.clip(-1, 1) + 1) * 127.5).astype(np.uint8).transpose(0, 2, 3, 1)


def open_network(network: str | bytes):
    """A session with weights unpacked once, as the renderer has it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3  # it warns of inputs with a default
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def halves(path: Path) -> tuple[bytes, bytes]:
    """A UNet's graph cut into what depends on the prompt and on shapes alone, and the rest."""
    graph, model = Graph(path), onnx.load(str(path))
    early = Early(graph.nodes, graph.whole, graph.constants(), set(), graph.output)
    handed = sorted(early.first.wanted)
    for value in [v for v in model.graph.input if v.name in graph.defaults]:
        model.graph.input.remove(value)  # no control network comes along: its zeros are constants
    model.graph.value_info.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in handed)
    cut = onnx.utils.Extractor(model).extract_model
    inputs = [i.name for i in model.graph.input]
    first = cut([i for i in inputs if i != "timestep"], handed)
    return first.SerializeToString(), cut([*inputs, *handed], [graph.output]).SerializeToString()
