"""The refusals of a decode process: the same reasons as in `serving.errors`, without gRPC."""

import contextlib
from collections.abc import Iterator
from enum import StrEnum


class RefusalReason(StrEnum):
    UNREADABLE = "IMAGE_UNREADABLE"
    UNSUPPORTED = "IMAGE_UNSUPPORTED"
    TOO_LARGE = "IMAGE_TOO_LARGE"


class Refusal(Exception):  # noqa: N818, not an error of the program: the answer about a file
    """Why a file is not decoded. The message quotes nothing of the file: neither values nor names."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def unreadable(message: str) -> Refusal:
    return Refusal(RefusalReason.UNREADABLE, message)


def unsupported(message: str) -> Refusal:
    return Refusal(RefusalReason.UNSUPPORTED, message)


def too_large(message: str) -> Refusal:
    return Refusal(RefusalReason.TOO_LARGE, message)


@contextlib.contextmanager
def errors_as_refusals(kind: str) -> Iterator[None]:
    """Turn any error about a file of this kind into a Refusal, whose message is written here.

    The messages of pydicom, Pillow and others contain values of the file.
    """
    try:
        yield
    except Refusal:
        raise
    except MemoryError:
        raise too_large(
            f"This {kind} needs more memory than one file may use. Send a smaller image."
        ) from None
    except RecursionError:
        raise unreadable(
            f"This {kind} contains sequences that are nested too deep. Export it again."
        ) from None
    except Exception:  # noqa: BLE001, libraries raise errors of any type for damaged files
        raise unreadable(
            f"This {kind} is damaged and cannot be decoded. Export it again, or send it as PNG."
        ) from None
