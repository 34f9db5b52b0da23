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
        )

    def networks(self, *, text_encoders: bool = True) -> Iterator[tuple[str, nn.Module]]:
        """The denoiser, then the text encoders."""
        yield self.denoiser_name, self.denoiser
        if text_encoders:
            yield from self.text_encoders.items()
