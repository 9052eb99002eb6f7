"""Gives a network inputs for LoRA, so that adapters are changed without loading it anew.

Each linear layer and convolution computes y = Wx + up(down(x)), where both matrices are inputs of the graph:

    lora.MODULE.down   linear [in, rank], convolution [rank, in, height, width]
    lora.MODULE.up     linear [rank, out], convolution [out, rank, 1, 1]

MODULE is torch's name. The rank is open: several adapters are put side by side along it, their strengths in up, and zeros
of rank 1 change nothing. Linear matrices are stored as they are multiplied, so that the graph transposes nothing.
"""

import torch
from torch import nn
from torch.nn import functional

from .networks import Network

PREFIX = "lora."
EXAMPLE = 2  # the rank that is traced; any other one works
SIZE = 0.05  # of the example's numbers, so that what comes out has the network's usual size


def add(network: Network) -> None:
    """Adds the inputs for all layers that the network's call runs."""
    modules = _layers(network)
    given: dict = {}
    for name, module in modules.items():
        down, up = f"{PREFIX}{name}.down", f"{PREFIX}{name}.up"
        network.inputs[down], network.inputs[up] = examples(module, EXAMPLE)
        linear = isinstance(module, nn.Linear)
        network.static[down], network.static[up] = ([0], [1]) if linear else ([1, 2, 3], [0, 2, 3])
        module.register_forward_hook(_branch(down, up, given))
    call = network.call

    def with_adapters(m, tensors):
        given.clear()
        given.update(tensors)
        return call(m, tensors)

    network.call = with_adapters


def examples(module: nn.Module, rank: int) -> tuple:
    """Matrices of a rank for a layer."""
    if isinstance(module, nn.Linear):
        shapes = (module.in_features, rank), (rank, module.out_features)
    else:
        shapes = (rank, module.in_channels, *module.kernel_size), (module.out_channels, rank, 1, 1)
    return tuple(torch.randn(s) * SIZE for s in shapes)


def _layers(network: Network) -> dict:
    """Runs the network once and returns the layers that took part, by name. An input that nothing reads would be lost in
    the graph."""
    called, hooks = {}, []
    for name, module in network.module.named_modules():
        if isinstance(module, nn.Linear) or isinstance(module, nn.Conv2d) and module.groups == 1:
            hooks.append(module.register_forward_hook(lambda m, args, out, name=name: called.update({name: m})))
    with torch.no_grad():
        network.call(network.module, dict(network.inputs))
    for hook in hooks:
        hook.remove()
    return {name: m for name, m in network.module.named_modules() if name in called}


def _branch(down: str, up: str, given: dict):
    """The hook that adds a layer's branch to what it gives."""

    def hook(module, args, out):
        if isinstance(module, nn.Linear):
            return out + torch.matmul(torch.matmul(args[0], given[down]), given[up])
        low = functional.conv2d(args[0], given[down], None, module.stride, module.padding, module.dilation)
        return out + functional.conv2d(low, given[up])

    return hook
