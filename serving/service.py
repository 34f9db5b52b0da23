"""Runs the service: opens its parts in order, says where it listens, waits for the end, and closes them."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from serving.diagnosis.urgency import UrgencyRules
from serving.engine.protocol import Engine
from serving.images.pool import DecodePool
from serving.owner_watch import until_ended
from serving.server.endpoint import bracketed
from serving.server.failures import places_of
from serving.server.metrics import LOOPBACK, Metrics, start_metrics_server
from serving.server.pipeline import DiagnosisPipeline
from serving.server.server import DiagnosisServer
from serving.server.spool import Spool
from serving.settings import PREFIX, ServingSettings, StartError
from serving.tables.table_serving import TableServing

CLOSE_TIMEOUT_S = 10.0

logger = logging.getLogger(__name__)


class Service:
    """The parts are made by the caller; nothing of them runs before `run`."""

    def __init__(
        self,
        settings: ServingSettings,
        *,
        engine: Engine,
        tables: TableServing,
        pool: DecodePool,
        rules: UrgencyRules,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._tables = tables
        self._pool = pool
        self._metrics = metrics
        self._spool = Spool(settings.spool_dir, max_bytes=settings.max_spool_bytes)
        pipeline = DiagnosisPipeline(
            settings,
            decoder=pool,
            engine=engine,
            rules=rules,
            metrics=metrics,
        )
        self._server = DiagnosisServer(
            settings,
            pipeline=pipeline,
            engine=engine,
            tables=tables,
            spool=self._spool,
            metrics=metrics,
        )

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or the end of the owner. Raises StartError."""
        async with AsyncExitStack() as parts:
            stopping = parts.enter_context(self._stop_signals())
            self._open_spool()
            parts.callback(self._spool.close)
            parts.push_async_callback(_bounded, self._pool.close)
            await self._pool.start()
            parts.enter_context(self._metrics_server())
            parts.push_async_callback(_bounded, self._engine.close)
            parts.push_async_callback(_bounded, self._tables.close)
            port = await self._server.start()
            parts.push_async_callback(self._drain)
            logger.info("%s", self._listening(port))
            await self._until(stopping)

    async def _until(self, stopping: asyncio.Event) -> None:
        """Load the model, and wait for the end."""
        ends: list[asyncio.Task[Any]] = [asyncio.create_task(stopping.wait())]
        if self._settings.owner_pid is not None:
            ends.append(asyncio.create_task(until_ended(self._settings.owner_pid)))
        starting = asyncio.create_task(self._start_engine())
        try:
            await asyncio.wait([*ends, starting], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                # It may have failed.
                starting.result()
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*ends, starting):
                task.cancel()
            await asyncio.gather(*ends, starting, return_exceptions=True)

    async def _start_engine(self) -> None:
        await self._engine.start()
        served = self._engine.current()
        if served is None:
            logger.warning("No model is served yet. %s", self._engine.message)
        else:
            logger.info(
                "Model: %s, version %s, run %s; engine %s.",
                served.name,
                served.version,
                served.run_id,
                self._settings.engine.value,
            )

    async def _drain(self) -> None:
        logger.info("The service ends: no more requests are accepted.")
        await self._server.stop(self._settings.drain_s)

    @contextmanager
    def _stop_signals(self) -> Iterator[asyncio.Event]:
        """An event that SIGTERM and SIGINT set; a second signal ends the requests at once."""
        stopping = asyncio.Event()
        hurrying: set[asyncio.Task[None]] = set()

        def stop() -> None:
            if stopping.is_set():
                hurrying.add(asyncio.create_task(self._server.stop(0)))
            stopping.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        yield stopping

    def _open_spool(self) -> None:
        try:
            self._spool.open()
        except OSError as error:
            raise StartError(
                f"uploads cannot be kept in {self._settings.spool_dir} ({error.strerror or error}): "
                f"name another folder with {PREFIX}SPOOL_DIR"
            ) from None

    @contextmanager
    def _metrics_server(self) -> Iterator[None]:
        port = self._settings.metrics_port
        if not port:
            yield
            return
        try:
            server = start_metrics_server(self._metrics, port)
        except OSError as error:
            raise StartError(
                f"port {port} for Prometheus cannot be opened ({error.strerror}): choose another "
                f"one with --metrics-port or {PREFIX}METRICS_PORT"
            ) from None
        logger.info("Metrics: http://%s:%d/metrics", LOOPBACK, port)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    def _listening(self, port: int) -> str:
        settings = self._settings
        admitted = "callers with the token" if settings.token else "this machine, without a token"
        return (
            f"Diagnosis service: gRPC at {bracketed(settings.host)}:{port}, "
            f"{'TLS' if settings.has_tls else 'no TLS'}, for {admitted}. Ctrl-C ends it."
        )


async def _bounded(close: Callable[[], Awaitable[None]]) -> None:
    """Close a part; one that hangs or fails does not keep the others open."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await close()
    except TimeoutError:
        logger.warning("A part of the service did not close within %g s.", CLOSE_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - the edge of a part
        logger.warning("A part of the service did not close: %s", places_of(error))
