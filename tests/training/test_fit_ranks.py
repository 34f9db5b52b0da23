"""The command `fit` in a process of torchrun that is not rank 0."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from training import fit as fit_module
from training.config import LaunchConfig
from training.errors import LaunchError
from training.settings import TrainingSettings


class OtherRank:
    """A launcher with a rank that waits for rank 0, which cannot prepare the training."""

    is_main = False
    is_alone = False

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextmanager
    def peers(self, _: LaunchConfig, __: TrainingSettings) -> Iterator["OtherRank"]:
        yield self

    def broadcast(self, _: object) -> None:
        self.events.append("waits for rank 0")


def test_only_rank_0_opens_the_store_before_the_run_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty database would get its tables from several processes at once."""
    rank = OtherRank()
    monkeypatch.setattr(fit_module, "open_launcher", lambda _: rank)
    monkeypatch.setattr(
        fit_module, "open_tracking_server", lambda: rank.events.append("opens the store")
    )
    with pytest.raises(LaunchError, match="Rank 0 could not prepare the training"):
        fit_module.fit(LaunchConfig(launcher="torchrun"), {}, TrainingSettings())
    assert rank.events == ["waits for rank 0"]
