"""A micro-batch of a diffusion training: what was drawn for each of its samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from training.diffusion.families.family import PromptEmbedding, SampleSize


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """B samples of one size; every tensor has the samples first."""

    latents: Tensor
    """Float32 [B, C, h, w]."""
    noise: Tensor
    """As the latents."""
    times: Tensor
    """[B], as the family draws them."""
    sizes: Sequence[SampleSize]
    prompts: Sequence[str]
    embedding: PromptEmbedding | None
    """Of the prompts; None if the text encoders are trained, so that each step encodes them."""
    mask: Tensor | None
    """Weights of the latents, float32 [B, 1, h, w]; None if all count."""

    def __len__(self) -> int:
        return len(self.latents)

    def to(self, device: torch.device) -> "Inputs":
        return self._with_each(lambda value: _moved(value, device))

    def part(self, start: int, end: int) -> "Inputs":
        return self._with_each(lambda value: _sliced(value, start, end))

    def and_then(self, other: "Inputs") -> "Inputs":
        """These samples, followed by others of the same kind."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return Inputs(**{name: _joined(*pair) for name, pair in pairs.items()})

    def _with_each(self, change: Any) -> "Inputs":
        return replace(self, **{f.name: change(getattr(self, f.name)) for f in fields(self)})


@dataclass(frozen=True, kw_only=True)
class DiffusionBatch:
    """A micro-batch; with prior preservation, each sample has a partner of its class."""

    samples: Inputs
    partners: Inputs | None
    images: Sequence[int]
    """The numbers of the samples' images."""

    def split(self) -> tuple["DiffusionBatch", "DiffusionBatch"]:
        """Two halves, of which the first may have one sample more."""
        middle = (len(self.samples) + 1) // 2
        return self._part(0, middle), self._part(middle, len(self.samples))

    def _part(self, start: int, end: int) -> "DiffusionBatch":
        return DiffusionBatch(
            samples=self.samples.part(start, end),
            partners=None if self.partners is None else self.partners.part(start, end),
            images=self.images[start:end],
        )


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, Mapping):
        return {name: _moved(each, device) for name, each in value.items()}
    return value


def _sliced(value: Any, start: int, end: int) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {name: each[start:end] for name, each in value.items()}
    return value[start:end]


def _joined(first: Any, second: Any) -> Any:
    if first is None or second is None:
        # A mask that only one side has: the other side counts whole.
        return _whole_mask(first, second)
    if isinstance(first, Tensor):
        return torch.cat([first, second])
    if isinstance(first, Mapping):
        return {name: torch.cat([first[name], second[name]]) for name in first}
    return [*first, *second]


def _whole_mask(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None and second is None:
        return None
    known = first if first is not None else second
    assert known is not None
    return torch.cat([torch.ones_like(known) if each is None else each for each in (first, second)])
