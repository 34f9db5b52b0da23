"""LoRA: adds the product of two small matrices to layers (Hu et al. 2021, arXiv 2106.09685)."""

from collections.abc import Sequence

from peft import LoraConfig

from training.diffusion.methods.adapters import AdapterPart, attach_adapters
from training.diffusion.methods.components import Components
from training.diffusion.methods.layers import (
    AdaptedLayer,
    adapted_layers,
    exact_pattern,
    rank_patterns,
)
from training.diffusion.methods.options import MethodOptions


def attach(components: Components, options: MethodOptions, seed: int) -> AdapterPart:
    layers = adapted_layers(components, options)
    return attach_adapters("lora", components, options, seed, layers=layers, configs=lora_config)


def lora_config(
    layers: Sequence[AdaptedLayer], options: MethodOptions, *, use_dora: bool = False
) -> LoraConfig:
    """The configuration of peft for the layers of one network."""
    patterns = rank_patterns(layers, exact_pattern)
    return LoraConfig(
        r=patterns.rank,
        lora_alpha=patterns.alpha,  # type: ignore[arg-type]  # Peft only divides it by the rank.
        lora_dropout=options.dropout,
        use_dora=use_dora,
        target_modules=[layer.name for layer in layers],
        rank_pattern=patterns.ranks,
        alpha_pattern=patterns.alphas,
    )
