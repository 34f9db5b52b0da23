"""Reads and replaces the weights of a model that its training changes, and no others."""

from collections.abc import Collection, Mapping
from itertools import chain

import torch
from torch import Tensor, nn

from training.errors import CheckpointError, ConfigError

NUM_SHOWN = 3


class ModelState:
    """The entries of a model's state that a checkpoint has: all, or the parameters and buffers `names`."""

    def __init__(self, model: nn.Module, names: Collection[str] | None = None) -> None:
        """The model is on its device. Raises ConfigError if `names` has one that it has not, or lacks trained ones."""
        self.model = model
        # Each step may need them, and a large model takes milliseconds to list.
        self._parts = None if names is None else _parts(model, names)

    @property
    def is_whole(self) -> bool:
        return self._parts is None

    def tensors(self) -> dict[str, Tensor]:
        """The weights themselves, by their names."""
        if self._parts is None:
            return dict(self.model.state_dict())
        return {name: tensor.detach() for name, tensor in self._parts.items()}

    def other_names(self) -> set[str]:
        """The names of the parameters and buffers that stay as they are."""
        return set() if self._parts is None else _entries(self.model).keys() - self._parts.keys()

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Replace the weights. Raises CheckpointError, with all as they were, if the names or shapes differ."""
        require_same(self.tensors(), tensors, "weights")
        if self._parts is None:
            self.model.load_state_dict(dict(tensors))
            return
        with torch.no_grad():
            for name, weights in self.tensors().items():
                weights.copy_(tensors[name])


def require_same(expected: Mapping[str, Tensor], found: Mapping[str, Tensor], what: str) -> None:
    """Raise CheckpointError unless `found` has the names and shapes of `expected`."""
    problems = [
        _listed(f"lacks {what} of this model", expected.keys() - found.keys()),
        _listed(f"has {what} that this model has not", found.keys() - expected.keys()),
        _listed(
            f"has {what} of another shape",
            {
                f"{name} {list(found[name].shape)} instead of {list(expected[name].shape)}"
                for name in expected.keys() & found.keys()
                if expected[name].shape != found[name].shape
            },
        ),
    ]
    if sentences := [problem for problem in problems if problem]:
        raise CheckpointError(
            f"The checkpoint {'; it '.join(sentences)}. It is of another model: resume it with the "
            "settings that it was trained with, or start a new run."
        )


def _entries(model: nn.Module) -> dict[str, Tensor]:
    return dict(chain(model.named_parameters(), model.named_buffers()))


def _parts(model: nn.Module, names: Collection[str]) -> dict[str, Tensor]:
    if not names:
        raise ConfigError("The recipe trains no weights at all: expected at least one name.")
    entries = _entries(model)
    if unknown := _listed(
        "names trained weights that its model has not", set(names) - set(entries)
    ):
        raise ConfigError(f"The recipe {unknown}.")
    trained = {name for name, each in model.named_parameters() if each.requires_grad}
    if forgotten := _listed("trains weights that it does not name", trained - set(names)):
        raise ConfigError(f"The recipe {forgotten}: a checkpoint would lack them.")
    return {name: entries[name] for name in sorted(names)}


def _listed(what: str, names: Collection[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(sorted(names)[:NUM_SHOWN])
    left = len(names) - NUM_SHOWN
    return f"{what}: {shown}{f' and {left} more' if left > 0 else ''}"
