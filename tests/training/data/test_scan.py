"""The ranks share the work of a scan, and all of them get the same result."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.training.data.images import make_folder
from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.image_folder import list_images
from training.data.scan import ImageScan, scan_images
from training.process import Process

DEADLINE_S = 30


class Ranks:
    """The objects that the ranks exchange, pickled as they are between processes."""

    def __init__(self, world_size: int) -> None:
        self.barrier = threading.Barrier(world_size, timeout=DEADLINE_S)
        self.values: dict[int, bytes] = {}


@dataclass(frozen=True, kw_only=True)
class ThreadProcess(Process):
    """A rank that is a thread."""

    ranks: Ranks

    def gather(self, value: Any) -> list[Any]:
        values = self._exchanged(value)
        return values if self.is_main else []

    def broadcast(self, value: Any) -> Any:
        return self._exchanged(value)[0]

    def _exchanged(self, value: Any) -> list[Any]:
        self.ranks.values[self.rank] = pickle.dumps(value)
        self.ranks.barrier.wait()
        values = [pickle.loads(self.ranks.values[rank]) for rank in range(self.world_size)]
        self.ranks.barrier.wait()
        return values


def scans(root: Path, world_size: int) -> list[ImageScan]:
    listings = list_images(root, list(Split), DataRoots(None))
    classes = {
        split: {path: name for name, paths in listing.images.items() for path in paths}
        for split, listing in listings.items()
    }
    ranks = Ranks(world_size)
    processes = [
        ThreadProcess(
            rank=rank,
            local_rank=rank,
            world_size=world_size,
            device=torch.device("cpu"),
            ranks=ranks,
        )
        for rank in range(world_size)
    ]
    with ThreadPoolExecutor(max_workers=world_size) as pool:
        return list(pool.map(lambda process: scan_images(root, classes, process), processes))


def test_three_ranks_find_what_one_finds_and_all_of_them_get_it(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    source = root / "train/Fundus_RAO/000.jpg"
    (root / "val/Fundus_RAO/copy.jpg").write_bytes(source.read_bytes())
    (root / "test/Fundus_RAO/000.jpg").write_bytes(b"")
    (alone,) = scans(root, 1)
    assert alone.learnt_copies == {"train/Fundus_RAO/000.jpg"}
    assert alone.unreadable_in([Split.TEST]) == [
        ("test/Fundus_RAO/000.jpg", "not an image of a known format, but empty")
    ]
    assert alone.unreadable_in([Split.TRAIN, Split.VAL]) == []
    assert scans(root, 3) == [alone] * 3
