"""Attaches peft's adapters to a base model: what lora, dora and lokr have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftConfig, inject_adapter_in_model
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from training.diffusion.methods.components import Components
from training.diffusion.methods.layers import AdaptedLayer, adapted_networks
from training.diffusion.methods.options import MethodOptions
from training.diffusion.methods.trained_part import (
    TrainedPart,
    enable_gradient_checkpointing,
    freeze,
)
from training.errors import ConfigError

ADAPTER = "trained"
"""The name of the adapter in peft."""

MAGNITUDE = "lora_magnitude_vector"
"""DoRA's length of each output."""

PeftConfigs = Callable[[Sequence[AdaptedLayer], MethodOptions], PeftConfig]
"""Makes peft's configuration for the layers of one network."""


@dataclass(frozen=True, kw_only=True)
class LayerWeights:
    """The trained tensors of one layer, with peft's names, as `lora_A.weight` or `lokr_w1`."""

    layer: AdaptedLayer
    tensors: dict[str, Tensor]


class AdapterPart(TrainedPart):
    """Adapters on some layers of a base model."""

    def __init__(self, *, layers: Sequence[AdaptedLayer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = tuple(layers)

    def layer_weights(self) -> list[LayerWeights]:
        """The trained tensors of each layer, without copying them."""
        tensors: dict[str, dict[str, Tensor]] = {layer.key: {} for layer in self.layers}
        for name, tensor in self.weights().items():
            key, kind = split_name(name)
            tensors[key][kind] = tensor
        return [LayerWeights(layer=layer, tensors=tensors[layer.key]) for layer in self.layers]

    @contextmanager
    def adapter_off(self) -> Iterator[None]:
        tuners = [
            module
            for _, network in self.components.networks()
            for module in network.modules()
            if isinstance(module, BaseTunerLayer)
        ]
        try:
            for tuner in tuners:
                tuner.enable_adapters(enabled=False)
            yield
        finally:
            for tuner in tuners:
                tuner.enable_adapters(enabled=True)


def attach_adapters(
    kind: str,
    components: Components,
    options: MethodOptions,
    seed: int,
    *,
    layers: Sequence[AdaptedLayer],
    configs: PeftConfigs,
) -> AdapterPart:
    """Attach new adapters, which change nothing yet. Their values depend on `seed` alone.

    Raises ConfigError if an option is out of range.
    """
    _check(options)
    freeze(components)
    trained: dict[str, nn.Parameter] = {}
    networks = adapted_networks(components, options)
    for index, (component, network) in enumerate(networks.items()):
        chosen = [layer for layer in layers if layer.component == component]
        with _seeded(seed + index):
            inject_adapter_in_model(configs(chosen, options), network, ADAPTER)
        trained |= _adapter_parameters(component, network)
        if options.gradient_checkpointing:
            enable_gradient_checkpointing(network)
    return AdapterPart(
        kind=kind,
        components=components,
        layers=layers,
        trained=trained,
        networks=networks,
        in_training_mode=networks,
        lr_scales=dict.fromkeys(components.text_encoders, options.text_encoder_lr_scale),
    )


def split_name(name: str) -> tuple[str, str]:
    """The key of the layer and the kind of tensor in the name of a trained value, "" if it is none."""
    for marker in (".lora_", ".lokr_"):
        key, found, kind = name.rpartition(marker)
        if found:
            return key, marker[1:] + kind
    return name, ""


def _adapter_parameters(component: str, network: nn.Module) -> dict[str, nn.Parameter]:
    """The adapters' parameters, by names without that of the adapter, as peft's files have them."""
    return {
        f"{component}.{_file_name(name)}": parameter
        for name, parameter in network.named_parameters()
        if f".{ADAPTER}" in name
    }


def _file_name(name: str) -> str:
    name = name.replace(f".{ADAPTER}", "")
    return name.removesuffix(".weight") if MAGNITUDE in name else name


def _check(options: MethodOptions) -> None:
    if not 0 <= options.dropout < 1:
        raise ConfigError(f"dropout: {options.dropout} was given; expected 0 or more and below 1.")
    alphas = [options.alpha, *(other.alpha for other in options.layer_ranks)]
    for alpha in alphas:
        if alpha is not None and not 0 < alpha < float("inf"):
            raise ConfigError(f"alpha: {alpha} was given; expected a number above 0.")


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Within it, random numbers come from `seed`; afterwards the generator is as it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
