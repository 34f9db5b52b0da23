"""Registers classifiers with random weights, and opens engines that serve them."""

import argparse
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import torch

from benchmarks.harness.temporary_folder import temporary_folder
from benchmarks.serving.closed_loop import Call
from serving.engine import open_engine
from serving.engine.protocol import Engine
from serving.images.image import Pixels
from serving.settings import ServingSettings
from tests.serving.engine.registered import Store, drawn_images, tiny_backbone, tiny_network

NUM_IMAGES = 64
TIMEOUT_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A model registry with two versions of one model; the alias champion names the first."""

    store: Store
    versions: tuple[str, str]

    def settings(self, **given: object) -> ServingSettings:
        common = {"challenger_alias": "", "spool_dir": self.store.folder / "spool"}
        return ServingSettings(tracking_uri=self.store.uri, **{**common, **given})  # type: ignore[arg-type]


def flags(description: str | None, *, seconds: float = 5.0) -> argparse.ArgumentParser:
    """The flags that all benchmarks of the service have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=seconds, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


@contextmanager
def registered(arguments: argparse.Namespace) -> Iterator[Registered]:
    with temporary_folder() as folder:
        store = Store(folder / "registry")
        backbone = tiny_backbone(arguments.backbone, arguments.image_size)
        first, second = (store.register(tiny_network(backbone, seed), backbone) for seed in (1, 2))
        store.point(first)
        yield Registered(store=store, versions=(first, second))


@asynccontextmanager
async def engine_of(settings: ServingSettings) -> AsyncIterator[Engine]:
    """The engine, started; it is closed whatever happens."""
    engine = open_engine(settings)
    try:
        await engine.start()
        assert engine.current() is not None, engine.message
        yield engine
    finally:
        await engine.close()


def photographs(image_size: int) -> list[Pixels]:
    """Images that differ, a little larger than the input of the network."""
    side = round(image_size * 1.2)
    return drawn_images(NUM_IMAGES, height=side, width=side)


def predicting(engine: Engine, images: Sequence[Pixels]) -> Call:
    """Requests for one image each."""

    async def call(number: int) -> object:
        async with engine.lease() as model:
            image = images[number % len(images)]
            return await model.predict([image], timeout_s=TIMEOUT_S)

    return call


def print_setting(arguments: argparse.Namespace) -> None:
    device = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else f"CPU, {torch.get_num_threads()} threads"
    )
    print(
        f"{arguments.backbone} with random weights, {arguments.image_size} px, on {device}; "
        f"{arguments.rounds} rounds of {arguments.seconds:g} s"
    )
