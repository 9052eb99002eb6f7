"""Exports a tiny random checkpoint of each family and compares every graph with its module at another batch and size.

Run it as `python -m unittest trainer.export.test_families`.
"""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, StableDiffusionPipeline, T2IAdapter, UNet2DConditionModel
from onnx import numpy_helper
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModelWithProjection

from . import graph, weights
from .folder import export

UNET = {
    "sample_size": 16, "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 2, "cross_attention_dim": 16,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
SD2 = {"attention_head_dim": (2, 4), "use_linear_projection": True, "upcast_attention": True}


def save(folder: Path, act="quick_gelu", **unet) -> Path:
    """Writes a tiny checkpoint."""
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(4, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=2, force_upcast=False,
    )
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, hidden_act=act,
        bos_token_id=0, eos_token_id=2, pad_token_id=1,
    ))
    for name, module in (("vae", vae), ("text_encoder", text), ("unet", UNet2DConditionModel(**{**UNET, **unet}))):
        module.save_pretrained(folder / name)
    DDIMScheduler().save_pretrained(folder / "scheduler")
    index = {
        "_class_name": StableDiffusionPipeline.__name__, "_name_or_path": "/somewhere", "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": ["transformers", "CLIPTextModel"], "unet": ["diffusers", "UNet2DConditionModel"],
        "scheduler": ["diffusers", "DDIMScheduler"], "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def example(i):
    """Numbers for an input, with one of each open side but for the latents', which are 16 wide, and 77 tokens."""
    shape = [d if isinstance(d, int) else 77 if n == 1 else 1 for n, d in enumerate(i.shape)]
    if i.name == "sample":
        shape = [1, shape[1], 16, 16]
    elif "res_sample" in i.name:
        shape = [1, shape[1], 1, 1]
    if "int64" in i.type:
        return np.full(shape, 5)
    rng = np.random.default_rng(len(i.name))
    return np.asarray(rng.standard_normal(shape) * ("res_sample" not in i.name), np.float32)


class Families(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        self.out = self.dir / "out"

    def export(self, *args, **more):
        lines = []
        export(*args, **more, check=True, say=lines.append)
        return lines

    def compare(self, checkpoint: Path, dtype=np.float32):
        """Every weight of the UNet's file is in the graph, bit for bit, where the sidecar says."""
        sidecar = json.loads((self.out / "unet/weights.json").read_text())
        model = onnx.load(str(self.out / "unet/model.onnx"))
        values = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        state = load_file(str(checkpoint / "unet/diffusion_pytorch_model.safetensors"))
        wanted = [k for k, v in state.items() if k.endswith(".weight") and v.dim() > 1]
        self.assertEqual(sorted(wanted), sorted(k for k in sidecar["weights"] if k in state))
        for name in wanted:
            place = sidecar["weights"][name]
            got = values[place["initializer"]]
            got = got.T if place["transposed"] else got
            self.assertTrue(np.array_equal(got, state[name].numpy().astype(dtype)), name)

    def test_sd1(self):
        checkpoint = save(self.dir / "sd")
        self.export(checkpoint, self.out)
        self.compare(checkpoint)
        index = json.loads((self.out / "model_index.json").read_text())
        self.assertNotIn("_name_or_path", index)
        self.assertEqual(index["safety_checker"], [None, None])

    def test_sd2_in_half_precision(self):
        checkpoint = save(self.dir / "sd", act="gelu", **SD2)
        self.export(checkpoint, self.out, bits=16)
        self.compare(checkpoint, np.float16)
        session = onnx.load(str(self.out / "unet/model.onnx")).graph
        self.assertEqual({v.type.tensor_type.elem_type for v in (*session.input, *session.output)}, {onnx.TensorProto.FLOAT})

    def test_inpaint(self):
        checkpoint = save(self.dir / "sd", in_channels=9)
        self.export(checkpoint, self.out)
        self.compare(checkpoint)

    def test_untrained_control_networks(self):
        """Their last convolutions are all zeros; each has its own initialiser all the same."""
        checkpoint = save(self.dir / "sd")
        control = ControlNetModel.from_unet(UNet2DConditionModel.from_pretrained(str(checkpoint / "unet")), conditioning_embedding_out_channels=(4, 8))
        control.save_pretrained(self.dir / "control")
        self.export(checkpoint, self.out, [self.dir / "control", self.dir / "control"])
        for name in ("controlnet", "controlnet_2"):
            found = json.loads((self.out / name / "weights.json").read_text())["weights"]
            values = {i.name: numpy_helper.to_array(i) for i in onnx.load(str(self.out / name / "model.onnx")).graph.initializer}
            for i in range(4):
                place = found[f"controlnet_down_blocks.{i}.weight"]
                self.assertFalse(values[place["initializer"]].any())
            self.assertEqual(len({p["initializer"] for p in found.values()}), len(weights.mapped(control)))

    def test_lora_as_inputs(self):
        """The graph is compared at another rank; rank 1 of zeros gives what the plain graph gives; weights are as before."""
        checkpoint = save(self.dir / "sd", **SD2)
        self.export(checkpoint, self.out, adaptable=True)
        self.compare(checkpoint)
        self.export(checkpoint, self.dir / "plain")
        for folder in ("unet", "text_encoder"):
            plain = onnxruntime.InferenceSession(str(self.dir / "plain" / folder / "model.onnx"))
            own = onnxruntime.InferenceSession(str(self.out / folder / "model.onnx"))
            feed = {i.name: example(i) for i in plain.get_inputs()}
            more = {i.name: np.zeros([d if isinstance(d, int) else 1 for d in i.shape], np.float32) for i in own.get_inputs() if i.name.startswith("lora.")}
            names = set(json.loads((self.out / folder / "weights.json").read_text())["weights"])
            self.assertEqual({n.removeprefix("lora.").rsplit(".", 1)[0] + ".weight" for n in more}, names)
            for got, want in zip(own.run(None, {**feed, **more}), plain.run(None, feed), strict=True):
                np.testing.assert_allclose(got, want, atol=1e-5)

    def test_lora_as_inputs_in_half_precision(self):
        checkpoint = save(self.dir / "sd")
        self.export(checkpoint, self.out, bits=16, adaptable=True)
        self.compare(checkpoint, np.float16)

    def test_t2i_adapter(self):
        checkpoint = save(self.dir / "sd")
        T2IAdapter(in_channels=3, channels=(8, 16), num_res_blocks=1, downscale_factor=2).save_pretrained(self.dir / "t2i")
        self.export(checkpoint, self.out, t2i=self.dir / "t2i")
        names = {v.name for v in onnx.load(str(self.out / "unet/model.onnx")).graph.input}
        self.assertIn("down_intrablock_additional_residual_1", names)

    def test_ip_adapter(self):
        checkpoint = save(self.dir / "sd")
        state = {
            "image_proj.proj.weight": torch.randn(4 * 16, 12), "image_proj.proj.bias": torch.randn(4 * 16),
            "image_proj.norm.weight": torch.ones(16), "image_proj.norm.bias": torch.zeros(16),
        }
        unet = UNet2DConditionModel.from_pretrained(str(checkpoint / "unet"))
        crossing = [name for name in unet.attn_processors if "attn2" in name]
        for i, name in enumerate(crossing):
            width = unet.get_submodule(name.removesuffix(".processor")).to_k.out_features
            for part in ("to_k_ip", "to_v_ip"):
                state[f"ip_adapter.{2 * i + 1}.{part}.weight"] = torch.randn(width, 16)
        save_file(state, str(self.dir / "ip.safetensors"))
        vision = CLIPVisionModelWithProjection(CLIPVisionConfig(
            hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=16, projection_dim=12,
        ))
        vision.save_pretrained(self.dir / "vision")
        lines = self.export(checkpoint, self.out, ip_adapters=[self.dir / "ip.safetensors"], image_encoder=self.dir / "vision")
        self.assertTrue(any(line.startswith("image_encoder") for line in lines))
        names = {v.name for v in onnx.load(str(self.out / "unet/model.onnx")).graph.input}
        self.assertLessEqual({"image_embeds_0", "ip_adapter_scale"}, names)
        self.compare(checkpoint)

    def test_large_networks_keep_their_weights_beside(self):
        checkpoint = save(self.dir / "sd")
        self.addCleanup(setattr, graph, "INLINE", graph.INLINE)
        graph.INLINE = 1
        self.export(checkpoint, self.out)
        self.export(checkpoint, self.out)  # a second time: external data must not be appended to the first
        self.compare(checkpoint)
        size = (self.out / "unet/model.onnx_data").stat().st_size
        self.assertLess(size, 2 * (checkpoint / "unet/diffusion_pytorch_model.safetensors").stat().st_size)


if __name__ == "__main__":
    unittest.main()
