"""Chooses the layers of a base model that an adapter changes, with the rank of each."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions, Target
from training.errors import ConfigError

DENOISER_SUFFIXES: dict[Target, tuple[str, ...]] = {
    Target.ATTENTION: (
        "to_q",
        "to_k",
        "to_v",
        "to_out.0",
        "add_q_proj",
        "add_k_proj",
        "add_v_proj",
        "to_add_out",
    ),
    Target.FEED_FORWARD: (
        "ff.net.0.proj",
        "ff.net.2",
        "ff_context.net.0.proj",
        "ff_context.net.2",
        "proj_in",
        "proj_mlp",
    ),
    Target.CONVOLUTION: (
        "conv1",
        "conv2",
        "conv_shortcut",
        "downsamplers.0.conv",
        "upsamplers.0.conv",
    ),
}
"""How the names of the layers of diffusers' UNet2DConditionModel and its transformers end."""

BLOCK_OUTPUT = "proj_out"
"""Ends the transformer blocks of a UNet and Flux; alone, it is the last layer of a transformer."""

TEXT_ENCODER_SUFFIXES: dict[Target, tuple[str, ...]] = {
    Target.ATTENTION: (
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.out_proj",
    ),
    Target.FEED_FORWARD: ("mlp.fc1", "mlp.fc2"),
    Target.CONVOLUTION: (),
}
"""How the names of the layers of the CLIP text encoders of transformers end."""


@dataclass(frozen=True, kw_only=True)
class AdaptedLayer:
    """A layer with an adapter."""

    component: str
    """The network that it is in, such as `unet`."""
    name: str
    """Its name in the network."""
    rank: int
    alpha: float

    @property
    def key(self) -> str:
        return f"{self.component}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class RankPatterns:
    """The ranks and alphas of layers as peft has them: the commonest, and those that differ."""

    rank: int
    alpha: float
    ranks: dict[str, int]
    alphas: dict[str, float]


def rank_patterns(
    layers: Sequence[AdaptedLayer], pattern: Callable[[AdaptedLayer], str]
) -> RankPatterns:
    """By the pattern of each layer that differs. Peft compares every layer with every pattern."""
    rank = Counter(layer.rank for layer in layers).most_common(1)[0][0]
    alpha = Counter(layer.alpha for layer in layers).most_common(1)[0][0]
    return RankPatterns(
        rank=rank,
        alpha=alpha,
        ranks={pattern(layer): layer.rank for layer in layers if layer.rank != rank},
        alphas={pattern(layer): layer.alpha for layer in layers if layer.alpha != alpha},
    )


def exact_pattern(layer: AdaptedLayer) -> str:
    """Fits this layer of its network and no other."""
    return f"^{layer.name}"


def adapted_networks(components: Components, options: MethodOptions) -> dict[str, nn.Module]:
    """The networks that get adapters. No program loads adapters for T5, so it gets none."""
    networks = components.networks(text_encoders=options.text_encoders)
    return {
        name: network
        for name, network in networks
        if name == components.denoiser_name or type(network).__name__.startswith("CLIP")
    }


def adapted_layers(components: Components, options: MethodOptions) -> list[AdaptedLayer]:
    """The layers that the options choose, in the order of the networks.

    Raises ConfigError if a network has none of them, or if a rank is larger than its layer.
    """
    layers = []
    for component, network in adapted_networks(components, options).items():
        is_denoiser = component == components.denoiser_name
        found = [
            (name, layer)
            for name, layer in _chosen(network, options.targets, is_denoiser=is_denoiser)
            if components.is_read(component, name)
        ]
        if not found:
            raise ConfigError(_nothing_found(component, network, options.targets))
        layers += [_adapted(component, name, layer, options) for name, layer in found]
    return layers


def _chosen(
    network: nn.Module, targets: tuple[Target, ...], *, is_denoiser: bool
) -> Iterator[tuple[str, nn.Module]]:
    suffixes = DENOISER_SUFFIXES if is_denoiser else TEXT_ENCODER_SUFFIXES
    endings = tuple(f".{suffix}" for target in targets for suffix in suffixes[target])
    if is_denoiser and Target.FEED_FORWARD in targets:
        endings += (f".{BLOCK_OUTPUT}",)
    for name, layer in network.named_modules():
        is_chosen = f".{name}".endswith(endings) and name != BLOCK_OUTPUT
        if is_chosen and isinstance(layer, nn.Linear | nn.Conv2d):
            yield name, layer


def _adapted(component: str, name: str, layer: nn.Module, options: MethodOptions) -> AdaptedLayer:
    rank, alpha = options.rank, options.alpha
    for other in options.layer_ranks:
        if other.contains in name:
            rank, alpha = other.rank, other.alpha
            break
    weight = _weight(layer)
    largest = _largest_rank(weight)
    if not 1 <= rank <= largest:
        raise ConfigError(
            f"rank: {rank} does not fit the layer {component}.{name} ({_size(weight.shape)}): "
            f"expected a rank from 1 to {largest}. Lower the rank, or leave this layer out."
        )
    return AdaptedLayer(
        component=component, name=name, rank=rank, alpha=float(rank if alpha is None else alpha)
    )


def layer_weight(network: nn.Module, name: str) -> Tensor:
    """The weight of a layer of the base model, whether an adapter is attached to it or not."""
    return _weight(network.get_submodule(name))


def _weight(layer: nn.Module) -> Tensor:
    return cast(Tensor, layer.weight)


def _largest_rank(weight: Tensor) -> int:
    """The rank of the layer's matrix, above which an adapter can express nothing more."""
    return min(weight.shape[0], weight[0].numel())


def _size(shape: Sequence[int]) -> str:
    sizes = f"{shape[1]} inputs, {shape[0]} outputs"
    return f"{sizes}, {shape[2]} x {shape[3]} pixels" if len(shape) == 4 else sizes


def _nothing_found(component: str, network: nn.Module, targets: tuple[Target, ...]) -> str:
    return (
        f"targets: {component} ({type(network).__name__}) has no layer for "
        f"{', '.join(targets) or 'an empty list'}; "
        f"choose from {', '.join(Target)}, or do not train this network."
    )
