"""Token embeddings in which only the rows of new words are trained."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class PlaceholderEmbedding(nn.Module):
    """A frozen table of embeddings, followed by trained rows for token numbers that it lacks."""

    def __init__(self, table: nn.Module, rows: Tensor, token_ids: Sequence[int]) -> None:
        """`rows` is [new words, width]; `token_ids` has their numbers, which follow each other."""
        super().__init__()
        self.table = table
        # After the table, so that the text encoder's `dtype`, that of its first parameter, stays.
        self.placeholders = nn.Embedding.from_pretrained(rows.float().clone(), freeze=False)
        self.first_id = token_ids[0]
        self.num_rows = len(token_ids)

    def forward(self, token_ids: Tensor) -> Tensor:
        """Embeddings [..., width] of token numbers [...], with the type of the table."""
        index = token_ids - self.first_id
        is_new = (index >= 0) & (index < self.num_rows)
        known = self.table(token_ids.masked_fill(is_new, 0))
        new = self.placeholders(index.clamp(0, self.num_rows - 1))
        return torch.where(is_new.unsqueeze(-1), new.to(known.dtype), known)
