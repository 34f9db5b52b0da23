"""The loop under control: it pauses, exits and continues at the agreed step, with the same weights."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.small_disk import fill, small_disk
from tests.training.ranks import lone_process, run_ranks
from tests.training.scripted_signal import RecordingAgreement, Script, ScriptedSignal
from tests.training.toy import MemoryTracker
from tests.training.toy_training import Trained, train
from training.agreement import Decision
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError
from training.outcome import Ending
from training.process import Process

CONTINUE, PAUSE, RELEASE, STOP = Decision.CONTINUE, Decision.PAUSE, Decision.RELEASE, Decision.STOP
PAUSED = (PAUSE, PAUSE, PAUSE, CONTINUE)
"""The decision when the step begins and for two intervals of the pause, then to continue."""
RELEASED = (RELEASE, RELEASE)
"""The decision when the step begins, and still after the checkpoint is saved."""

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
class ControlledTraining:
    """The attempts of one rank; all but the last ended in a release."""

    attempts: list[Trained]
    signal: ScriptedSignal
    paused: list[int]
    decisions: list[Decision]

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
    """A store that cannot write the checkpoints of some steps."""

    def __init__(self, root: Path, *steps: int) -> None:
        super().__init__(root=root, mirror=None, keep_last=1)
        self._steps = steps

    def save(self, *arguments: Any, step: int, **options: Any) -> None:
        if step in self._steps:
            raise CheckpointError("No room is left.")
        super().save(*arguments, step=step, **options)


def train_controlled(
    root: Path,
    script: Script,
    process: Process | None = None,
    no_room: tuple[int, ...] = (),
    **settings: Any,
) -> ControlledTraining:
    """Train under control, and again from the checkpoint after each release."""
    process = process or lone_process()
    signal = ScriptedSignal(script)
    agreement = RecordingAgreement(process, signal if process.is_main else None)
    attempts: list[Trained] = []
    while not attempts or attempts[-1].outcome.ending is Ending.RELEASED:
        store = NoRoom(root, *no_room)
        attempts.append(train(root, process, agreement=agreement, store=store, **settings))
    return ControlledTraining(attempts, signal, agreement.paused, agreement.decisions)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("undisturbed"), **SETTINGS)


def assert_same_training(controlled: ControlledTraining, undisturbed: Trained) -> None:
    assert_same_weights(controlled.weights, undisturbed.weights)
    points: list[tuple[int, float]] = []
    for attempt in controlled.attempts:
        points += attempt.tracker.points.get("train/loss", [])
    assert points == undisturbed.tracker.points["train/loss"]
    last, expected = controlled.attempts[-1].outcome, undisturbed.outcome
    assert last == expected


def assert_same_weights(
    weights: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]
) -> None:
    assert weights.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(weights[name], tensor), name


def random_script(seed: int) -> tuple[Script, list[int], list[int]]:
    """Pauses of both kinds at random steps; the steps of the pauses and of the releases."""
    steps = random.Random(seed).sample(range(1, NUM_STEPS), 6)
    paused, released = sorted(steps[:3]), sorted(steps[3:])
    return dict.fromkeys(paused, PAUSED) | dict.fromkeys(released, RELEASED), paused, released


@pytest.mark.parametrize("seed", range(4))
def test_pauses_of_both_kinds_do_not_change_the_training(
    tmp_path: Path, undisturbed: Trained, seed: int
) -> None:
    script, paused, released = random_script(seed)
    controlled = train_controlled(tmp_path, script, **SETTINGS)
    assert_same_training(controlled, undisturbed)
    assert controlled.paused == paused
    assert controlled.steps == [*released, NUM_STEPS]
    assert controlled.endings == [*[Ending.RELEASED] * 3, Ending.COMPLETED]


SCENARIOS: dict[str, tuple[Script, tuple[int, ...]]] = {
    "undisturbed": ({}, ()),
    "paused": (random_script(11)[0], ()),
    "paused otherwise": (random_script(12)[0], ()),
    "stopped at once": ({1: (STOP,)}, ()),
    "stopped while paused": ({1: (PAUSE, PAUSE, STOP)}, ()),
    "without room": ({7: (RELEASE,), 8: PAUSED, 11: RELEASED}, (7,)),
}
"""The decisions for two ranks, and the steps whose checkpoints cannot be written."""


def train_controlled_on_rank(process: Process, folder: Path) -> dict[str, ControlledTraining]:
    return {
        name: train_controlled(folder / name, script, process, no_room, **SETTINGS, batch_size=4)
        for name, (script, no_room) in SCENARIOS.items()
    }


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, ControlledTraining]]:
    """All scenarios on two ranks; starting them takes longer than training."""
    folder = tmp_path_factory.mktemp("ranks")
    return run_ranks(train_controlled_on_rank, folder, world_size=2, folder=folder)


@pytest.mark.parametrize(("scenario", "seed"), [("paused", 11), ("paused otherwise", 12)])
def test_two_ranks_pause_at_the_same_steps_and_end_with_the_same_weights(
    ranks: list[dict[str, ControlledTraining]], scenario: str, seed: int
) -> None:
    _, paused, released = random_script(seed)
    for rank in ranks:
        assert_same_weights(rank[scenario].weights, rank["undisturbed"].weights)
        assert rank[scenario].paused == paused
        assert rank[scenario].steps == [*released, NUM_STEPS]
    main, other = (rank[scenario] for rank in ranks)
    assert main.decisions == other.decisions
    assert_same_training(main, ranks[0]["undisturbed"].attempts[0])
    assert [step for word, step in main.signal.all_reports if word == "paused"] == [
        step for step in paused for _ in range(2)
    ]


@pytest.mark.parametrize("scenario", ["stopped at once", "stopped while paused"])
def test_two_ranks_stop_at_the_same_step_even_at_the_first(
    ranks: list[dict[str, ControlledTraining]], scenario: str
) -> None:
    for rank in ranks:
        assert rank[scenario].endings == [Ending.STOPPED]
        assert rank[scenario].steps == [1]


def test_two_ranks_continue_together_if_the_checkpoint_cannot_be_written(
    ranks: list[dict[str, ControlledTraining]],
) -> None:
    for rank in ranks:
        assert_same_weights(rank["without room"].weights, rank["undisturbed"].weights)
        assert rank["without room"].paused == [8]
        assert rank["without room"].steps == [11, NUM_STEPS]
    assert ranks[0]["without room"].signal.reasons == ["No room is left."]


def test_a_pause_is_reported_at_every_interval_and_the_training_afterwards(tmp_path: Path) -> None:
    signal = train_controlled(tmp_path, {7: PAUSED}, **SETTINGS).signal
    assert signal.reports() == [("paused", 7), ("paused", 7)]
    assert signal.num_waits == 2
    after = signal.all_reports[signal.all_reports.index(("paused", 7)) :]
    assert after[2:4] == [("training", 7), ("training", 8)]


def test_a_pause_that_is_cancelled_before_the_step_ends_is_never_reported(
    tmp_path: Path, undisturbed: Trained
) -> None:
    controlled = train_controlled(tmp_path, {7: (PAUSE, CONTINUE)}, **SETTINGS)
    assert controlled.signal.reports() == []
    assert_same_training(controlled, undisturbed)


def test_a_paused_run_can_be_released(tmp_path: Path, undisturbed: Trained) -> None:
    controlled = train_controlled(tmp_path, {7: (PAUSE, PAUSE, RELEASE, RELEASE)}, **SETTINGS)
    assert controlled.signal.reports() == [("paused", 7), ("exiting to RELEASE", 7)]
    assert controlled.steps == [7, NUM_STEPS]
    assert_same_training(controlled, undisturbed)


def test_a_release_that_is_cancelled_during_the_save_lets_the_run_continue(
    tmp_path: Path, undisturbed: Trained
) -> None:
    controlled = train_controlled(tmp_path, {7: (RELEASE, CONTINUE)}, **SETTINGS)
    assert controlled.signal.reports() == [("exiting to RELEASE", 7)]
    assert controlled.steps == [NUM_STEPS]
    assert_same_training(controlled, undisturbed)


def test_a_stop_during_the_save_of_a_release_is_applied(tmp_path: Path) -> None:
    controlled = train_controlled(tmp_path, {7: (RELEASE, STOP), 8: (STOP,)}, **SETTINGS)
    assert controlled.endings == [Ending.STOPPED]
    assert controlled.steps == [8]


@pytest.mark.parametrize("script", [{7: (STOP,)}, {7: (PAUSE, PAUSE, STOP)}, {7: (PAUSE, STOP)}])
def test_a_stop_finishes_its_step_saves_and_ends(tmp_path: Path, script: Script) -> None:
    controlled = train_controlled(tmp_path, script, **SETTINGS)
    (trained,) = controlled.attempts
    assert controlled.signal.reports()[-1] == ("exiting to STOP", 7)
    assert (trained.outcome.ending, trained.outcome.message) == (Ending.STOPPED, "")
    assert trained.outcome.steps == 7
    assert [step for step, _ in trained.tracker.points["train/loss"]] == list(range(1, 8))
    assert trained.store.latest() == "step_0000000007"


def test_a_resumed_training_equals_the_undisturbed_one_after_a_stop(
    tmp_path: Path, undisturbed: Trained
) -> None:
    stopped = train_controlled(tmp_path, {7: (STOP,)}, **SETTINGS)
    resumed = train_controlled(tmp_path, {}, **SETTINGS)
    assert_same_weights(resumed.weights, undisturbed.weights)
    assert (stopped.steps, resumed.steps) == ([7], [NUM_STEPS])


@pytest.mark.parametrize("decision", [PAUSE, RELEASE, STOP])
def test_a_command_in_the_last_step_changes_nothing(
    tmp_path: Path, undisturbed: Trained, decision: Decision
) -> None:
    controlled = train_controlled(tmp_path, {NUM_STEPS: (decision,) * 9}, **SETTINGS)
    assert controlled.endings == [Ending.COMPLETED]
    assert controlled.signal.reports() == []
    assert_same_training(controlled, undisturbed)


def test_a_command_after_early_stopping_changes_nothing(tmp_path: Path) -> None:
    settings = {"epochs": 9, "scores": [0.5, 0.4, 0.3], "early_stopping_patience": 2}
    controlled = train_controlled(tmp_path, {18: (STOP,)}, **settings)
    assert controlled.attempts[0].outcome.stopped_early
    assert controlled.endings == [Ending.COMPLETED]


@pytest.mark.parametrize("step", [5, 6, 8])
def test_a_run_can_be_released_at_a_step_that_is_evaluated_or_saved(
    tmp_path: Path, undisturbed: Trained, step: int
) -> None:
    controlled = train_controlled(tmp_path, {step: RELEASED}, **SETTINGS)
    assert controlled.steps == [step, NUM_STEPS]
    assert_same_training(controlled, undisturbed)
    evaluated = [
        point
        for attempt in controlled.attempts
        for point in attempt.tracker.points.get("val/loss", [])
    ]
    assert evaluated == undisturbed.tracker.points["val/loss"]


class CommandingTracker(MemoryTracker):
    """Lets a command arrive during an evaluation."""

    def __init__(self, signal: ScriptedSignal, decision: Decision) -> None:
        super().__init__()
        self._command = (signal, decision)

    def log_json(self, value: object, artifact_path: str) -> None:
        super().log_json(value, artifact_path)
        signal, signal.default = self._command


class CommandingStore(CheckpointStore):
    """Lets a command arrive while the checkpoint of a step is saved."""

    def __init__(self, root: Path, step: int, signal: ScriptedSignal, decision: Decision) -> None:
        super().__init__(root=root, mirror=None, keep_last=1)
        self._command = (step, signal, decision)

    def save(self, *arguments: Any, step: int, **options: Any) -> None:
        super().save(*arguments, step=step, **options)
        when, signal, decision = self._command
        if step == when:
            signal.default = decision


def test_a_command_during_an_evaluation_is_applied_after_the_next_step(
    tmp_path: Path,
) -> None:
    signal = ScriptedSignal()
    agreement = RecordingAgreement(lone_process(), signal)
    tracker = CommandingTracker(signal, STOP)
    trained = train(tmp_path, agreement=agreement, tracker=tracker, **SETTINGS)
    assert (trained.outcome.ending, trained.outcome.steps) == (Ending.STOPPED, 7)


def test_a_command_while_a_checkpoint_is_saved_is_applied_after_the_next_step(
    tmp_path: Path,
) -> None:
    signal = ScriptedSignal()
    agreement = RecordingAgreement(lone_process(), signal)
    store = CommandingStore(tmp_path, 4, signal, STOP)
    trained = train(tmp_path, agreement=agreement, store=store, **SETTINGS)
    assert (trained.outcome.ending, trained.outcome.steps) == (Ending.STOPPED, 5)


def test_a_run_whose_checkpoint_cannot_be_written_refuses_the_release_and_continues(
    tmp_path: Path, undisturbed: Trained
) -> None:
    controlled = train_controlled(tmp_path, {7: (RELEASE,), 10: RELEASED}, no_room=(7,), **SETTINGS)
    assert controlled.signal.reports() == [
        ("exiting to RELEASE", 7),
        ("refusal", 7),
        ("exiting to RELEASE", 10),
    ]
    assert controlled.signal.reasons == ["No room is left."]
    assert controlled.steps == [10, NUM_STEPS]
    assert_same_training(controlled, undisturbed)


def test_a_stop_ends_a_run_that_cannot_be_saved_and_says_so(tmp_path: Path) -> None:
    (trained,) = train_controlled(tmp_path, {7: (STOP,)}, no_room=(7,), **SETTINGS).attempts
    assert trained.outcome.ending is Ending.STOPPED
    assert trained.outcome.message == "Stopped without a last checkpoint: No room is left."
    assert trained.store.latest() == "step_0000000006"


class SlowStore(CheckpointStore):
    """A store whose artifact store never accepts a checkpoint."""

    def flush(self, timeout_s: float) -> None:
        raise CheckpointError(f"Not within {timeout_s:.0f} s.")


def test_a_release_is_refused_while_the_checkpoint_is_on_this_machine_only(
    tmp_path: Path,
) -> None:
    signal = ScriptedSignal({7: RELEASED})
    store = SlowStore(root=tmp_path, mirror=None, keep_last=1)
    agreement = RecordingAgreement(lone_process(), signal)
    trained = train(tmp_path, agreement=agreement, store=store, **SETTINGS)
    assert trained.outcome.ending is Ending.COMPLETED
    assert signal.reasons == ["Not within 600 s."]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for two of the toy's checkpoints."""
    with small_disk(tmp_path / "disk", size_kib=128) as disk:
        yield disk


class FullDiskSignal(ScriptedSignal):
    """Fills a disk just before a run saves in order to exit, and frees it after the refusal."""

    def __init__(self, script: Script, disk: Path) -> None:
        super().__init__(script)
        self._filler = disk / "filler"

    def report_exiting(self, step: int, decision: Decision) -> None:
        super().report_exiting(step, decision)
        fill(self._filler)

    def report_refusal(self, step: int, reason: str) -> None:
        super().report_refusal(step, reason)
        self._filler.unlink()


def test_a_full_disk_refuses_the_release_and_changes_nothing(
    disk: Path, undisturbed: Trained
) -> None:
    signal = FullDiskSignal({7: (RELEASE,)}, disk)
    agreement = RecordingAgreement(lone_process(), signal)
    trained = train(disk, agreement=agreement, **SETTINGS)
    (reason,) = signal.reasons
    assert "The checkpoint of step 7 could not be written" in reason
    assert "No space left on device" in reason
    assert_same_weights(trained.weights, undisturbed.weights)
    assert not list(disk.glob(".partial-*"))
    assert trained.store.latest() == f"step_{NUM_STEPS:010d}"
