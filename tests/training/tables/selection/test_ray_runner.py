"""Trials as Ray tasks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.tables.learners.made_examples import BINARY, examples
from tests.training.tables.selection.made_tables import split_rows
from tracking_plugin.ray_folder import RayFolder
from training.tables.learners.model_folder import TaskDescription
from training.tables.learners.registry import LEARNERS, load_model
from training.tables.selection.ray_runner import RayRunner, RayTrial
from training.tables.selection.ray_slots import (
    RaySlots,
    cores_beside_this_process,
    fitting_slots,
)
from training.tables.selection.trial import TrialData, TrialEvent, TrialSpec, member_folder

KNOWN = examples(BINARY, 60)


@pytest.fixture(scope="module")
def runner() -> Iterator[RayRunner]:
    # Importing Ray takes seconds.
    import ray  # noqa: PLC0415

    folder = RayFolder()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**folder.variables(), "RAY_AUTH_MODE": "disabled"}.items():
            patch.setenv(name, value)
        ray.init(
            address="local",
            num_cpus=1,
            include_dashboard=False,
            log_to_driver=False,
            _temp_dir=str(folder.temp_dir),
        )
        runner = RayRunner(RaySlots(num_threads=1, num_slots=1))
        runner.prepare(TrialData(KNOWN.values, KNOWN.targets, split_rows(60).folds))
        yield runner
        runner.close()
        ray.shutdown()
    folder.remove()


class Pipeline:
    """An actor that holds the cluster's core, as a worker of Ray Train does."""

    def free_cores(self) -> list[int]:
        return cores_beside_this_process()


def spec(number: int, learner: str, **params: object) -> TrialSpec:
    return TrialSpec(
        number=number,
        learner=learner,
        params=LEARNERS[learner].check(params),
        task=TaskDescription.of(BINARY),
        memory_bytes=2**40,
    )


def events_of(trial: RayTrial, *kinds: str) -> list[TrialEvent]:
    """The events up to the first of these kinds, or to the end."""
    events: list[TrialEvent] = []
    while not any(event.kind in kinds or event.is_last for event in events):
        events += trial.poll(0.2)
    return events


def test_a_trial_comes_back_with_its_models_or_ends_when_asked(
    runner: RayRunner, tmp_path: Path
) -> None:
    assert runner.num_slots == 1
    trial = runner.start(spec(0, "linear"), tmp_path)
    events = events_of(trial, "finished")
    trial.kill()
    assert [event.kind for event in events if event.kind != "round"] == [
        *["fold"] * 3,
        "finished",
    ]
    assert load_model(member_folder(tmp_path, 2)).predict(KNOWN.values).shape == (60, 2)

    trial = runner.start(spec(1, "catboost", iterations=20_000, learning_rate=1e-4), tmp_path)
    events_of(trial, "round")
    trial.stop()
    assert events_of(trial, "stopped")[-1].kind == "stopped"
    trial.kill()


def test_the_core_of_the_pipeline_is_not_waited_for(runner: RayRunner) -> None:
    import ray  # noqa: PLC0415

    assert cores_beside_this_process() == [1]
    pipeline = ray.remote(num_cpus=1)(Pipeline).remote()
    assert ray.get(pipeline.free_cores.remote()) == [0]
    ray.kill(pipeline)


@pytest.mark.parametrize(
    ("cores_of_nodes", "num_threads", "slots"),
    [
        ([0], 1, None),
        ([], 1, None),
        ([7, 8], 4, RaySlots(num_threads=4, num_slots=3)),
        ([1, 2], 4, RaySlots(num_threads=2, num_slots=1)),
        ([64, 64], 1, RaySlots(num_threads=1, num_slots=16)),
    ],
)
def test_trials_have_as_many_threads_as_a_node_has_cores(
    cores_of_nodes: list[int], num_threads: int, slots: RaySlots | None
) -> None:
    assert fitting_slots(cores_of_nodes, num_threads) == slots
