"""What a file says about the training that made it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    """Facts for the metadata of a file; an empty text or None is left out."""

    title: str
    base_model: str = ""
    """The name of the base model, without the folders that it was in."""
    base_model_hash: str = ""
    resolution: tuple[int, int] | None = None
    """Width and height in pixels."""
    steps: int | None = None
    epochs: int | None = None
    seed: int | None = None
    learning_rate: float | None = None
    num_images: int | None = None
    clip_skip: int | None = None
    min_snr_gamma: float | None = None
    licence: str = ""
    """Of the base model, under which what was trained from it may have to stay."""
    trigger: str = ""
    """The word that a prompt needs."""
    author: str = ""
    description: str = ""
    finished_at: float | None = None
    """Seconds since 1970."""
    others: dict[str, str] = field(default_factory=dict)
    """Further entries by their whole names."""
