"""Measures the engine on Ray Serve against the embedded one: images per second, p50 and p99.

    .venv/bin/python -m benchmarks.serving_engines [--backbone resnet18] [--clients 32]

Both serve the same version on this machine. Ray Serve adds a process hop; it is for replicas, several
GPUs and machines.
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
from serving.settings import EngineKind


def main() -> None:
    arguments = flags(__doc__).parse_args()
    with registered(arguments) as models:
        results = asyncio.run(measure(models, arguments))
    print_setting(arguments)
    for num_clients, rounds in results.items():
        print_comparison(f"{num_clients} clients, one image each", rounds)


async def measure(
    models: Registered, arguments: argparse.Namespace
) -> dict[int, dict[str, Rounds]]:
    images = photographs(arguments.image_size)
    async with AsyncExitStack() as stack:
        calls = {}
        for kind in EngineKind:
            engine = await stack.enter_async_context(engine_of(models.settings(engine=kind)))
            calls[kind.value] = predicting(engine, images)
        return {
            num_clients: await compare(
                calls,
                num_clients=num_clients,
                num_rounds=arguments.rounds,
                seconds=arguments.seconds,
            )
            for num_clients in (1, arguments.clients)
        }


if __name__ == "__main__":
    main()
