"""Writes small textual inversions in the four shapes of the field, for the tests of internal/model.

    python -m venv venv
    venv/bin/pip install torch==2.8.0 safetensors==0.8.0
    venv/bin/python trainer/reference/make_embedding.py internal/model/testdata/embedding

Row i of every tensor counts i, i + 1/4, i + 2/4 …, which each type holds exactly.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file


def rows(n, width, start=0):
    return torch.arange(n).float()[:, None] + start + torch.arange(width) / 4


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    torch.save(rows(1, 8)[0], out / "bare.pt")
    torch.save({"<cat>": rows(1, 8)[0]}, out / "token.bin")
    save_file({"<cat>": rows(1, 8)[0]}, out / "token.safetensors")
    save_file({"emb_params": rows(2, 8).half()}, out / "params.safetensors")
    torch.save(
        {
            "string_to_token": {"*": 265},
            "string_to_param": {"*": torch.nn.Parameter(rows(3, 8)).detach().half()},
            "name": "my-style",
            "step": 4999,
            "sd_checkpoint": "0123abcd",
            "sd_checkpoint_name": None,
        },
        out / "a1111.pt",
    )
    torch.save(
        {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": {"*": torch.nn.Parameter(rows(2, 8))}, "name": "*", "step": -1},
        out / "a1111-old.pt",
    )
    torch.save({"emb": rows(4, 8, 5)[1:3]}, out / "view.pt")  # a part of a larger storage
    torch.save({"emb": rows(8, 2).T}, out / "turned.pt")  # numbers that don't lie in their order
    torch.save({"emb": rows(1, 8)}, out / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"emb": torch.nn.Linear(2, 2)}, out / "module.pt")  # a pickle that wants classes
    save_file({"clip_l": rows(2, 8), "clip_g": rows(2, 12, 1)}, out / "sdxl.safetensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
