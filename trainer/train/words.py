"""New words for a text encoder."""

import torch


class Words:
    """Vectors in the place of new tokens, one row a token."""

    def __init__(self, base, trigger: str, vectors: int, like: str):
        self.rows = []
        for tokenizer, encoder in zip(base.tokenizers, base.encoders, strict=True):
            ids = tokenizer(like, add_special_tokens=False)["input_ids"] or tokenizer("a", add_special_tokens=False)["input_ids"]
            table = encoder.get_input_embeddings()
            first = len(tokenizer)
            added = tokenizer.add_tokens([trigger, *(f"{trigger}_{i}" for i in range(1, vectors))])
            if added != vectors:
                raise ValueError(f"the word {trigger!r} is known already; choose one that is new")
            row = torch.nn.Parameter(torch.stack([table.weight[ids[i % len(ids)]].clone() for i in range(vectors)]))
            self.rows.append(row)
            encoder.get_input_embeddings().forward = self._lookup(table, row, first)

    @staticmethod
    def _lookup(table, row, first: int):
        def forward(ids):
            found = torch.nn.functional.embedding(ids.clamp(max=first - 1), table.weight)
            mine = ids >= first
            if mine.any():
                found = torch.where(mine[..., None], row[(ids - first).clamp(min=0, max=len(row) - 1)], found)
            return found

        return forward

    def parameters(self) -> dict:
        return {f"word.{i}": row for i, row in enumerate(self.rows)}

    def tensors(self) -> dict:
        names = ["emb_params"] if len(self.rows) == 1 else ["clip_l", "clip_g"]
        return {name: row.detach().cpu().contiguous() for name, row in zip(names, self.rows, strict=True)}


def spelled(prompt: str, trigger: str, vectors: int) -> str:
    """A prompt with all tokens of an embedding where its word stands."""
    return prompt.replace(trigger, " ".join([trigger, *(f"{trigger}_{i}" for i in range(1, vectors))])) if trigger else prompt
