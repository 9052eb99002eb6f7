"""One peer of the render benchmark: renders with diffusers over torch, or with optimum over ONNX Runtime, and says what it took,
as JSON.

    python peer.py optimum|torch|torch-bf16 FOLDER --pictures 6 [--together]

A text encoder without hidden-state outputs, as the house model's, is not what optimum wants, so there prompts are encoded with
ONNX Runtime itself, within the measured time, once for each different prompt. "first" on standard error marks the first step.
"""
import argparse
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def arguments():
    options = argparse.ArgumentParser()
    options.add_argument("kind", choices=("optimum", "torch", "torch-bf16"))
    options.add_argument("folder")
    options.add_argument("--pictures", type=int, default=5)
    options.add_argument("--steps", type=int, default=20)
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--guidance", type=float, default=2.0)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--prompt", action="append", default=[])
    options.add_argument("--together", action="store_true", help="all pictures in one call instead of one after the other")
    return options.parse_args()


def session_options(threads):
    import onnxruntime

    session = onnxruntime.SessionOptions()
    session.intra_op_num_threads = threads
    session.add_session_config_entry("session.disable_quant_qdq", "1")
    return session


def bare_encoder(folder, session, tokenizer):
    """Encodes prompts where the text encoder gives its last layer alone; else None."""
    import numpy as np
    import onnxruntime
    import torch

    encoder = onnxruntime.InferenceSession(folder + "/text_encoder/model.onnx", session, providers=["CPUExecutionProvider"])
    if any("hidden_states" in o.name for o in encoder.get_outputs()):
        return None

    def encode(prompts):
        ids = tokenizer(prompts, padding="max_length", max_length=32, truncation=True, return_tensors="np").input_ids
        return torch.from_numpy(np.concatenate([encoder.run(None, {"input_ids": i[None].astype("int64")})[0] for i in ids]))

    return encode


def optimum(args):
    from optimum.onnxruntime import ORTStableDiffusionPipeline
    from transformers import CLIPTokenizer, PreTrainedTokenizerFast

    session = session_options(args.threads)
    try:
        tokenizer = CLIPTokenizer.from_pretrained(args.folder + "/tokenizer")
    except (OSError, TypeError):
        tokenizer = PreTrainedTokenizerFast.from_pretrained(args.folder + "/tokenizer")
        tokenizer.model_max_length = 32
    pipe = ORTStableDiffusionPipeline.from_pretrained(args.folder, session_options=session, tokenizer=tokenizer)
    return pipe, bare_encoder(args.folder, session, tokenizer)


def torch_pipeline(args):
    import torch
    from diffusers import StableDiffusionPipeline

    torch.set_num_threads(args.threads)
    kind = torch.bfloat16 if args.kind == "torch-bf16" else torch.float32
    return StableDiffusionPipeline.from_pretrained(args.folder, torch_dtype=kind, safety_checker=None), None


def main():
    args = arguments()
    import torch
    from diffusers import DPMSolverMultistepScheduler

    pipe, encode = optimum(args) if args.kind == "optimum" else torch_pipeline(args)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, use_karras_sigmas=True)
    pipe.set_progress_bar_config(disable=True)

    def first(pipe, step, timestep, values):
        if not first.seen:
            first.seen = True
            print("first", file=sys.stderr, flush=True)
        return values

    first.seen = False
    prompts = [args.prompt[i % len(args.prompt)] for i in range(args.pictures)]
    negative, took, pixels = None, [], []
    for batch in [prompts] if args.together else [[p] for p in prompts]:
        begun = time.perf_counter()
        given = {"prompt": batch, "negative_prompt": [""] * len(batch)}
        if encode:
            negative = encode([""]) if negative is None else negative
            given = {"prompt_embeds": encode(batch), "negative_prompt_embeds": negative.repeat(len(batch), 1, 1)}
        out = pipe(
            **given, num_inference_steps=args.steps, guidance_scale=args.guidance, height=args.size, width=args.size,
            generator=[torch.Generator().manual_seed(2) for _ in batch], output_type="np", callback_on_step_end=first,
        ).images
        took.append((time.perf_counter() - begun) / len(batch))
        pixels.append(float(out.mean()))
    peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
    print(json.dumps({"seconds": took, "mean": pixels, "peak_bytes": int(peak) * 1024}))


main()
