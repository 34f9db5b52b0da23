"""Measures dynamic batching against one image at a time: images per second and latency under load.

    .venv/bin/python -m benchmarks.serving_batching [--backbone resnet18] [--clients 32]

Both engines are in this process, serve the same version, and take turns.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack

from benchmarks.serving.comparison import Rounds, compare, print_comparison
from benchmarks.serving.models import (
    Registered,
    engine_of,
    flags,
    photographs,
    predicting,
    print_setting,
    registered,
)

MAX_BATCH_SIZES = {"one by one": 1, "dynamic batching": 32}


def main() -> None:
    arguments = flags(__doc__).parse_args()
    with registered(arguments) as models:
        rounds = asyncio.run(measure(models, arguments))
    print_setting(arguments)
    print_comparison(f"{arguments.clients} clients, one image each", rounds)


async def measure(models: Registered, arguments: argparse.Namespace) -> dict[str, Rounds]:
    images = photographs(arguments.image_size)
    async with AsyncExitStack() as stack:
        calls = {}
        for name, size in MAX_BATCH_SIZES.items():
            settings = models.settings(max_batch_size=size)
            engine = await stack.enter_async_context(engine_of(settings))
            calls[name] = predicting(engine, images)
        return await compare(
            calls,
            num_clients=arguments.clients,
            num_rounds=arguments.rounds,
            seconds=arguments.seconds,
        )


if __name__ == "__main__":
    main()
