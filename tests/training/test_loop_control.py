"""The loop under orders: it holds, leaves and goes on where it was told to, and its weights do not show it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.small_disk import fill, small_disk
from tests.training.ranks import lone_process, run_ranks
from tests.training.scripted_signal import Script, ScriptedOrders, WatchedAgreement
from tests.training.toy import MemoryTracker
from tests.training.toy_training import Trained, train
from training.agreement import Decision
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError
from training.outcome import Ending
from training.process import Process

CONTINUE, PAUSE, RELEASE, STOP = Decision.CONTINUE, Decision.PAUSE, Decision.RELEASE, Decision.STOP
HELD = (PAUSE, PAUSE, PAUSE, CONTINUE)
"""Wanted when the step begins, for two beats of holding, and no longer."""
RELEASED = (RELEASE, RELEASE)
"""Wanted when the step begins, and still when it is saved."""

SETTINGS: dict[str, Any] = {
    "epochs": 3,
    "dropout": 0.3,
    "ema_decay": 0.9,
    "checkpoint_every_steps": 4,
    "evaluate_every_steps": 5,
    "keep_last": 1,
    "deterministic": True,
}
NUM_STEPS = 18


@dataclass
class Obeyed:
    """One rank's attempts, the last of which did not leave to be gone on with."""

    attempts: list[Trained]
    orders: ScriptedOrders
    held: list[int]
    verdicts: list[Decision]

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        return self.attempts[-1].weights

    @property
    def endings(self) -> list[Ending]:
        return [attempt.outcome.ending for attempt in self.attempts]

    @property
    def steps(self) -> list[int]:
        return [attempt.outcome.steps for attempt in self.attempts]


class NoRoom(CheckpointStore):
    """Cannot write the checkpoints of some steps."""

    def __init__(self, root: Path, *steps: int) -> None:
        super().__init__(root=root, mirror=None, keep_last=1)
        self._steps = steps

    def save(self, *arguments: Any, step: int, **options: Any) -> None:
        if step in self._steps:
            raise CheckpointError("No room is left.")
        super().save(*arguments, step=step, **options)


def obey(
    root: Path,
    script: Script,
    process: Process | None = None,
    no_room: tuple[int, ...] = (),
    **settings: Any,
) -> Obeyed:
    """Train under orders, and again from the checkpoint as often as that is to be gone on with."""
    process = process or lone_process()
    orders = ScriptedOrders(script)
    agreement = WatchedAgreement(process, orders if process.is_main else None)
    attempts: list[Trained] = []
    while not attempts or attempts[-1].outcome.ending is Ending.RELEASED:
        store = NoRoom(root, *no_room)
        attempts.append(train(root, process, agreement=agreement, store=store, **settings))
    return Obeyed(attempts, orders, agreement.held, agreement.verdicts)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("undisturbed"), **SETTINGS)


def assert_same_training(obeyed: Obeyed, undisturbed: Trained) -> None:
    assert_same_weights(obeyed.weights, undisturbed.weights)
    points: list[tuple[int, float]] = []
    for attempt in obeyed.attempts:
        points += attempt.tracker.points.get("train/loss", [])
    assert points == undisturbed.tracker.points["train/loss"]
    last, expected = obeyed.attempts[-1].outcome, undisturbed.outcome
    assert last == expected


def assert_same_weights(
    weights: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]
) -> None:
    assert weights.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(weights[name], tensor), name


def random_script(seed: int) -> tuple[Script, list[int], list[int]]:
    """Pauses of both kinds at steps of their own; where it holds, and where it leaves."""
    steps = random.Random(seed).sample(range(1, NUM_STEPS), 6)
    held, released = sorted(steps[:3]), sorted(steps[3:])
    return dict.fromkeys(held, HELD) | dict.fromkeys(released, RELEASED), held, released


@pytest.mark.parametrize("seed", range(4))
def test_pauses_of_both_kinds_leave_no_trace(
    tmp_path: Path, undisturbed: Trained, seed: int
) -> None:
    script, held, released = random_script(seed)
    obeyed = obey(tmp_path, script, **SETTINGS)
    assert_same_training(obeyed, undisturbed)
    assert obeyed.held == held
    assert obeyed.steps == [*released, NUM_STEPS]
    assert obeyed.endings == [*[Ending.RELEASED] * 3, Ending.COMPLETED]


