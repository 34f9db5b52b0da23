"""The two ways in which an image of any aspect ratio becomes a square."""

from enum import StrEnum


class Framing(StrEnum):
    """How an image of any aspect ratio becomes a square."""

    CROP = "crop"
    """Scale the shorter side to the square and crop the centre, as in RETFound's training."""
    STRETCH = "stretch"
    """Keep the whole image and scale each side independently."""
