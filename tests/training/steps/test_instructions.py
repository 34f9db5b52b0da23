"""One-time commands to a loop: agreed by all ranks, saved before they are answered, never fatal."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.ranks import lone_process, run_ranks
from tests.training.steps.able_toys import TalkingToy
from tests.training.steps.instructing_signal import InstructingSignal, Order, instructed
from tests.training.toy import ToyRecipe
from tests.training.toy_training import Trained, train
from training.agreement import Decision
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError
from training.outcome import Ending
from training.process import Process

PAUSE, RELEASE, STOP = Decision.PAUSE, Decision.RELEASE, Decision.STOP
SETTINGS: dict[str, Any] = {"epochs": 3, "dropout": 0.3, "ema_decay": 0.9, "deterministic": True}
NUM_STEPS = 18

SLOWER: Order = ("set_learning_rate", {"value": 0.002})
SAVE: Order = ("save_now", {})
PROMPTS: Order = ("set_prompts", {"prompt_1": "a retina", "prompt_3": "a vessel"})


def train_instructed(root: Path, signal: InstructingSignal, **settings: Any) -> Trained:
    process = lone_process()
    options = {"recipe_class": TalkingToy} | SETTINGS | settings
    return train(root, process, agreement=instructed(process, signal), **options)


def rates(trained: Trained) -> dict[int, float]:
    return dict(trained.tracker.points["train/learning_rate"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("undisturbed"), recipe_class=TalkingToy, **SETTINGS)


def assert_same(trained: Trained, expected: Trained) -> None:
    for name, tensor in expected.weights.items():
        assert torch.equal(trained.weights[name], tensor), name


def test_a_new_peak_holds_from_the_next_step_on_and_keeps_the_form_of_the_schedule(
    tmp_path: Path,
) -> None:
    signal = InstructingSignal({5: [SLOWER]})
    trained = train_instructed(tmp_path, signal)
    expected = {step: 0.01 / (1 + (step - 1) / 100) for step in range(1, NUM_STEPS + 1)}
    assert rates(trained) == pytest.approx(
        {step: rate * (0.2 if step > 5 else 1) for step, rate in expected.items()}, rel=1e-12
    )
    ((name, result, step, message),) = signal.answers
    assert (name, result, step) == ("set_learning_rate", "done", 5)
    assert (
        message == "The peak of the learning rate is 0.002, and that of the next step 0.00190476."
    )


def test_a_constant_schedule_has_exactly_the_new_peak(tmp_path: Path) -> None:
    class ConstantToy(ToyRecipe):
        def learning_rate(self, step: int) -> float:
            return 0.01

    signal = InstructingSignal({1: [("set_learning_rate", {"value": 0.003})]})
    trained = train_instructed(tmp_path, signal, recipe_class=ConstantToy, epochs=1)
    assert list(rates(trained).values()) == [0.01] + [0.003] * 5


def test_what_was_answered_outlives_a_kill_before_the_next_checkpoint(tmp_path: Path) -> None:
    orders = {8: [SLOWER, PROMPTS]}
    whole = train_instructed(tmp_path / "whole", InstructingSignal(orders))
    train_instructed(tmp_path / "killed", InstructingSignal(orders), stop_after=10)
    resumed = train_instructed(tmp_path / "killed", InstructingSignal({}))
    assert_same(resumed, whole)
    assert rates(resumed) == {step: rate for step, rate in rates(whole).items() if step > 8}
    assert isinstance(resumed.recipe, TalkingToy)
    assert resumed.recipe.prompts == ["a retina", "a vessel"]


def test_save_now_is_answered_when_the_checkpoint_is_safe_and_changes_nothing(
    tmp_path: Path, undisturbed: Trained
) -> None:
    class WatchedStore(CheckpointStore):
        def flush(self, timeout_s: float) -> None:
            super().flush(timeout_s)
            events.append((self.latest(), list(signal.answers)))

    events: list[Any] = []
    store = WatchedStore(root=tmp_path, mirror=None, keep_last=2)
    signal = InstructingSignal({4: [SAVE]})
    trained = train_instructed(tmp_path, signal, store=store)
    assert events == [("step_0000000004", [])]
    assert signal.answers == [("save_now", "done", 4, "The checkpoint of step 4 is safe.")]
    assert_same(trained, undisturbed)


def test_a_checkpoint_that_is_not_safe_is_refused_with_the_reason_and_the_run_goes_on(
    tmp_path: Path, undisturbed: Trained
) -> None:
    class SlowStore(CheckpointStore):
        def flush(self, timeout_s: float) -> None:
            raise CheckpointError(f"Not within {timeout_s:.0f} s.")

    store = SlowStore(root=tmp_path, mirror=None, keep_last=2)
    signal = InstructingSignal({4: [SAVE]})
    trained = train_instructed(tmp_path, signal, store=store)
    assert signal.answers == [("save_now", "refused", 4, "Not within 300 s.")]
    assert_same(trained, undisturbed)


def test_a_change_that_cannot_be_saved_is_made_and_says_so(tmp_path: Path) -> None:
    class FullStore(CheckpointStore):
        def save(self, *arguments: Any, step: int, **options: Any) -> None:
            if step == 4:
                raise CheckpointError("No room is left.")
            super().save(*arguments, step=step, **options)

    store = FullStore(root=tmp_path, mirror=None, keep_last=2)
    signal = InstructingSignal({4: [SLOWER]})
    trained = train_instructed(tmp_path, signal, store=store)
    ((_, result, _, message),) = signal.answers
    assert result == "done"
    assert message.endswith("killed before its next checkpoint: No room is left.")
    assert rates(trained)[5] < 0.002


def test_failures_and_refusals_are_answered_and_change_nothing(
    tmp_path: Path, undisturbed: Trained
) -> None:
    orders: list[Order] = [
        ("fail", {}),
        ("refuse", {"rank": 0}),
        ("set_learning_rate", {"value": -1}),
        ("set_prompts", {"prompt_2": "without a first one"}),
    ]
    signal = InstructingSignal({3: orders})
    trained = train_instructed(tmp_path, signal)
    assert [(name, result, step) for name, result, step, _ in signal.answers] == [
        (name, "refused", 3) for name, _ in orders
    ]
    messages = [message for *_, message in signal.answers]
    assert messages[:2] == ["It failed (ValueError); the log of the run says why.", "Not now."]
    assert "> 0.0" in messages[2]
    assert_same(trained, undisturbed)


def test_commands_are_carried_out_during_a_pause_at_its_step(tmp_path: Path) -> None:
    paused = InstructingSignal(
        {}, {7: (PAUSE, PAUSE, PAUSE, PAUSE, PAUSE)}, while_paused=[SLOWER, SAVE]
    )
    during = train_instructed(tmp_path / "during", paused)
    assert [answer[:3] for answer in paused.answers] == [
        ("set_learning_rate", "done", 7),
        ("save_now", "done", 7),
    ]
    assert set(paused.reports()) == {("paused", 7)}
    before = train_instructed(tmp_path / "before", InstructingSignal({7: [SLOWER]}))
    assert_same(during, before)


def test_a_stopping_run_refuses_them(tmp_path: Path) -> None:
    signal = InstructingSignal({7: [SAVE, SLOWER]}, {7: (STOP,)})
    trained = train_instructed(tmp_path, signal)
    assert trained.outcome.ending is Ending.STOPPED
    assert {answer[1:] for answer in signal.answers} == {("refused", 7, "The run is stopping.")}


def test_a_released_run_leaves_them_to_the_process_that_continues_it(tmp_path: Path) -> None:
    signal = InstructingSignal({7: [SLOWER]}, {7: (RELEASE, RELEASE)})
    released = train_instructed(tmp_path, signal)
    assert released.outcome.ending is Ending.RELEASED
    assert signal.answers == []
    train_instructed(tmp_path, signal)
    assert [answer[:3] for answer in signal.answers] == [("set_learning_rate", "done", 8)]


def test_the_last_step_refuses_them(tmp_path: Path, undisturbed: Trained) -> None:
    signal = InstructingSignal({NUM_STEPS: [SLOWER]})
    trained = train_instructed(tmp_path, signal)
    assert signal.answers[0][1:] == ("refused", NUM_STEPS, "The training has done its last step.")
    assert_same(trained, undisturbed)


def _train_on_rank(process: Process, root: Path) -> Any:
    orders: list[Order] = [SLOWER, PROMPTS, ("refuse", {"rank": 1, "prompt_1": "x"}), SAVE]
    signal = InstructingSignal({5: orders}, {9: (PAUSE, PAUSE)})
    trained = train(
        root,
        process,
        agreement=instructed(process, signal),
        recipe_class=TalkingToy,
        **SETTINGS | {"batch_size": 4},
    )
    assert isinstance(trained.recipe, TalkingToy)
    return trained.weights, trained.recipe.prompts, signal.answers


def test_two_ranks_carry_them_out_after_the_same_step(tmp_path: Path) -> None:
    (first, prompts, answers), (second, other_prompts, nothing) = run_ranks(
        _train_on_rank, tmp_path / "run", world_size=2, folder=tmp_path
    )
    for name, tensor in first.items():
        assert torch.equal(second[name], tensor), name
    assert prompts == other_prompts == ["a retina", "a vessel"]
    assert [answer[:3] for answer in answers] == [
        ("set_learning_rate", "done", 5),
        ("set_prompts", "done", 5),
        ("refuse", "refused", 5),
        ("save_now", "done", 5),
    ]
    assert answers[2][3] == "Not now.", "rank 1 has refused it"
    assert nothing == []
