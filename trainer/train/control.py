"""Control networks: the first half of a UNet, which reads a picture beside the latents and changes nothing at first."""

import json
from pathlib import Path

import torch

from .graph import RESIDUALS, Graph


class Control:
    """A control network as a whole, for a UNet of torch."""

    def __init__(self, module):
        self.module = module

    def parameters(self) -> dict:
        return dict(self.module.named_parameters())

    def write(self, folder: Path) -> None:
        """As diffusers reads it; `models convert` makes a graph of it."""
        self.module.save_pretrained(str(folder))


class GraphControl(Control):
    """A control network for a UNet that is there as a graph. It is written as a graph too."""

    def __init__(self, module, unet: Graph):
        super().__init__(module)
        self.unet = unet

    def write(self, folder: Path) -> None:
        from trainer.export import graph, networks

        network = networks.controlnet("", self.module)
        if self.unet.whole["timestep"]:  # as this UNet is told the time, so that one renderer feeds both
            network.inputs["timestep"], network.static["timestep"] = torch.tensor([500] if self.unet.inputs["timestep"] else 500), [0]
        graph.save(network, folder)


def channels(levels: int) -> tuple:
    """Widths of the convolutions that take the control's picture down to the latents' size, as ControlNet has them."""
    return tuple(min(16 * 2**i, 256) for i in range(levels))


def halves(unet: Graph) -> list:
    """The inputs through which a control network changes the UNet, in its order."""
    return [n for n in unet.inputs if n.startswith(RESIDUALS)]


def beside(unet: Graph, config: Path, weights: dict, levels: int):
    """A control network for a graph's UNet. Whatever weights of the graph can be told by name and have the shape begin it; the
    layers in front of the UNet, which no configuration describes, begin anew."""
    from diffusers import ControlNetModel, UNet2DConditionModel

    if not halves(unet):
        raise ValueError("this model's UNet takes no residuals of a control network; export it again with inputs for them")
    # A ControlNet's time embedding has the width that its channels imply; where the UNet's has another, time is learnt anew.
    about = {k: v for k, v in json.loads(config.read_text()).items() if not k.startswith("_") and k != "time_embedding_dim"}
    torch_unet = UNet2DConditionModel.from_config(about)
    state = torch_unet.state_dict()
    for name, own in state.items():
        found = _stored(unet, name, weights.get(name))
        if found is not None and found.shape == own.shape:
            own.copy_(found)
    torch_unet.load_state_dict(state)
    return ControlNetModel.from_unet(torch_unet, conditioning_embedding_out_channels=channels(levels))


def _stored(unet: Graph, name: str, place: str | None):
    nodes = unet.layers(place) if place else []
    if len(nodes) == 1:
        return unet.weight(nodes[0])
    fixed = unet.fixed.get(name)
    return getattr(unet, fixed) if isinstance(fixed, str) else fixed
