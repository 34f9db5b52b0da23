"""Measures what requests notice when the alias moves to another version: p99, and failed requests.

    .venv/bin/python -m benchmarks.serving_alias_move [--backbone resnet18] [--clients 8]

In every second round the alias moves as often as a new version has taken over.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.harness.results import interleaved
from benchmarks.serving.closed_loop import closed_loop
from benchmarks.serving.comparison import WARM_UP_S, Rounds, print_comparison
from benchmarks.serving.models import (
    Registered,
    engine_of,
    flags,
    photographs,
    predicting,
    print_setting,
    registered,
)
from serving.engine.protocol import Engine

AT_REST, MOVING = "alias at rest", "alias moves"
POLL_S = 0.2
LOOK_S = 0.05
TAKE_OVER_DEADLINE_S = 120.0


class Mover:
    """Moves the alias to the other version whenever the engine serves the one that it names."""

    def __init__(self, models: Registered, engine: Engine) -> None:
        self._models = models
        self._engine = engine
        self._target = models.versions[0]
        self.num_moves = 0

    @asynccontextmanager
    async def moving(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._move())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._until_served()

    async def _move(self) -> None:
        while True:
            await self._until_served()
            first, second = self._models.versions
            self._target = second if self._target == first else first
            await asyncio.to_thread(self._models.store.point, self._target)
            self.num_moves += 1

    async def _until_served(self) -> None:
        async with asyncio.timeout(TAKE_OVER_DEADLINE_S):
            while not self._is_served():  # noqa: ASYNC110, the engine sets no event for others
                await asyncio.sleep(LOOK_S)

    def _is_served(self) -> bool:
        current = self._engine.current()
        return current is not None and current.version == self._target


def main() -> None:
    parser = flags(__doc__)
    parser.set_defaults(clients=8)
    arguments = parser.parse_args()
    with registered(arguments) as models:
        rounds, num_moves = asyncio.run(measure(models, arguments))
    print_setting(arguments)
    print_comparison(f"{arguments.clients} clients; the alias moved {num_moves} times", rounds)


async def measure(
    models: Registered, arguments: argparse.Namespace
) -> tuple[dict[str, Rounds], int]:
    rounds = {AT_REST: Rounds(), MOVING: Rounds()}
    async with engine_of(models.settings(poll_s=POLL_S)) as engine:
        call = predicting(engine, photographs(arguments.image_size))
        mover = Mover(models, engine)
        await closed_loop(call, num_clients=arguments.clients, seconds=WARM_UP_S)
        for name in interleaved(list(rounds), arguments.rounds):
            loading = closed_loop(call, num_clients=arguments.clients, seconds=arguments.seconds)
            if name == AT_REST:
                rounds[name].loads.append(await loading)
                continue
            async with mover.moving():
                rounds[name].loads.append(await loading)
    return rounds, mover.num_moves


if __name__ == "__main__":
    main()
