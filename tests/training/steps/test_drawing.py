"""Pictures by step: after the safe checkpoint, without a trace in the training, and never fatal."""

import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.ranks import lone_process, run_ranks
from tests.training.steps.able_toys import DrawingToy
from tests.training.steps.instructing_signal import InstructingSignal, instructed
from tests.training.toy_training import Trained, train
from training import agreement as agreement_module
from training.agreement import Decision
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError
from training.process import Process

SETTINGS: dict[str, Any] = {"epochs": 2, "dropout": 0.3, "ema_decay": 0.9, "deterministic": True}
EVERY_FOUR = [4, 8, 12]


def train_drawing(root: Path, recipe_class: type[DrawingToy] = DrawingToy, **more: Any) -> Trained:
    return train(root, recipe_class=recipe_class, **SETTINGS, **more)


def drawn(trained: Trained) -> list[int]:
    assert isinstance(trained.recipe, DrawingToy)
    return [step for step, _ in trained.recipe.drawn]


@pytest.fixture(scope="module")
def undrawn(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("undrawn"), **SETTINGS)


def assert_same(trained: Trained, expected: Trained) -> None:
    for name, tensor in expected.weights.items():
        assert torch.equal(trained.weights[name], tensor), name
    assert trained.tracker.points["train/loss"] == expected.tracker.points["train/loss"]


def test_pictures_are_logged_by_step_and_leave_no_trace(tmp_path: Path, undrawn: Trained) -> None:
    trained = train_drawing(tmp_path)
    pictures = [image for image in trained.tracker.images if image[0].startswith("samples/")]
    assert pictures == [(f"samples/{number}", step) for step in EVERY_FOUR for number in (1, 2)]
    assert_same(trained, undrawn)


def test_a_killed_training_resumes_exactly(tmp_path: Path, undrawn: Trained) -> None:
    train_drawing(tmp_path, stop_after=5)
    resumed = train_drawing(tmp_path)
    assert drawn(resumed) == [8, 12]
    for name, tensor in undrawn.weights.items():
        assert torch.equal(resumed.weights[name], tensor), name


def test_the_averaged_weights_draw_and_the_last_step_draws_as_well(tmp_path: Path) -> None:
    class RareToy(DrawingToy):
        draw_every_steps = 100

    trained = train_drawing(tmp_path, RareToy)
    assert drawn(trained) == [12]
    assert isinstance(trained.recipe, DrawingToy)
    assert not torch.equal(trained.recipe.drawn[0][1], trained.weights["0.weight"])


def test_the_checkpoint_is_safe_before_anything_is_drawn(tmp_path: Path) -> None:
    class WatchedStore(CheckpointStore):
        def save(self, *arguments: Any, step: int, **options: Any) -> None:
            super().save(*arguments, step=step, **options)
            events.append(("saved", step))

        def flush(self, timeout_s: float) -> None:
            events.append(("flushed", 0))

    class WatchedToy(DrawingToy):
        on_draw = staticmethod(lambda step: events.append(("drawn", step)))

    events: list[tuple[str, int]] = []
    store = WatchedStore(root=tmp_path, mirror=None, keep_last=2)
    train_drawing(tmp_path, WatchedToy, store=store)
    assert events == [
        *(("saved", 4), ("flushed", 0), ("drawn", 4), ("saved", 6)),
        *(("saved", 8), ("flushed", 0), ("drawn", 8)),
        *(("saved", 12), ("flushed", 0), ("drawn", 12)),
    ]


