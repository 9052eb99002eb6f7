"""Presswerk beside its peers over the same files, in one run.

    python bench/render/run.py PRESSWERK FOLDER [--rounds 5] [--size 128 --steps 20 --guidance 2 --pictures 6 --matrix 12]
        [--torch CHECKPOINT [--kinds torch torch-bf16] [--sdcpp PROGRAM]]

PYTHON (environment, default this interpreter) is the interpreter that has optimum-onnx 0.1.0, diffusers 0.39.0, torch 2.8.0,
transformers 4.57.6 and onnxruntime 1.32.0. FOLDER is a model in ONNX for Presswerk and optimum; CHECKPOINT the same one for torch
and stable-diffusion.cpp, whose sd-cli PROGRAM is. The programs take turns, so that what else the machine does meets all of them.
Prints Markdown tables: medians over the rounds, and Presswerk's share of optimum's figure.
"""
import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SUBJECTS = ["lemon", "strawberry", "red apple", "bread", "cookie", "avocado", "tangerine", "pear", "bell", "sun", "rocket", "tulip"]
PROMPTS = [f"a {s}, cartoon style, on a mint background" for s in SUBJECTS]


def arguments():
    options = argparse.ArgumentParser()
    options.add_argument("presswerk")
    options.add_argument("folder")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--steps", type=int, default=20)
    options.add_argument("--guidance", type=float, default=2.0)
    options.add_argument("--pictures", type=int, default=6)
    options.add_argument("--matrix", type=int, default=12)
    options.add_argument("--torch", metavar="CHECKPOINT")
    options.add_argument("--kinds", nargs="*", default=["torch", "torch-bf16"], help="of torch; bfloat16 is slow where the processor lacks it")
    options.add_argument("--sdcpp", metavar="PROGRAM")
    return options.parse_args()


def measure(command):
    """Runs a program; gives its JSON answer and the seconds until its first step."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first, said = None, []
    for line in process.stderr:
        said.append(line)
        if line.strip() == "first":
            first = time.perf_counter() - begun
    output = process.stdout.read()
    if process.wait() != 0:
        sys.exit(f"{command} failed: {''.join(said[-5:])}")
    answer = json.loads(output[output.index("{"):])
    answer["first"] = first
    return answer


def both(name, command, args):
    """One picture after the other, then a matrix in one call; of a peer the better of the two ways counts for the matrix."""
    single = measure(command + ["--pictures", str(args.pictures)])
    matrix = measure(command + ["--pictures", str(args.matrix), "--together"])
    alone = statistics.median(single["seconds"])
    together = matrix["seconds"][0] if name == "Presswerk" else min(matrix["seconds"][0], alone)
    return {
        "one picture, s": alone, f"a picture of a matrix of {args.matrix}, s": together, "start to first step, s": single["first"],
        "peak memory, MiB": single["peak_bytes"] / 2**20,
    }, single["mean"][0]


def sdcpp(args, temp):
    """One picture; stable-diffusion.cpp says itself how long it took, loading apart."""
    out = subprocess.run(
        [args.sdcpp, "-m", args.torch, "-p", PROMPTS[0], "--steps", str(args.steps), "-W", str(args.size), "-H", str(args.size), "--cfg-scale", str(args.guidance),
         "--sampling-method", "dpm++2m", "--scheduler", "karras", "-s", "2", "-t", "2", "-o", os.path.join(temp, "sd.png")],
        capture_output=True, text=True, check=True,
    )
    took = float(re.findall(r"generate_image completed in ([\d.]+)s", out.stdout + out.stderr)[-1])
    return {"one picture, s": took, "peak memory, MiB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def main():
    args = arguments()
    python = os.environ.get("PYTHON", sys.executable)
    here = os.path.dirname(os.path.abspath(__file__))
    prompts = [word for p in PROMPTS for word in ("--prompt", p)]
    shape = ["--size", str(args.size), "--steps", str(args.steps), "--guidance", str(args.guidance)] + prompts
    figures, means = {}, {}
    with tempfile.TemporaryDirectory() as temp:
        recipe = os.path.join(temp, "recipe.json")
        with open(recipe, "w") as f:
            json.dump({
                "mode": "text-to-image", "engine": "local", "model": {"dir": os.path.abspath(args.folder)}, "prompt": "", "negative_prompt": "",
                "width": args.size, "height": args.size, "steps": args.steps, "guidance_scale": args.guidance, "sampler": "dpmpp_2m",
                "scheduler": "karras", "seed": 2,
            }, f)
        commands = {
            "Presswerk": [args.presswerk, "bench", "render", recipe, "--json"] + prompts,
            "optimum": [python, os.path.join(here, "peer.py"), "optimum", args.folder] + shape,
        }
        if args.torch:
            for kind in args.kinds:
                commands[kind] = [python, os.path.join(here, "peer.py"), kind, args.torch] + shape
        for _ in range(args.rounds):
            if args.sdcpp:  # before the others: the largest child so far counts as its peak
                for figure, value in sdcpp(args, temp).items():
                    figures.setdefault(figure, {}).setdefault("stable-diffusion.cpp", []).append(value)
            for name, command in commands.items():
                measured, means[name] = both(name, command, args)
                print(name, measured, file=sys.stderr, flush=True)
                for figure, value in measured.items():
                    figures.setdefault(figure, {}).setdefault(name, []).append(value)
    names = list(commands) + (["stable-diffusion.cpp"] if args.sdcpp else [])
    print("| | " + " | ".join(names) + " | Presswerk ÷ optimum |\n|---|" + "---|" * (len(names) + 1))
    for figure, values in figures.items():
        cells = [f"{statistics.median(values[n]):.3f}" if n in values else "–" for n in names]
        print(f"| {figure} | {' | '.join(cells)} | {statistics.median(values['Presswerk']) / statistics.median(values['optimum']):.2f} |")
    print("\nmean of all pixels of the first picture:", means)


main()
