"""Decodes the files of a request; a file that cannot be decoded keeps its error, and the others go on."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from serving.diagnosis.inputs import ImageInput
from serving.errors import Reason, ServingError
from serving.images.image import DecodedFile
from serving.server.concurrently import all_of
from serving.server.deadline import Deadline
from serving.server.uploads import InputFile

AT_ONE_TIME = 2
"""Files of one request that are decoded at one time, so that it leaves processes to the others."""

OF_THE_FILE = frozenset(
    {
        Reason.IMAGE_UNREADABLE,
        Reason.IMAGE_UNSUPPORTED,
        Reason.IMAGE_TOO_LARGE,
        Reason.DECODER_CRASHED,
        Reason.DECODER_TOO_SLOW,
    }
)
"""Reasons that say something about one file; the others are about the service or the request."""


class Decoder(Protocol):
    async def decode(
        self, content: bytes | Path, *, file_name: str, timeout_s: float
    ) -> DecodedFile:
        """Raises ServingError."""

    async def read_header(self, content: bytes | Path, *, timeout_s: float) -> bytes:
        """The header of a DICOM file. Raises ServingError."""


class FileDecoding:
    """Decodes what requests bring, within a limit for the pixels of all files of one request."""

    def __init__(
        self, decoder: Decoder, *, max_pixels: int, count_failure: Callable[[Reason], None]
    ) -> None:
        self._decoder = decoder
        self._max_pixels = max_pixels
        self._count_failure = count_failure

    async def decode(self, files: Sequence[InputFile], deadline: Deadline) -> list[ImageInput]:
        """One input for each file, in order. Raises ServingError for what is not about one file alone."""
        slots = asyncio.Semaphore(AT_ONE_TIME)
        budget = _PixelBudget(self._max_pixels)

        async def decoded(position: int, file: InputFile) -> ImageInput:
            async with slots:
                return await self._input(position, file, budget, deadline)

        return await all_of(decoded(position, file) for position, file in enumerate(files))

    async def _input(
        self, position: int, file: InputFile, budget: "_PixelBudget", deadline: Deadline
    ) -> ImageInput:
        found: DecodedFile | None = None
        error: ServingError | None = None
        try:
            found = await self._decoder.decode(
                file.content, file_name=file.name, timeout_s=deadline.left_s()
            )
            budget.take(found)
        except ServingError as failure:
            if failure.reason not in OF_THE_FILE:
                raise
            self._count_failure(failure.reason)
            found, error = None, failure
        return ImageInput(
            position=position,
            name=file.name,
            laterality=file.laterality,
            decoded=found,
            error=error,
        )


class _PixelBudget:
    def __init__(self, num_pixels: int) -> None:
        self._most = self._left = num_pixels

    def take(self, decoded: DecodedFile) -> None:
        """Raises ServingError IMAGE_TOO_LARGE if the files have too many pixels together."""
        self._left -= sum(frame.shape[0] * frame.shape[1] for frame in decoded.frames)
        if self._left < 0:
            raise ServingError(
                Reason.IMAGE_TOO_LARGE,
                f"The files of the request have more than {self._most:,} pixels together: "
                "send them in several requests.",
            )
