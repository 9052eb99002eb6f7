"""A model of Stable Diffusion 1.5's size with random weights, as a diffusers folder and exported to ONNX by optimum.

    python bench/render/make_sd15.py VOCABULARY OUT

It draws noise, but takes as long as the real one, which no package ships. VOCABULARY is a folder with CLIP's vocab.json and
merges.txt. Writes OUT/torch (half precision, what stable-diffusion.cpp and torch read) and OUT/onnx (float32). About 6 GB of disk,
10 GB of memory and some minutes. Needs what run.py's peers need.
"""
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from optimum.exporters.onnx import main_export
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

vocabulary, out = Path(sys.argv[1]), Path(sys.argv[2])
torch.manual_seed(0)
unet = UNet2DConditionModel(
    sample_size=64, in_channels=4, out_channels=4, block_out_channels=(320, 640, 1280, 1280), layers_per_block=2,
    cross_attention_dim=768, attention_head_dim=8, down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
)
vae = AutoencoderKL(
    in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4, sample_size=512, scaling_factor=0.18215,
)
text = CLIPTextModel(CLIPTextConfig(
    vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
    max_position_embeddings=77, hidden_act="quick_gelu", bos_token_id=49406, eos_token_id=49407, pad_token_id=49407, projection_dim=768,
))
StableDiffusionPipeline(
    vae=vae, text_encoder=text, tokenizer=CLIPTokenizer.from_pretrained(str(vocabulary)), unet=unet,
    scheduler=PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False),
    safety_checker=None, feature_extractor=None, requires_safety_checker=False,
).to(torch.float16).save_pretrained(str(out / "torch"))
del unet, vae, text
main_export(str(out / "torch"), output=str(out / "onnx"), task="text-to-image", dtype="fp32", do_validation=False)