SCENARIOS: dict[str, tuple[Script, tuple[int, ...]]] = {
    "undisturbed": ({}, ()),
    "paused": (random_script(11)[0], ()),
    "paused otherwise": (random_script(12)[0], ()),
    "stopped at once": ({1: (STOP,)}, ()),
    "stopped while holding": ({1: (PAUSE, PAUSE, STOP)}, ()),
    "without room": ({7: (RELEASE,), 8: HELD, 11: RELEASED}, (7,)),
}
"""What is wanted of two ranks, and the steps whose checkpoints cannot be written."""


def obey_on_rank(process: Process, folder: Path) -> dict[str, Obeyed]:
    return {
        name: obey(folder / name, script, process, no_room, **SETTINGS, batch_size=4)
        for name, (script, no_room) in SCENARIOS.items()
    }


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Obeyed]]:
    """All scenarios on two ranks; starting them takes longer than training."""
    folder = tmp_path_factory.mktemp("ranks")
    return run_ranks(obey_on_rank, folder, world_size=2, folder=folder)


@pytest.mark.parametrize(("scenario", "seed"), [("paused", 11), ("paused otherwise", 12)])
def test_two_ranks_pause_at_the_same_steps_and_end_with_the_same_weights(
    ranks: list[dict[str, Obeyed]], scenario: str, seed: int
) -> None:
    _, held, released = random_script(seed)
    for rank in ranks:
        assert_same_weights(rank[scenario].weights, rank["undisturbed"].weights)
        assert rank[scenario].held == held
        assert rank[scenario].steps == [*released, NUM_STEPS]
    main, other = (rank[scenario] for rank in ranks)
    assert main.verdicts == other.verdicts
    assert_same_training(main, ranks[0]["undisturbed"].attempts[0])
    assert [step for word, step in main.orders.said if word == "holding"] == [
        step for step in held for _ in range(2)
    ]


@pytest.mark.parametrize("scenario", ["stopped at once", "stopped while holding"])
def test_two_ranks_stop_at_the_same_step_even_at_the_first(
    ranks: list[dict[str, Obeyed]], scenario: str
) -> None:
    for rank in ranks:
        assert rank[scenario].endings == [Ending.STOPPED]
        assert rank[scenario].steps == [1]


def test_two_ranks_go_on_together_where_one_cannot_save(ranks: list[dict[str, Obeyed]]) -> None:
    for rank in ranks:
        assert_same_weights(rank["without room"].weights, rank["undisturbed"].weights)
        assert rank["without room"].held == [8]
        assert rank["without room"].steps == [11, NUM_STEPS]
    assert ranks[0]["without room"].orders.reasons == ["No room is left."]


def test_holding_is_said_at_every_beat_and_going_on_afterwards(tmp_path: Path) -> None:
    orders = obey(tmp_path, {7: HELD}, **SETTINGS).orders
    assert orders.answers() == [("holding", 7), ("holding", 7)]
    assert orders.num_waits == 2
    after = orders.said[orders.said.index(("holding", 7)) :]
    assert after[2:4] == [("training", 7), ("training", 8)]


def test_a_pause_that_is_taken_back_before_the_step_ends_is_never_said_to_be_one(
    tmp_path: Path, undisturbed: Trained
) -> None:
    obeyed = obey(tmp_path, {7: (PAUSE, CONTINUE)}, **SETTINGS)
    assert obeyed.orders.answers() == []
    assert_same_training(obeyed, undisturbed)


def test_a_run_that_holds_can_be_told_to_give_its_machine_back(
    tmp_path: Path, undisturbed: Trained
) -> None:
    obeyed = obey(tmp_path, {7: (PAUSE, PAUSE, RELEASE, RELEASE)}, **SETTINGS)
    assert obeyed.orders.answers() == [("holding", 7), ("leaving to RELEASE", 7)]
    assert obeyed.steps == [7, NUM_STEPS]
    assert_same_training(obeyed, undisturbed)


