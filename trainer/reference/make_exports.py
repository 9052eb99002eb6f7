"""Exports the tiny model once more in the forms that trainer/export knows beside the plain one.

    python -m trainer.reference.make_exports internal/engine/local/testdata

Run it at the root of the tree with what trainer/requirements.txt names. Reads models/sd-tiny there and writes exports/:
adapters/ with inputs for LoRA, fp16/ and int8/ (with inputs for LoRA too), each holding the UNet and the text encoder with
sd-tiny's weights, every graph compared with the torch network that it was made from; and int4/, quantised from sd-tiny's
graphs.
"""

import json
import pathlib
import shutil
import sys

from diffusers import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from ..export import adapters, folder as folders, graph, networks
from .make_lora import recover

FORMS = {  # folder: (bits, inputs for LoRA, bound on the difference from torch, as a share of the largest value)
    "adapters": (32, True, 1e-5),
    "fp16": (16, False, 5e-3),
    "int8": (8, True, 5e-2),
}


def main(root: pathlib.Path) -> None:
    folder = root / "models/sd-tiny"
    for form, (bits, adaptable, bound) in FORMS.items():
        out = root / "exports" / form
        shutil.rmtree(out, ignore_errors=True)
        unet = UNet2DConditionModel.from_config(json.loads((folder / "unet/config.json").read_text())).eval()
        encoder = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder", attn_implementation="eager")).eval()
        recover(folder / "unet/model.onnx", unet)
        recover(folder / "text_encoder/model.onnx", encoder)
        for network in (networks.unet(unet), networks.text_encoder("text_encoder", encoder, projected=False)):
            if adaptable:
                adapters.add(network)
            graph.save(network, out, bits)
            off = graph.verify(network, out)
            print(f"{form}/{network.folder}: off by {off:.2g}")
            if not off <= bound:
                raise SystemExit(f"{form}/{network.folder} is off by {off}, at most {bound} is allowed")
            (out / network.folder / "config.json").unlink()  # sd-tiny has it
    shutil.rmtree(root / "exports/int4", ignore_errors=True)
    folders.requantize(folder, root / "exports/int4", 4)
    for other in (root / "exports/int4").iterdir():
        if other.name not in ("unet", "text_encoder"):
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    for config in (root / "exports/int4").rglob("config.json"):
        config.unlink()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
