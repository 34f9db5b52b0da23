"""Ends each request: one line in the log, its metrics, and a gRPC status for what went wrong."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import grpc.aio

from serving.errors import Reason, ServingError
from serving.server.failures import grpc_status, places_of
from serving.server.metrics import Metrics

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class RequestRecord:
    """What the line says about the request; file names are left out, because they may hold a patient's."""

    method: str
    request_id: str = ""
    num_files: int = 0
    model: str = ""


class RequestLog:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @asynccontextmanager
    async def recorded(
        self, method: str, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[RequestRecord]:
        """Around a request; an error inside becomes the status of its answer."""
        record = RequestRecord(method=method)
        started = time.perf_counter()
        status = grpc.StatusCode.OK
        try:
            yield record
        except ServingError as error:
            status = error.status
            await context.abort_with_status(grpc_status(error))
        except asyncio.CancelledError:
            status = status_of_gone_caller(context)
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a request
            status = grpc.StatusCode.INTERNAL
            logger.error("Request %s failed: %s", record.request_id, places_of(error))  # noqa: TRY400
            await context.abort_with_status(grpc_status(unexpected()))
        finally:
            self._end(record, status, time.perf_counter() - started)

    def _end(self, record: RequestRecord, status: grpc.StatusCode, seconds: float) -> None:
        self._metrics.count_request(record.method, status.name, seconds)
        logger.info(
            "%s %s %s %.0f ms, %d files, model %s",
            record.request_id or "-",
            record.method,
            status.name,
            seconds * 1000,
            record.num_files,
            record.model or "-",
        )


def unexpected() -> ServingError:
    return ServingError(
        Reason.SERVICE_FAILED,
        "The service failed on this request: its log says where, under the request's id.",
    )


def status_of_gone_caller(context: grpc.aio.ServicerContext) -> grpc.StatusCode:
    """Why the caller no longer waits: its deadline has passed, or it has cancelled."""
    left_s = context.time_remaining()
    if left_s is not None and left_s <= 0:
        return grpc.StatusCode.DEADLINE_EXCEEDED
    return grpc.StatusCode.CANCELLED
