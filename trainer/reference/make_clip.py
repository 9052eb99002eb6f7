"""python trainer/reference/make_clip.py internal/vision/testdata/clip: a tiny CLIP of random weights in the layout that the
catalogue's OpenCLIP models have (visual/model.onnx, textual/model.onnx, textual/tokenizer.json), an aesthetic head as the published
one is saved, and what transformers says of pictures and words: 100·cosine, as torchmetrics' CLIPScore, and the head's points.

Needs torch 2.8.0, transformers 4.57, onnx and Pillow. The Go test draws the same pictures.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer, CLIPTokenizerFast
from transformers.models.clip.tokenization_clip import bytes_to_unicode

SIDE, WIDTH = 32, 8
MERGES = ["r e", "re d</w>", "a p", "p l", "ap pl", "appl e</w>", "b l", "bl u", "blu e</w>", "t h", "th e</w>"]
SENTENCES = ["a red apple", "The BLUE apple,  on the table!", "", "café №5 – grüße", "red " * 90]
SIZES = [(80, 60), (50, 91), (32, 32)]


def tokenizer(folder: Path) -> CLIPTokenizer:
    signs = list(bytes_to_unicode().values())
    words = signs + [s + "</w>" for s in signs] + [m.replace(" ", "") for m in MERGES] + ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), pad_token="!", model_max_length=77)


def picture(w: int, h: int) -> Image.Image:
    y, x = np.mgrid[0:h, 0:w]
    return Image.fromarray(np.stack([(x * 5) % 256, (y * 3 + x) % 256, (x * y) % 256], -1).astype(np.uint8))


class Side(torch.nn.Module):
    def __init__(self, take) -> None:
        super().__init__()
        self.take = take

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.take(x)


class Head(torch.nn.Module):
    """The published head's layers, narrower."""

    def __init__(self) -> None:
        super().__init__()
        n, drop = torch.nn.Linear, torch.nn.Dropout
        self.layers = torch.nn.Sequential(n(WIDTH, 12), drop(0.2), n(12, 6), drop(0.2), n(6, 4), drop(0.1), n(4, 3), n(3, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def main() -> None:
    out = Path(sys.argv[1])
    for name in ["visual", "textual"]:
        (out / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        words = tokenizer(Path(folder))
        fast = CLIPTokenizerFast(str(Path(folder) / "vocab.json"), str(Path(folder) / "merges.txt"))
        fast.backend_tokenizer.save(str(out / "textual/tokenizer.json"), pretty=False)
    torch.manual_seed(11)
    end = words.eos_token_id
    text = {"vocab_size": len(words), "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 77, "eos_token_id": end, "bos_token_id": end - 1, "projection_dim": WIDTH}
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": SIDE, "patch_size": 8, "projection_dim": WIDTH}
    net = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH, initializer_factor=30.0)).eval().requires_grad_(False)
    head = Head().eval()
    torch.save(head.state_dict(), out / "head.pth")
    look = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    ids = torch.tensor(words(SENTENCES, padding="max_length", truncation=True)["input_ids"])
    pixels = torch.tensor(np.stack(look([picture(*s) for s in SIZES])["pixel_values"]))
    torch.onnx.export(Side(lambda x: net.get_image_features(x)), (pixels[:1],), out / "visual/model.onnx", input_names=["image"], output_names=["embedding"], dynamic_axes={"image": {0: "n"}, "embedding": {0: "n"}}, opset_version=17, dynamo=False)
    torch.onnx.export(Side(lambda x: net.get_text_features(x.long())), (ids[:1].int(),), out / "textual/model.onnx", input_names=["text"], output_names=["embedding"], dynamic_axes={"text": {0: "n"}, "embedding": {0: "n"}}, opset_version=17, dynamo=False)
    with torch.no_grad():
        seen = torch.nn.functional.normalize(net.get_image_features(pixels), dim=-1)
        said = torch.nn.functional.normalize(net.get_text_features(ids), dim=-1)
        golden = {
            "sizes": SIZES, "sentences": SENTENCES,
            "scores": (100 * seen @ said.T).clamp(min=0).tolist(),
            "points": head(seen)[:, 0].tolist(),
        }
    (out / "golden.json").write_text(json.dumps(golden) + "\n")


main()
