"""Loads a service with clients of which each waits for its answer before it asks again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.harness.results import percentile

Call = Callable[[int], Awaitable[object]]
"""Makes one request; its argument counts the requests of all clients."""


@dataclass
class Load:
    """The requests of one or more rounds."""

    latencies_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds

    def percentile_s(self, percent: float) -> float:
        return percentile(self.latencies_s, percent)

    def add(self, other: "Load") -> None:
        self.latencies_s += other.latencies_s
        self.seconds += other.seconds
        self.errors += other.errors


async def closed_loop(call: Call, *, num_clients: int, seconds: float) -> Load:
    """Ask for `seconds` with `num_clients` at one time; requests under way are awaited."""
    load = Load()
    began = time.perf_counter()
    count = 0

    async def ask() -> None:
        nonlocal count
        while time.perf_counter() - began < seconds:
            count += 1
            sent = time.perf_counter()
            try:
                await call(count)
            except Exception as error:  # noqa: BLE001, failures of any type are a result here
                load.errors.append(type(error).__name__)
            else:
                load.latencies_s.append(time.perf_counter() - sent)

    await asyncio.gather(*(ask() for _ in range(num_clients)))
    load.seconds = time.perf_counter() - began
    return load
