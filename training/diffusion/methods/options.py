"""The settings of the methods."""

from dataclasses import dataclass, field
from enum import StrEnum


class Target(StrEnum):
    """A group of layers that an adapter changes."""

    ATTENTION = "attention"
    """Query, key, value and output projections."""
    FEED_FORWARD = "feed_forward"
    """The other linear layers of the transformer blocks."""
    CONVOLUTION = "convolution"
    """Convolutions of a UNet's residual blocks and of its up- and downsampling."""


@dataclass(frozen=True, kw_only=True)
class LayerRank:
    """Another rank for the layers whose name contains a text."""

    contains: str
    rank: int
    alpha: float | None = None
    """None is equal to the rank."""


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """A new word of a textual inversion."""

    token: str
    """The word that prompts use, as in `<lesion>`."""
    initial: str
    """Words of the vocabulary that it begins as: one for all vectors, or one for each vector."""
    num_vectors: int = 1


@dataclass(frozen=True, kw_only=True)
class MethodOptions:
    """Settings of a method; each method reads those that concern it."""

    rank: int = 16
    """Of lora, dora and lokr. A layer that is smaller is an error."""
    alpha: float | None = None
    """The adapter's change is multiplied by alpha / rank; None is equal to the rank."""
    dropout: float = 0.0
    targets: tuple[Target, ...] = (Target.ATTENTION,)
    layer_ranks: tuple[LayerRank, ...] = ()
    """The first that fits a layer replaces the rank and alpha above."""
    decompose_factor: int = -1
    """LoKr: the size of the left factor of each Kronecker product; -1 is as square as possible."""
    text_encoders: bool = False
    """Train the text encoders as well; adapters only for CLIP, as no program loads them for T5."""
    text_encoder_lr_scale: float = 1.0
    """Multiplies the learning rate for the text encoders."""
    placeholders: tuple[Placeholder, ...] = field(default=())
    """Of textual_inversion."""
    trains: str = "lora"
    """Of dreambooth: the method that it trains with, `lora` or `full`."""
    gradient_checkpointing: bool = False
