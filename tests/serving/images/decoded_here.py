"""Decodes in the process of the test."""

from serving.images.decoding import decode_file
from serving.images.image import DecodedFile
from serving.images.limits import MEBIBYTE, DecodeLimits
from serving.images.refusal import Refusal

LIMITS = DecodeLimits(file_bytes=64 * MEBIBYTE, inflated_bytes=4 * MEBIBYTE)


def decoded(content: bytes, *, suffix: str = "", limits: DecodeLimits = LIMITS) -> DecodedFile:
    return decode_file(content, suffix=suffix, limits=limits)


def refusal(content: bytes, *, suffix: str = "", limits: DecodeLimits = LIMITS) -> Refusal:
    """The refusal of the content. Raises AssertionError if it is decoded."""
    try:
        decode_file(content, suffix=suffix, limits=limits)
    except Refusal as refused:
        return refused
    raise AssertionError("The content was decoded.")
