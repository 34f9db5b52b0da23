"""The parts of a base model that a method can train."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from training.diffusion.families.family import Family


@dataclass(frozen=True, kw_only=True)
class Components:
    """The networks of a base model, under the names that its diffusers pipeline gives them."""

    family: str
    """sd15, sd21, sdxl, sd3 or flux."""
    denoiser_name: str
    """`unet` or `transformer`."""
    denoiser: nn.Module
    text_encoders: Mapping[str, nn.Module] = field(default_factory=dict)
    """By name: `text_encoder`, `text_encoder_2`, `text_encoder_3`."""
    tokenizers: Mapping[str, Any] = field(default_factory=dict)
    """The tokenizer of each text encoder, by the name of the encoder."""
    unread: tuple[str, ...] = ()
    """Parts of networks, as `text_encoder.encoder.layers.11`, on which no prediction depends.

    They are not trained: DistributedDataParallel would wait for their gradients.
    """

    @classmethod
    def of(cls, base: Family) -> "Components":
        """The parts of a loaded base model."""
        tokenizers = zip(base.text_encoders, base.tokenizers.values(), strict=True)
        return cls(
            family=base.name,
            denoiser_name=base.denoiser_part,
            denoiser=base.denoiser,
            text_encoders=base.text_encoders,
            tokenizers=dict(tokenizers),
            unread=tuple(_unread(base)),
        )

    def networks(self, *, text_encoders: bool = True) -> Iterator[tuple[str, nn.Module]]:
        """The denoiser, then the text encoders."""
        yield self.denoiser_name, self.denoiser
        if text_encoders:
            yield from self.text_encoders.items()

    def is_read(self, component: str, name: str) -> bool:
        """Whether a prediction depends on the part of a network that has this name."""
        place = f"{component}.{name}."
        return not any(place.startswith(f"{part}.") for part in self.unread)


def _unread(base: Family) -> Iterator[str]:
    """The last layers of a text encoder of which only an earlier hidden state is read."""
    name, encoder = next(iter(base.text_encoders.items()))
    if base.name == "sdxl":
        num_layers = 1
        yield f"{name}.{_text_model(encoder)}final_layer_norm"
    elif base.name in ("sd15", "sd21"):
        num_layers = base.settings.clip_skip - 1
    else:
        # The pooled embedding is read, which comes after the last layer.
        num_layers = 0
    layers = f"{_text_model(encoder)}encoder.layers"
    total = len(list(encoder.get_submodule(layers).children()))
    for index in range(total - num_layers, total):
        yield f"{name}.{layers}.{index}"


def _text_model(encoder: nn.Module) -> str:
    """What CLIP's layers have before their names: transformers 5.6 and later have left it out."""
    return "text_model." if hasattr(encoder, "text_model") else ""
