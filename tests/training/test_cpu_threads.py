"""The threads that a rank computes with on a machine without a GPU."""

import os

import pytest
import torch

from training import loop_rank
from training.process import Process

ALONE = Process(rank=0, local_rank=0, world_size=1, device=torch.device("cpu"))


@pytest.mark.parametrize(
    ("given", "num_local_ranks", "expected"),
    [(None, "1", 8), ("0", "2", 4), (None, "16", 1), ("3", "1", 3), ("3", "2", 3)],
)
def test_ranks_share_the_processors_unless_a_number_is_given(
    monkeypatch: pytest.MonkeyPatch, given: str | None, num_local_ranks: str, expected: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", num_local_ranks)
    if given is None:
        monkeypatch.delenv("FOVEA_CPU_THREADS", raising=False)
    else:
        monkeypatch.setenv("FOVEA_CPU_THREADS", given)
    numbers: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", numbers.append)
    loop_rank._prepare_process(ALONE)
    assert numbers == [expected]
