#!/usr/bin/env python3
"""Speaks the trainer's protocol without torch: tests of "presswerk train" run it in the trainer's place.

Each step takes STANDIN_PAUSE seconds. It writes a LoRA of zeros for a layer of the house model that the job must name."""

import json
import os
import struct
import sys
import threading
import time
import zlib


LAYER, WIDE, HIGH = "prior.ground.0", 768, 512  # in and out


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def picture(path):
    side = 64
    rows = b"".join(b"\0" + bytes((x * 4 % 256, y * 4 % 256, 128 if (x // 16 + y // 16) % 2 else 20)[i] for x in range(side) for i in range(3)) for y in range(side))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path


def lora(path, module, metadata):
    a, b = 4 * WIDE, 4 * WIDE + 4 * HIGH
    header = {"__metadata__": metadata, f"unet.{module}.lora_A.weight": {"dtype": "F32", "shape": [1, WIDE], "data_offsets": [0, a]}, f"unet.{module}.lora_B.weight": {"dtype": "F32", "shape": [HIGH, 1], "data_offsets": [a, b]}}
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + bytes(b))


def watch():
    while os.read(0, 4096):
        pass
    os._exit(3)


def main():
    job = json.load(open(sys.argv[3]))
    out = job["out"]
    if os.environ.get("STANDIN_PID"):
        open(os.environ["STANDIN_PID"], "w").write(str(os.getpid()))
    threading.Thread(target=watch, daemon=True).start()
    checkpoint = os.path.join(out, "checkpoint.pt")
    step = int(open(checkpoint).read()) if os.path.exists(checkpoint) else 0
    tell("estimate", step=step, steps=job["steps"], resumed=step > 0, seconds_per_step=0.5, seconds_left=0.5 * (job["steps"] - step), pictures=len(job["pictures"]), held_out=len(job["validation"]))
    if "--estimate" in sys.argv:
        return
    if job["seed"] == 13:
        tell("error", reason="thirteen")
        sys.exit(2)
    if job["seed"] == 14:
        print("out of memory", file=sys.stderr)
        sys.exit(137)
    print("a library says hello", flush=True)
    while step < job["steps"]:
        time.sleep(float(os.environ.get("STANDIN_PAUSE", "0")))
        step += 1
        tell("step", step=step, steps=job["steps"], loss=1 / step, seconds_left=0.5)
        open(checkpoint + ".half", "w").write(str(step))
        os.replace(checkpoint + ".half", checkpoint)
        tell("checkpoint", step=step)
    tell("validation", step=step, loss=0.5, best=0.5, base=1.0)
    drawn = [picture(os.path.join(out, "sheets", "trained", f"{i:02d}.png")) for i in range(2)]
    lora(os.path.join(out, "result.safetensors"), next(n for n in job["weights"] if n == LAYER + ".weight").removesuffix(".weight"), job["metadata"])
    tell("done", path=os.path.join(out, "result.safetensors"), step=step, kept_step=step, stopped_early=False, loss=0.4, validation=0.5, base=1.0, sheet=picture(os.path.join(out, "sheet.png")), trained=drawn, drawn_by_base=drawn)


main()
