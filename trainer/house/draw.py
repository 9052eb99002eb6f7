"""Makes pictures with a model folder in ONNX Runtime, as the renderer would: DPM++ 2M with Karras sigmas."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

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
        self.sessions = {name: self._open(name) for name in ("text_encoder", "unet", "vae_decoder")}

    def _open(self, name: str):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(self.folder / name / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def _run(self, name: str, **inputs) -> np.ndarray:
        return self.sessions[name].run(None, inputs)[0]

    def read(self, prompts: list[str]) -> np.ndarray:
        given = self.tokenizer(prompts, padding="max_length", truncation=True, max_length=self.tokens, return_tensors="np")["input_ids"]
        return self._run("text_encoder", input_ids=given.astype(np.int64))

    def draw(self, prompts: list[str], seeds: list[int], steps: int = 20, guidance: float = 2.0) -> np.ndarray:
        """uint8 [prompts, side, side, 3]."""
        from diffusers import DPMSolverMultistepScheduler

        scheduler = DPMSolverMultistepScheduler.from_config(json.loads((self.folder / "scheduler/scheduler_config.json").read_text()))
        scheduler.set_timesteps(steps)
        shape = (self.channels, self.latent, self.latent)
        x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seeds])
        states = np.concatenate([np.repeat(self.read([""]), len(prompts), 0), self.read(prompts)])
        for t in scheduler.timesteps:
            twice = torch.cat([x, x]).numpy()
            v = torch.from_numpy(self._run("unet", sample=twice, timestep=np.array([int(t)], np.int64), encoder_hidden_states=states))
            without, with_prompt = v.chunk(2)
            x = scheduler.step(without + guidance * (with_prompt - without), t, x).prev_sample
        pictures = self._run("vae_decoder", latent_sample=x.numpy())
        return np.rint((pictures.clip(-1, 1) + 1) * 127.5).astype(np.uint8).transpose(0, 2, 3, 1)
