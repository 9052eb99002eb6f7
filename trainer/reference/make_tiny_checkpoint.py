"""Writes a tiny Stable Diffusion with random weights twice: as a diffusers folder, and as one file in the layout of the first
Stable Diffusion releases, which most shared checkpoints have. Tests of "presswerk models convert" read both.

Run it as `python -m trainer.reference.make_tiny_checkpoint OUT`; it writes OUT/tiny/ and OUT/tiny-single.safetensors.
Source of the layout: CompVis/stable-diffusion, ldm/modules/diffusionmodules/{openaimodel,model}.py.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

TOKENIZER = Path(__file__).resolve().parents[2] / "internal/engine/local/testdata/models/sd-tiny/tokenizer"
LAYERS, BLOCKS = 1, 2
RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def networks():
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=32, block_out_channels=(8, 16), layers_per_block=LAYERS, norm_num_groups=2, cross_attention_dim=32,
        attention_head_dim=2, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    vae = AutoencoderKL(
        block_out_channels=(4, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=2, force_upcast=False,
    )
    words = len(json.loads((TOKENIZER / "vocab.json").read_text()))
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=words, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=words - 2, eos_token_id=words - 1, pad_token_id=words - 1,
    ))
    return {"unet": unet, "vae": vae, "text_encoder": text}


def rename(name: str, parts: dict) -> str:
    for ours, theirs in parts.items():
        name = re.sub(rf"(^|\.){re.escape(ours)}(?=\.)", rf"\g<1>{theirs}", name)
    return name


def unet_key(name: str, attended: set) -> str:
    """Where a weight of diffusers' UNet stands in the one-file layout."""
    for ours, theirs in {
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0", "conv_out": "out.2",
    }.items():
        if name.startswith(ours + "."):
            return theirs + name[len(ours):]
    if m := re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", name):
        place = 1 if m[1] == "attentions" else 2 * int(m[2])
        return f"middle_block.{place}." + (m[3] if m[1] == "attentions" else rename(m[3], RESNET))
    side, block, part, layer, rest = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name).groups()
    block, layer = int(block), int(layer)
    if side == "down":
        base = "input_blocks."
        place = 1 + block * (LAYERS + 1) + (LAYERS if part == "downsamplers" else layer)
    else:
        base = "output_blocks."
        place = block * (LAYERS + 1) + (LAYERS if part == "upsamplers" else layer)
    if part == "resnets":
        return f"{base}{place}.0.{rename(rest, RESNET)}"
    if part == "attentions":
        return f"{base}{place}.1.{rest}"
    if part == "downsamplers":
        return f"{base}{place}.0.{rest.replace('conv.', 'op.')}"
    return f"{base}{place}.{2 if block in attended else 1}.{rest}"


def vae_key(name: str) -> str:
    """Where a weight of diffusers' VAE stands in the one-file layout."""
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    if "mid_block.attentions.0" in name:
        return rename(name.replace("mid_block.attentions.0", "mid.attn_1"), ATTENTION)
    name = re.sub(r"down_blocks\.(\d+)\.resnets", r"down.\1.block", name)
    name = re.sub(r"up_blocks\.(\d+)\.resnets", lambda m: f"up.{BLOCKS - 1 - int(m[1])}.block", name)
    name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{BLOCKS - 1 - int(m[1])}.upsample", name)
    return name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


def single(parts: dict) -> dict:
    attended = {i for i, b in enumerate(parts["unet"].up_blocks) if hasattr(b, "attentions")}
    out = {}
    for name, value in parts["unet"].state_dict().items():
        out["model.diffusion_model." + unet_key(name, attended)] = value
    for name, value in parts["vae"].state_dict().items():
        key = vae_key(name)
        if "attn_1" in key and value.dim() == 2:
            value = value[:, :, None, None]  # they were convolutions of one pixel
        out["first_stage_model." + key] = value
    for name, value in parts["text_encoder"].state_dict().items():
        out["cond_stage_model.transformer." + name] = value
    return {k: v.contiguous() for k, v in out.items()}


def write(folder: Path, parts: dict) -> Path:
    """Writes the diffusers folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in parts.items():
        module.save_pretrained(folder / name)
    DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1
    ).save_pretrained(folder / "scheduler")
    shutil.copytree(TOKENIZER, folder / "tokenizer", dirs_exist_ok=True)
    index = {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.39.0", "feature_extractor": [None, None],
        "requires_safety_checker": False, "safety_checker": [None, None], "image_encoder": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    return folder


if __name__ == "__main__":
    made = networks()
    write(Path(sys.argv[1]) / "tiny", made)
    save_file(single(made), Path(sys.argv[1]) / "tiny-single.safetensors")
