"""A diffusers folder of Stable Diffusion 1.x, 2.x or SDXL as a base to train on."""

import json
from pathlib import Path

import torch

from .control import Control, channels
from .words import Words

LINEAR = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
CONVOLUTIONS = ["conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv", "conv_in", "conv_out", "time_emb_proj"]


class StableDiffusion:
    """The base of a job: prompts, latents and predictions, everything frozen. Width and height are in pixels."""

    def __init__(self, folder: Path, width: int, height: int, device: str, threads: int):
        from diffusers import AutoencoderKL, UNet2DConditionModel
        from transformers import AutoTokenizer, CLIPTextModel, CLIPTextModelWithProjection

        self.device, self.size = torch.device(device), (height, width)
        index = json.loads((folder / "model_index.json").read_text())
        self.scheduler = json.loads((folder / "scheduler/scheduler_config.json").read_text())
        where = {"local_files_only": True}
        self.unet = self._frozen(UNet2DConditionModel.from_pretrained(str(folder / "unet"), torch_dtype=torch.float32, **where))
        self.vae = self._frozen(AutoencoderKL.from_pretrained(str(folder / "vae"), torch_dtype=torch.float32, **where))
        self.tokenizers, self.encoders = [], []
        for end in ("", "_2"):
            kind = (index.get("text_encoder" + end) or [None, None])[1]
            if kind is None:
                continue
            made = {"CLIPTextModel": CLIPTextModel, "CLIPTextModelWithProjection": CLIPTextModelWithProjection}.get(kind)
            if made is None:
                raise ValueError(f"text encoders of class {kind} can't be trained with here")
            self.encoders.append(self._frozen(made.from_pretrained(str(folder / f"text_encoder{end}"), dtype=torch.float32, attn_implementation="eager", **where)))
            self.tokenizers.append(AutoTokenizer.from_pretrained(str(folder / f"tokenizer{end}"), **where))
        self.xl = "XL" in index["_class_name"]
        factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.latent_shape = (self.unet.config.in_channels, height // factor, width // factor)
        if self.unet.config.in_channels != self.vae.config.latent_channels:
            raise ValueError("inpainting models can't be trained here")
        self.control = None
        self.empty = self.read([""])[0]

    def _frozen(self, module):
        return module.eval().requires_grad_(False).to(self.device)

    def read(self, prompts: list[str]) -> list[dict]:
        """What the UNet is told for each prompt. Gradients flow where an embedding is being learnt."""
        states, pooled = [], None
        for tokenizer, encoder in zip(self.tokenizers, self.encoders, strict=True):
            length = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
            ids = tokenizer(prompts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")["input_ids"].to(self.device)
            out = encoder(ids, output_hidden_states=self.xl)
            states.append(out.hidden_states[-2] if self.xl else out.last_hidden_state)
            pooled = getattr(out, "text_embeds", None) if self.xl else None
        states = torch.cat(states, -1)
        found = [{"encoder_hidden_states": s} for s in states]
        if self.xl:
            height, width = self.size
            ids = torch.tensor([height, width, 0, 0, height, width], dtype=torch.float32, device=self.device)
            for one, p in zip(found, pooled, strict=True):
                one |= {"text_embeds": p, "time_ids": ids}
        return found

    def stack(self, given: list[dict]) -> dict:
        return {name: torch.stack([g[name] for g in given]) for name in given[0]}

    @torch.no_grad()
    def encode(self, pictures: torch.Tensor, generator=None) -> torch.Tensor:
        """Pictures [n, 3, height, width] in −1…1 → latents as the UNet takes them; a draw of the posterior."""
        shift = getattr(self.vae.config, "shift_factor", None) or 0
        return torch.cat([
            (self.vae.encode(p[None].to(self.device)).latent_dist.sample(generator) - shift) * self.vae.config.scaling_factor for p in pictures
        ])

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        shift = getattr(self.vae.config, "shift_factor", None) or 0
        return torch.cat([self.vae.decode(z[None] / self.vae.config.scaling_factor + shift).sample for z in latents])

    def predict(self, latents, t, given: dict, controls=None) -> torch.Tensor:
        given = dict(given)
        states = given.pop("encoder_hidden_states")
        more = {"added_cond_kwargs": given} if given else {}
        if controls is not None and self.control is not None:
            down, middle = self.control(latents, t, encoder_hidden_states=states, controlnet_cond=controls, return_dict=False, **more)
            more |= {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
        return self.unet(latents, t, encoder_hidden_states=states, return_dict=False, **more)[0]

    def adapt(self, job: dict) -> "Peft":
        """Puts LoRA beside the UNet's attention layers, and with convolutions beside the others."""
        from peft import LoraConfig

        targets = LINEAR + (CONVOLUTIONS if job["convolutions"] else [])
        self.unet.add_adapter(LoraConfig(r=job["rank"], lora_alpha=job["alpha"], target_modules=targets, init_lora_weights=True))
        return Peft(self.unet, job["alpha"])

    def invent(self, trigger: str, vectors: int, like: str) -> Words:
        """Gives the text encoders new words, which begin as an old one."""
        return Words(self, trigger, vectors, like)

    def steer(self, weights: dict | None) -> Control:
        """Gives the UNet a control network, which begins as its own first half and changes nothing at first."""
        from diffusers import ControlNetModel

        widths = channels(len(self.vae.config.block_out_channels))
        self.control = ControlNetModel.from_unet(self.unet, conditioning_embedding_out_channels=widths).to(self.device).train()
        return Control(self.control)


class Peft:
    """peft's LoRA of a UNet."""

    def __init__(self, unet, alpha: float):
        self.unet, self.alpha = unet, alpha

    def parameters(self) -> dict:
        return {name: p for name, p in self.unet.named_parameters() if p.requires_grad}

    def tensors(self) -> dict:
        from peft import get_peft_model_state_dict

        found = {}
        for name, value in get_peft_model_state_dict(self.unet).items():
            found[f"unet.{name}"] = value.detach().cpu().contiguous()
            if name.endswith(".lora_A.weight"):
                found[f"unet.{name.removesuffix('.lora_A.weight')}.alpha"] = torch.tensor(float(self.alpha))
        return found
