"""Random commands to a live training with two ranks: in the end run, job and API agree."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.api.jobs.trainings import Trainings, trainings
from tracking_plugin.ray_head import LocalHead

NUM_SEQUENCES = 100
RELEASE_EVERY = 16
"""A pause with release ends the job and starts another, which takes half a minute."""
LONGEST = 6
ENDLESS = {"epochs": 100_000}
MLFLOW_OF = {"training": "RUNNING", "paused": "RUNNING", "stopped": "KILLED"}


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, head: LocalHead) -> Iterator[Trainings]:
    with trainings(tmp_path_factory.mktemp("random"), head) as running:
        yield running


@pytest.mark.soak
def test_run_job_and_api_agree_after_any_commands(training: Trainings) -> None:
    run_id = training.start(**ENDLESS)
    training.wait_for_step(run_id, 1)
    for seed in range(NUM_SEQUENCES):
        choice = random.Random(seed)
        with_release = seed % RELEASE_EVERY == 3
        last = _command_at_random(training, run_id, choice, with_release=with_release)
        _assert_agreement(training, run_id, last, f"sequence {seed}")
    _stop_in_the_middle_of_it(training, run_id)
    assert {outcome for _, outcome in training.outcomes(run_id)} <= {
        *("done", "superseded", "refused"),
    }


def _command_at_random(
    training: Trainings, run_id: str, choice: random.Random, *, with_release: bool
) -> str:
    """Send several commands, some of them at once; returns the last action."""
    for _ in range(choice.randint(1, LONGEST)):
        actions = choice.choices(("pause", "resume"), k=choice.randint(1, 3))
        timeout_s = choice.choice((0, 0, 0.05, 5))
        for answer in _post_together(training, run_id, actions, timeout_s):
            assert answer.status_code == 200, answer.text
    last = choice.choice(("pause", "resume"))
    body = {"release": True} if with_release and last == "pause" else {}
    training.acknowledged(last, run_id, **body)
    return last


def _post_together(
    training: Trainings, run_id: str, actions: Sequence[str], timeout_s: float
) -> list[httpx.Response]:
    def post(action: str) -> httpx.Response:
        return training.post(action, run_id, timeout_s=timeout_s)

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(post, actions))


def _assert_agreement(training: Trainings, run_id: str, last: str, what: str) -> None:
    expected = "paused" if last == "pause" else "training"
    entry = training.wait(run_id, expected)
    assert (entry["status"], entry["silent"]) == (expected, False), what
    assert training.mlflow_status(run_id) == (MLFLOW_OF[expected], expected), what
    step = training.entry(run_id)["current_step"]
    if expected == "training":
        training.wait_for_step(run_id, step + 1)


def _stop_in_the_middle_of_it(training: Trainings, run_id: str) -> None:
    answers = _post_together(training, run_id, ("pause", "stop", "resume", "stop"), 0)
    assert {answer.status_code for answer in answers} <= {200, 409}
    training.wait(run_id, "stopped")
    assert training.mlflow_status(run_id) == ("KILLED", "stopped")
    steps = [step for step, _ in training.curve(run_id)]
    assert steps == list(range(1, len(steps) + 1)), "each point once, none lost"
