"""python -m trainer.export CHECKPOINT OUT [--controlnet DIR ...] [--t2i DIR] [--ip-adapter FILE ...]
[--image-encoder DIR] [--adapters] [--fp16] [--check]"""

import argparse
from pathlib import Path

from .folder import export


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trainer.export", description="Write a model folder for Presswerk from a diffusers checkpoint.")
    parser.add_argument("checkpoint", type=Path, help="a folder with model_index.json and safetensors")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--controlnet", type=Path, nargs="+", default=[], metavar="DIR", help="control networks; the first becomes controlnet/, the next ones controlnet_2/ …")
    parser.add_argument("--t2i", type=Path, metavar="DIR", help="a T2I-Adapter; the UNet then takes its features too")
    parser.add_argument("--ip-adapter", type=Path, nargs="+", default=[], metavar="FILE", help="IP-Adapters (safetensors); the UNet then takes image embeddings")
    parser.add_argument("--image-encoder", type=Path, metavar="DIR", help="the CLIP vision network that the IP-Adapters were made for")
    parser.add_argument("--adapters", action="store_true", help="text encoders and UNet take LoRA as inputs: changing them then loads nothing")
    parser.add_argument("--fp16", action="store_true", help="half precision; inputs and outputs stay float32, and so does a VAE that overflows")
    parser.add_argument("--check", action="store_true", help="run every graph beside the network that it was made from")
    a = parser.parse_args()
    export(a.checkpoint, a.out, a.controlnet, a.t2i, a.ip_adapter, a.image_encoder, a.fp16, a.check, adaptable=a.adapters)


main()
