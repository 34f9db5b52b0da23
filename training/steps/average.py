"""Averages the weights over the steps (EMA), and lends the averaged model to an evaluation."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.checkpoints.model_state import ModelState, require_same


class Average(Protocol):
    """The averaged weights of a training; a checkpoint has them beside the weights."""

    @property
    def num_updates(self) -> int: ...

    def update(self) -> None:
        """Add the present weights; the first ones are copied."""

    def tensors(self) -> Mapping[str, Tensor]: ...

    def load(self, tensors: Mapping[str, Tensor], num_updates: int) -> None:
        """Continue from `tensors`. Raises CheckpointError if they are not those of this model."""

    def evaluated(self) -> AbstractContextManager[nn.Module]:
        """The model with the averaged weights, while inside."""


class WholeAverage:
    """A second model with the averages of all weights."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._model = model
        self._averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
        self._state = ModelState(self._averaged.module)

    @property
    def num_updates(self) -> int:
        return int(self._averaged.n_averaged)

    def update(self) -> None:
        self._averaged.update_parameters(self._model)

    def tensors(self) -> Mapping[str, Tensor]:
        return self._state.tensors()

    def load(self, tensors: Mapping[str, Tensor], num_updates: int) -> None:
        self._state.load(tensors)
        self._averaged.n_averaged.fill_(num_updates)

    @contextmanager
    def evaluated(self) -> Iterator[nn.Module]:
        yield self._averaged.module


class PartAverage:
    """The averages of the trained weights alone, in float32: a frozen base has no second copy.

    In a narrower type, a decay close to 1 would change nothing.
    """

    def __init__(self, state: ModelState, decay: float) -> None:
        self._state = state
        self._average_all = get_ema_multi_avg_fn(decay)
        self._averages = {name: _widened(each).clone() for name, each in state.tensors().items()}
        self.num_updates = 0

    @torch.no_grad()
    def update(self) -> None:
        present = self._state.tensors()
        if self.num_updates == 0:
            _copy(present, self._averages)
        else:
            self._add(present)
        self.num_updates += 1

    def tensors(self) -> Mapping[str, Tensor]:
        return self._averages

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor], num_updates: int) -> None:
        require_same(self._averages, tensors, "averaged weights")
        _copy(tensors, self._averages)
        self.num_updates = num_updates

    @contextmanager
    def evaluated(self) -> Iterator[nn.Module]:
        weights = self._state.tensors()
        kept = {name: tensor.clone() for name, tensor in weights.items()}
        with torch.no_grad():
            _copy(self._averages, weights)
        try:
            yield self._state.model
        finally:
            with torch.no_grad():
                _copy(kept, weights)

    def _add(self, present: Mapping[str, Tensor]) -> None:
        floats = [name for name, tensor in self._averages.items() if tensor.is_floating_point()]
        if averages := [self._averages[name] for name in floats]:
            added = [_widened(present[name]) for name in floats]
            self._average_all(averages, added, self.num_updates)
        for name in self._averages.keys() - set(floats):
            self._averages[name].copy_(present[name])


def build_average(state: ModelState, decay: float) -> Average | None:
    """None if nothing is averaged."""
    if decay == 0:
        return None
    return WholeAverage(state.model, decay) if state.is_whole else PartAverage(state, decay)


def _widened(tensor: Tensor) -> Tensor:
    is_narrow = tensor.is_floating_point() and tensor.element_size() < torch.float32.itemsize
    return tensor.detach().float() if is_narrow else tensor.detach()


def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    for name, tensor in target.items():
        tensor.copy_(source[name])
