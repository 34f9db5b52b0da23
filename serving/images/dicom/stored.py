"""Decodes the frames of a DICOM image to the values that it stores."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from serving.images.dicom.attributes import first_value
from serving.images.dicom.description import PixelDescription
from serving.images.dicom.jpeg import decode_jpeg
from serving.images.dicom.reading import DicomFile
from serving.images.dicom.streams import stream_size
from serving.images.dicom.syntax import is_encapsulated
from serving.images.limits import DecodeLimits, require_size
from serving.images.refusal import unreadable, unsupported

Frame = np.ndarray[Any, np.dtype[Any]]

# gdcm, which ends its process on some damaged streams, is the last choice.
_PLUGINS = ("pylibjpeg", "pyjpegls", "pydicom", "pillow", "gdcm")
_ITEM = b"\xfe\xff\x00\xe0"
_CUT_OFF = "The pixel data of this DICOM file is shorter than it declares. Export it again."


def stored_frames(
    file: DicomFile, description: PixelDescription, limits: DecodeLimits, notes: list[str]
) -> tuple[list[Frame], str]:
    """All frames, [H, W] or [H, W, 3], and their photometric interpretation after decoding.

    Frames that the file holds beyond the declared number are included, with a note. Raises Refusal if there
    are fewer than declared.
    """
    frames: list[Frame] = []
    photometric = description.photometric
    for frame, photometric in _decoded(file, description, notes):  # noqa: B007, used after the loop
        frames.append(frame)
        _require_limits(description, len(frames), limits)
    if len(frames) < description.num_frames:
        raise unreadable(_CUT_OFF)
    if len(frames) > description.num_frames:
        notes.append("the file has more frames than it declares: all are read")
    return frames, photometric


def _require_limits(description: PixelDescription, num_frames: int, limits: DecodeLimits) -> None:
    require_size(
        height=description.rows, width=description.columns, num_frames=num_frames, limits=limits
    )


def _decoded(
    file: DicomFile, description: PixelDescription, notes: list[str]
) -> Iterator[tuple[Frame, str]]:
    syntax = description.transfer_syntax
    if not syntax.is_transfer_syntax:
        raise unsupported("This DICOM file names no valid transfer syntax. Export it again.")
    source = bytes(file.dataset[description.keyword].value or b"")
    if is_encapsulated(syntax) and not source.startswith(_ITEM):
        raise unreadable(
            "This DICOM file declares compressed pixel data, but has none. Export it again."
        )
    if syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        return _jpeg_frames(source, description, file, notes)
    return _pydicom_frames(source, description, file, notes)


def _jpeg_frames(
    source: bytes, description: PixelDescription, file: DicomFile, notes: list[str]
) -> Iterator[tuple[Frame, str]]:
    if description.bits_stored > 8:
        raise unsupported(
            "JPEG streams of 12 bits are not supported. Export the image with another compression."
        )
    for stream in _streams(source, description, file):
        frame = decode_jpeg(stream, description, notes)
        yield frame, description.photometric if description.samples == 1 else "RGB"


def _pydicom_frames(
    source: bytes, description: PixelDescription, file: DicomFile, notes: list[str]
) -> Iterator[tuple[Frame, str]]:
    decoder = _decoder(description.transfer_syntax)
    options = _options(description, file)
    if not is_encapsulated(description.transfer_syntax):
        options |= _native_options(source, description, notes)
    else:
        _require_declared_size(_streams(source, description, file), description)
    plugins = [name for name in _PLUGINS if name in decoder.available_plugins] or [""]
    for plugin in plugins:
        decoded = decoder.iter_array(source, raw=True, decoding_plugin=plugin, **options)
        try:
            frame, properties = next(decoded)
        except (MemoryError, RecursionError):
            raise
        except Exception:  # noqa: BLE001, S112, the next plug-in may succeed
            continue
        yield _without_unused_bits(frame, properties, description)
        for frame, properties in decoded:
            yield _without_unused_bits(frame, properties, description)
        return
    raise unreadable(
        "The pixel data of this DICOM file is damaged, or differs from what the file declares. "
        "Export it again."
    )


def _streams(source: bytes, description: PixelDescription, file: DicomFile) -> Iterator[bytes]:
    return generate_frames(
        source,
        number_of_frames=description.num_frames,
        extended_offsets=_extended_offsets(file),
    )


def _require_declared_size(streams: Iterator[bytes], description: PixelDescription) -> None:
    """Raises Refusal for a stream of another size, for which a decoder might take any memory."""
    for stream in streams:
        size = stream_size(stream)
        if size is not None and size != (description.rows, description.columns):
            raise unreadable("A stream differs in size from what the DICOM file declares.")


def _decoder(syntax: UID) -> Any:
    with contextlib.suppress(NotImplementedError):
        decoder = get_decoder(syntax)
        if decoder.is_available:
            return decoder
    name = f", {syntax.name}," if syntax.name != str(syntax) else ""
    raise unsupported(
        f"The transfer syntax of this DICOM file{name} is not supported. Export it uncompressed, or "
        "with JPEG, JPEG-LS, JPEG 2000 or RLE."
    )


def _options(description: PixelDescription, file: DicomFile) -> dict[str, Any]:
    options: dict[str, Any] = {
        "rows": description.rows,
        "columns": description.columns,
        "number_of_frames": description.num_frames,
        "samples_per_pixel": description.samples,
        "photometric_interpretation": description.photometric,
        "bits_allocated": description.bits_allocated,
        "pixel_keyword": description.keyword,
        "pixel_vr": description.value_representation,
    }
    if description.samples > 1:
        options["planar_configuration"] = description.planar
    if not description.is_float:
        options["bits_stored"] = description.bits_stored
        options["pixel_representation"] = int(description.is_signed)
        # Its correction takes the stored bits for the lowest; see `_without_unused_bits`.
        options["correct_unused_bits"] = False
    offsets = _extended_offsets(file)
    if offsets is not None and is_encapsulated(description.transfer_syntax):
        options["extended_offsets"] = offsets
    return options


def _extended_offsets(file: DicomFile) -> tuple[bytes, bytes] | None:
    offsets = first_value(file.dataset, "ExtendedOffsetTable")
    lengths = first_value(file.dataset, "ExtendedOffsetTableLengths")
    if isinstance(offsets, bytes) and isinstance(lengths, bytes) and len(offsets) == len(lengths):
        return offsets, lengths
    return None


def _native_options(
    source: bytes, description: PixelDescription, notes: list[str]
) -> dict[str, Any]:
    """Options for uncompressed pixels; their length tells how many frames there are."""
    full_bits = description.rows * description.columns * 3 * description.bits_allocated
    if (
        description.photometric == "YBR_FULL_422"
        and len(source) * 8 >= full_bits * description.num_frames
    ):
        notes.append("the colours are not subsampled as the file declares: read as YBR_FULL")
        return {"photometric_interpretation": "YBR_FULL"}
    if description.photometric in ("YBR_ICT", "YBR_RCT"):
        raise unsupported(
            "Colours of JPEG 2000 in uncompressed pixel data are not supported. Export it again."
        )
    expected = math.ceil(description.frame_bits * description.num_frames / 8)
    if len(source) < expected:
        raise unreadable(_CUT_OFF)
    # One byte may pad the data to an even length.
    if len(source) <= expected + expected % 2:
        return {}
    return {"number_of_frames": len(source) * 8 // description.frame_bits}


def _without_unused_bits(
    frame: Frame, properties: dict[str, Any], description: PixelDescription
) -> tuple[Frame, str]:
    """The frame without the bits above and below the stored ones, which may contain anything."""
    photometric = str(properties["photometric_interpretation"])
    syntax = description.transfer_syntax
    # The decoders of JPEG-LS and JPEG 2000 give only the bits of the stream.
    has_other_bits = (
        not description.is_float
        and frame.dtype.itemsize * 8 == description.bits_allocated
        and description.bits_allocated > description.bits_stored
        and syntax not in (*JPEG2000TransferSyntaxes, *JPEGLSTransferSyntaxes)
    )
    if not has_other_bits:
        return frame, photometric
    is_raw = not is_encapsulated(syntax) or syntax == RLELossless
    high_bit = description.high_bit if is_raw else description.bits_stored - 1
    words = frame.astype(frame.dtype.newbyteorder("="))
    words <<= description.bits_allocated - 1 - high_bit
    words >>= description.bits_allocated - description.bits_stored
    return words, photometric
