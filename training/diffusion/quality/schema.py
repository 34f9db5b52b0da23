"""The results of the checks of generated images, as they are stored, logged and shown."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

QUALITY_ARTIFACT = "quality/distances.json"
MEMORISATION_ARTIFACT = "quality/memorisation.json"


class Result(BaseModel):
    """A part of a result; it has no NaN, and an unknown figure is None with a reason beside it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class EncoderIdentity(Result):
    """The network that turned images into features: figures of two encoders cannot be compared."""

    name: str
    digest: str
    """SHA-256 of its weights and of how it prepares images."""
    dimension: int


class Estimate(Result):
    """A distance of two sets of images with its 95 % interval."""

    value: float | None = None
    interval: tuple[float, float] | None = None
    num_images: tuple[int, int]
    num_patients: tuple[int, int]
    """The independent units of each set: its images, where no patients are known."""
    reason: str = ""
    """Why there is no value or no interval, as a sentence."""


class Distance(Result):
    """One distance between real and generated images, beside that of real images to real ones."""

    name: str
    encoder: EncoderIdentity
    value: Estimate
    floor: Estimate
    """Between two halves of the real images that share no patient."""
    is_biased: bool = False
    """Whether the value depends on the number of images, so that only equal numbers are comparable."""
    is_above_floor: bool | None = None
    """Whether the interval lies above that of the floor; None if that cannot be told."""
    notes: tuple[str, ...] = ()


class Verdict(StrEnum):
    """The conclusion about memorised training images."""

    MEMORISED = "memorised"
    NOT_SHOWN = "not shown"
    UNKNOWN = "unknown"


class FlaggedPair(Result):
    """A generated image that is closer to a training image than held-out images are."""

    generated: int
    """Position among the generated images."""
    train: int
    """Position of the nearest training image."""
    feature_distance: float
    feature_ratio: float
    """Its distance to the nearest training image, divided by that to the nearest held-out one."""
    pixel_distance: float
    """0 for equal pictures, after the best flip and crop and whatever the brightness."""
    is_copy: bool
    """Whether the pixels are that close too."""


class WholeModelTest(Result):
    """Are the generated images closer to training images than to as many held-out ones?"""

    share_closer_to_train: float
    """Mann-Whitney: one half is expected if the model has not memorised."""
    p_value: float
    """One-sided, by exchanging patients between the two sets."""
    num_generated: int
    num_patients: int
    """Of each of the two sets."""
    num_exchanges: int


class FlaggedShare(Result):
    """The share of flagged images, and what it would be without memorisation."""

    num_flagged: int
    num_generated: int
    share: float
    interval: tuple[float, float]
    """95 % (Wilson)."""
    expected_share: float
    expected_interval: tuple[float, float]
    """95 %: the rate of false flags is known as well as the held-out patients show it."""
    held_out_share: float
    """Of the held-out images, each judged as if it was generated, by the other patients."""


class Memorisation(Result):
    """What a check for memorised training images has found."""

    verdict: Verdict
    reason: str
    """The sentence that says why."""
    encoder: EncoderIdentity
    num_generated: int
    num_train: int
    num_held_out: int
    num_held_out_patients: int
    num_left_out: int = 0
    """Held-out images that were left out, because their patients are in train."""
    flagged: FlaggedShare | None = None
    num_copies: int = 0
    pairs: tuple[FlaggedPair, ...] = ()
    """The closest first; at most MAX_PAIRS."""
    whole_model: WholeModelTest | None = None
