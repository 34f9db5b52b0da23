"""The cache computes each entry once, over all ranks, and finds damage."""

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.small_disk import small_disk
from tests.training.ranks import lone_process, run_ranks
from training.diffusion.data.cache import Entry, fill_cache
from training.diffusion.data.tensor_cache import CacheFullError, TensorCache, Tensors, cache_key
from training.errors import DataError, TrainingError
from training.process import Process


def entries(count: int) -> list[Entry[int]]:
    return [Entry(key=cache_key(image=n, encoder="e"), item=n, shape=n % 2) for n in range(count)]


class Encoder:
    """Computes tensors that tell the item, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[Tensors]:
        self.batches.append(list(items))
        return [{"latents": torch.full((4, 2, 2), float(n), dtype=torch.bfloat16)} for n in items]


def fill(cache: TensorCache, encoder: Encoder, count: int = 5) -> int:
    return fill_cache(cache, entries(count), encoder, lone_process(), what="Latents", batch_size=2)


def test_entries_are_computed_once_in_batches_of_one_shape(tmp_path: Path) -> None:
    encoder = Encoder()
    assert fill(TensorCache(tmp_path / "c"), encoder) == 5
    assert all(len({n % 2 for n in batch}) == 1 for batch in encoder.batches)
    assert sorted(n for batch in encoder.batches for n in batch) == list(range(5))
    assert max(map(len, encoder.batches)) == 2
    again = Encoder()
    assert fill(TensorCache(tmp_path / "c"), again, 6) == 1
    assert again.batches == [[5]]


def test_tensors_come_back_as_they_were_computed(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path / "c")
    cache.open()
    tensors = {
        "half": torch.randn(3, 2).half(),
        "brain": torch.randn(2).bfloat16(),
        "full": torch.randn(2, 2).t(),
    }
    cache.put("ab", tensors)
    (read,) = TensorCache(tmp_path / "c").read(["ab"])
    assert set(read) == set(tensors)
    for name, tensor in tensors.items():
        assert read[name].dtype is tensor.dtype
        assert torch.equal(read[name], tensor)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", ["empty", "half", "bit"])
def test_a_damaged_entry_is_computed_again(tmp_path: Path, damage: str) -> None:
    fill(TensorCache(tmp_path / "c"), Encoder())
    key = entries(5)[3].key
    path = tmp_path / "c" / key[:2] / f"{key}.safetensors"
    content = path.read_bytes()
    changed = {
        "empty": b"",
        "half": content[: len(content) // 2],
        "bit": content[:-1] + bytes([content[-1] ^ 1]),
    }
    path.write_bytes(changed[damage])
    cache = TensorCache(tmp_path / "c")
    with pytest.raises(DataError, match=r"1 entries of the cache .* gone or damaged"):
        cache.read([key])
    encoder = Encoder()
    assert fill(cache, encoder) == 1
    assert encoder.batches == [[3]]
    assert float(cache.read([key])[0]["latents"][0, 0, 0]) == 3


def test_what_decides_an_entry_is_in_its_key() -> None:
    parts: list[dict[str, object]] = [
        {"image": "a", "encoder": "e", "bucket": [64, 64]},
        {"image": "b", "encoder": "e", "bucket": [64, 64]},
        {"image": "a", "encoder": "f", "bucket": [64, 64]},
        {"image": "a", "encoder": "e", "bucket": [64, 72]},
        {"image": "a", "encoder": "e", "bucket": [64, 64], "flip": True},
        {"caption": "a\udcff", "encoder": "e"},
    ]
    assert len({cache_key(**each) for each in parts}) == len(parts)


def test_a_limit_is_refused_before_most_of_the_work_is_done(tmp_path: Path) -> None:
    encoder = Encoder()
    with pytest.raises(
        CacheFullError, match=r"at most 0.0 MiB are allowed. Raise --cache-limit-mib"
    ):
        fill(TensorCache(tmp_path / "c", max_bytes=2000), encoder, 100)
    assert len(encoder.batches) == 1


def test_memory_is_bounded(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path / "c", memory_bytes=400)
    fill(cache, Encoder())
    for entry in entries(5):
        assert float(cache.read([entry.key])[0]["latents"][0, 0, 0]) == entry.item
    assert 0 < len(cache._recent) <= 3
    assert cache._recent_bytes <= 400


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("")
    with pytest.raises(DataError, match="cannot be used"):
        fill(TensorCache(tmp_path / "c"), Encoder())


def test_names_of_entries_tell_no_caption(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path / "c")
    cache.open()
    cache.put(cache_key(caption="Jane Doe", encoder="e"), {"x": torch.zeros(1)})
    (path,) = (tmp_path / "c").rglob("*.safetensors")
    assert "Jane" not in str(path)
    assert b"Jane" not in path.read_bytes()


def fill_on_rank(process: Process, folder: Path) -> tuple[int, list[int], list[str]]:
    lines: list[str] = []
    encoder = Encoder()
    count = fill_cache(
        TensorCache(folder),
        entries(9),
        encoder,
        process,
        what="Latents",
        batch_size=1,
        slice_s=0,
        show=lines.append,
    )
    return count, [n for batch in encoder.batches for n in batch], lines


def fill_own_folder(process: Process, folder: Path) -> list[int]:
    return fill_on_rank(process, folder / str(process.rank))[1]


def fail_on_one_rank(process: Process, folder: Path) -> str:
    def encode(items: Sequence[int]) -> list[Tensors]:
        if process.rank == 1:
            raise RuntimeError("the encoder has no memory left\nsecret")
        return Encoder()(items)

    try:
        fill_cache(TensorCache(folder), entries(9), encode, process, what="x", slice_s=0)
    except (RuntimeError, TrainingError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def fill_in_three_ways(process: Process, folder: Path) -> tuple[Any, ...]:
    """In one group of processes, which take seconds to start."""
    return (
        fill_on_rank(process, folder / "shared"),
        fill_own_folder(process, folder / "own"),
        fail_on_one_rank(process, folder / "failed"),
    )


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "own").mkdir()
    return run_ranks(fill_in_three_ways, folder, world_size=2, folder=folder)


def test_ranks_fill_one_cache_together(two_ranks: list[tuple[Any, ...]]) -> None:
    found = [shared for shared, _, _ in two_ranks]
    assert [count for count, _, _ in found] == [9, 9]
    first, second = (items for _, items, _ in found)
    assert sorted(first + second) == list(range(9))
    assert abs(len(first) - len(second)) == 1
    lines = found[0][2]
    assert "Latents encoded: 9 of 9" in lines
    assert found[1][2] == []


def test_machines_with_folders_of_their_own_fill_each(two_ranks: list[tuple[Any, ...]]) -> None:
    assert [sorted(own) for _, own, _ in two_ranks] == [list(range(9))] * 2


def test_the_failure_of_one_rank_ends_all(two_ranks: list[tuple[Any, ...]]) -> None:
    first, second = (message for _, _, message in two_ranks)
    assert first == "TrainingError: the encoder has no memory left"
    assert second.startswith("RuntimeError: the encoder has no memory left")


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        cache = TensorCache(disk / "c")
        cache.open()
        with pytest.raises(CacheFullError, match=r"The disk of the cache .* is full"):
            cache.put("ab", {"x": torch.zeros(100_000)})
        assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_files_of_interrupted_writes_are_removed_once_they_are_old(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path / "c")
    cache.open()
    for name, age_s in (("old", 2 * 86_400), ("new", 10)):
        partial = tmp_path / "c" / "ab" / f".partial-{name}"
        partial.parent.mkdir(exist_ok=True)
        partial.touch()
        os.utime(partial, (time.time() - age_s,) * 2)
    fill(cache, Encoder())
    assert [path.name for path in cache.folder.rglob(".partial-*")] == [".partial-new"]
