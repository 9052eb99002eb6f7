"""python -m trainer.export CHECKPOINT OUT [--controlnet DIR ...] [--t2i DIR] [--ip-adapter FILE ...]
[--image-encoder DIR] [--adapters] [--fp16 | --int8 | --int4] [--check]
python -m trainer.export --requantize FOLDER OUT (--int8 | --int4)"""

import argparse
from pathlib import Path

from .folder import export, requantize


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m trainer.export", description="Write a model folder for Presswerk from a diffusers checkpoint.")
    parser.add_argument("checkpoint", type=Path, help="a folder with model_index.json and safetensors")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--controlnet", type=Path, nargs="+", default=[], metavar="DIR", help="control networks; the first becomes controlnet/, the next ones controlnet_2/ …")
    parser.add_argument("--t2i", type=Path, metavar="DIR", help="a T2I-Adapter; the UNet then takes its features too")
    parser.add_argument("--ip-adapter", type=Path, nargs="+", default=[], metavar="FILE", help="IP-Adapters (safetensors); the UNet then takes image embeddings")
    parser.add_argument("--image-encoder", type=Path, metavar="DIR", help="the CLIP vision network that the IP-Adapters were made for")
    parser.add_argument("--adapters", action="store_true", help="text encoders and UNet take LoRA as inputs: changing them then loads nothing")
    bits = parser.add_mutually_exclusive_group()
    bits.add_argument("--fp16", dest="bits", action="store_const", const=16, help="half precision; inputs and outputs stay float32, and so does a VAE that overflows")
    bits.add_argument("--int8", dest="bits", action="store_const", const=8, help="weights of 8 bits with a scale for each output channel; what is computed stays float32")
    bits.add_argument("--int4", dest="bits", action="store_const", const=4, help="linear layers of 4 bits with a scale for each 32 numbers, convolutions of 8")
    parser.add_argument("--requantize", action="store_true", help="CHECKPOINT is a folder of ONNX graphs, whose weights get 8 or 4 bits")
    parser.add_argument("--check", action="store_true", help="run every graph beside the network that it was made from")
    parser.set_defaults(bits=32)
    a = parser.parse_args()
    if a.requantize:
        if a.bits not in (8, 4):
            parser.error("--requantize needs --int8 or --int4")
        requantize(a.checkpoint, a.out, a.bits)
        return
    export(a.checkpoint, a.out, a.controlnet, a.t2i, a.ip_adapter, a.image_encoder, a.bits, a.check, adaptable=a.adapters)


main()
