"""The registry of methods. A new method is a file with `attach` and one line here."""

import importlib
from collections.abc import Callable
from typing import cast

from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions
from training.diffusion.methods.trained_part import TrainedPart
from training.errors import ConfigError

METHODS: dict[str, str] = {
    name: f"training.diffusion.methods.{name}"
    for name in ("lora", "dora", "lokr", "textual_inversion", "full", "dreambooth")
}
"""The module of each method; imported on use, because peft takes seconds."""


def attach(method: str, components: Components, options: MethodOptions, seed: int) -> TrainedPart:
    """Attach the method of that name to a base model, whose other weights are frozen.

    Raises ConfigError if there is no such method, or if the options do not fit the base model.
    """
    if method not in METHODS:
        raise ConfigError(f"method: there is no {method!r}; choose one of {', '.join(METHODS)}.")
    module = importlib.import_module(METHODS[method])
    attach_method = cast(Callable[[Components, MethodOptions, int], TrainedPart], module.attach)
    return attach_method(components, options, seed)
