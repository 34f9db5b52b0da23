"""The image that a training learns from is shown now and then, and never ends the run."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.toy import MemoryTracker, ToyBatch, ToyRecipe
from tests.training.toy_training import train
from training.recipe_abilities import Pixels
from training.steps.showing import INTERVAL_S, Showing


class ShowingToy(ToyRecipe):
    def current_image(self, batch: ToyBatch) -> Pixels | None:
        return np.full((2, 2, 3), len(batch[0]), np.uint8)


class Shower:
    """Shows what it is given: None shows nothing, and an error fails."""

    def current_image(self, batch: Pixels | Exception | None) -> Pixels | None:
        if isinstance(batch, Exception):
            raise batch
        return batch


def test_a_loop_shows_an_image_of_its_first_step(tmp_path: Path) -> None:
    (image,) = train(tmp_path, epochs=1, recipe_class=ShowingToy).tracker.shown
    assert image[0, 0, 0] == 8


def test_at_most_one_is_shown_in_each_interval() -> None:
    times = iter(np.arange(0.0, 1e6, INTERVAL_S / 4).tolist())
    tracker = MemoryTracker()
    showing = Showing(Shower(), tracker, clock=lambda: next(times))
    image = np.zeros((1, 1, 3), np.uint8)
    for _ in range(50):
        showing.show([image, None])
    assert 8 <= len(tracker.shown) <= 13


def test_a_failure_is_said_once_and_nothing_more_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    tracker = MemoryTracker()
    showing = Showing(Shower(), tracker, clock=iter(range(0, 1000, 60)).__next__)
    for batch in (None, ValueError("patient.png"), np.zeros((1, 1, 3), np.uint8)):
        showing.show([batch])
    assert tracker.shown == []
    assert len(caplog.records) == 1
