"""The part of a base model that is trained, as one module for the training loop."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from training.diffusion.methods.components import Components
from training.errors import WeightsError

P = ParamSpec("P")
T = TypeVar("T")

NUM_NAMES_SHOWN = 3


class TrainedPart(nn.Module, ABC):
    """A method attached to a base model.

    As a module it holds the networks that gradients pass through; only what is trained requires
    gradients. DistributedDataParallel can wrap it: `part(function, …)` calls `function(part, …)`,
    which computes a loss with `denoiser` and `text_encoders`.
    """

    def __init__(
        self,
        *,
        kind: str,
        components: Components,
        trained: Mapping[str, nn.Parameter],
        networks: Collection[str],
        in_training_mode: Collection[str],
        lr_scales: Mapping[str, float],
    ) -> None:
        """`trained` has names that begin with that of a network, as `unet.` does.

        `networks` are those that gradients pass through; of them, `train` puts those of
        `in_training_mode` into training mode. `lr_scales` has the factor of the learning rate by
        network; the others have 1.
        """
        super().__init__()
        self.kind = kind
        self.components = components
        self.denoiser = components.denoiser
        encoders = {
            name: network for name, network in components.text_encoders.items() if name in networks
        }
        self.text_encoders = nn.ModuleDict(encoders)
        self._trained = dict(trained)
        self._in_training_mode = frozenset(in_training_mode)
        self._lr_scales = dict(lr_scales)
        for parameter in self._trained.values():
            # Small updates are lost in half precision.
            parameter.data = parameter.data.float()
            parameter.requires_grad_(True)

    def forward(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return function(self, *args, **kwargs)

    def train(self, mode: bool = True) -> "TrainedPart":
        """Put what is trained into training mode; the rest stays in evaluation mode."""
        super().train(False)
        for name, network in self.components.networks():
            if name in self._in_training_mode:
                network.train(mode)
        self.training = mode
        return self

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for an optimizer, one per network; `lr_scale` multiplies the learning rate."""
        groups: dict[str, list[nn.Parameter]] = {}
        for name, parameter in self._trained.items():
            groups.setdefault(name.partition(".")[0], []).append(parameter)
        return [
            {"params": parameters, "lr_scale": self._lr_scales.get(network, 1.0)}
            for network, parameters in groups.items()
        ]

    def trained_parameters(self) -> Mapping[str, nn.Parameter]:
        return self._trained

    def weights(self) -> dict[str, Tensor]:
        """The trained values by name, without copying them."""
        return {name: parameter.detach() for name, parameter in self._trained.items()}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Copy `weights` into the trained parameters.

        Raises WeightsError, and changes nothing, if names or shapes differ from `weights()`.
        """
        if problem := self._misfit(weights):
            raise WeightsError(problem)
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(weights[name])

    def module_names(self) -> dict[str, str]:
        """The names of the trained parameters in this module, by their names in `weights`.

        A checkpoint of the training loop has them by their names in the module.
        """
        names = {id(parameter): name for name, parameter in self.named_parameters()}
        return {name: names[id(parameter)] for name, parameter in self._trained.items()}

    def load_checkpoint(self, tensors: Mapping[str, Tensor]) -> None:
        """As `load`, for tensors by their names in the module."""
        files = {module_name: name for name, module_name in self.module_names().items()}
        self.load({files.get(name, name): tensor for name, tensor in tensors.items()})

    @abstractmethod
    def adapter_off(self) -> AbstractContextManager[None]:
        """Within it, the networks are the base model: the line to beat."""

    def _misfit(self, weights: Mapping[str, Tensor]) -> str:
        missing = [name for name in self._trained if name not in weights]
        unexpected = [name for name in weights if name not in self._trained]
        misshaped = [
            f"{name} is {tuple(weights[name].shape)} and not {tuple(parameter.shape)}"
            for name, parameter in self._trained.items()
            if name in weights and weights[name].shape != parameter.shape
        ]
        problems = [
            f"{len(names)} {word} ({_some(names)})"
            for word, names in (
                ("missing", missing),
                ("unexpected", unexpected),
                ("of another shape", misshaped),
            )
            if names
        ]
        if not problems:
            return ""
        return (
            f"The weights do not fit this {self.kind} of {len(self._trained)} tensors: "
            f"{'; '.join(problems)}. Use the same base model, method, rank and layers."
        )


@contextmanager
def replaced_values(
    parameters: Mapping[str, nn.Parameter], values: Mapping[str, Tensor]
) -> Iterator[None]:
    """Within it, the parameters have other values, for which their device needs no more memory."""
    kept = {name: _exchange(parameters[name], value) for name, value in values.items()}
    try:
        yield
    finally:
        for name, value in kept.items():
            _exchange(parameters[name], value)


@torch.no_grad()
def _exchange(parameter: nn.Parameter, value: Tensor) -> Tensor:
    """Give the parameter a value; returns the one that it had, on the device of `value`."""
    if value.device == parameter.device and value.dtype == parameter.dtype:
        kept, parameter.data = parameter.data, value
        return kept
    kept = parameter.detach().to(value.device, copy=True)
    parameter.copy_(value)
    return kept


def freeze(components: Components) -> None:
    """Train nothing of the base model; a method then chooses what it trains."""
    for _, network in components.networks():
        network.requires_grad_(False).eval()


def enable_gradient_checkpointing(network: nn.Module) -> None:
    """Recompute activations in the backward pass, which takes less memory and more time."""
    for method in ("enable_gradient_checkpointing", "activation_checkpointing_enable"):
        if (enable := getattr(network, method, None)) is not None:
            enable()
            return
    raise WeightsError(f"{type(network).__name__} cannot recompute activations: turn it off.")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:NUM_NAMES_SHOWN])
    return f"{shown}, …" if len(names) > NUM_NAMES_SHOWN else shown