def test_a_run_that_is_about_to_leave_goes_on_if_told_so_while_it_saves(
    tmp_path: Path, undisturbed: Trained
) -> None:
    obeyed = obey(tmp_path, {7: (RELEASE, CONTINUE)}, **SETTINGS)
    assert obeyed.orders.answers() == [("leaving to RELEASE", 7)]
    assert obeyed.steps == [NUM_STEPS]
    assert_same_training(obeyed, undisturbed)


def test_a_run_that_is_about_to_leave_stops_if_told_so_while_it_saves(tmp_path: Path) -> None:
    obeyed = obey(tmp_path, {7: (RELEASE, STOP), 8: (STOP,)}, **SETTINGS)
    assert obeyed.endings == [Ending.STOPPED]
    assert obeyed.steps == [8]


@pytest.mark.parametrize("script", [{7: (STOP,)}, {7: (PAUSE, PAUSE, STOP)}, {7: (PAUSE, STOP)}])
def test_a_stop_finishes_its_step_saves_and_ends(tmp_path: Path, script: Script) -> None:
    obeyed = obey(tmp_path, script, **SETTINGS)
    (trained,) = obeyed.attempts
    assert obeyed.orders.answers()[-1] == ("leaving to STOP", 7)
    assert (trained.outcome.ending, trained.outcome.message) == (Ending.STOPPED, "")
    assert trained.outcome.steps == 7
    assert [step for step, _ in trained.tracker.points["train/loss"]] == list(range(1, 8))
    assert trained.store.latest() == "step_0000000007"


def test_a_stopped_training_goes_on_as_if_nothing_had_been(
    tmp_path: Path, undisturbed: Trained
) -> None:
    stopped = obey(tmp_path, {7: (STOP,)}, **SETTINGS)
    resumed = obey(tmp_path, {}, **SETTINGS)
    assert_same_weights(resumed.weights, undisturbed.weights)
    assert (stopped.steps, resumed.steps) == ([7], [NUM_STEPS])


@pytest.mark.parametrize("verdict", [PAUSE, RELEASE, STOP])
def test_an_order_in_the_last_step_changes_nothing(
    tmp_path: Path, undisturbed: Trained, verdict: Decision
) -> None:
    obeyed = obey(tmp_path, {NUM_STEPS: (verdict,) * 9}, **SETTINGS)
    assert obeyed.endings == [Ending.COMPLETED]
    assert obeyed.orders.answers() == []
    assert_same_training(obeyed, undisturbed)


def test_an_order_after_the_patience_is_over_changes_nothing(tmp_path: Path) -> None:
    settings = {"epochs": 9, "scores": [0.5, 0.4, 0.3], "early_stopping_patience": 2}
    obeyed = obey(tmp_path, {18: (STOP,)}, **settings)
    assert obeyed.attempts[0].outcome.stopped_early
    assert obeyed.endings == [Ending.COMPLETED]


@pytest.mark.parametrize("step", [5, 6, 8])
def test_a_step_that_is_evaluated_or_saved_anyway_can_be_left_at(
    tmp_path: Path, undisturbed: Trained, step: int
) -> None:
    obeyed = obey(tmp_path, {step: RELEASED}, **SETTINGS)
    assert obeyed.steps == [step, NUM_STEPS]
    assert_same_training(obeyed, undisturbed)
    evaluated = [
        point for attempt in obeyed.attempts for point in attempt.tracker.points.get("val/loss", [])
    ]
    assert evaluated == undisturbed.tracker.points["val/loss"]


class TellingTracker(MemoryTracker):
    """Has an order come in the midst of an evaluation."""

    def __init__(self, orders: ScriptedOrders, verdict: Decision) -> None:
        super().__init__()
        self._tell = (orders, verdict)

    def log_json(self, value: object, artifact_path: str) -> None:
        super().log_json(value, artifact_path)
        orders, orders.otherwise = self._tell


class TellingStore(CheckpointStore):
    """Has an order come in the midst of saving the checkpoint of a step."""

    def __init__(self, root: Path, step: int, orders: ScriptedOrders, verdict: Decision) -> None:
        super().__init__(root=root, mirror=None, keep_last=1)
        self._tell = (step, orders, verdict)

    def save(self, *arguments: Any, step: int, **options: Any) -> None:
        super().save(*arguments, step=step, **options)
        when, orders, verdict = self._tell
        if step == when:
            orders.otherwise = verdict


