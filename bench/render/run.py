"""Presswerk beside optimum over the same ONNX files, in one run.

    python bench/render/run.py PRESSWERK FOLDER [--rounds 5]

PYTHON (environment, default this interpreter) is the interpreter that has optimum-onnx 0.1.0, diffusers 0.39.0, torch 2.8.0,
transformers 4.57.6 and onnxruntime 1.32.0. The two programs take turns, so that what else the machine does meets both.
Prints a Markdown table: medians over the rounds, and Presswerk's share of the peer's figure.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

SUBJECTS = ["lemon", "strawberry", "red apple", "bread", "cookie", "avocado", "tangerine", "pear", "bell", "sun", "rocket", "tulip"]
RECIPE = {
    "mode": "text-to-image", "engine": "local", "prompt": "", "negative_prompt": "", "width": 128, "height": 128, "steps": 20,
    "guidance_scale": 2.0, "sampler": "dpmpp_2m", "scheduler": "karras", "seed": 2,
}


def measure(command):
    """Runs a command; gives its JSON answer and the seconds until its first step."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = None
    for line in process.stderr:
        if line.strip() == "first":
            first = time.perf_counter() - begun
    answer = json.loads(process.stdout.read().strip().splitlines()[-1] if command[0] != PRESSWERK else process.stdout.read())
    if process.wait() != 0:
        sys.exit(f"{command} failed")
    answer["first"] = first
    return answer


options = argparse.ArgumentParser()
options.add_argument("presswerk")
options.add_argument("folder")
options.add_argument("--rounds", type=int, default=5)
args = options.parse_args()
PRESSWERK = args.presswerk
python = os.environ.get("PYTHON", sys.executable)
peer = [python, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py"), args.folder]
prompts = [word for s in SUBJECTS for word in ("--prompt", f"a {s}, cartoon style, on a mint background")]
figures = {}
with tempfile.TemporaryDirectory() as temp:
    recipe = os.path.join(temp, "recipe.json")
    with open(recipe, "w") as f:
        json.dump(dict(RECIPE, model={"dir": os.path.abspath(args.folder)}), f)
    ours = [PRESSWERK, "bench", "render", recipe, "--json"] + prompts
    for _ in range(args.rounds):
        for name, command in (("ours", ours), ("peer", peer)):
            single = measure(command + ["--pictures", "6"])
            matrix = measure(command + ["--pictures", "12", "--together"])
            one_by_one = statistics.median(single["seconds"])
            for figure, value in (
                ("one picture, s", one_by_one),
                ("a picture of a matrix of 12, s", min(matrix["seconds"][0], one_by_one if name == "peer" else 1e9)),
                ("start to first step, s", single["first"]),
                ("peak memory, MiB", single["peak_bytes"] / 2**20),
            ):
                figures.setdefault(figure, {}).setdefault(name, []).append(value)
print("| | Presswerk | optimum | share |\n|---|---|---|---|")
for figure, values in figures.items():
    a, b = statistics.median(values["ours"]), statistics.median(values["peer"])
    print(f"| {figure} | {a:.3f} | {b:.3f} | {a / b:.2f} |")
