"""Runs a network once before the training, so that one that cannot train is refused and not found at step 1."""

from collections.abc import Callable

import torch
from torch import nn

from training.errors import ConfigError, first_line

NUM_REAL_SAMPLES = 2


def require_forward(
    build: Callable[[], nn.Module],
    *,
    name: str,
    image_size: int,
    num_classes: int,
    num_samples: int,
) -> None:
    """Raise ConfigError unless the network maps images to one logit per class.

    `num_samples` are those that a batch normalisation spans. Shapes are computed without memory or
    time on the meta device. What fails there is tried with real tensors, because some operations of
    sound networks do not work on that device.
    """
    try:
        with torch.device("meta"):
            problem = _problem(build(), image_size, num_classes, num_samples)
    except Exception:  # noqa: BLE001, networks raise errors of any type, and the next try names it
        problem = "unknown"
    if not problem:
        return
    try:
        with torch.random.fork_rng(devices=[]):
            real = _problem(build(), image_size, num_classes, min(num_samples, NUM_REAL_SAMPLES))
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(_refusal(name, image_size, first_line(error))) from error
    if real:
        raise ConfigError(_refusal(name, image_size, real))


def _problem(model: nn.Module, image_size: int, num_classes: int, num_samples: int) -> str:
    """Why the output of the network in training mode is not one logit per class; empty if it is."""
    with torch.no_grad():
        output = model.train()(torch.zeros(num_samples, 3, image_size, image_size))
    if not isinstance(output, torch.Tensor):
        return f"it returns a {type(output).__name__} instead of one tensor of logits"
    if tuple(output.shape) != (num_samples, num_classes):
        shape = ", ".join(map(str, output.shape[1:]))
        return f"it returns [{shape}] for an image instead of {num_classes} logits"
    return ""


def _refusal(name: str, image_size: int, reason: str) -> str:
    return (
        f"backbone: {name} cannot be trained on images of {image_size} px with these settings: "
        f"{reason}. Choose another --image-size, --batch-size, --global-pool or --backbone."
    )
