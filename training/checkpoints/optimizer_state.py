"""Restores the state of an optimizer exactly, or refuses it."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from training.errors import CheckpointError

_LAYOUT = "layout"


def optimizer_state(optimizer: Optimizer) -> dict[str, Any]:
    """The state, and the kind of optimizer and the shapes of the weights that it is for."""
    return {**optimizer.state_dict(), _LAYOUT: _layout(optimizer)}


def load_optimizer(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Continue from `state`, which `optimizer_state` returned.

    Raises CheckpointError, with the optimizer as it was, if it is one of another optimizer or of
    other weights. A state that was saved before it had a layout is compared by torch alone.
    """
    values = {name: value for name, value in state.items() if name != _LAYOUT}
    expected, found = _layout(optimizer), state.get(_LAYOUT)
    if found is not None and found != expected:
        raise CheckpointError(_refusal(expected, found))
    try:
        optimizer.load_state_dict(values)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The state of the optimizer in the checkpoint does not fit this training ({error}). "
            "Resume it with the settings that it was trained with, or start a new run."
        ) from error
    _restore_types(optimizer, values["state"])


def _restore_types(optimizer: Optimizer, saved: Mapping[int, Mapping[str, Any]]) -> None:
    """Undo torch's casts to the types of the weights: some optimizers keep a more precise state."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for index, values in saved.items():
        state = optimizer.state[weights[index]]
        for name, value in values.items():
            if isinstance(value, Tensor) and state[name].dtype != value.dtype:
                state[name] = value.to(state[name].device)


def _layout(optimizer: Optimizer) -> dict[str, Any]:
    return {
        "optimizer": type(optimizer).__name__,
        "shapes": [
            [list(weight.shape) for weight in group["params"]] for group in optimizer.param_groups
        ],
    }


def _refusal(expected: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if found["optimizer"] != expected["optimizer"]:
        what = f"of {found['optimizer']}, but this training uses {expected['optimizer']}"
    else:
        what = "of weights of other numbers or shapes than those of this training"
    return (
        f"The state of the optimizer in the checkpoint is {what}. Resume it with the settings that "
        "it was trained with, or start a new run."
    )
