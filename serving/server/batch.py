"""Answers the images of a batch request as each is ready, with a bounded number of them held at one time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from serving.errors import Reason, ServingError
from serving.server.failures import places_of
from serving.server.request_log import unexpected
from serving.server.spool import Spool, SpooledFile
from serving.server.uploads import UploadLimits, next_message, request_id_of, require_size
from serving.v1 import diagnosis_pb2 as messages

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class BatchItem:
    """One image of the stream; `error` if it was refused while it was read."""

    header: messages.BatchItemHeader
    request_id: str
    file: SpooledFile
    error: ServingError | None = None

    def add(self, chunk: bytes, limits: UploadLimits) -> None:
        """Append the chunk, unless the image is refused already."""
        if self.error is not None:
            return
        try:
            require_size(self.file.num_bytes + len(chunk), limits)
            self.file.write(chunk)
        except ServingError as error:
            self.error = error
            self.file.remove()


Answer = Callable[[BatchItem], Awaitable[messages.Diagnosis]]
Write = Callable[[messages.DiagnoseBatchResponse], Awaitable[None]]


class BatchStream:
    """One batch request. `files` gets what has to be removed at its end, however it ends."""

    def __init__(
        self,
        *,
        answer: Answer,
        write: Write,
        limits: UploadLimits,
        max_in_flight: int,
        spool: Spool,
        files: list[SpooledFile],
    ) -> None:
        self._answer = answer
        self._write = write
        self._limits = limits
        self._spool = spool
        self._files = files
        # An image keeps its slot until its answer is written: a caller that does not read its
        # answers gets no further image read.
        self._slots = asyncio.Semaphore(max_in_flight)
        self._writing = asyncio.Lock()
        self._seen: set[str] = set()

    @property
    def num_images(self) -> int:
        return len(self._seen)

    async def run(self, stream: AsyncIterator[messages.DiagnoseBatchRequest]) -> None:
        """Until the last answer is written. Raises ServingError if the stream breaks its rules."""
        refusal: ServingError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    async for item in self._items(stream):
                        tasks.create_task(self._finish(item))
                except ServingError as error:
                    # What was read before is answered first: gRPC cannot end a stream during a write.
                    refusal = error
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        if refusal is not None:
            raise refusal

    async def _items(
        self, stream: AsyncIterator[messages.DiagnoseBatchRequest]
    ) -> AsyncIterator[BatchItem]:
        item: BatchItem | None = None
        while (message := await next_message(stream, self._limits.idle_s)) is not None:
            if message.WhichOneof("part") == "header":
                if item is not None:
                    yield item
                await self._slots.acquire()
                item = self._opened(message.header)
            elif item is not None:
                item.add(message.content, self._limits)
            else:
                raise ServingError(
                    Reason.REQUEST_INVALID, "A header was expected before the content of an image."
                )
            if message.ends_image:
                yield item
                item = None
        if item is not None:
            yield item

    def _opened(self, header: messages.BatchItemHeader) -> BatchItem:
        request_id = request_id_of(header.request_id)
        if request_id in self._seen:
            raise ServingError(
                Reason.REQUEST_INVALID, f"request_id: {request_id} came twice in one stream."
            )
        if len(self._seen) >= self._limits.max_images:
            raise ServingError(
                Reason.REQUEST_TOO_LARGE,
                f"A batch request may have {self._limits.max_images} images, and more came: "
                "send several requests.",
            )
        self._seen.add(request_id)
        file = SpooledFile(self._spool)
        self._files.append(file)
        return BatchItem(header=header, request_id=request_id, file=file)

    async def _finish(self, item: BatchItem) -> None:
        try:
            diagnosis = await self._diagnosed(item)
            async with self._writing:
                await self._write(messages.DiagnoseBatchResponse(diagnosis=diagnosis))
        finally:
            item.file.remove()
            self._files.remove(item.file)
            self._slots.release()

    async def _diagnosed(self, item: BatchItem) -> messages.Diagnosis:
        """The answer, which says what went wrong if something did."""
        if item.error is not None:
            return failed(item.request_id, item.error)
        try:
            return await self._answer(item)
        except ServingError as error:
            return failed(item.request_id, error)
        except Exception as error:  # noqa: BLE001 - the edge of a task
            logger.error("Image %s failed: %s", item.request_id, places_of(error))  # noqa: TRY400
            return failed(item.request_id, unexpected())


def failed(request_id: str, error: ServingError) -> messages.Diagnosis:
    """The answer about an image that could not be diagnosed."""
    return messages.Diagnosis(
        request_id=request_id,
        status="error",
        error=messages.DiagnosisError(reason=error.reason.value, message=error.message),
    )