def test_an_order_that_comes_during_an_evaluation_is_obeyed_after_the_next_step(
    tmp_path: Path,
) -> None:
    orders = ScriptedOrders()
    agreement = WatchedAgreement(lone_process(), orders)
    tracker = TellingTracker(orders, STOP)
    trained = train(tmp_path, agreement=agreement, tracker=tracker, **SETTINGS)
    assert (trained.outcome.ending, trained.outcome.steps) == (Ending.STOPPED, 7)


def test_an_order_that_comes_while_a_checkpoint_is_saved_is_obeyed_after_the_next_step(
    tmp_path: Path,
) -> None:
    orders = ScriptedOrders()
    agreement = WatchedAgreement(lone_process(), orders)
    store = TellingStore(tmp_path, 4, orders, STOP)
    trained = train(tmp_path, agreement=agreement, store=store, **SETTINGS)
    assert (trained.outcome.ending, trained.outcome.steps) == (Ending.STOPPED, 5)


def test_a_run_whose_checkpoint_cannot_be_written_refuses_to_leave_and_goes_on(
    tmp_path: Path, undisturbed: Trained
) -> None:
    obeyed = obey(tmp_path, {7: (RELEASE,), 10: RELEASED}, no_room=(7,), **SETTINGS)
    assert obeyed.orders.answers() == [
        ("leaving to RELEASE", 7),
        ("refuse", 7),
        ("leaving to RELEASE", 10),
    ]
    assert obeyed.orders.reasons == ["No room is left."]
    assert obeyed.steps == [10, NUM_STEPS]
    assert_same_training(obeyed, undisturbed)


def test_a_stop_ends_the_run_even_where_it_cannot_be_saved_and_says_so(tmp_path: Path) -> None:
    (trained,) = obey(tmp_path, {7: (STOP,)}, no_room=(7,), **SETTINGS).attempts
    assert trained.outcome.ending is Ending.STOPPED
    assert trained.outcome.message == "Stopped without a last checkpoint: No room is left."
    assert trained.store.latest() == "step_0000000006"


class SlowStore(CheckpointStore):
    """Its artifact store never takes what it is given."""

    def flush(self, timeout_s: float) -> None:
        raise CheckpointError(f"Not within {timeout_s:.0f} s.")


def test_a_checkpoint_that_no_other_machine_would_find_is_not_enough_to_leave(
    tmp_path: Path,
) -> None:
    orders = ScriptedOrders({7: RELEASED})
    store = SlowStore(root=tmp_path, mirror=None, keep_last=1)
    agreement = WatchedAgreement(lone_process(), orders)
    trained = train(tmp_path, agreement=agreement, store=store, **SETTINGS)
    assert trained.outcome.ending is Ending.COMPLETED
    assert orders.reasons == ["Not within 600 s."]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """With room for two of the toy's checkpoints."""
    with small_disk(tmp_path / "disk", size_kib=128) as disk:
        yield disk


class FullDiskOrders(ScriptedOrders):
    """Fills a disk to the last byte just before a run is to leave, and makes room again after it refused."""

    def __init__(self, script: Script, disk: Path) -> None:
        super().__init__(script)
        self._filler = disk / "filler"

    def leaving(self, step: int, verdict: Decision) -> None:
        super().leaving(step, verdict)
        fill(self._filler)

    def refuse(self, step: int, reason: str) -> None:
        super().refuse(step, reason)
        self._filler.unlink()


def test_a_full_disk_keeps_a_run_from_leaving_and_costs_it_nothing(
    disk: Path, undisturbed: Trained
) -> None:
    orders = FullDiskOrders({7: (RELEASE,)}, disk)
    agreement = WatchedAgreement(lone_process(), orders)
    trained = train(disk, agreement=agreement, **SETTINGS)
    (reason,) = orders.reasons
    assert "The checkpoint of step 7 could not be written" in reason
    assert "No space left on device" in reason
    assert_same_weights(trained.weights, undisturbed.weights)
    assert not list(disk.glob(".partial-*"))
    assert trained.store.latest() == f"step_{NUM_STEPS:010d}"
