"""One peer of the render benchmark: renders with optimum's ONNX Runtime pipeline and says what it took, as JSON.

    python peer.py FOLDER --pictures 5 [--together]

The house model's text encoder has no hidden-state outputs, which optimum wants, so prompts are encoded with ONNX Runtime
itself, within the measured time, once for each different prompt. "first" on standard error marks the first step.
"""
import argparse
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("folder")
    options.add_argument("--pictures", type=int, default=5)
    options.add_argument("--steps", type=int, default=20)
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--guidance", type=float, default=2.0)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--together", action="store_true", help="all pictures in one call instead of one after the other")
    args = options.parse_args()

    import numpy as np
    import onnxruntime
    import torch
    from diffusers import DPMSolverMultistepScheduler
    from optimum.onnxruntime import ORTStableDiffusionPipeline
    from transformers import PreTrainedTokenizerFast

    session = onnxruntime.SessionOptions()
    session.intra_op_num_threads = args.threads
    session.add_session_config_entry("session.disable_quant_qdq", "1")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(args.folder + "/tokenizer")
    tokenizer.model_max_length = 32
    pipe = ORTStableDiffusionPipeline.from_pretrained(args.folder, session_options=session, tokenizer=tokenizer)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=True)
    pipe.set_progress_bar_config(disable=True)
    encoder = onnxruntime.InferenceSession(args.folder + "/text_encoder/model.onnx", session, providers=["CPUExecutionProvider"])

    def encode(prompts):
        ids = tokenizer(prompts, padding="max_length", max_length=32, truncation=True, return_tensors="np").input_ids
        return torch.from_numpy(np.concatenate([encoder.run(None, {"input_ids": i[None].astype("int64")})[0] for i in ids]))

    def first(pipe, step, timestep, values):
        if not first.seen:
            first.seen = True
            print("first", file=sys.stderr, flush=True)
        return values

    first.seen = False
    subjects = ["lemon", "strawberry", "red apple", "bread", "cookie", "avocado", "tangerine", "pear", "bell", "sun", "rocket", "tulip"]
    prompts = [f"a {subjects[i % len(subjects)]}, cartoon style, on a mint background" for i in range(args.pictures)]
    batches = [prompts] if args.together else [[p] for p in prompts]
    negative, took, pixels = None, [], []
    for n, batch in enumerate(batches):
        begun = time.perf_counter()
        if negative is None:
            negative = encode([""])
        embeds = encode(batch)
        generators = [torch.Generator().manual_seed(2) for _ in batch]
        out = pipe(
            prompt_embeds=embeds, negative_prompt_embeds=negative.repeat(len(batch), 1, 1), num_inference_steps=args.steps,
            guidance_scale=args.guidance, height=args.size, width=args.size, generator=generators, output_type="np", callback_on_step_end=first,
        ).images
        took.append((time.perf_counter() - begun) / len(batch))
        pixels.append(float(out.mean()))
    peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
    print(json.dumps({"seconds": took, "mean": pixels, "peak_bytes": int(peak) * 1024}))


main()
