"""Shows the grey levels of a DICOM image in 8 bits, through its modality transformation and window."""

from collections.abc import Iterator, Sequence

import numpy as np

from serving.images.dicom.attributes import whole_number
from serving.images.dicom.description import PixelDescription
from serving.images.dicom.modality_transform import Transform, modality_transform
from serving.images.dicom.reading import DicomFile
from serving.images.dicom.stored import Frame
from serving.images.dicom.window import NoScale, Range, Scale, scale_of
from serving.images.image import Pixels
from training.data.greys import DeclaredLevels, level_range

Padding = tuple[int, int]
"""The lowest and the highest padding value."""


class GreyScale:
    """The frames of one image, on one scale unless the file has one for each frame."""

    def __init__(
        self,
        file: DicomFile,
        description: PixelDescription,
        frames: Sequence[Frame],
        notes: list[str],
    ) -> None:
        self._file = file
        self._description = description
        self._frames = frames
        self._notes = notes
        self._padding = padding_of(file, description)
        self._extremes: tuple[float, float] | None = None

    def rgb_frames(self) -> Iterator[Pixels]:
        """RGB, uint8 [H, W, 3]."""
        for index, frame in enumerate(self._frames):
            yield np.repeat(self._grey(index, frame)[:, :, None], 3, axis=2)

    def _grey(self, index: int, frame: Frame) -> Pixels:
        transform = modality_transform(self._file, index, self._notes)
        scale = self._scale(index)
        if frame.dtype.itemsize > 2:
            return self._shown(frame, transform, scale)
        # Of 8 or 16 bits, each possible value is computed only once.
        unsigned = frame.view(f"u{frame.dtype.itemsize}")
        values = np.arange(2 ** (8 * frame.dtype.itemsize), dtype=unsigned.dtype)
        return np.asarray(self._shown(values.view(frame.dtype), transform, scale)[unsigned])

    def _shown(self, values: Frame, transform: Transform, scale: Scale) -> Pixels:
        share = scale.share(transform.apply(values))
        if self._description.photometric == "MONOCHROME1":
            share = 1 - share
        grey: Pixels = np.rint(np.nan_to_num(share) * 255).astype(np.uint8)
        if self._padding is not None:
            grey[_is_padding(values, self._padding)] = 0
        return grey

    def _scale(self, index: int) -> Scale:
        scale = scale_of(self._file, index, self._notes)
        if not isinstance(scale, NoScale):
            return scale
        if self._extremes is None:
            self._extremes = self._extremes_of_all()
        lowest, highest = self._extremes
        if scale is NoScale.NOT_POSITIVE:
            self._notes.append("window width 0 or less: shown from minimum to maximum")
            return Range(black=lowest, white=highest)
        if self._description.bits_stored > 8:
            self._notes.append("no window: shown over the usual range of the levels")
        return self._usual_range(lowest, highest)

    def _usual_range(self, lowest: float, highest: float) -> Range:
        """As the training shows a picture with such levels."""
        is_whole = lowest.is_integer() and highest.is_integer() and not self._description.is_float
        extremes = np.array([lowest, highest], np.int64 if is_whole else np.float64)
        most_bits = min(self._description.bits_stored, 32) - self._description.is_signed
        usual = level_range(extremes, DeclaredLevels(most_bits=most_bits))
        return Range(black=usual.black, white=usual.white)

    def _extremes_of_all(self) -> tuple[float, float]:
        """The lowest and highest level of all frames, without padding and what is no number."""
        found = [
            extremes
            for index, frame in enumerate(self._frames)
            if (extremes := self._extremes_of(index, frame)) is not None
        ]
        if not found:
            return 0.0, 0.0
        return min(low for low, _ in found), max(high for _, high in found)

    def _extremes_of(self, index: int, frame: Frame) -> tuple[float, float] | None:
        values = frame[np.isfinite(frame)] if self._description.is_float else frame
        if self._padding is not None:
            values = values[~_is_padding(values, self._padding)]
        if values.size == 0:
            return None
        levels = modality_transform(self._file, index, []).apply(values)
        return float(levels.min()), float(levels.max())


def padding_of(file: DicomFile, description: PixelDescription) -> Padding | None:
    first = whole_number(file.dataset, "PixelPaddingValue")
    if first is None or description.is_float:
        return None
    limit = whole_number(file.dataset, "PixelPaddingRangeLimit")
    values = [_signed(value, description) for value in (first, first if limit is None else limit)]
    return min(values), max(values)


def _signed(value: int, description: PixelDescription) -> int:
    # Some files give a negative value as if it were unsigned.
    if description.is_signed and value >= 2 ** (description.bits_allocated - 1):
        return value - int(2**description.bits_allocated)
    return value


def _is_padding(values: Frame, padding: Padding) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return (values >= padding[0]) & (values <= padding[1])
