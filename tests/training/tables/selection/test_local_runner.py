"""Trials in processes of their own."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.training.tables.learners.made_examples import BINARY, examples
from tests.training.tables.selection.made_tables import split_rows
from training.tables.learners.model_folder import TaskDescription
from training.tables.learners.registry import LEARNERS
from training.tables.selection.local_runner import LocalRunner, LocalTrial
from training.tables.selection.trial import TrialData, TrialEvent, TrialSpec
from training.tables.selection.trial_process import GO, STOP, Orders, ParentGoneError

KNOWN = examples(BINARY, 120)
LONG: dict[str, Any] = {"iterations": 20_000, "learning_rate": 1e-4}


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    runner = LocalRunner(num_threads=1)
    runner.prepare(TrialData(KNOWN.values, KNOWN.targets, split_rows(120).folds))
    yield runner
    runner.close()


def spec(number: int, *, memory_bytes: int = 2**31, **params: Any) -> TrialSpec:
    return TrialSpec(
        number=number,
        learner="catboost",
        params=LEARNERS["catboost"].check(params),
        task=TaskDescription.of(BINARY),
        memory_bytes=memory_bytes,
    )


def until_fold_or_end(trial: LocalTrial) -> Sequence[TrialEvent]:
    """The events up to the first that is not about a round."""
    events: list[TrialEvent] = []
    while not any(event.kind != "round" for event in events):
        events += trial.poll(30)
    return events


def first_events(trial: LocalTrial) -> None:
    while not trial.poll(30):
        continue


def test_a_trial_without_memory_says_so_and_the_next_one_stops_when_asked(
    runner: LocalRunner, tmp_path: Path
) -> None:
    trial = runner.start(spec(0, memory_bytes=1, **LONG), tmp_path)
    last = until_fold_or_end(trial)[-1]
    trial.kill()
    assert last.kind == "failed"
    assert "memory" in last.message or "MiB that a trial may take" in last.message

    trial = runner.start(spec(1, **LONG), tmp_path)
    first_events(trial)
    trial.stop()
    assert until_fold_or_end(trial)[-1].kind == "stopped"
    assert list(trial.poll(1)) == []
    trial.kill()


def test_a_trial_whose_process_dies_fails(runner: LocalRunner, tmp_path: Path) -> None:
    trial = runner.start(spec(0, **LONG), tmp_path)
    first_events(trial)
    os.kill(trial.process_id, signal.SIGKILL)
    last = until_fold_or_end(trial)[-1]
    assert (last.kind, "SIGKILL" in last.message) == ("failed", True)


def test_orders_are_taken_between_rounds() -> None:
    reading, writing = os.pipe()
    orders = Orders(reading)
    assert not orders.should_stop(1)
    os.write(writing, GO + GO[:1])
    assert not orders.should_stop(2)
    os.write(writing, GO[1:] + STOP)
    assert orders.should_stop(3)
    assert orders.should_stop(4)
    os.close(writing)
    os.close(reading)


def test_without_a_go_the_trial_waits_and_ends_with_its_parent() -> None:
    reading, writing = os.pipe()
    now = [0.0]
    orders = Orders(reading, clock=lambda: now[0])
    now[0] = 100.0
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(orders.should_stop(1)))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    os.write(writing, GO)
    waiting.join()
    assert answers == [False]
    now[0] = 200.0
    os.close(writing)
    with pytest.raises(ParentGoneError):
        orders.should_stop(2)
    os.close(reading)
