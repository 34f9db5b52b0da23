"""Measures the images per second that an engine on a GPU answers, as a share of the pure forward pass.

    .venv/bin/python -m benchmarks.serving_gpu [--backbone vit_large_patch16_224] [--clients 128]

The forward pass runs alone, in bfloat16 and compiled, on batches that lie on the GPU already. The engine
gets single images from the memory of this machine, prepares and batches them. Needs an NVIDIA GPU.
"""

import argparse
import asyncio
import time

import torch

from benchmarks.harness.results import print_table, ratios, spread
from benchmarks.serving.closed_loop import closed_loop
from benchmarks.serving.models import (
    Registered,
    engine_of,
    flags,
    photographs,
    predicting,
    print_setting,
    registered,
)
from tests.serving.engine.registered import tiny_backbone, tiny_network

TARGET = 0.85
WARM_UP_S = 5.0


def main() -> None:
    parser = flags(__doc__, seconds=10.0)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.set_defaults(backbone="vit_large_patch16_224", clients=128)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no GPU here: the share of the forward pass was not measured.")
        return
    with registered(arguments) as models:
        forward, engine = asyncio.run(measure(models, arguments))
    print_setting(arguments)
    rows = [
        ["forward pass alone", spread(forward, 1), "1.00"],
        ["engine", spread(engine, 1), spread(ratios(engine, forward), 2)],
    ]
    print_table(("variant", "images/s", "of the forward pass, by round"), rows)
    print(f"target: {TARGET:.2f}")


async def measure(
    models: Registered, arguments: argparse.Namespace
) -> tuple[list[float], list[float]]:
    """Images per second of the forward pass and of the engine, by round."""
    forward = ForwardPass(arguments)
    rates: tuple[list[float], list[float]] = ([], [])
    async with engine_of(models.settings(max_batch_size=arguments.batch_size)) as engine:
        call = predicting(engine, photographs(arguments.image_size))
        await closed_loop(call, num_clients=arguments.clients, seconds=WARM_UP_S)
        for _ in range(arguments.rounds):
            rates[0].append(await asyncio.to_thread(forward.per_second, arguments.seconds))
            load = await closed_loop(call, num_clients=arguments.clients, seconds=arguments.seconds)
            assert not load.errors, load.errors[:3]
            rates[1].append(load.per_second)
    return rates


class ForwardPass:
    """The same network without anything around it."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        backbone = tiny_backbone(arguments.backbone, arguments.image_size)
        self._network = torch.compile(tiny_network(backbone).cuda(), dynamic=False)
        side = arguments.image_size
        self._batch = torch.randn(arguments.batch_size, 3, side, side, device="cuda")
        self.per_second(WARM_UP_S)

    @torch.inference_mode()
    def per_second(self, seconds: float) -> float:
        torch.cuda.synchronize()
        began = time.perf_counter()
        num_images = 0
        with torch.autocast("cuda", torch.bfloat16):
            while time.perf_counter() - began < seconds:
                self._network(self._batch)
                num_images += len(self._batch)
                # Without this the queue of the GPU would grow beyond the measured time.
                torch.cuda.synchronize()
        return num_images / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
