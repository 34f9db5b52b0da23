"""Gives each image a bucket: a width and height with about the area of the training's resolution.

All images of a micro-batch have one size. Buckets of several aspect ratios lose less of an image than
one square does (Novel AI 2022, Aspect ratio bucketing).

An image is scaled until it covers its bucket, and what lies outside is cropped. It is never padded: a
model learns to draw bars. An image whose shape would lose more than `most_lost` is unsuitable instead.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from training.errors import ConfigError

MAX_SIDE = 16_384


class UnsuitableSizeError(ValueError):
    """An image that no bucket suits; the message says why."""


@dataclass(frozen=True, order=True)
class Bucket:
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"

    @property
    def area(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, kw_only=True)
class BucketRules:
    """Which buckets there are, and which images suit them.

    Raises ConfigError if the numbers do not fit one another.
    """

    resolution: int
    """The area of a bucket is at most its square."""
    multiple: int = 64
    """Of which every side is a multiple: pixels that one cell of the smallest feature map stands for."""
    min_side: int = 0
    """0 is half the resolution."""
    max_side: int = 0
    """0 is twice the resolution."""
    are_many: bool = True
    """False has one square bucket."""
    most_upscaled: float = 1.0
    """The largest factor by which an image is enlarged."""
    most_lost: float = 0.5
    """The largest share of an image that is cropped."""

    def __post_init__(self) -> None:
        if self.multiple < 1 or self.multiple > self.resolution or self.resolution > MAX_SIDE:
            raise ConfigError(
                f"resolution: expected {self.multiple} to {MAX_SIDE:,} pixels, because sides are "
                f"multiples of {self.multiple}, but {self.resolution} came"
            )
        if self.most_upscaled < 1 or not 0 <= self.most_lost < 1:
            raise ConfigError(
                "expected a largest enlargement of at least 1 and a largest cropped share from 0 to "
                f"below 1, but {self.most_upscaled} and {self.most_lost} came"
            )
        if not self.shortest <= self.resolution <= self.longest:
            raise ConfigError(
                f"expected the resolution {self.resolution} between the shortest and the longest side "
                f"of a bucket, but these are {self.shortest} and {self.longest}"
            )

    @property
    def shortest(self) -> int:
        """The shortest side that a bucket can have."""
        side = self.min_side or max(1, self.resolution // 2)
        return math.ceil(side / self.multiple) * self.multiple

    @property
    def longest(self) -> int:
        """The longest side that a bucket can have."""
        return (self.max_side or 2 * self.resolution) // self.multiple * self.multiple


@dataclass(frozen=True, kw_only=True)
class Placement:
    """How an upright image fills its bucket: it is scaled to a size, then cropped."""

    bucket: Bucket
    original: tuple[int, int]
    """Width and height of the upright image."""
    scaled: tuple[int, int]
    """Width and height before the crop."""

    @property
    def scale(self) -> float:
        return max(new / old for new, old in zip(self.scaled, self.original, strict=True))

    @property
    def lost(self) -> float:
        """The share of the image that is cropped."""
        return 1 - self.bucket.area / (self.scaled[0] * self.scaled[1])

    def crop(self, left: float = 0.5, top: float = 0.5) -> tuple[int, int]:
        """Pixels cropped on the left and above, for shares of the free room; 0.5 is the centre."""
        return (
            _offset(self.scaled[0] - self.bucket.width, left),
            _offset(self.scaled[1] - self.bucket.height, top),
        )


@lru_cache(maxsize=16)
def buckets(rules: BucketRules) -> tuple[Bucket, ...]:
    """Every bucket of the rules, sorted; the square one is always among them."""
    side = rules.resolution // rules.multiple * rules.multiple
    found = {Bucket(side, side)}
    if rules.are_many:
        for short in range(rules.shortest, side + 1, rules.multiple):
            long = min(
                rules.longest, rules.resolution**2 // short // rules.multiple * rules.multiple
            )
            found |= {Bucket(short, long), Bucket(long, short)}
    return tuple(sorted(found))


def place(width: int, height: int, rules: BucketRules) -> Placement:
    """The bucket of an upright image, and how the image fills it.

    That is the bucket of the nearest aspect ratio. If the image is too small for it, it is the one that
    loses least among those that the image covers, and the largest that fits into the image. Raises
    UnsuitableSizeError.
    """
    nearest = min(buckets(rules), key=lambda bucket: _distance(width, height, bucket))
    candidates = [place_in(width, height, nearest)]
    if candidates[0].scale > rules.most_upscaled:
        candidates = _smaller(width, height, rules)
    if not candidates:
        raise UnsuitableSizeError(_too_small(width, height, rules))
    best = min(candidates, key=lambda placement: (placement.lost, -placement.bucket.area))
    if best.lost > rules.most_lost:
        raise UnsuitableSizeError(
            f"{width} x {height} pixels: its nearest bucket, {best.bucket}, would lose "
            f"{best.lost:.0%} of it, and at most {rules.most_lost:.0%} is allowed"
        )
    return best


def place_in(width: int, height: int, bucket: Bucket) -> Placement:
    """An upright image in a given bucket, however much is enlarged or lost."""
    scale = max(bucket.width / width, bucket.height / height)
    return Placement(
        bucket=bucket,
        original=(width, height),
        scaled=(
            max(bucket.width, round(width * scale)),
            max(bucket.height, round(height * scale)),
        ),
    )


def _smaller(width: int, height: int, rules: BucketRules) -> list[Placement]:
    covered = [
        placement
        for bucket in buckets(rules)
        if (placement := place_in(width, height, bucket)).scale <= rules.most_upscaled
    ]
    own = _largest_inside(width, height, rules)
    if min(own.width, own.height) >= rules.shortest:
        covered.append(place_in(width, height, own))
    return covered


def _largest_inside(width: int, height: int, rules: BucketRules) -> Bucket:
    sides = [
        min(int(side * rules.most_upscaled), rules.longest) // rules.multiple * rules.multiple
        for side in (width, height)
    ]
    if not rules.are_many:
        sides = [min(sides)] * 2
    return Bucket(*sides)


def _distance(width: int, height: int, bucket: Bucket) -> tuple[float, int]:
    ratio = math.log(width / height) - math.log(bucket.width / bucket.height)
    # Ratios and their reciprocals differ in the last bits of a logarithm.
    return round(abs(ratio), 9), -bucket.area


def _too_small(width: int, height: int, rules: BucketRules) -> str:
    enlarged = f", even enlarged {rules.most_upscaled:g} times" if rules.most_upscaled > 1 else ""
    return (
        f"{width} x {height} pixels, which is too small{enlarged}: both sides of a bucket have at "
        f"least {rules.shortest} pixels"
    )


def _offset(room: int, share: float) -> int:
    """From 0 to `room`, each equally often for uniform shares in [0, 1)."""
    return min(room, int(share * (room + 1)))
