"""Repeats a background job. With a lease, only one of the server's processes does it at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from mlflow.exceptions import MlflowException

from api.background import in_background
from api.errors import ApiError, UnavailableError
from api.storage.lease import Lease

logger = logging.getLogger(__name__)

Callback = Callable[[], Awaitable[None]]


class LeasedWorker:
    """Calls `work` every `interval_s`, and at once after `wake`, while this process holds `lease`.

    `lease` is None where every process does the work. Errors are logged, and the next call is a retry.
    """

    def __init__(
        self,
        name: str,
        work: Callback,
        *,
        interval_s: float,
        lease: Lease | None,
        delay_s: float = 0.0,
        on_acquired: Callback | None = None,
        on_stopped: Callback | None = None,
    ) -> None:
        """`name` is the subject of log messages: "Reconciling jobs".

        The first call comes after `delay_s`. `on_acquired` runs before the first `work` of each
        term as the holder, `on_stopped` after the last one and before the lease is given up.
        """
        self._name = name
        self._work = work
        self._interval_s = interval_s
        self._lease = lease
        self._delay_s = delay_s
        self._on_acquired = on_acquired
        self._on_stopped = on_stopped
        self._is_woken = asyncio.Event()
        self.is_active = False
        """Whether this process does the work. False after a store failed, until `on_acquired` has run again."""

    def wake(self) -> None:
        self._is_woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._give_up_lease)
            if self._on_stopped is not None:
                stack.push_async_callback(self._on_stopped)
            await stack.enter_async_context(in_background(self._repeat()))
            yield

    async def _repeat(self) -> None:
        await asyncio.sleep(self._delay_s)
        while True:
            self._is_woken.clear()
            try:
                await self._work_if_held()
            except (ApiError, MlflowException, TimeoutError) as error:
                self.is_active = False
                logger.warning(
                    "%s failed (%s: %s); the next attempt is in %g s",
                    *(self._name, type(error).__name__, error, self._interval_s),
                )
            except Exception:
                logger.exception(
                    "%s failed; the next attempt is in %g s", self._name, self._interval_s
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._is_woken.wait()

    async def _work_if_held(self) -> None:
        if self._lease is not None and not await self._lease.held():
            self.is_active = False
            return
        if not self.is_active:
            if self._on_acquired is not None:
                await self._on_acquired()
            self.is_active = True
        await self._work()

    async def _give_up_lease(self) -> None:
        self.is_active = False
        if self._lease is not None:
            with suppress(UnavailableError):
                await self._lease.give_up()
