"""python trainer/reference/make_prompts.py > internal/engine/local/testdata/prompts.json: what prompts in A1111's syntax
make of the tiny models in internal/engine/local/testdata/models.

Made with torch 2.8.0, diffusers 0.39.0, transformers 4.57.6, onnxruntime 1.32.0. The pieces that each prompt means are
written down by hand, so that nothing here parses; tokens, chunks, weights, padding and mixing follow A1111's
sd_hijack_clip, sd_emphasis ("Original"), prompt_parser and sd_samplers_cfg_denoiser of release 1.10, with
pad_cond_uncond on. Walks are diffusers' schedulers.
"""
import json, os, sys, warnings
import diffusers as d, numpy as np, onnx, onnxruntime as ort, torch
from onnx import numpy_helper
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer
warnings.filterwarnings("ignore")
ROOT = os.path.join(os.path.dirname(__file__), "../../internal/engine/local/testdata/models")
WORDS = os.path.join(ROOT, "../embeddings")
FREE = 1900  # rows of the tables that no prompt here uses: vectors of textual inversions stand in them
CLASSES = dict(euler=d.EulerDiscreteScheduler, ddim=d.DDIMScheduler, heun=d.HeunDiscreteScheduler, euler_a=d.EulerAncestralDiscreteScheduler)


def embeddings():
    """Textual inversions: A1111's form for Stable Diffusion, two tensors for SDXL. The vectors are made of their places."""
    vectors = lambda n, width, k: torch.sin(torch.arange(n * width).reshape(n, width) * k) * 3
    torch.save({"string_to_param": {"*": vectors(3, 32, 1.7)}, "name": "another", "step": 5}, f"{WORDS}/my-style.pt")
    save_file({"clip_l": vectors(2, 32, 2.3), "clip_g": vectors(2, 32, 2.9)}, f"{WORDS}/my-style-xl.safetensors")


def with_vectors(path, vectors):
    """An encoder with vectors in the place of the rows that are free."""
    m = onnx.load(path)
    table = next(i for i in m.graph.initializer if i.name.endswith("token_embedding.weight"))
    rows = numpy_helper.to_array(table).copy()
    rows[FREE:FREE + len(vectors)] = vectors
    table.CopyFrom(numpy_helper.from_array(rows, table.name))
    return m.SerializeToString()


class Model:
    def __init__(self, name):
        self.dir, self.xl = os.path.join(ROOT, name), "xl" in name
        if self.xl:
            own = load_file(f"{WORDS}/my-style-xl.safetensors")
            own = [own["clip_l"], own["clip_g"]]
        else:
            own = [torch.load(f"{WORDS}/my-style.pt")["string_to_param"]["*"]]
        self.vectors = len(own[0])
        load = lambda part: ort.InferenceSession(f"{self.dir}/{part}/model.onnx", providers=["CPUExecutionProvider"])
        self.encoders = [(CLIPTokenizer.from_pretrained(f"{self.dir}/tokenizer{s}"), ort.InferenceSession(with_vectors(f"{self.dir}/text_encoder{s}/model.onnx", v.numpy()), providers=["CPUExecutionProvider"])) for s, v in zip(["", "_2"], own)]
        self.unet = load("unet")
        self.config = json.load(open(f"{self.dir}/scheduler/scheduler_config.json"))

    def chunks(self, tok, pieces):
        comma = tok(",", add_special_tokens=False).input_ids[0]
        done, ids, weights, last = [], [], [], None

        def end_chunk():
            nonlocal ids, weights, last
            n = 76 - len(ids)
            row = [tok.bos_token_id] + ids + [tok.eos_token_id] + [tok.pad_token_id] * (n - 1)
            done.append((row, [1.] + weights + [1.] * n))
            ids, weights, last = [], [], None
        for piece in pieces:
            if piece == "BREAK": end_chunk(); continue
            text, weight = piece
            if text == "@":
                if len(ids) + self.vectors > 75: end_chunk()
                ids += range(FREE, FREE + self.vectors); weights += [weight] * self.vectors
                continue
            for token in tok(text, add_special_tokens=False, truncation=False).input_ids:
                assert not FREE <= token < FREE + self.vectors
                if token == comma: last = len(ids)
                elif len(ids) == 75 and last is not None and 75 - last <= 20:
                    moved = ids[last + 1:], weights[last + 1:]
                    ids, weights = ids[:last + 1], weights[:last + 1]
                    end_chunk()
                    ids, weights = moved
                if len(ids) == 75: end_chunk()
                ids.append(token); weights.append(weight)
        if ids or not done: end_chunk()
        return done

    def encode(self, stages, zero=False):
        """The texts of all stages, as one batch: [stages, tokens, width] and the pooled vectors."""
        sides, pooled = [], None
        for tok, session in self.encoders:
            batch = [self.chunks(tok, pieces) for pieces in stages]
            empty = self.chunks(tok, [])[0]
            parts = []
            for c in range(max(len(b) for b in batch)):
                rows = [b[c] if c < len(b) else empty for b in batch]
                out = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"input_ids": np.array([r[0] for r in rows], np.int64)})))
                layers = sum(n.startswith("hidden_states.") for n in out)
                z = torch.tensor(out[f"hidden_states.{layers - 2}" if self.xl else "last_hidden_state"])
                if c == 0 and "text_embeds" in out: pooled = torch.tensor(out["text_embeds"])
                before = z.mean()
                z = z * torch.tensor([r[1] for r in rows])[..., None]
                # sd-tiny's norm has no bias, so its mean is rounding and nothing that could be brought back
                lost = z.mean().abs() < 1e-5 * z.abs().mean()
                parts.append(z if lost else z * (before / z.mean()))
            sides.append(torch.hstack(parts))
        z = torch.cat(sides, -1)
        if zero: z, pooled = z * 0, pooled * 0
        return z, pooled


