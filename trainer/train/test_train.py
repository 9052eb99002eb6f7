"""Run it as `python -m unittest trainer.train.test_train`."""

import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
import onnxruntime
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from trainer.export.folder import export
from trainer.reference.make_tiny_checkpoint import TOKENIZER, networks, write

from . import course
from .control import beside, halves
from .graph import RESIDUALS, Graph
from .house import Branch
from .job import Job

HOUSE = Path(__file__).resolve().parents[2] / "models/house"


def save(folder: Path) -> Path:
    return write(folder, networks())


def save_xl(folder: Path) -> Path:
    """A tiny SDXL with random weights."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModelWithProjection

    parts = networks()
    config = parts["text_encoder"].config
    config.projection_dim = 16
    parts["text_encoder_2"] = CLIPTextModelWithProjection(config)
    parts["unet"] = UNet2DConditionModel(
        sample_size=32, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=2, cross_attention_dim=64, attention_head_dim=2, use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), addition_embed_type="text_time",
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=16 + 6 * 8,
    )
    write(folder, parts)
    shutil.copytree(TOKENIZER, folder / "tokenizer_2")
    index = json.loads((folder / "model_index.json").read_text())
    index |= {"_class_name": "StableDiffusionXLPipeline", "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "tokenizer_2": ["transformers", "CLIPTokenizer"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def pictures(folder: Path, side: int, count: int = 3) -> list:
    rng, found = np.random.default_rng(0), []
    for i in range(count):
        file = folder / f"{i}.png"
        tile = rng.integers(0, 256, (4, 4, 3), np.uint8)
        Image.fromarray(tile).resize((side, side), Image.NEAREST).save(file)
        found.append({"file": str(file), "caption": "a red apple" if i % 2 else "a dog"})
    return found


def lessons(folder: Path, kind: str, base: dict, side: int, **more) -> dict:
    shown = pictures(folder, side)
    return {
        "kind": kind, "identity": "i", "base": base, "width": side, "height": side, "pictures": shown[1:], "validation": shown[:1], "trigger": "zwk", "vectors": 2, "like": "apple",
        "steps": 4, "batch": 2, "learning_rate": 1e-2, "weight_decay": 1e-4, "rank": 2, "alpha": 2.0, "convolutions": True, "caption_dropout": 0.1, "flip": True, "seed": 3,
        "validate_every": 2, "patience": 9, "guidance": 2.0, "draw_steps": 2, "sheet_prompts": ["a dog"], "device": "cpu", "threads": 1, "out": str(folder / "out"),
        "metadata": {"presswerk.base.sha256": "ab"}, "class_prompt": "a dog", "class_pictures": 2, "prior_weight": 1.0,
    } | more


def run(job: dict) -> list:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        course.run(job, 0.0)
    return [json.loads(line) for line in said.getvalue().splitlines()]


def house_weights() -> dict:
    """A few layers, as the product names them."""
    graph = Graph(HOUSE / "unet/model.onnx")
    found = {}
    for node in graph.nodes:
        if node.op in ("Conv", "Gemm", "MatMul") and len(graph.origin.get(node.inputs[1], ())) > 0 and "mid_block" in node.name:
            found[node.name.strip("/").rsplit("/", 1)[0].replace("/", ".").removeprefix("unet.") + ".weight"] = graph.origin[node.inputs[1]][-1]
    return found


class House(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)

    def test_graph_is_what_the_renderer_runs(self):
        """Every timestep of a batch, and gradients to what comes in."""
        side = json.loads((HOUSE / "unet/config.json").read_text())["sample_size"] // 2
        graph = Graph(HOUSE / "unet/model.onnx")
        torch.manual_seed(0)
        channels, tokens = graph.inputs["sample"][1], graph.inputs["encoder_hidden_states"][1:]
        feed = {"sample": torch.randn(2, channels, side, side, requires_grad=True), "timestep": torch.tensor([20, 800]), "encoder_hidden_states": torch.randn(2, *tokens)}
        got = graph(**feed)
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        session = onnxruntime.InferenceSession(str(HOUSE / "unet/model.onnx"), options, providers=["CPUExecutionProvider"])
        for i in range(2):
            want = session.run(None, {k: v[i : i + 1].detach().numpy() for k, v in feed.items()})[0]
            self.assertLess(np.abs(got[i : i + 1].detach().numpy() - want).max() / np.abs(want).max(), 1e-4)
        got.square().mean().backward()
        self.assertGreater(float(feed["sample"].grad.abs().max()), 0)

    def test_a_job_that_was_interrupted_ends_as_the_others(self):
        base = {"form": "onnx", "dir": str(HOUSE)}
        job = lessons(self.dir, "lora", base, 64, weights=house_weights(), threads=2)
        whole = run(job)
        once = load_file(job["out"] + "/result.safetensors")
        self.assertEqual([e["step"] for e in whole if e["event"] == "step"], [1, 2, 3, 4])
        with safe_open(job["out"] + "/result.safetensors", "pt") as f:
            self.assertEqual(f.metadata()["presswerk.base.sha256"], "ab")
            self.assertEqual(f.metadata()["ss_seed"], "3")
        self.assertTrue(all(k.endswith((".lora_A.weight", ".lora_B.weight", ".alpha")) and k.startswith("unet.mid_block") for k in once))
        self.assertTrue(any(bool(v.any()) for k, v in once.items() if k.endswith("lora_B.weight")))
        job["out"] = str(self.dir / "again")
        learn, Job.learn = Job.learn, fail_at(3)
        try:
            with self.assertRaises(InterruptedError):
                run(job)
        finally:
            Job.learn = learn
        again = run(job)
        self.assertEqual((again[0]["resumed"], again[0]["step"]), (True, 2))
        for name, value in load_file(job["out"] + "/result.safetensors").items():
            self.assertTrue(torch.equal(value, once[name]), name)
        self.assertEqual(again[-1]["validation"], whole[-1]["validation"])


    def test_embedding_learns_its_word_alone(self):
        """Through the text encoder's graph. Prompts without the word are read as the renderer's encoder reads them."""
        shown = pictures(self.dir, 64)
        for p in shown:
            p["caption"] += ", zwk"
        job = lessons(self.dir, "embedding", {"form": "onnx", "dir": str(HOUSE)}, 64, pictures=shown[1:], validation=shown[:1], sheet_prompts=["a dog, zwk"], threads=2)
        said = run(job)
        tensors = load_file(job["out"] + "/result.safetensors")
        self.assertEqual({k: list(v.shape) for k, v in tensors.items()}, {"emb_params": [2, 384]})
        self.assertNotEqual(Path(said[-1]["trained"][0]).read_bytes(), Path(said[-1]["drawn_by_base"][0]).read_bytes())
        base = Job(job).base
        by_graph, base.encoders = base.read(["a red apple"])[0], []
        by_renderer = base.read(["a red apple"])[0]
        for name, want in by_renderer.items():
            self.assertLess(float((by_graph[name] - want).abs().max() / want.abs().max()), 1e-4)

    def test_a_unet_without_residuals_takes_no_control(self):
        plain = shutil.copytree(HOUSE, self.dir / "plain")
        model = onnx.load(str(plain / "unet/model.onnx"))
        for asked in [i for i in model.graph.input if i.name.startswith(RESIDUALS)]:
            model.graph.input.remove(asked)  # their zeros stay, as constants
        onnx.save(model, str(plain / "unet/model.onnx"))
        job = lessons(self.dir, "controlnet", {"form": "onnx", "dir": str(plain)}, 64, weights={})
        with self.assertRaisesRegex(ValueError, "residuals"):
            run(job)

    def test_control_network_fits_the_house_model(self):
        """Its UNet's time embedding is of a width of its own, which ControlNets can't have."""
        unet = Graph(HOUSE / "unet/model.onnx")
        control = beside(unet, HOUSE / "unet/config.json", {}, 4)
        channels, tokens = unet.inputs["sample"][1], unet.inputs["encoder_hidden_states"][1:]
        sample, states, t = torch.randn(2, channels, 8, 8), torch.randn(2, *tokens), torch.tensor([20, 800])
        with torch.no_grad():
            for p in control.controlnet_down_blocks.parameters():
                p.fill_(0.1)
            down, middle = control(sample, t, encoder_hidden_states=states, controlnet_cond=torch.rand(2, 3, 64, 64), return_dict=False)
            steered = unet(sample=sample, timestep=t, encoder_hidden_states=states, **dict(zip(halves(unet), [*down, middle], strict=True)))
            alone = unet(sample=sample, timestep=t, encoder_hidden_states=states)
        self.assertEqual(steered.shape, alone.shape)
        self.assertFalse(torch.equal(steered, alone))

    def test_what_the_prompt_tells_is_computed_once(self):
        """Rows of a batch that were met before take what was computed of their prompts then; and a layer that learns is no such thing."""
        graph = Graph(HOUSE / "unet/model.onnx")
        torch.manual_seed(0)
        channels, tokens = graph.inputs["sample"][1], graph.inputs["encoder_hidden_states"][1:]
        feed = {"sample": torch.randn(2, channels, 8, 8), "timestep": torch.tensor([20, 800]), "encoder_hidden_states": torch.randn(2, *tokens)}
        once = graph(**feed)
        self.assertEqual(len(graph.remembered), 2)
        with mock.patch.object(graph, "_run", wraps=graph._run) as ran:
            swapped = graph(**{name: v.flip(0) for name, v in feed.items()})
            self.assertEqual(ran.call_count, 1)
        self.assertLess(float((swapped.flip(0) - once).abs().max()), 1e-5 * float(once.abs().max()))
        (known,) = graph.earlies.values()
        early = next(n for n in known.first.nodes if n.op == "Conv" and isinstance(graph.fixed.get(n.inputs[1]), str))
        graph.branches[early.name] = learner = Branch(graph.weight(early).shape, 2, 2.0)
        torch.nn.init.ones_(learner.up)
        graph(**feed).square().mean().backward()
        self.assertGreater(float(learner.up.grad.abs().max()), 0)
        with torch.no_grad(), mock.patch.object(graph, "_run", wraps=graph._run) as ran:
            drawn = graph(**feed)
            self.assertTrue(torch.equal(graph(**feed), drawn))
            self.assertEqual(ran.call_count, 2 + 2)  # each prompt once, and the rest twice
            learner.up.mul_(2)
            self.assertFalse(torch.equal(graph(**feed), drawn))


class Graphs(unittest.TestCase):
    """A converted model, as `models convert` leaves it."""

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        self.model = self.dir / "onnx"
        export(save(self.dir / "sd"), self.model, say=lambda _: None)
        self.weights = {name: place["initializer"] for name, place in json.loads((self.model / "unet/weights.json").read_text())["weights"].items()}

    def test_control_network_is_written_as_a_graph(self):
        shown = pictures(self.dir, 32)
        for p in shown:
            p["control"] = p["file"]
        job = lessons(self.dir, "controlnet", {"form": "onnx", "dir": str(self.model)}, 32, pictures=shown[1:], validation=shown[:1], weights=self.weights)
        said = run(job)
        measured = [e for e in said if e["event"] == "validation"]
        self.assertNotEqual(measured[0]["loss"], measured[-1]["loss"])
        session = onnxruntime.InferenceSession(job["out"] + "/result/model.onnx", providers=["CPUExecutionProvider"])
        unet = onnxruntime.InferenceSession(str(self.model / "unet/model.onnx"), providers=["CPUExecutionProvider"])
        given = {i.name: i for i in unet.get_inputs()}
        for i in session.get_inputs():
            if i.name in given:
                self.assertEqual(i.type, given[i.name].type)
        self.assertEqual([o.name for o in session.get_outputs()], halves(Graph(self.model / "unet/model.onnx")))
        self.assertEqual(json.loads((Path(job["out"]) / "result/config.json").read_text())["_class_name"], "ControlNetModel")

    def test_embedding(self):
        shown = pictures(self.dir, 32)
        for p in shown:
            p["caption"] += ", zwk"
        job = lessons(self.dir, "embedding", {"form": "onnx", "dir": str(self.model)}, 32, pictures=shown[1:], validation=shown[:1], sheet_prompts=["a dog, zwk"])
        said = run(job)
        self.assertEqual(list(load_file(job["out"] + "/result.safetensors")["emb_params"].shape), [2, 32])
        self.assertNotEqual(Path(said[-1]["trained"][0]).read_bytes(), Path(said[-1]["drawn_by_base"][0]).read_bytes())

    def test_every_row_has_its_own_time(self):
        """Though a converted UNet takes one for all."""
        from diffusers import UNet2DConditionModel

        job = lessons(self.dir, "lora", {"form": "onnx", "dir": str(self.model)}, 32, weights=self.weights)
        base = Job(job).base
        torch.manual_seed(0)
        z, t, given = torch.randn(2, *base.latent_shape), torch.tensor([20, 800]), base.stack(base.read(["a dog", "a red apple"]))
        with torch.no_grad():
            want = UNet2DConditionModel.from_pretrained(str(self.dir / "sd/unet"))(z, t, return_dict=False, **given)[0]
            got = base.predict(z, t, given)
        self.assertLess(float((got - want).abs().max() / want.abs().max()), 1e-4)

    def test_control_network_begins_as_the_unet(self):
        unet = Graph(self.model / "unet/model.onnx")
        made = beside(unet, self.model / "unet/config.json", self.weights, 2).state_dict()
        from diffusers import UNet2DConditionModel

        want = UNet2DConditionModel.from_pretrained(str(self.dir / "sd/unet")).state_dict()
        same = [k for k in made if k in want and made[k].dim() > 1]
        self.assertGreater(len(same), 20)
        for k in same:
            self.assertTrue(torch.equal(made[k], want[k]), k)


def fail_at(step: int):
    learn = Job.learn

    def learning(self):
        if self.step + 1 == step:
            raise InterruptedError
        return learn(self)

    return learning


class Diffusers(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)

    def train(self, kind: str, checkpoint: Path, **more) -> tuple[dict, list]:
        job = lessons(self.dir, kind, {"form": "diffusers", "dir": str(checkpoint)}, 32, **more)
        return job, run(job)

    def test_lora(self):
        """peft reads it back into a plain UNet, which then answers as the trained one did."""
        from diffusers import UNet2DConditionModel

        for name, make in {"sd": save, "xl": save_xl}.items():
            checkpoint = make(self.dir / name)
            job, said = self.train("lora", checkpoint, out=str(self.dir / f"out-{name}"))
            tensors = load_file(job["out"] + "/result.safetensors")
            self.assertIn("unet.conv_in.lora_A.weight", tensors)
            self.assertTrue(any("attn2.to_k" in k for k in tensors))
            unet = UNet2DConditionModel.from_pretrained(str(checkpoint / "unet"))
            before = {k: v.clone() for k, v in unet.state_dict().items()}
            unet.load_lora_adapter({k: v for k, v in tensors.items() if not k.endswith(".alpha")}, prefix="unet")
            unet.fuse_lora()
            changed = [k for k, v in unet.state_dict().items() if k.replace(".base_layer", "") in before and not torch.equal(v, before[k.replace(".base_layer", "")])]
            self.assertGreater(len(changed), 10)
            self.assertEqual(said[-1]["event"], "done")

    def test_dreambooth_draws_its_class_once(self):
        checkpoint = save(self.dir / "sd")
        job, said = self.train("dreambooth", checkpoint)
        self.assertEqual([e["done"] for e in said if e["event"] == "prior"], [1, 2])
        _, said = self.train("dreambooth", checkpoint, identity="another")
        self.assertFalse([e for e in said if e.get("resumed")], "another job must not go on from this checkpoint")
        self.assertFalse([e for e in said if e["event"] == "prior"])

    def test_embedding_learns_its_word_alone(self):
        checkpoint = save(self.dir / "sd")
        shown = pictures(self.dir, 32)
        for p in shown:
            p["caption"] += ", zwk"
        job, said = self.train("embedding", checkpoint, pictures=shown[1:], validation=shown[:1], sheet_prompts=["a dog, zwk"])
        tensors = load_file(job["out"] + "/result.safetensors")
        self.assertEqual({k: v.dim() for k, v in tensors.items()}, {"emb_params": 2})
        self.assertEqual(len(tensors["emb_params"]), 2)
        self.assertNotEqual(Path(said[-1]["trained"][0]).read_bytes(), Path(said[-1]["drawn_by_base"][0]).read_bytes())

    def test_control_network_begins_as_nothing(self):
        from diffusers import ControlNetModel

        checkpoint = save(self.dir / "sd")
        shown = pictures(self.dir, 32)
        for p in shown:
            p["control"] = p["file"]
        job, said = self.train("controlnet", checkpoint, pictures=shown[1:], validation=shown[:1])
        first = [e for e in said if e["event"] == "validation"]
        self.assertNotEqual(first[0]["loss"], first[-1]["loss"])
        made = ControlNetModel.from_pretrained(job["out"] + "/result")
        self.assertTrue(any(bool(p.any()) for n, p in made.named_parameters() if n.startswith("controlnet_down_blocks")))

    def test_what_cannot_be_trained_says_so(self):
        checkpoint = save(self.dir / "sd")
        with self.assertRaises(ValueError):
            self.train("lora", checkpoint, learning_rate=float("nan"))


if __name__ == "__main__":
    unittest.main()