def test_nothing_is_drawn_while_the_checkpoint_is_not_safe(
    tmp_path: Path, undrawn: Trained, caplog: pytest.LogCaptureFixture
) -> None:
    class SlowStore(CheckpointStore):
        def flush(self, timeout_s: float) -> None:
            raise CheckpointError(f"Not within {timeout_s:.0f} s.")

    trained = train_drawing(tmp_path, store=SlowStore(root=tmp_path, mirror=None, keep_last=2))
    assert drawn(trained) == []
    tag = trained.tracker.tags["fovea.drawing_failure"]
    assert tag.startswith("Step 12: The pictures were not drawn, because their checkpoint is not")
    assert tag.endswith("Not within 300 s.")
    assert len(caplog.records) == 3
    assert_same(trained, undrawn)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (
            ValueError("patient.png"),
            "The pictures could not be drawn (ValueError); the log says why.",
        ),
        (
            torch.OutOfMemoryError("CUDA out of memory"),
            "The memory does not suffice for the pictures",
        ),
        (
            RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"),
            "The memory does not suffice for the pictures",
        ),
    ],
)
def test_a_failure_is_reported_and_the_run_goes_on(
    tmp_path: Path, undrawn: Trained, failure: Exception, reason: str
) -> None:
    class FailingToy(DrawingToy):
        pass

    FailingToy.failure = failure
    trained = train_drawing(tmp_path, FailingToy)
    assert drawn(trained) == EVERY_FOUR
    assert reason in trained.tracker.tags["fovea.drawing_failure"]
    assert "patient" not in trained.tracker.tags["fovea.drawing_failure"]
    assert_same(trained, undrawn)


def test_the_deadline_ends_the_pictures_of_a_step(tmp_path: Path, undrawn: Trained) -> None:
    class SlowToy(DrawingToy):
        drawing_timeout_s = 1e-9

    trained = train_drawing(tmp_path, SlowToy)
    assert "took more than 1e-09 s" in trained.tracker.tags["fovea.drawing_failure"]
    assert_same(trained, undrawn)


def test_the_tag_is_emptied_once_there_are_pictures_again(tmp_path: Path) -> None:
    class OnceFailingToy(DrawingToy):
        @staticmethod
        def on_draw(step: int) -> None:
            if step == 4:
                raise ValueError

    trained = train_drawing(tmp_path, OnceFailingToy)
    assert trained.tracker.tags == {"fovea.drawing_failure": ""}


def test_sample_now_draws_once_and_takes_no_arguments(tmp_path: Path, undrawn: Trained) -> None:
    class AskedToy(DrawingToy):
        draw_every_steps = 0

    signal = InstructingSignal({5: [("sample_now", {}), ("sample_now", {"count": 2})]})
    trained = train_drawing(tmp_path, AskedToy, agreement=instructed(lone_process(), signal))
    assert drawn(trained) == [5]
    assert signal.answers == [
        ("sample_now", "done", 5, "The pictures of step 5 are drawn."),
        ("sample_now", "refused", 5, "sample_now takes no arguments here, but count came."),
    ]
    assert_same(trained, undrawn)


def test_a_run_that_is_to_exit_draws_nothing_more(tmp_path: Path) -> None:
    signal = InstructingSignal({}, {4: (Decision.STOP,)})
    trained = train_drawing(tmp_path, agreement=instructed(lone_process(), signal))
    assert drawn(trained) == []


class SlowlyDrawingToy(DrawingToy):
    draw_every_steps = 6
    on_draw = staticmethod(lambda _: time.sleep(0.3))


def _draw_on_rank(process: Process, root: Path) -> Any:
    setattr(agreement_module, "PAUSE_SYNC_INTERVAL_S", 0.05)  # noqa: B010
    num_waits = 0
    agreement = instructed(process, InstructingSignal({3: [("sample_now", {})]}))
    still_works = agreement._main_still_works

    def counted(contribution: bool) -> bool:
        nonlocal num_waits
        num_waits += 1
        return still_works(contribution)

    agreement._main_still_works = counted  # type: ignore[method-assign]
    settings = SETTINGS | {"epochs": 1, "batch_size": 4}
    trained = train(root, process, agreement=agreement, recipe_class=SlowlyDrawingToy, **settings)
    return trained.weights, drawn(trained), num_waits


def test_rank_0_draws_while_the_others_wait_in_short_collectives(tmp_path: Path) -> None:
    (weights, steps, _), (others, nothing, num_waits) = run_ranks(
        _draw_on_rank, tmp_path / "run", world_size=2, folder=tmp_path
    )
    for name, tensor in weights.items():
        assert torch.equal(others[name], tensor), name
    assert (steps, nothing) == ([3, 6], [])
    assert num_waits > 6, "each drawing took several waits"
