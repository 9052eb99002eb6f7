"""Run it as `python -m unittest trainer.export.test_quantize`."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from . import adapters, graph, networks
from .folder import requantize
from .quantize import quantize
from .test_families import save


def layers(seed: int) -> onnx.ModelProto:
    """A graph with each kind of layer, and a small weight and a shared one that stay as they are."""
    rng = np.random.default_rng(seed)
    weights = {
        "conv": rng.standard_normal((16, 8, 3, 3)), "matmul": rng.standard_normal((64, 24)), "gemm": rng.standard_normal((24, 64)),
        "small": rng.standard_normal((4, 16)), "shared": rng.standard_normal((64, 64)),
    }
    nodes = [
        helper.make_node("Conv", ["image", "conv"], ["a"], pads=[1] * 4),
        helper.make_node("MatMul", ["row", "matmul"], ["b"]), helper.make_node("Gemm", ["row", "gemm"], ["c"], transB=1),
        helper.make_node("Gemm", ["sixteen", "small"], ["d"], transB=1),
        helper.make_node("Add", ["shared", "row"], ["sum"]), helper.make_node("MatMul", ["sum", "shared"], ["e"]),
    ]
    inputs = {"image": [1, 8, 5, 5], "row": [1, 64], "sixteen": [2, 16]}
    made = helper.make_graph(
        nodes, "layers", [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * (4 if n == "a" else 2)) for n in "abcde"],
        [numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def run(model: onnx.ModelProto, **entries) -> list:
    options = onnxruntime.SessionOptions()
    for key, value in entries.items():
        options.add_session_config_entry(f"session.{key}", value)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    return session.run(None, {i.name: rng.standard_normal(i.shape).astype(np.float32) for i in session.get_inputs()})


class Quantize(unittest.TestCase):
    def test_layers(self):
        """What comes out is near, whether the runtime keeps the weights small, and then rounds what it multiplies with linear
        layers to 8 bits as well, or not; what isn't quantised stays equal."""
        plain = run(layers(0))
        for bits, gone, far in ((8, {"conv", "matmul", "gemm"}, 0.02), (4, {"conv", "matmul", "gemm"}, 0.2)):
            model = layers(0)
            self.assertEqual(quantize(model, bits), gone)
            onnx.checker.check_model(model)
            own, folded = run(model), run(model, disable_quant_qdq="1")
            for name, want, a, b in zip("abcde", plain, own, folded, strict=True):
                for way, got in (("small", a), ("folded", b)):
                    off = np.abs(got - want).max() / np.abs(want).max()
                    self.assertLessEqual(off, far if name in "abc" else 0, f"{name} with {bits} bits, {way}")
                    self.assertGreater(off, 0 if name in "abc" else -1, f"{name}, {way}")

    def test_int4_is_half_of_int8(self):
        sizes = {}
        for bits in (8, 4):
            model = layers(0)
            quantize(model, bits)
            sizes[bits] = next(len(i.raw_data) for i in model.graph.initializer if i.name == "matmul_q")
        self.assertEqual(sizes[8], 2 * sizes[4])

    def test_zeros(self):
        model = layers(0)
        for i in model.graph.initializer:
            i.CopyFrom(numpy_helper.from_array(np.zeros_like(numpy_helper.to_array(i)), i.name))
        quantize(model, 8)
        for own, folded in zip(run(model), run(model, disable_quant_qdq="1"), strict=True):
            self.assertLess(np.abs(own).max(), 1e-3)
            self.assertFalse(folded.any())

    def test_operators_of_another_opset(self):
        model = layers(0)
        model.graph.node.append(helper.make_node("GroupNormalization", ["a", "s", "s"], ["n"], num_groups=2))
        with self.assertRaises(ValueError):
            quantize(model, 4)

    def test_folders(self):
        """A network is quantised while it is exported and afterwards, with and without inputs for LoRA; the sidecar says which
        weights are gone."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        from diffusers import UNet2DConditionModel

        checkpoint = save(folder / "sd")
        network = networks.unet(UNet2DConditionModel.from_pretrained(str(checkpoint / "unet")))
        adapters.add(network)
        for bits, far in ((8, 0.05), (32, 1e-4)):
            torch.manual_seed(0)
            graph.save(network, folder / str(bits), bits)
            self.assertLessEqual(graph.verify(network, folder / str(bits)), far)
        requantize(folder / "32", folder / "again", 8, say=lambda line: None)
        self.assertLessEqual(graph.verify(network, folder / "again"), 0.05)
        for name in ("8", "again"):
            sidecar = json.loads((folder / name / "unet/weights.json").read_text())
            self.assertIn("conv_in.weight", sidecar["weights"])
            self.assertIn("mid_block.resnets.0.conv1.weight", sidecar["quantised"])
            stored = {i.name for i in onnx.load(str(folder / name / "unet/model.onnx")).graph.initializer}
            self.assertLessEqual({p["initializer"] for p in sidecar["weights"].values()}, stored)
        with self.assertRaises(ValueError):
            requantize(folder / "32", folder / "again", 8)


if __name__ == "__main__":
    unittest.main()