def at(stages, call):
    return next((i for i, (end, _) in enumerate(stages) if call <= end), 0)


def run(m, case):
    steps, scale, size = case["steps"], case["scale"], 64
    encode = lambda stages, zero=False: (m.encode([p for _, p in stages], zero))
    positive = [(weight, stages, *encode(stages)) for weight, stages in case["positive"]]
    negative = case["negative"]
    n_hidden, n_pooled = encode(negative, m.xl and case["negative_prompt"] == "")
    empty = m.encode([[]])[0]
    s = CLASSES[case["sampler"]].from_config({**m.config, **({} if m.xl else dict(clip_sample=False)), "_class_name": CLASSES[case["sampler"]].__name__})
    s.set_timesteps(steps)
    g = torch.Generator().manual_seed(case["seed"])
    x = torch.randn((1, 4, 32, 32), generator=g) * s.init_noise_sigma
    calls = len(s.timesteps)
    start, end = case.get("interval", (0, 1))
    for call, t in enumerate(s.timesteps):
        conds = [(w, h[at(st, call)], p[at(st, call)] if m.xl else None) for w, st, h, p in positive]
        longest = max(len(h) for _, h, _ in conds)
        conds = [(w, torch.vstack([h, h[-1:].repeat(longest - len(h), 1)]), p) for w, h, p in conds]
        u, u_pooled = n_hidden[at(negative, call)], n_pooled[at(negative, call)] if m.xl else None
        total = max(longest, len(u))
        pad = lambda h: torch.vstack([h] + [empty[0]] * ((total - len(h)) // 77))
        seen = s.scale_model_input(x, t)

        def predict(hidden, pooled):
            feed = {"sample": seen.numpy(), "timestep": np.array(t, np.float32 if t.dtype.is_floating_point else np.int64), "encoder_hidden_states": hidden[None].numpy()}
            kinds = {i.name: i.type for i in m.unet.get_inputs()}
            feed["timestep"] = feed["timestep"].astype(np.int64 if kinds["timestep"] == "tensor(int64)" else np.float32)
            if m.xl: feed.update(text_embeds=pooled[None].numpy(), time_ids=np.array([[size, size, 0, 0, size, size]], np.float32))
            return torch.tensor(m.unet.run(None, feed)[0])
        outs = [predict(pad(h), p) for _, h, p in conds]
        if int(start * calls) <= call < int(end * calls):
            base = predict(pad(u), u_pooled)
            out = base + sum((o - base) * (w * scale) for (w, _, _), o in zip(conds, outs))
        else:
            out = outs[0] + sum((o - outs[0]) * w for (w, _, _), o in zip(conds, outs))
        kw = dict(generator=g) if case["sampler"] == "euler_a" else {}
        x = s.step(out, t, x, **kw).prev_sample
    return x.flatten()


def plain(text): return [(1000, [(text, 1.)])]


LONG = ", ".join(["a red apple on a wooden table", "soft light from the left side", "a blue bowl", "flat style", "very sharp lines and edges", "a light grey background with a pattern of leaves", "no shadows at all", "three small birds near the window", "a cup of tea"])
CASES = [
    dict(name="weights", prompt="a (red:1.3) apple, [grey] background, ((sharp))", negative_prompt="(blurry:1.4), dark",
         positive=[(1., [(1000, [("a ", 1.), ("red", 1.3), (" apple, ", 1.), ("grey", 1 / 1.1), (" background, ", 1.), ("sharp", 1.1 * 1.1)])])],
         negative=[(1000, [("blurry", 1.4), (", dark", 1.)])]),
    dict(name="two chunks", prompt=LONG, negative_prompt="blurry", positive=[(1., plain(LONG))], negative=plain("blurry")),
    dict(name="long negative", prompt="a (cat:1.2)", negative_prompt=LONG, positive=[(1., [(1000, [("a ", 1.), ("cat", 1.2)])])], negative=plain(LONG)),
    dict(name="break", prompt="a cat BREAK (a dog:0.7)", negative_prompt="", positive=[(1., [(1000, [("a cat", 1.), "BREAK", ("", 1.), ("a dog", .7)])])], negative=plain("")),
    dict(name="editing", prompt="[a cat:a (dog:1.2):0.4] on grass", negative_prompt="[blurry:3]",
         positive=[(1., [(3, [("a cat on grass", 1.)]), (8, [("a ", 1.), ("dog", 1.2), (" on grass", 1.)])])], negative=[(3, []), (8, [("blurry", 1.)])]),
    dict(name="alternation", prompt="[cat|(dog:1.3)|] face", negative_prompt="",
         positive=[(1., [(i + 1, [[("cat face", 1.)], [("dog", 1.3), (" face", 1.)], [(" face", 1.)]][i % 3]) for i in range(8)])], negative=plain("")),
    dict(name="editing by call", sampler="heun", prompt="[a cat:a dog:0.5] on grass", negative_prompt="",
         positive=[(1., [(8, [("a cat on grass", 1.)]), (16, [("a dog on grass", 1.)])])], negative=plain("")),
    dict(name="composed", prompt=f"a cat:1.2 AND a (blue:1.3) dog AND fog :-0.5 AND {LONG}:0.3", negative_prompt="blurry",
         positive=[(1.2, plain("a cat")), (1., [(1000, [(" a ", 1.), ("blue", 1.3), (" dog", 1.)])]), (-.5, plain(" fog")), (.3, plain(LONG))], negative=plain("blurry")),
    dict(name="composed, interval", prompt="a cat AND a dog:0.5", negative_prompt="blurry", interval=(.25, .75),
         positive=[(1., plain("a cat")), (.5, plain(" a dog"))], negative=plain("blurry")),
    dict(name="interval", prompt="a cat", negative_prompt="blurry", sampler="ddim", interval=(.2, .6), positive=[(1., plain("a cat"))], negative=plain("blurry")),
    dict(name="editing, noise", prompt="a [red:blue:2] cat", negative_prompt="", sampler="euler_a",
         positive=[(1., [(2, [("a red cat", 1.)]), (8, [("a blue cat", 1.)])])], negative=plain("")),
    dict(name="words", prompt="a (my-style:1.3) cat, My-Style", negative_prompt="my-style", embeddings=["my-style"],
         positive=[(1., [(1000, [("a ", 1.), ("@", 1.3), (" cat, ", 1.), ("@", 1.)])])], negative=[(1000, [("@", 1.)])]),
    dict(name="words at the end of a chunk", prompt="cat " * 73 + "my-style dog", negative_prompt="", embeddings=["my-style"],
         positive=[(1., [(1000, [("cat " * 73, 1.), ("@", 1.), (" dog", 1.)])])], negative=plain("")),
    dict(name="words", model="sdxl-base-tiny", prompt="[my-style-xl:a dog:4], (blue:1.2)", negative_prompt="", embeddings=["my-style-xl"],
         positive=[(1., [(4, [("@", 1.), (", ", 1.), ("blue", 1.2)]), (8, [("a dog, ", 1.), ("blue", 1.2)])])], negative=plain("")),
    dict(name="weights", model="sdxl-base-tiny", prompt="a (red:1.3) apple", negative_prompt="",
         positive=[(1., [(1000, [("a ", 1.), ("red", 1.3), (" apple", 1.)])])], negative=plain("")),
    dict(name="two chunks and zeros", model="sdxl-base-tiny", prompt=LONG, negative_prompt="", positive=[(1., plain(LONG))], negative=plain("")),
    dict(name="editing", model="sdxl-base-tiny", prompt="[cat:dog:4] AND a (hat:1.4)", negative_prompt="dark",
         positive=[(1., [(4, [("cat", 1.)]), (8, [("dog", 1.)])]), (1., [(1000, [(" a ", 1.), ("hat", 1.4)])])], negative=plain("dark")),
]

embeddings()
models, out = {}, []
for case in CASES:
    case = dict(dict(model="sd-tiny", sampler="euler", steps=8, scale=6., seed=7), **case)
    m = models.setdefault(case["model"], None) or Model(case["model"])
    models[case["model"]] = m
    x = run(m, case)
    out.append({k: case[k] for k in ("embeddings",) if k in case} | {k: case[k] for k in ("name", "model", "prompt", "negative_prompt", "sampler", "steps", "scale", "seed")} | dict(
        interval=case.get("interval", (0, 1)), every=97, latents=[float("%.7g" % v) for v in x[::97]], abs_sum=float("%.8g" % x.double().abs().sum())))
json.dump(out, sys.stdout, indent=1)
print()
