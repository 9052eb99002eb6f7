"""Golden numbers of print colours for internal/press, by LittleCMS' transicc and Argyll's xicclu out of the FOGRA39 profile of
scripts/profiles.sh. Both come from Debian: liblcms2-utils and argyll.

    python3 trainer/reference/make_press.py ~/.cache/presswerk/native/icc/fogra39.icc > internal/press/testdata/fogra39.json
"""

import json
import subprocess
import sys

PROFILE = sys.argv[1]
COLOURS = [
    (0, 0, 0), (255, 255, 255), (128, 128, 128), (64, 64, 64), (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255), (255, 0, 255),
    (255, 255, 0), (30, 20, 10), (0, 0, 40), (10, 40, 20), (200, 120, 80), (240, 200, 170), (20, 80, 160), (150, 30, 60), (90, 130, 40),
]
INTENTS = {"perceptual": 0, "relative": 1, "saturation": 2, "absolute": 3}


def numbers(output):
    return [float(v) for v in output.split()]


def transicc(rgb, intent, black_point):
    """CMYK in percent: ask for 8-bit sRGB, get ink."""
    command = ["transicc", "-i*sRGB", f"-o{PROFILE}", f"-t{INTENTS[intent]}", "-n"] + (["-b"] if black_point else [])
    said = subprocess.run(command, input="\n".join(map(str, rgb)) + "\n", capture_output=True, text=True, check=True).stdout
    return numbers(said.strip().splitlines()[-1])[:4]


def xicclu(cmyk, absolute):
    """Lab of inks in percent, under D50."""
    command = ["xicclu", "-ff", "-ia" if absolute else "-ir", "-pl", "-s100", PROFILE]
    said = subprocess.run(command, input=" ".join(map(str, cmyk)) + "\n", capture_output=True, text=True, check=True).stdout
    return numbers(said.split("->")[-1].split("[")[0])[:3]


separated = [
    {"intent": intent, "black_point": bp, "rgb": rgb, "cmyk": [round(v, 2) for v in transicc(rgb, intent, bp)]}
    for intent in INTENTS for bp in (False, True) if not (bp and intent == "absolute") for rgb in COLOURS
]
inks = [(0, 0, 0, 0), (0, 0, 0, 100), (100, 0, 0, 0), (0, 100, 0, 0), (0, 0, 100, 0), (100, 100, 0, 0), (0, 100, 100, 0), (100, 0, 100, 0),
        (100, 100, 100, 0), (40, 30, 30, 10), (100, 90, 80, 100), (20, 60, 40, 0)]
printed = [{"cmyk": c, "absolute": a, "lab": [round(v, 3) for v in xicclu(c, a)]} for a in (True, False) for c in inks]


def rows(values):
    return "[\n" + ",\n".join(json.dumps(v) for v in values) + "\n]"


print('{"separated": %s,\n"printed": %s}' % (rows(separated), rows(printed)))
