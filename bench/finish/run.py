"""The web set of a picture by Presswerk and by sharp, at equal SSIMULACRA 2, in one run.

    npm ci --prefix bench/finish
    python bench/finish/run.py PRESSWERK PICTURE... [--rounds 3] [--score 82] [--effort 4]

The set is AVIF, WebP and JPEG at 640, 1280 and 1920 pixels. Presswerk seeks the quality of each file; sharp is given, format by format
and width by width, the quality that comes nearest to the score of Presswerk's file. The programs take turns. What Presswerk's search
takes is told beside what its encoding takes, since sharp has none. Prints Markdown.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    options = argparse.ArgumentParser()
    options.add_argument("presswerk")
    options.add_argument("pictures", nargs="+")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--score", type=float, default=82)
    options.add_argument("--effort", type=int, default=4, help="of sharp's AVIF; 4 is its default")
    return options.parse_args()


def answer(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        sys.exit(f"{command} failed: {done.stderr[-600:]}")
    return json.loads(done.stdout)


def ours(args, picture, folder, *flags):
    a = answer([args.presswerk, "bench", "finish", picture, "-o", folder, "--score", str(args.score), "--json", *flags])
    for f in a["files"]:
        f["path"] = os.path.join(folder, f["name"])
    return a


def sharp(picture, folder, wishes, *flags):
    return answer(["node", os.path.join(HERE, "sharp.mjs"), picture, folder, *flags], input=json.dumps(wishes))


def wish(args, f, quality):
    options = {"quality": quality}
    if f["format"] == "jpeg":
        options |= {"mozjpeg": True}
    if f["format"] == "avif":
        options |= {"effort": args.effort}
    return {"format": f["format"], "width": f["width"], "options": options}


def scores(args, folder, wishes, files):
    """What sharp's files score against the size that sharp itself made."""
    out = []
    for w, f in zip(wishes, files):
        out += answer([args.presswerk, "bench", "score", "--json", os.path.join(folder, f"sharp-{w['width']}.png"), f["name"]])
    return out


def equal(args, picture, folder, files):
    """Seeks sharp's qualities: four steps of halving, all files at once."""
    low, high = [30] * len(files), [98] * len(files)
    best = [None] * len(files)
    for step in range(4):
        middle = [(a + b) // 2 for a, b in zip(low, high)]
        wishes = [wish(args, f, q) for f, q in zip(files, middle)]
        made = sharp(picture, folder, wishes, "--sizes" if step == 0 else "--no-sizes")
        for i, got in enumerate(scores(args, folder, wishes, made["files"])):
            off = abs(got - files[i]["whole_score"])
            if best[i] is None or off < best[i][0]:
                best[i] = (off, middle[i], got)
            if got < files[i]["whole_score"]:
                low[i] = middle[i]
            else:
                high[i] = middle[i]
    return [b[1] for b in best], [b[2] for b in best]


def row(cells):
    print("| " + " | ".join(str(c) for c in cells) + " |")


def compare(args, picture, folder):
    first = ours(args, picture, folder)
    files = first["files"]
    qualities, reached = equal(args, picture, folder, files)
    wishes = [wish(args, f, q) for f, q in zip(files, qualities)]
    mine, signed, theirs = [], [], []
    for _ in range(args.rounds):
        theirs.append(sharp(picture, folder, wishes))
        mine.append(ours(args, picture, folder))
        signed.append(ours(args, picture, folder, "--sign"))
    print(f"\n{os.path.basename(picture)}, sharp {theirs[0]['versions']['sharp']} (libvips {theirs[0]['versions']['vips']}, aom {theirs[0]['versions']['aom']})\n")
    row(["file", "bytes", "sharp's", "share", "quality", "sharp's", "score", "sharp's"])
    row(["---"] * 8)
    for f, t, q, s in zip(files, theirs[-1]["files"], qualities, reached):
        row([f"{f['format']} {f['width']}", f["bytes"], t["bytes"], f"{f['bytes'] / t['bytes']:.2f}", f.get("quality", "–"), q, f"{f['whole_score']:.1f}", f"{s:.1f}"])
    print()
    row(["median of " + str(args.rounds), "seconds", "CPU seconds", "share of sharp's CPU"])
    row(["---"] * 4)
    peer = [statistics.median(t[k] for t in theirs) for k in ("seconds", "cpu_seconds")]
    row(["sharp: read, resize, encode", *(f"{v:.2f}" for v in peer), "1.00"])

    def steps(label, runs, names):
        v = [statistics.median(sum(r[k].get(n, 0) for n in names) for r in runs) for k in ("seconds", "cpu_seconds")]
        row([label, *(f"{x:.2f}" for x in v), f"{v[1] / peer[1]:.2f}"])

    steps("Presswerk: read, resize, encode and measure", mine, ["read", "sizes", "renditions"])
    steps("and seek qualities", mine, ["read", "sizes", "renditions", "quality"])
    steps("and mark and sign", signed, ["read", "watermark", "sizes", "renditions", "quality"])


def main():
    args = arguments()
    for picture in args.pictures:
        with tempfile.TemporaryDirectory() as folder:
            compare(args, picture, folder)
        sys.stdout.flush()


main()
