"""The messages between the service and a decode process: JSON lines of a fixed form, no pickle.

Pixels and headers are no part of a message: the decode process writes them to a file without a name, which
both have open and which the system removes when they end.
"""

from typing import Annotated, Literal

import msgspec

MAX_LINE_BYTES = 64 * 1024

Text = Annotated[str, msgspec.Meta(max_length=500)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Task = Literal["decode", "header"]
Millimetres = Annotated[float, msgspec.Meta(gt=0)]


class Setup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first message to a decode process."""

    parent_pid: int
    input_descriptor: int
    output_descriptor: int
    limits: dict[str, float]


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    task: Task
    suffix: str
    path: str | None = None
    """None if the file's content is in the input file."""
    num_bytes: int = 0


class Ready(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The decode process has loaded its libraries and awaits a job."""


class Taken(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The decode process has begun with a job; what goes wrong from now on may be the file's fault."""


class Decoded(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The output file has `num_frames` RGB frames, uint8 [height, width, 3]."""

    num_frames: Count
    height: Count
    width: Count
    format: Text
    laterality: Literal["right", "left"] | None
    modality: Literal["fundus", "oct", "other"] | None
    pixel_spacing_mm: tuple[Millimetres, Millimetres] | None
    notes: Annotated[list[Text], msgspec.Meta(max_length=32)]


class Header(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The output file has a DICOM header."""

    num_bytes: Count


class Refused(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    reason: Literal["IMAGE_UNREADABLE", "IMAGE_UNSUPPORTED", "IMAGE_TOO_LARGE"]
    message: Text


Answer = Ready | Taken | Decoded | Header | Refused


def encode(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def decode_answer(line: bytes) -> Answer:
    """Raises msgspec.DecodeError for anything but a complete answer."""
    answer: Answer = msgspec.json.decode(line, type=Answer)
    return answer
