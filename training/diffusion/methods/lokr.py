"""LoKr: adds a Kronecker product of small matrices to layers (Yeh et al. 2023, arXiv 2309.14859)."""

from collections.abc import Sequence
from dataclasses import replace

from peft import LoKrConfig
from peft.tuners.lokr.layer import factorization
from torch import Tensor

from training.diffusion.methods.adapters import AdapterPart, attach_adapters
from training.diffusion.methods.components import Components
from training.diffusion.methods.layers import (
    AdaptedLayer,
    adapted_layers,
    exact_pattern,
    layer_weight,
    rank_patterns,
)
from training.diffusion.methods.options import MethodOptions
from training.errors import ConfigError


def attach(components: Components, options: MethodOptions, seed: int) -> AdapterPart:
    factor = options.decompose_factor
    if factor != -1 and factor < 1:
        raise ConfigError(
            f"decompose_factor: {factor} was given; expected -1, or a number from 1 on."
        )
    networks = dict(components.networks())
    layers = [
        _with_true_alpha(layer, layer_weight(networks[layer.component], layer.name), factor)
        for layer in adapted_layers(components, options)
    ]
    return attach_adapters("lokr", components, options, seed, layers=layers, configs=lokr_config)


def lokr_config(layers: Sequence[AdaptedLayer], options: MethodOptions) -> LoKrConfig:
    """The configuration of peft for the layers of one network."""
    patterns = rank_patterns(layers, exact_pattern)
    return LoKrConfig(
        r=patterns.rank,
        alpha=patterns.alpha,  # type: ignore[arg-type]  # Peft only divides it by the rank.
        rank_dropout=options.dropout,
        decompose_factor=options.decompose_factor,
        target_modules=[layer.name for layer in layers],
        rank_pattern=patterns.ranks,
        alpha_pattern=patterns.alphas,
    )


def _with_true_alpha(layer: AdaptedLayer, weight: Tensor, factor: int) -> AdaptedLayer:
    """Without a scale where both factors are whole matrices.

    Such a pair has no rank to divide alpha by: LyCORIS, kohya's scripts and ComfyUI add it as it is.
    """
    _, outputs = factorization(weight.shape[0], factor)
    _, inputs = factorization(weight.shape[1], factor)
    is_whole = layer.rank >= max(outputs, inputs) / 2
    return replace(layer, alpha=float(layer.rank)) if is_whole else layer
